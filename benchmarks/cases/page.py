"""A page of 5000 invoices."""

import itertools
import statistics

from benchmarks.asking import PHONE, Client
from benchmarks.cases.subjects import document, ours
from benchmarks.frame import Bar, Bench, Case, Column, Row, at_most, by_name, largest, number, ratio
from benchmarks.load import Subject, script_of, side_by_side
from benchmarks.others import other
from benchmarks.served import bare

PAGE = 5000


def run(bench: Bench) -> list[Row]:
    count = min(PAGE, bench.scale.largest)
    subjects = [Subject("bare route, 5 MB", bare(bench.stack), "/page", script_of("GET", b"{}"), 1)]
    clients: dict[str, tuple[Client, int]] = {}
    for kind, server in ours(bench).items():
        client = Client(server.port)
        client.seed(count, dir=0)
        clients[kind] = client, client.downloaded()[1]
        body = client.body(phone=PHONE, procId=clients[kind][1])
        script = script_of("GET", body)
        subjects.append(Subject(f"ours, {kind}", server, client.path("etx_read_invoices"), script, 1))
    if bench.scale.others:
        can = b"[" + b"x" * 5_000_000 + b"]"
        it = other(bench, "WireMock", document(bench, server), can)
        subjects.append(Subject("WireMock", it, "/etx/read_invoices", script, 1))
    rows = side_by_side(bench, subjects)
    first: dict[str, list[float]] = {kind: [] for kind in clients}
    for _, (kind, (client, process)) in itertools.product(range(4 * bench.scale.rounds), clients.items()):
        first[kind].append(client.first_byte("etx_read_invoices", phone=PHONE, procId=process))
    for row in rows:
        rate = number(row, "rate")
        row["ms"] = row["rate"] if rate is None else 1000 / rate
        if (kind := row["name"].removeprefix("ours, ")) in first:
            row["first_byte"] = 1000 * statistics.median(first[kind])
    bare_ms = number(rows[0], "ms")
    return [row | {"of_constant": ratio(number(row, "ms"), bare_ms)} for row in rows]


def bars(rows: list[Row]) -> list[Bar]:
    found = by_name(rows)
    both = [found.get(f"ours, {kind}") for kind in ("memory", "file")]
    slowest = largest(*(number(row, "ms") for row in both))
    return [
        at_most(
            "3. a page at most 4 x the constant route", largest(*(number(row, "of_constant") for row in both)), 4
        ),
        at_most("3. a page no slower than WireMock's can", ratio(slowest, number(found.get("WireMock"), "ms")), 1),
        at_most("3. first byte under 20 ms", largest(*(number(row, "first_byte") for row in both)), 20, "{:.1f} ms"),
    ]


CASE = Case(
    "page",
    "A page of 5000 invoices",
    "One connection. WireMock has 5 MB in a file, ours 5000 invoices that were downloaded.",
    (
        Column("name", ""),
        Column("ms", "ms", "{:.2f}"),
        Column("of_constant", "times the constant", "{:.1f}"),
        Column("p99", "p99 ms", "{:.1f}"),
        Column("first_byte", "first byte ms", "{:.1f}"),
        Column("cpu", "CPU ms each", "{:.2f}"),
        Column("waited", "waited", "{:.0%}"),
    ),
    run,
    bars,
)
