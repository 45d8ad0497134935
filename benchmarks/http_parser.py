"""What the choice of HTTP parser costs: h11, httptools as uvicorn uses it, and ours, side by side.

    python -m benchmarks.http_parser

Each serves the same tiny application from a process of its own, and is asked in turns, so that what else
the machine does meets all alike: compare the rates, do not quote them. `wrk` asks where it is installed,
else threads of this program, which are slow themselves and blur the differences. "body arrives" tells
whether the application got it: fast is worth nothing without.
"""

import multiprocessing
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import uvicorn
from starlette.types import Receive, Scope, Send

from mock_server.web.listening import bind, configured

ROUNDS = 5
SECONDS = 1
CONNECTIONS = 8

PARSERS = ("h11", "httptools", "ours")
BODY = b'{"username": "demo", "password": "gizli", "procId": 5001}'
OFFER = {
    "Connection": "Upgrade, HTTP2-Settings",
    "Upgrade": "h2c",
    "HTTP2-Settings": "AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA",
}
CASES: dict[str, dict[str, str]] = {"plain": {}, "offers h2c": OFFER}


async def length(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers how many bytes of body there were, in four digits."""
    assert scope["type"] == "http"
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"4")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"%04d" % size})


def serve(parser: str, port: Connection) -> None:
    config = configured(length)
    if parser != "ours":
        config.http = parser
    config.log_level = "critical"  # httptools as it comes warns of every offer
    config.configure_logging()
    listener = bind("127.0.0.1", 0)
    port.send(listener.getsockname()[1])
    uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def serving(parser: str) -> Iterator[int]:
    """The port where a process with that parser listens meanwhile."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=serve, args=(parser, there), daemon=True)
    process.start()
    try:
        yield here.recv()
    finally:
        process.terminate()
        process.join()


def request_of(headers: dict[str, str]) -> bytes:
    lines = {
        "Host": "127.0.0.1",
        "Content-Type": "application/json",
        "Content-Length": str(len(BODY)),
    } | headers
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"GET /api/job/read_proc_status HTTP/1.1\r\n{head}\r\n".encode() + BODY


def arrives(port: int, headers: dict[str, str]) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as wire:
        wire.sendall(request_of(headers))
        return answer_of(wire).endswith(b"%04d" % len(BODY))


def answer_of(wire: socket.socket) -> bytes:
    answer = b""
    while b"\r\n\r\n" not in answer or len(answer.partition(b"\r\n\r\n")[2]) < 4:
        received = wire.recv(4096)
        if not received:
            raise ConnectionError(f"the server hung up after {answer!r}")
        answer += received
    return answer


def rate_by_wrk(port: int, headers: dict[str, str]) -> float:
    """Requests a second."""
    fields = "".join(f'wrk.headers["{name}"] = "{value}"\n' for name, value in headers.items())
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "request.lua")
        script.write_text(
            f"wrk.method = \"GET\"\nwrk.body = '{BODY.decode()}'\n"
            f'wrk.headers["Content-Type"] = "application/json"\n{fields}'
        )
        command = [
            "wrk",
            "-t1",
            f"-c{CONNECTIONS}",
            f"-d{SECONDS}s",
            "-s",
            str(script),
            f"http://127.0.0.1:{port}/",
        ]
        report = subprocess.run(command, capture_output=True, text=True, check=True, timeout=SECONDS + 20).stdout
    if "Non-2xx" in report or "Socket errors" in report:
        raise RuntimeError(report)
    return float(report.partition("Requests/sec:")[2].split()[0])


def rate_by_threads(port: int, headers: dict[str, str]) -> float:
    """Requests a second."""
    request = request_of(headers)
    answered = [0] * CONNECTIONS
    until = time.perf_counter() + SECONDS

    def ask(place: int) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as wire:
            while time.perf_counter() < until:
                wire.sendall(request)
                answer_of(wire)
                answered[place] += 1

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(answered) / SECONDS


def main() -> None:
    rate: Callable[[int, dict[str, str]], float] = rate_by_wrk if shutil.which("wrk") else rate_by_threads
    rates: dict[tuple[str, str], list[float]] = {(parser, case): [] for parser in PARSERS for case in CASES}
    with ExitStack() as stack:
        ports = {parser: stack.enter_context(serving(parser)) for parser in PARSERS}
        arrived = {(parser, case): arrives(ports[parser], CASES[case]) for parser, case in rates}
        for _ in range(ROUNDS):
            for parser, case in rates:
                rates[parser, case].append(rate(ports[parser], CASES[case]))
    print(f"uvicorn {uvicorn.__version__}, {rate.__name__}: {CONNECTIONS} connections, {ROUNDS} x {SECONDS} s")
    print(f"{'parser':10} {'request':12} {'requests/s':>10} {'range':>15}  body arrives")
    for (parser, case), measured in rates.items():
        between = f"{min(measured):.0f}-{max(measured):.0f}"
        answer = "yes" if arrived[parser, case] else "NO"
        print(f"{parser:10} {case:12} {statistics.median(measured):10.0f} {between:>15}  {answer}")
    sys.exit(not all(arrived["ours", case] for case in CASES))


if __name__ == "__main__":
    main()
