"""Imports of many invoices or items in one request."""

import itertools
import statistics
import time

from benchmarks.asking import Client
from benchmarks.cases.subjects import ours
from benchmarks.frame import Bar, Bench, Case, Column, Row, at_most, by_name, largest, number, ratio
from fixtures.builders import invoice

SHAPES = ((1, 1), (1, 10), (1, 100), (1, 1000), (100, 100), (1000, 10))
"""Invoices, and items of each."""

_BATCH = "1,000 invoices with 10 items"


def run(bench: Bench) -> list[Row]:
    servers = ours(bench)
    shapes = [shape for shape in SHAPES if shape[0] * shape[1] <= bench.scale.largest]
    taken: dict[tuple[str, int, int], list[float]] = {}
    marks = itertools.count()
    for _, kind, (invoices, items) in itertools.product(range(bench.scale.rounds), servers, shapes):
        few = 1 if invoices * items > 100 or bench.scale.rounds == 1 else 20
        took = [_import(Client(servers[kind].port), invoices, items, f"{next(marks)}") for _ in range(few)]
        taken.setdefault((kind, invoices, items), []).append(statistics.median(took))
    return [_row(kind, invoices, items, taken[kind, invoices, items]) for kind, invoices, items in taken]


def _import(client: Client, invoices: int, items: int, mark: str) -> float:
    whole = [
        invoice(place, items=items, buyer="0987654321", erp_id=f"{mark}-{time.time_ns()}-{place}")
        for place in range(invoices)
    ]
    return client.timed("import_upload_invoices", invoices=whole)[0]


def _row(kind: str, invoices: int, items: int, taken: list[float]) -> Row:
    seconds = statistics.median(taken)
    name = f"{invoices:,} invoice{'s' if invoices > 1 else ''} with {items:,} item{'s' if items > 1 else ''}, {kind}"
    total = invoices * items
    return {
        "name": name,
        "items": total,
        "kind": kind,
        "seconds": seconds,
        "ms_per_item": 1000 * seconds / total,
    }


def bars(rows: list[Row]) -> list[Bar]:
    found = by_name(rows)
    batch = largest(*(number(found.get(f"{_BATCH}, {kind}"), "seconds") for kind in ("memory", "file")))
    growth = [
        ratio(
            number(found.get(f"{_BATCH}, {kind}"), "ms_per_item"), number(found.get(_HUNDRED + kind), "ms_per_item")
        )
        for kind in ("memory", "file")
    ]
    return [
        at_most("2. a batch of 1,000 invoices with 10 items under 1 s", batch, 1, "{:.2f} s"),
        at_most("2. an item among 10,000 costs at most 1.2 x an item among 100", largest(*growth), 1.2),
    ]


_HUNDRED = "1 invoice with 100 items, "
CASE = Case(
    "batch",
    "Imports of many",
    "One request of one client, until its answer is there.",
    (
        Column("name", ""),
        Column("items", "items", "{:,}"),
        Column("seconds", "s", "{:.4f}"),
        Column("ms_per_item", "ms per item", "{:.3f}"),
    ),
    run,
    bars,
)
