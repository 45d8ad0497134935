"""Kills the server under load, over and over, and looks at what is left.

    python -m benchmarks.kill_rounds [--rounds 20] [--seed 1] [--workers 1]

A round: clients import, upload, delete, renew tokens and poll, until `kill -9` hits the server at a random moment.
Then its file must hold all that was ever answered, and nothing by half; and another server, started on that file,
must know it and bring what was under way to its end. Exit code 1 when something is wrong.
"""

import argparse
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.kill_checks import autopsy, resurrection
from benchmarks.kill_load import LOAD, Client, Memory, Told, renew, until_killed

SHORTEST, LONGEST = 0.2, 1.5
"""Seconds of load before the kill."""

QUIET = "clerk"
"""The account whose token is renewed once, and must work after every kill."""


class Round(NamedTuple):
    """The figures of a round; `unanswered` requests met the kill, `done` of them had been carried out."""

    number: int
    lived: float
    answered: int
    imports: int
    deletions: int
    renewals: int
    unanswered: int
    done: int
    back: float
    problems: list[str]


class Server:
    """The simulator as a process, or several, on a file.

    Attributes:
        port: where it listens; another one after each start.
        back: seconds that the last start took, up to the first answer.
    """

    def __init__(self, file: Path, workers: int = 1) -> None:
        self.file = file
        self._command = [sys.executable, "-m", "mock_server", "serve", "--port", "0", "--pace", "fast"]
        self._command += ["--database", f"sqlite:///{file}", "--workers", str(workers)]
        self._process: subprocess.Popen[str] | None = None
        self.port = 0
        self.back = 0.0

    def start(self) -> None:
        started = time.perf_counter()
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True, start_new_session=True)
        assert self._process.stdout is not None
        url = self._process.stdout.readline().strip()
        if not url:
            raise RuntimeError("the server does not start")
        self.port = int(url.rpartition(":")[2])
        client = Client(self.port, "demo", "first", Told())
        client.call("read_proc_status", procId=123)
        client.close()
        self.back = time.perf_counter() - started

    def kill(self) -> None:
        """`kill -9`, to all its processes at once."""
        if self._process is None:
            return
        os.killpg(self._process.pid, signal.SIGKILL)
        with self._process:
            self._process = None


def round_(server: Server, number: int, seed: int, memory: Memory) -> Round:
    """Loads a running server, kills it, starts it again on its file, and compares.

    `memory` is what earlier rounds left, and is brought up to date.
    """
    chance = random.Random(f"{seed}/{number}")
    told = Told()
    clients = [Client(server.port, account, f"{number}.{place}", told) for place, (_, account) in enumerate(LOAD)]
    threads = [
        threading.Thread(target=until_killed, args=(work, client, random.Random(chance.random()), memory))
        for (work, _), client in zip(LOAD, clients, strict=True)
    ]
    for thread in threads:
        thread.start()
    lives = chance.uniform(SHORTEST, LONGEST)
    time.sleep(lives)
    told.killed = True
    server.kill()
    for thread in threads:
        thread.join()
    journal = autopsy(server.file, told, memory)
    server.start()
    resurrection(server.port, told, memory, journal)
    effects = [told.sent[mark].effect for mark in told.answers]
    kinds = Counter(effect.kind for effect in effects if effect is not None)
    unanswered = told.sent.keys() - told.answers.keys()
    return Round(
        number,
        lives,
        len(told.answers),
        kinds["import"] + kinds["upload"],
        kinds["delete"] + kinds["etx"],
        kinds["token"],
        len(unanswered),
        len(unanswered & journal.keys()),
        server.back,
        told.problems,
    )


def rounds(file: Path, count: int, seed: int, workers: int = 1) -> Iterator[Round]:
    """So many rounds on one file; a bad one is the last, since those behind it would only say so again."""
    memory = Memory()
    server = Server(file, workers)
    try:
        server.start()
        quiet = Client(server.port, QUIET, "quiet", Told())
        memory.tokens[QUIET] = renew(quiet)
        quiet.close()
        for number in range(1, count + 1):
            figures = round_(server, number, seed, memory)
            yield figures
            if figures.problems:
                return
    finally:
        server.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    columns = ("round", "lived s", "answered", "imports", "deletions", "renewals", "unanswered", "done", "back s")
    print("  ".join(columns) + "  verdict")
    all_rounds = []
    with tempfile.TemporaryDirectory() as folder:
        for one in rounds(Path(folder, "portal.db"), options.rounds, options.seed, options.workers):
            all_rounds.append(one)
            values = [str(one.number), f"{one.lived:.2f}", *map(str, one[2:8]), f"{one.back:.2f}"]
            line = "  ".join(value.rjust(len(name)) for value, name in zip(values, columns, strict=True))
            print(f"{line}  {'fine' if not one.problems else one.problems[:3]}", flush=True)
    bad = [one for one in all_rounds if one.problems]
    answered = sum(one.answered for one in all_rounds)
    back = statistics.median(one.back for one in all_rounds)
    print(
        f"{len(all_rounds)} rounds, {answered} requests answered, back in {back:.2f} s; {len(bad)} rounds with losses"
    )
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
