"""Servers to be measured: each on a free port, on the first core, ended with the measurement."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple


class Server(NamedTuple):
    """A server that runs; `ready` is seconds from its command until its port was open."""

    port: int
    pid: int
    ready: float = 0.0

    def spent(self) -> tuple[float, float]:
        """Seconds it has run, its workers too, and its main thread has waited for its core (Linux tells)."""
        workers = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text("ascii").split()
        ticks = sum(_ticks(pid) for pid in (self.pid, *map(int, workers)))
        waited = int(Path(f"/proc/{self.pid}/schedstat").read_text("ascii").split()[1])
        return ticks / os.sysconf("SC_CLK_TCK"), waited / 1e9

    def resident(self) -> float:
        """MB of memory."""
        status = Path(f"/proc/{self.pid}/status").read_text("ascii")
        (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) * 1024 / 1e6


def _ticks(pid: int) -> int:
    """Of the processor's clock, all threads of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def command_of(*flags: str) -> list[str]:
    """`vatportal-mock serve` with these flags, and a port to follow."""
    return [str(Path(sys.executable).with_name("vatportal-mock")), "serve", *flags, "--port"]


def simulator(stack: ExitStack, *flags: str, cores: str = "0") -> Server:
    """`vatportal-mock serve` with these flags."""
    return started(stack, command_of(*flags), cores)


def bare(stack: ExitStack) -> Server:
    """The yardstick."""
    return started(stack, [sys.executable, "-m", "benchmarks.bare"])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def started(stack: ExitStack, command: Sequence[str], cores: str = "0", port: int | None = None) -> Server:
    """The server that a command starts; a free port is appended unless the command already has `port`."""
    if port is None:
        port = free_port()
        command = [*command, str(port)]
    began = time.monotonic()
    process = subprocess.Popen(
        ["taskset", "-c", cores, *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=_plain(),
    )
    stack.callback(process.wait)
    stack.callback(process.terminate)
    while time.monotonic() < began + 60 and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.01)
        else:
            return Server(port, process.pid, time.monotonic() - began)
    raise RuntimeError(f"{command[0]} does not answer")


def _plain() -> dict[str, str]:
    """Without what would have Python compile everything at each start, or set flags of ours."""
    strange = ("VATPORTAL_", "PYTHONDONTWRITEBYTECODE")
    return {name: text for name, text in os.environ.items() if not name.startswith(strange)}
