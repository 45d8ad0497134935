"""The load generator: `wrk` on core 1, servers that take turns on core 0."""

import re
import shutil
import statistics
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.frame import Bench, Column, Row
from benchmarks.served import Server
from fixtures.builders import invoice
from tests.client import dumped

CONNECTIONS = 32
_RATE = re.compile(r"Requests/sec:\s+([0-9.]+)")
_COUNT = re.compile(r"([0-9]+) requests in")
_LATENCY = re.compile(r"(50|99)%\s+([0-9.]+)(us|ms|s)")
_BAD = re.compile(r"Non-2xx|Socket errors")
_MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


class Subject(NamedTuple):
    """What is measured; `script` is for wrk. `server` is a text where it could not be had, and says why."""

    name: str
    server: Server | str
    path: str
    script: str
    connections: int = CONNECTIONS

    @property
    def there(self) -> Server:
        """The server that is asked.

        Raises:
            RuntimeError: it could not be had.
        """
        if isinstance(self.server, str):
            raise RuntimeError(self.server)
        return self.server


class Run(NamedTuple):
    """One run: requests a second, milliseconds, and the share of the time spent waiting for the core."""

    rate: float
    p50: float
    p99: float
    cpu: float
    waited: float


COLUMNS = (
    Column("name", ""),
    Column("rate", "requests/s", "{:,.0f}"),
    Column("of_bare", "of bare", "{:.0%}"),
    Column("p50", "median ms", "{:.2f}"),
    Column("p99", "p99 ms", "{:.1f}"),
    Column("cpu", "CPU ms each", "{:.3f}"),
    Column("of_bare_cpu", "CPU of bare", "{:.0%}"),
    Column("waited", "waited", "{:.0%}"),
)


def available() -> bool:
    return shutil.which("wrk") is not None and shutil.which("taskset") is not None


def script_of(method: str, body: bytes, more: str = "") -> str:
    """What wrk is to send."""
    return (
        f'wrk.method = "{method}"\nwrk.headers["Content-Type"] = "application/json"\n{more}\n'
        f"wrk.body = [==[{body.decode()}]==]\n"
    )


def ever_new(script: str) -> str:
    """The same, but blanks behind the body make the bytes of each of 64,000 requests others."""
    return script + (
        "local sent, plain = 0, wrk.body\nfunction request()\n  sent = sent + 1\n"
        '  local blanks = (" "):rep(sent % 40) .. ("\\n"):rep(math.floor(sent / 40) % 40)\n'
        '  return wrk.format(nil, nil, nil, plain .. blanks .. ("\\t"):rep(math.floor(sent / 1600) % 40))\nend\n'
    )


def import_script() -> str:
    """One invoice, each with an id of its own."""
    body = {"username": "demo", "password": "demo", "invoices": [invoice(7, erp_id="@@", buyer="0987654321")]}
    before, after = dumped(body).decode().split("@@")
    return (
        'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\n'
        "local n = 0\nlocal stamp = tostring(os.time()) .. tostring(math.random(1, 1000000000))\n"
        f"function request()\n  n = n + 1\n  return wrk.format(nil, nil, nil, [==[{before}]==] .. stamp .. '-' .. n"
        f" .. [==[{after}]==])\nend\n"
    )


def measured(subject: Subject, folder: Path, seconds: int, core: str = "1") -> Run:
    """One run of the load generator.

    Raises:
        RuntimeError: the server refused, or hung up.
    """
    server = subject.there
    file = folder / "script.lua"
    file.write_text(f"math.randomseed({time.time_ns() % 2**31})\n{subject.script}", "utf-8")
    command = ["taskset", "-c", core, "wrk", "-t1", f"-c{subject.connections}", f"-d{seconds}s", "--latency"]
    url = f"http://127.0.0.1:{server.port}{subject.path}"
    before = server.spent()
    called = subprocess.run(
        [*command, "--timeout", "20s", "-s", str(file), url], capture_output=True, text=True, check=True
    )
    ran, waited = (after - since for after, since in zip(server.spent(), before, strict=True))
    return _read(called.stdout, ran, waited)


def _read(out: str, ran: float, waited: float) -> Run:
    rate, count = _RATE.search(out), _COUNT.search(out)
    latency = {share: float(n) * _MILLISECONDS[unit] for share, n, unit in _LATENCY.findall(out)}
    if rate is None or count is None or len(latency) < 2 or _BAD.search(out):
        raise RuntimeError(out)
    return Run(
        float(rate[1]), latency["50"], latency["99"], 1000 * ran / int(count[1]), waited / max(ran + waited, 0.001)
    )


def side_by_side(bench: Bench, subjects: list[Subject], core: str = "1") -> list[Row]:
    """A row each, the first being the yardstick: interleaved rounds after a warm one; medians, ratios by round."""
    runs: dict[str, list[Run]] = {subject.name: [] for subject in subjects}
    why = {subject.name: subject.server for subject in subjects if isinstance(subject.server, str)}
    warm = int(bench.scale.rounds > 1)
    for turn in range(bench.scale.rounds + warm):
        for subject in subjects:
            if subject.name in why:
                continue
            try:
                run = measured(subject, bench.folder, bench.scale.seconds, core)
            except RuntimeError as error:
                why[subject.name] = f"refuses: {' '.join(str(error).split())[-90:]}"
                continue
            if turn >= warm:
                runs[subject.name].append(run)
    bare = runs[subjects[0].name]
    return [_row(subject.name, runs[subject.name], bare, str(why.get(subject.name, ""))) for subject in subjects]


def _row(name: str, runs: list[Run], bare: list[Run], why: str) -> Row:
    if why or not runs:
        return {"name": name, "rate": why or "not measured"}
    middle = Run(*map(statistics.median, zip(*runs, strict=True)))
    pairs = list(zip(runs, bare, strict=True))
    return {
        "name": name,
        **{key: round(value, 4) for key, value in middle._asdict().items()},
        "of_bare": round(statistics.median(run.rate / yardstick.rate for run, yardstick in pairs), 4),
        "of_bare_cpu": round(statistics.median(yardstick.cpu / run.cpu for run, yardstick in pairs), 4),
        "rates": [round(run.rate) for run in runs],
    }
