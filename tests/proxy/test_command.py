"""The command itself, `vatportal-mock proxy`, and what it takes of memory; its page is run with the handbook."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.proxy.between import PATIENCE, Scripted, request

COMMAND = [sys.executable, "-m", "mock_server", "proxy"]


class Running:
    """The command in a process of its own."""

    def __init__(self, *flags: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, "--port", "0", *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()

    def stop(self) -> tuple[int, str]:
        """Exit code and what was said on standard error."""
        self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, said


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--upstream", "portal.az"], 'upstream "portal.az": it begins with http:// or https://'),
        (["--upstream", "https://portal.az", "--upstream-ca", "/no/such.pem"], "upstream-ca: there is no file"),
        (
            ["--upstream", "http://127.0.0.1:1", "--record-world", "/no/such/file"],
            "record-world /no/such/file: No such",
        ),
        (["--upstream", "http://127.0.0.1:1", "--record-world", __file__], "it is there already"),
        (["--upstream", "http://localhost:18299", "--port", "18299"], "is the proxy itself"),
        (["--upstream", "http://127.0.0.1:1", "--reading", "R-1=x"], 'unknown reading "R-1"'),
        ([], "Missing option '--upstream'"),
    ],
)
def test_wrong_usage(flags: list[str], says: str) -> None:
    done = subprocess.run([*COMMAND, *flags], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc, which is not here")
def test_a_long_page_takes_little_memory() -> None:
    """150 MB go through; what is kept of a body to be checked is bounded, and let go beyond that."""
    size = 150_000_000
    piece = b"x" * 1_000_000

    def behave(server: Scripted, connection: socket.socket) -> None:
        server.take(connection, b"}")
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size // len(piece)):
            connection.sendall(piece)

    server = Scripted(behave)
    running = Running("--upstream", server.url)
    try:
        with socket.create_connection(("127.0.0.1", int(running.url.rpartition(":")[2])), PATIENCE) as client:
            before = _peak(running.process.pid)
            client.sendall(request())
            left = size
            while left > 0:
                left -= len(client.recv(1_000_000))
        assert _peak(running.process.pid) - before < 100_000
    finally:
        server.close()
        code, _ = running.stop()
    assert code == 0


def _peak(process: int) -> int:
    """The most memory a process has had, in kB."""
    status = Path(f"/proc/{process}/status").read_text("ascii")
    found = re.search(r"VmHWM:\s+(\d+)", status)
    assert found is not None
    return int(found[1])
