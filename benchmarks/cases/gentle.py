"""Status polls of others while four clients read pages of 5000 in a loop."""

import statistics
import subprocess
import time

from benchmarks.asking import PHONE, Client
from benchmarks.cases.page import PAGE
from benchmarks.cases.subjects import ours
from benchmarks.frame import Bar, Bench, Case, Column, Row, at_most, by_name, largest, number
from benchmarks.load import script_of

READERS = 4
EVERY = 0.005
"""Seconds between two polls."""


def run(bench: Bench) -> list[Row]:
    rows = []
    for kind, server in ours(bench).items():
        client = Client(server.port)
        client.seed(min(PAGE, bench.scale.largest), dir=0)
        download, process = client.downloaded()[1], client.running()
        script = bench.folder / "pages.lua"
        script.write_text(script_of("GET", client.body(phone=PHONE, procId=download)), "utf-8")
        url = f"http://127.0.0.1:{server.port}{client.path('etx_read_invoices')}"
        waits: dict[str, list[list[float]]] = {"alone": [], "beside pages": []}
        for _ in range(bench.scale.rounds):
            waits["alone"].append(_polls(client, process, bench.scale.seconds))
            command = ["taskset", "-c", "1", "wrk", "-t1", f"-c{READERS}", f"-d{bench.scale.seconds + 1}s"]
            with subprocess.Popen([*command, "-s", str(script), url], stdout=subprocess.DEVNULL) as readers:
                time.sleep(0.3)
                waits["beside pages"].append(_polls(client, process, bench.scale.seconds))
                readers.wait()
        rows += [_row(f"poll {how}, {kind}", found) for how, found in waits.items()]
    return rows


def _polls(client: Client, process: int, seconds: float) -> list[float]:
    """Milliseconds that polls took."""
    end, found = time.monotonic() + seconds, []
    while time.monotonic() < end:
        found.append(1000 * client.timed("read_proc_status", procId=process)[0])
        time.sleep(EVERY)
    return found


def _row(name: str, rounds: list[list[float]]) -> Row:
    tails = [statistics.quantiles(found, n=100)[98] for found in rounds]
    return {
        "name": name,
        "p50": statistics.median(statistics.median(found) for found in rounds),
        "p99": statistics.median(tails),
        "polls": sum(map(len, rounds)),
    }


def bars(rows: list[Row]) -> list[Bar]:
    found = by_name(rows)
    delays = []
    for kind in ("memory", "file"):
        alone, beside = (number(found.get(f"poll {how}, {kind}"), "p99") for how in ("alone", "beside pages"))
        delays.append(None if alone is None or beside is None else beside - alone)
    return [
        at_most("7. four readers of pages delay the p99 of polls by at most 50 ms", largest(*delays), 50, "{:.1f} ms")
    ]


CASE = Case(
    "gentle",
    "Polls while others read pages",
    "One client polls every 5 ms; four connections read a page of 5000 in a loop, or do not.",
    (
        Column("name", ""),
        Column("p50", "median ms", "{:.2f}"),
        Column("p99", "p99 ms", "{:.1f}"),
        Column("polls", "polls", "{:,}"),
    ),
    run,
    bars,
)
