"""1 to 200 worlds beside the one that is asked."""

from benchmarks.asking import Client
from benchmarks.cases.growth import COLUMNS, Grown, grow, growth_bars
from benchmarks.cases.subjects import INSTANT
from benchmarks.frame import Bar, Bench, Case, Row
from benchmarks.served import simulator

WORLDS = (1, 20, 200)
INVOICES = 10_000
BESIDE = 1_000
"""Invoices in each other world."""


def run(bench: Bench) -> list[Row]:
    drafts = 100 * (bench.scale.rounds + 1)
    size = min(INVOICES, bench.scale.largest)
    grown = []
    for worlds in [count for count in WORLDS if count <= bench.scale.worlds]:
        server = simulator(bench.stack, *INSTANT, "--database", f"sqlite:///{bench.folder}/{worlds}.db")
        for number in range(1, worlds):
            Client(server.port, f"w{number}").seed(min(BESIDE, size), dir=0)
        name = f"{worlds} world{'s' if worlds > 1 else ''}"
        grown.append(Grown(name, Client(server.port), size, drafts))
    return grow(bench.scale.rounds, grown)


def bars(rows: list[Row]) -> list[Bar]:
    return growth_bars(f"4. {rows[0]['name']} to {rows[-1]['name']}", rows)


CASE = Case(
    "worlds",
    "More worlds",
    "A server and a SQLite file for each number; 10,000 invoices in the world that is asked, 1,000 in each other.",
    COLUMNS,
    run,
    bars,
)
