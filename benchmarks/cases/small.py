"""First answer, idle memory, and what takes the time of the start."""

import re
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.asking import Client
from benchmarks.cases.subjects import document
from benchmarks.frame import Bar, Bench, Case, Column, Row, at_most, by_name, number
from benchmarks.others import NAMES, other
from benchmarks.served import Server, simulator

IDLE = 1.0
"""Seconds of rest before memory is looked at."""

TOP = 10
_IMPORT = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \|\s*(\S+)")


def run(bench: Bench) -> list[Row]:
    starts: dict[str, list[tuple[float, float]]] = {}
    with ExitStack() as stack:
        file = document(bench, simulator(stack, "--pace", "instant"))
    for _ in range(bench.scale.rounds):
        for kind, url in (("memory", "memory:"), ("file", f"sqlite:///{bench.folder}/start.db")):
            with ExitStack() as stack:
                found = _start(simulator(stack, "--database", url))
            starts.setdefault(f"ours, {kind}", []).append(found)
        for name in NAMES if bench.scale.others else ():
            with ExitStack() as stack:
                it = other(bench._replace(stack=stack), name, file)
                if not isinstance(it, str):
                    starts.setdefault(name, []).append(_rest(it))
    rows: list[Row] = [
        {
            "name": name,
            "ready": statistics.median(r for r, _ in found),
            "idle": statistics.median(m for _, m in found),
        }
        for name, found in starts.items()
    ]
    return rows + [{"name": f"import of `{name}`", "ms": ms} for name, ms in import_times()]


def _start(server: Server) -> tuple[float, float]:
    """Seconds to the first answer, and MB at rest after it."""
    took = Client(server.port).timed("read_proc_status", procId=123)[0]
    return server.ready + took, _rest(server)[1]


def _rest(server: Server) -> tuple[float, float]:
    time.sleep(IDLE)
    return server.ready, server.resident()


def import_times() -> Sequence[tuple[str, float]]:
    """The modules of the server that take longest to load, each without what it imports: milliseconds."""
    command = [sys.executable, "-X", "importtime", "-c", "import mock_server.cli, mock_server.app"]
    root = Path(__file__).parents[2]
    listed = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root).stderr
    found = [(name, int(own) / 1000) for own, _, name in _IMPORT.findall(listed)]
    whole = sum(ms for _, ms in found)
    return [("everything", whole), *sorted(found, key=lambda each: -each[1])[:TOP]]


def bars(rows: list[Row]) -> list[Bar]:
    ours = by_name(rows).get("ours, memory")
    return [
        at_most("6. idle under 80 MB", number(ours, "idle"), 80, "{:.0f} MB"),
        at_most("6. first answer within 0.8 s", number(ours, "ready"), 0.8, "{:.2f} s"),
    ]


CASE = Case(
    "small",
    "Start and rest",
    "Seconds from the command to the first answer (of the others: to the open port), memory a second later; and the "
    "modules that take longest to import, each without those it imports (`-X importtime`).",
    (
        Column("name", ""),
        Column("ready", "first answer s", "{:.2f}"),
        Column("idle", "idle MB", "{:.0f}"),
        Column("ms", "import ms", "{:.1f}"),
    ),
    run,
    bars,
)
