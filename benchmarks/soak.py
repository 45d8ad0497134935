"""Load held: mixed traffic at a share of the peak for minutes, on a SQLite file.

    python -m benchmarks.soak [--minutes 30] [--share 0.7] [--json FILE]

First the peak is measured: 16 connections that ask as fast as they are answered. Then the same traffic goes on at
70 % of that rate. A row a minute: requests, errors, latency, what the server spent on each, how much of the minute it
stood ready and another program had its core, and its memory. An error is a broken connection,
a status from 500 up, or a refusal that the request did not deserve.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.served import simulator
from fixtures.builders import invoice
from mock_server.rulebook.operations import BY_NAME
from tests.client import dumped

CONNECTIONS = 16
_TEMPLATE = dumped(invoice(7, erp_id="@@@@", buyer="0987654321"))
_DATES = {"date_from": "01.08.2025", "date_to": "07.08.2025", "phone": "994501234567"}


class Span(NamedTuple):
    """One row; times in milliseconds, `cpu` of each request, memory in MiB; `waited` is a share of the time."""

    requests: int
    errors: int
    median: float
    p99: float
    slowest: float
    cpu: float
    waited: float
    memory: float


@dataclass
class Traffic:
    """What is asked, in which proportion, and what came of it."""

    chance: random.Random
    imported: int = 0
    waits: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)

    def next(self) -> tuple[str, bytes]:
        """An operation and its body."""
        draw = self.chance.random()
        for share, make in self._kinds():
            if draw < share:
                return make()
            draw -= share
        return self._poll()

    def _kinds(self) -> list[tuple[float, Callable[[], tuple[str, bytes]]]]:
        return [
            (0.12, self._import),
            (0.12, lambda: ("inv_read_invoices", dumped({"ids": [self._one() for _ in range(5)]}))),
            (0.05, lambda: ("etx_read_invoices", dumped({**_DATES, "procId": 123, "dir": 1}))),
            (0.02, lambda: ("etx_import", dumped({**_DATES, "dir": 1}))),
            (0.02, lambda: ("inv_delete", dumped({"ids": ["NEVER-WAS"]}))),
        ]

    def _poll(self) -> tuple[str, bytes]:
        return "read_proc_status", dumped({"procId": self.chance.choice([123, 12345])})

    def _import(self) -> tuple[str, bytes]:
        self.imported += 1
        one = _TEMPLATE.replace(b"@@@@", f"SOAK-{self.imported:08d}".encode())
        upload = b"true" if self.chance.random() < 0.3 else b"false"
        return "import_upload_invoices", b'{"upload":%b,"invoices":[%b]}' % (upload, one)

    def _one(self) -> str:
        return f"SOAK-{self.chance.randint(1, max(1, self.imported)):08d}"


def sound(name: str, status: int, body: bytes) -> bool:
    expected = b'"err_code":20,' if name == "inv_delete" else b'"err_code":0,'
    return status < 500 and expected in body[:80]


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def ask(streams: Streams, name: str, body: bytes) -> tuple[int, bytes]:
    """Status and body of one answer."""
    reader, writer = streams
    operation = BY_NAME[name]
    head = (
        f"{operation.method} /api{operation.path} HTTP/1.1\r\nHost: soak\r\nx-vatpapikey: demo-token\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    answer = await reader.readuntil(b"\r\n\r\n")
    length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    return int(answer.split(b" ", 2)[1]), await reader.readexactly(length)


async def client(port: int, traffic: Traffic, until: float, pause: float) -> None:
    """Ask until then; each request is due `pause` seconds after the one before, late or not."""
    streams = await asyncio.open_connection("127.0.0.1", port, limit=2**23)
    due = time.perf_counter()
    while time.perf_counter() < until:
        name, body = traffic.next()
        started = time.perf_counter()
        try:
            status, answer = await ask(streams, name, body)
        except (OSError, EOFError, ValueError) as error:
            traffic.errors[f"{name}: {type(error).__name__}"] += 1
            streams = await asyncio.open_connection("127.0.0.1", port, limit=2**23)
            continue
        traffic.waits.append(time.perf_counter() - started)
        if not sound(name, status, answer):
            traffic.errors[f"{name}: {status} {answer[:60]!r}"] += 1
        due += pause
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
    streams[1].close()
    with contextlib.suppress(OSError):
        await streams[1].wait_closed()


async def load(port: int, traffic: Traffic, seconds: float, rate: float | None) -> int:
    """How many requests were answered."""
    traffic.waits.clear()
    until = time.perf_counter() + seconds
    pause = 0.0 if rate is None else CONNECTIONS / rate
    await asyncio.gather(*(client(port, traffic, until, pause) for _ in range(CONNECTIONS)))
    return len(traffic.waits)


def memory(pid: int) -> float:
    """Resident MiB (Linux tells)."""
    return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * 4096 / 2**20


def soak(spans: int, share: float, database: Path, seconds: float = 60.0) -> tuple[float, list[Span], Counter[str]]:
    """Peak rate, a row for each span of so many seconds, and the errors by kind."""
    with ExitStack() as stack:
        server = simulator(stack, "--database", f"sqlite:///{database}")
        traffic = Traffic(random.Random(1))
        peak = asyncio.run(load(server.port, traffic, seconds / 4, None)) * 4 / seconds
        rows = []
        for _ in range(spans):
            before, spent = traffic.errors.total(), server.spent()
            asyncio.run(load(server.port, traffic, seconds, peak * share))
            waits = sorted(traffic.waits)
            middle, p99 = statistics.median(waits), waits[int(len(waits) * 0.99)]
            errors = traffic.errors.total() - before
            cpu, waited = (now - then for now, then in zip(server.spent(), spent, strict=True))
            times = (middle * 1000, p99 * 1000, waits[-1] * 1000, cpu * 1000 / len(waits))
            rows.append(Span(len(waits), errors, *times, waited / seconds, memory(server.pid)))
            print("{:8d}{:8d}{:9.2f}{:9.2f}{:9.1f}{:9.3f}{:9.0%}{:9.1f}".format(*rows[-1]), flush=True)
        return peak, rows, traffic.errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=30)
    parser.add_argument("--share", type=float, default=0.7)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    os.sched_setaffinity(0, {1})
    print(
        ("{:>8}" * 2 + "{:>9}" * 6).format(
            "requests", "errors", "median", "p99", "slowest", "CPU ms", "waited", "MiB"
        )
    )
    with tempfile.TemporaryDirectory() as folder:
        peak, rows, errors = soak(options.minutes, options.share, Path(folder) / "soak.db")
    print(f"peak {peak:.0f}/s; held {rows[-1].requests / 60:.0f}/s for {len(rows)} minutes; errors {errors.total()}")
    for kind, count in errors.most_common(10):
        print(f"  {count} x {kind}")
    if options.json is not None:
        figures: dict[str, Any] = {"peak": peak, "minutes": [row._asdict() for row in rows], "errors": errors}
        options.json.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
