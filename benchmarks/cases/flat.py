"""10,000 to 1,000,000 invoices in a world."""

from benchmarks.asking import Client
from benchmarks.cases.growth import COLUMNS, Grown, grow, growth_bars, last_page_bars
from benchmarks.cases.subjects import INSTANT
from benchmarks.frame import Bar, Bench, Case, Row
from benchmarks.served import simulator

SIZES = (10_000, 100_000, 1_000_000)


def run(bench: Bench) -> list[Row]:
    drafts = 100 * (bench.scale.rounds + 1)
    grown = []
    for size in [size for size in SIZES if size <= bench.scale.largest] or [bench.scale.largest]:
        server = simulator(bench.stack, *INSTANT, "--database", f"sqlite:///{bench.folder}/{size}.db")
        grown.append(Grown(f"{size:,} invoices", Client(server.port), size, drafts))
    return grow(bench.scale.rounds, grown)


def bars(rows: list[Row]) -> list[Bar]:
    return [*growth_bars(f"4. {rows[0]['name']} to {rows[-1]['name']}", rows), *last_page_bars(rows)]


CASE = Case(
    "flat",
    "More invoices",
    "A server and a SQLite file for each size, seeded and downloaded whole; one client asks them in turns.",
    COLUMNS,
    run,
    bars,
)
