"""Status poll, import and a page of 5000, on memory and on a file, beside a bare Starlette route.

    python -m benchmarks.rates [--rounds 5] [--seconds 3] [--json FILE]

Every server runs on core 0, the load generator (`wrk`, 32 connections) on core 1; the rounds are interleaved, so
that a slow moment of the machine meets all servers alike. Quote the ratios, not the rates. Where others work on the
same cores, "cpu ms" (what the server itself spent on a request) says more than "ms each", and "waited" tells how much
of the time it stood ready, but another program had its core: that is where a large p99 comes from.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.served import Server, simulator, started
from fixtures.builders import invoice
from tests.client import Portal, dumped, hang_up

CONNECTIONS = 32
STALLS = "9000000003"
_RATE = re.compile(r"Requests/sec:\s+([0-9.]+)")
_COUNT = re.compile(r"([0-9]+) requests in")
_P99 = re.compile(r"99%\s+([0-9.]+)(us|ms|s)")
_BAD = re.compile(r"Non-2xx|Socket errors")
_MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


class Subject(NamedTuple):
    """What is measured; `script` is for wrk."""

    name: str
    server: Server
    path: str
    script: str

    @property
    def yardstick(self) -> str:
        return "bare page" if "page" in self.name else "bare poll"


class Run(NamedTuple):
    """One run: requests a second, milliseconds, and the share of the time spent waiting for the core."""

    rate: float
    p99: float
    cpu: float
    waited: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("this needs wrk (Debian: apt-get install wrk)")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        subjects = _subjects(stack, folder)
        runs: dict[str, list[Run]] = defaultdict(list)
        for _ in range(options.rounds):
            for subject in subjects:
                runs[subject.name].append(measured(subject, folder, options.seconds))
    _report(subjects, runs, options.json)


def _subjects(stack: ExitStack, folder: Path) -> list[Subject]:
    bare = started(stack, [sys.executable, "-m", "benchmarks.bare"])
    subjects = [
        Subject("bare poll", bare, "/poll", script_of("GET", b'{"procId":5001}')),
        Subject("bare page", bare, "/page", script_of("GET", b"{}")),
    ]
    for kind, database in (("memory", "memory:"), ("file", f"sqlite:///{folder}/bench.db")):
        server = simulator(stack, "--pace", "instant", "--database", database)
        running, download = _prepared(server.port)
        status = "/w/bench/api/job/read_proc_status"
        password = {"username": "demo", "password": "demo", "procId": running}
        page = {"username": "buyer", "password": "buyer", "phone": "994507654321", "procId": download}
        token = script_of("GET", dumped({"procId": running}), 'wrk.headers["x-vatpapikey"] = "demo-token"')
        subjects += [
            Subject(f"{kind} poll, password", server, status, script_of("GET", dumped(password))),
            Subject(f"{kind} poll, token", server, status, token),
            Subject(f"{kind} import", server, "/w/bench/api/inv/import_upload_invoices.php", _import_script()),
            Subject(f"{kind} page", server, "/w/bench/api/etx/read_invoices", script_of("GET", dumped(page))),
        ]
    return subjects


def _prepared(port: int) -> tuple[int, int]:
    """A process that runs for ever, and a download of 5000 invoices."""
    demo, buyer = Portal(port, "bench"), Portal(port, "bench", "buyer")
    running = demo.started("import_upload_invoices", upload=True, invoices=[invoice(0, buyer=STALLS)])
    invoices = [invoice(number, erp_id=f"BENCH-{number:07d}", buyer="0987654321") for number in range(1, 5001)]
    demo.finished(demo.started("import_upload_invoices", upload=True, invoices=invoices))
    today = time.strftime("%d.%m.%Y")
    download = buyer.started(
        "etx_import", phone="994507654321", date_from=today, date_to="31.12.2099", dir=0, inc_status="onApproval"
    )
    buyer.finished(download)
    hang_up()
    return running, download


def script_of(method: str, body: bytes, more: str = "") -> str:
    """What wrk is to send."""
    return (
        f'wrk.method = "{method}"\nwrk.headers["Content-Type"] = "application/json"\n{more}\n'
        f"wrk.body = [==[{body.decode()}]==]\n"
    )


def _import_script() -> str:
    body = {"username": "demo", "password": "demo", "invoices": [invoice(7, erp_id="@@", buyer="0987654321")]}
    before, after = dumped(body).decode().split("@@")
    return (
        'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\n'
        "local n = 0\nlocal stamp = tostring(os.time()) .. tostring(math.random(1, 1000000000))\n"
        "math.randomseed(os.time())\n"
        f"function request()\n  n = n + 1\n  return wrk.format(nil, nil, nil, [==[{before}]==] .. stamp .. '-' .. n"
        f" .. [==[{after}]==])\nend\n"
    )


def measured(subject: Subject, folder: Path, seconds: int) -> Run:
    """One run of the load generator."""
    file = folder / "script.lua"
    stamp = f"-- {time.time_ns()}\nmath.randomseed({time.time_ns() % 2**31})\n"
    file.write_text(stamp + subject.script, "utf-8")
    connections = 1 if "page" in subject.name else CONNECTIONS
    command = [
        "taskset",
        "-c",
        "1",
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{seconds}s",
        "--latency",
        "--timeout",
        "20s",
    ]
    command += ["-s", str(file)]
    ran, waited = subject.server.spent()
    url = f"http://127.0.0.1:{subject.server.port}{subject.path}"
    out = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    ran, waited = (after - before for after, before in zip(subject.server.spent(), (ran, waited), strict=True))
    rate, count, p99 = _RATE.search(out), _COUNT.search(out), _P99.search(out)
    if rate is None or count is None or p99 is None or _BAD.search(out):
        raise RuntimeError(out)
    latency = float(p99[1]) * _MILLISECONDS[p99[2]]
    return Run(float(rate[1]), latency, 1000 * ran / int(count[1]), waited / (ran + waited))


def _report(subjects: list[Subject], runs: dict[str, list[Run]], file: Path | None) -> None:
    rows: dict[str, Any] = {}
    names = ("rate/s", "ms each", "p99 ms", "of bare", "cpu ms", "of bare", "waited")
    print(f"{'':24}" + "".join(f"{name:>9}" for name in names))
    for subject in subjects:
        pairs = list(zip(runs[subject.name], runs[subject.yardstick], strict=True))
        by_rate = statistics.median(run.rate / bare.rate for run, bare in pairs)
        by_cpu = statistics.median(bare.cpu / run.cpu for run, bare in pairs)
        middle = Run(*map(statistics.median, zip(*runs[subject.name], strict=True)))
        rows[subject.name] = {**middle._asdict(), "of_bare_by_rate": by_rate, "of_bare_by_cpu": by_cpu}
        print(
            f"{subject.name:24}{middle.rate:9.0f}{1000 / middle.rate:9.2f}{middle.p99:9.1f}{by_rate:9.0%}"
            f"{middle.cpu:9.3f}{by_cpu:9.0%}{middle.waited:9.0%}"
        )
    if file is not None:
        machine = {"cores": os.cpu_count(), "python": sys.version.split()[0]}
        file.write_text(json.dumps({"machine": machine, "figures": rows}, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
