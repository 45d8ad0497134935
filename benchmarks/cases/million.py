"""A million invoices: seconds to seed, the file, memory."""

from benchmarks.asking import Client
from benchmarks.cases.subjects import ours
from benchmarks.frame import Bar, Bench, Case, Column, Row, at_most, by_name, number


def run(bench: Bench) -> list[Row]:
    rows = []
    for kind, server in ours(bench).items():
        seconds = Client(server.port).seed(bench.scale.largest, dir=0)
        size = sum(file.stat().st_size for file in bench.folder.glob("bench.db*")) if kind == "file" else None
        rows.append(
            {
                "name": kind,
                "invoices": bench.scale.largest,
                "seconds": seconds,
                "megabytes": None if size is None else size / 1e6,
                "resident": server.resident(),
            }
        )
    return rows


def bars(rows: list[Row]) -> list[Bar]:
    found = by_name(rows).get("file")
    if found is None or found["invoices"] < 1_000_000:
        found = None
    return [
        at_most("5. a million seeded in under 90 s", number(found, "seconds"), 90, "{:.0f} s"),
        at_most("5. its file under 1,600 MB", number(found, "megabytes"), 1600, "{:,.0f} MB"),
        at_most("5. memory with a file under 300 MB", number(found, "resident"), 300, "{:.0f} MB"),
    ]


CASE = Case(
    "million",
    "A million invoices",
    "Seeded by the control API (`POST invoices`), one request; memory and file right after.",
    (
        Column("name", ""),
        Column("invoices", "invoices", "{:,}"),
        Column("seconds", "seconds", "{:.1f}"),
        Column("megabytes", "file MB", "{:,.0f}"),
        Column("resident", "resident MB", "{:,.0f}"),
    ),
    run,
    bars,
)
