"""Import of one invoice, each with an id of its own."""

from benchmarks.asking import Client
from benchmarks.cases.subjects import others, ours
from benchmarks.frame import Bar, Bench, Case, Row, at_least, by_name, number, ratio, smallest
from benchmarks.load import COLUMNS, Subject, import_script, script_of, side_by_side
from benchmarks.served import bare

OPERATION = "import_upload_invoices"


def run(bench: Bench) -> list[Row]:
    servers = ours(bench)
    subjects = [Subject("bare Starlette route", bare(bench.stack), "/poll", script_of("POST", b"{}"))]
    for kind, server in servers.items():
        subjects.append(Subject(f"ours, {kind}", server, Client(server.port).path(OPERATION), import_script()))
    return side_by_side(bench, [*subjects, *others(bench, servers["memory"], OPERATION, import_script())])


def bars(rows: list[Row]) -> list[Bar]:
    found = by_name(rows)
    slowest = smallest(*(number(found.get(f"ours, {kind}"), "rate") for kind in ("memory", "file")))
    return [
        at_least(
            "2. import at least as many a second as Prism", ratio(slowest, number(found.get("Prism"), "rate")), 1
        )
    ]


CASE = Case(
    "import",
    "Import of one invoice",
    "POST of one invoice with one item, validated, stored and journalled by ours. wrk, 32 connections.",
    COLUMNS,
    run,
    bars,
)
