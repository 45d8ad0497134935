"""Servers to be measured: each on a free port, on the first core, ended with the measurement."""

import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple


class Server(NamedTuple):
    """A server that runs."""

    port: int
    pid: int

    def spent(self) -> tuple[float, float]:
        """Seconds it has run, and has waited for its core (Linux tells)."""
        ran, waited, _ = Path(f"/proc/{self.pid}/schedstat").read_text("ascii").split()
        return int(ran) / 1e9, int(waited) / 1e9


def simulator(stack: ExitStack, *flags: str) -> Server:
    """`vatportal-mock serve` with these flags."""
    return started(stack, [str(Path(sys.executable).with_name("vatportal-mock")), "serve", *flags, "--port"])


def started(stack: ExitStack, command: list[str]) -> Server:
    """The server that a command starts, to which a port is appended."""
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
            return Server(port, process.pid)
    raise RuntimeError(f"{command} does not answer")
