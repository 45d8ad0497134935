"""Status poll, import and a page of 5000, on memory and on a file, beside a bare Starlette route.

    python -m benchmarks.rates [--rounds 5] [--seconds 3] [--json FILE]

Every server runs on core 0, the load generator (`wrk`, 32 connections) on core 1; the rounds are interleaved, so
that a slow moment of the machine meets all servers alike. Quote the ratios, not the rates.
"""

import argparse
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from fixtures.builders import invoice
from tests.client import Portal, dumped, hang_up

CONNECTIONS = 32
STALLS = "9000000003"
_RATE = re.compile(r"Requests/sec:\s+([0-9.]+)")
_P99 = re.compile(r"99%\s+([0-9.]+)(us|ms|s)")
_BAD = re.compile(r"Non-2xx|Socket errors")
_MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("this needs wrk (Debian: apt-get install wrk)")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        subjects = _subjects(stack, folder)
        figures: dict[str, list[float]] = defaultdict(list)
        slow: dict[str, list[float]] = defaultdict(list)
        for _ in range(options.rounds):
            for name, url, script in subjects:
                rate, p99 = _wrk(url, script, folder, options.seconds, 1 if "page" in name else CONNECTIONS)
                figures[name].append(rate)
                slow[name].append(p99)
    _report(figures, slow, options.json)


def _subjects(stack: ExitStack, folder: Path) -> list[tuple[str, str, str]]:
    """What is measured: name, URL, wrk script."""
    bare = _start(stack, [sys.executable, "-m", "benchmarks.bare"])
    subjects = [
        ("bare poll", f"http://127.0.0.1:{bare}/poll", _script("GET", b'{"procId":5001}')),
        ("bare page", f"http://127.0.0.1:{bare}/page", _script("GET", b"{}")),
    ]
    for kind, database in (("memory", "memory:"), ("file", f"sqlite:///{folder}/bench.db")):
        port = _start(stack, [_command(), "serve", "--pace", "instant", "--database", database, "--port"])
        running, download = _prepared(port)
        api = f"http://127.0.0.1:{port}/w/bench/api"
        password = {"username": "demo", "password": "demo", "procId": running}
        page = {"username": "buyer", "password": "buyer", "phone": "994507654321", "procId": download}
        subjects += [
            (f"{kind} poll, password", f"{api}/job/read_proc_status", _script("GET", dumped(password))),
            (
                f"{kind} poll, token",
                f"{api}/job/read_proc_status",
                _script("GET", dumped({"procId": running}), 'wrk.headers["x-vatpapikey"] = "demo-token"'),
            ),
            (f"{kind} import", f"{api}/inv/import_upload_invoices.php", _import_script()),
            (f"{kind} page", f"{api}/etx/read_invoices", _script("GET", dumped(page))),
        ]
    return subjects


def _command() -> str:
    return str(Path(sys.executable).with_name("vatportal-mock"))


def _start(stack: ExitStack, command: list[str]) -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    process = subprocess.Popen(["taskset", "-c", "0", *command, str(port)], stdout=subprocess.DEVNULL)
    stack.callback(process.wait)
    stack.callback(process.terminate)
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return port
    raise RuntimeError(f"{command} does not answer")


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


def _script(method: str, body: bytes, more: str = "") -> str:
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


def _wrk(url: str, script: str, folder: Path, seconds: int, connections: int) -> tuple[float, float]:
    file = folder / "script.lua"
    stamp = f"-- {time.time_ns()}\nmath.randomseed({time.time_ns() % 2**31})\n"
    file.write_text(stamp + script, "utf-8")
    command = [
        "taskset",
        "-c",
        "1",
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{seconds}s",
        "--latency",
        "-s",
        str(file),
        url,
    ]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rate, p99 = _RATE.search(out), _P99.search(out)
    if rate is None or p99 is None or _BAD.search(out):
        raise RuntimeError(out)
    return float(rate[1]), float(p99[1]) * _MILLISECONDS[p99[2]]


def _report(figures: dict[str, list[float]], slow: dict[str, list[float]], file: Path | None) -> None:
    rows: dict[str, Any] = {}
    print(f"{'':24} {'rate/s':>10} {'ms each':>9} {'p99 ms':>8} {'of bare':>8}")
    for name, rates in figures.items():
        yardstick = figures["bare page" if "page" in name else "bare poll"]
        ratio = statistics.median(one / other for one, other in zip(rates, yardstick, strict=True))
        median, p99 = statistics.median(rates), statistics.median(slow[name])
        rows[name] = {"rate": median, "p99_ms": p99, "of_bare": ratio, "runs": rates}
        print(f"{name:24} {median:10.0f} {1000 / median:9.2f} {p99:8.1f} {ratio:8.0%}")
    if file is not None:
        machine = {"cores": os.cpu_count(), "python": sys.version.split()[0]}
        file.write_text(json.dumps({"machine": machine, "figures": rows}, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
