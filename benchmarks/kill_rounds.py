"""Kills the server under load, over and over, and looks at what is left.

    python -m benchmarks.kill_rounds [--rounds 20] [--seed 1] [--workers 1] [--postgresql]

A round: clients import, upload, delete, renew tokens and poll, until `kill -9` hits the server at a random moment; on
PostgreSQL every second round it hits that, all its processes, and the server goes on. Then the database must hold all
that was ever answered, and nothing by half; and the server, started again if it was killed, must know it and bring
what was under way to its end. Exit code 1 when something is wrong.
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
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from benchmarks.kill_checks import Kept, autopsy, resurrection
from benchmarks.kill_load import LOAD, WORLD, Client, Memory, Told, renew, until_killed
from benchmarks.kill_places import Database, File, Place
from tests.client import Portal
from tests.control.steer import Steer
from tests.postgresql import WANTED, Cluster, programs

SHORTEST, LONGEST = 0.2, 1.5
"""Seconds of load before the kill."""

QUIET = "clerk"
"""The account whose token is renewed once, and must work after every kill."""

RECOVERY_SECONDS = 5.0
"""Within which a server is ready again by itself after its database is back."""


class Round(NamedTuple):
    """The figures of a round; `unanswered` requests met the kill, `done` of them had been carried out.

    `back`: seconds until there was an answer again: from the server's start, or from when its database was back.
    """

    number: int
    victim: str
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
    """The simulator as a process, or several.

    Attributes:
        port: where it listens; another one after each start.
        back: seconds that the last start took, up to the first answer.
    """

    def __init__(self, url: str, workers: int = 1) -> None:
        self._command = [sys.executable, "-m", "mock_server", "serve", "--port", "0", "--pace", "fast"]
        self._command += ["--database", url, "--workers", str(workers)]
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
        self._poll()
        self.back = time.perf_counter() - started

    def _poll(self) -> int:
        portal = Portal(self.port, "default")  # not the one under load, where it would settle what is due
        portal.own_connection()
        code = portal.call("read_proc_status", procId=123).code
        portal.connection.close()
        return code

    def ready(self) -> bool:
        return Steer(self.port).send("GET", "health").http == 200

    def recover(self) -> bool:
        """Wait until it is ready after its database is; whether it was in time."""
        started = time.perf_counter()
        while not (fine := self.ready() and self._poll() == 0):
            if time.perf_counter() - started > RECOVERY_SECONDS:
                break
            time.sleep(0.02)
        self.back = time.perf_counter() - started
        return fine

    def kill(self) -> None:
        """`kill -9`, to all its processes at once."""
        if self._process is None:
            return
        os.killpg(self._process.pid, signal.SIGKILL)
        with self._process:
            self._process = None


def round_(place: Place, server: Server, number: int, seed: int, memory: Memory) -> Round:
    """Loads a running server, kills it or its database, starts what was killed again, and compares.

    `memory` is what earlier rounds left, and is brought up to date.
    """
    chance = random.Random(f"{seed}/{number}")
    told = Told(victim=place.victims[(number - 1) % len(place.victims)])
    clients = [Client(server.port, account, f"{number}.{nth}", told) for nth, (_, account) in enumerate(LOAD)]
    threads = [
        threading.Thread(target=until_killed, args=(work, client, random.Random(chance.random()), memory))
        for (work, _), client in zip(LOAD, clients, strict=True)
    ]
    for thread in threads:
        thread.start()
    lives = chance.uniform(SHORTEST, LONGEST)
    time.sleep(lives)
    told.killed = True
    journal = _killed(place, server, threads, told, memory)
    resurrection(server.port, told, memory, journal)
    if told.unkept > (lost := Steer(server.port, WORLD).get("requests")["lost"]):
        told.problems.append(f"{told.unkept} reads are not in the journal, and {lost} are counted as lost")
    effects = [told.sent[mark].effect for mark in told.answers]
    kinds = Counter(effect.kind for effect in effects if effect is not None)
    unanswered = told.sent.keys() - told.answers.keys()
    return Round(
        number,
        told.victim,
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


def _killed(
    place: Place, server: Server, load: list[threading.Thread], told: Told, memory: Memory
) -> dict[str, Kept]:
    """What the journal has after the kill; then all is up again."""
    if told.victim == "database":
        place.kill()
    else:
        server.kill()
    for thread in load:
        thread.join()
    if told.victim == "database":
        told.problems += ["it says it is ready, without a database"] if server.ready() else []
        place.start()
        told.problems += [] if server.recover() else ["it has not recovered by itself"]
        return autopsy(place, told, memory)
    place.let_go()
    journal = autopsy(place, told, memory)
    server.start()
    return journal


def rounds(place: Place, count: int, seed: int, workers: int = 1) -> Iterator[Round]:
    """So many rounds on one database; a bad one is the last, since those behind it would only say so again."""
    memory = Memory()
    server = Server(place.url, workers)
    try:
        server.start()
        quiet = Client(server.port, QUIET, "quiet", Told())
        memory.tokens[QUIET] = renew(quiet)
        quiet.close()
        for number in range(1, count + 1):
            figures = round_(place, server, number, seed, memory)
            yield figures
            if figures.problems:
                return
    finally:
        server.kill()


def durable(stack: ExitStack) -> Cluster:
    """A PostgreSQL that keeps what it has committed, as it does unless told otherwise.

    Raises:
        FileNotFoundError: none is installed.
    """
    where = programs()
    if where is None:
        raise FileNotFoundError(WANTED)
    cluster = Cluster(where, options="")
    stack.callback(cluster.remove)
    return cluster


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--postgresql", action="store_true")
    options = parser.parse_args()
    columns = ("round", "  killed", "lived s", "answered", "imports", "deletions", "renewals", "unanswered", "done")
    print("  ".join((*columns, "back s", "verdict")))
    all_rounds = []
    with ExitStack() as stack:
        place: Place
        if options.postgresql:
            place = Database(durable(stack))
        else:
            place = File(Path(stack.enter_context(tempfile.TemporaryDirectory()), "portal.db"))
        for one in rounds(place, options.rounds, options.seed, options.workers):
            all_rounds.append(one)
            values = [str(one.number), one.victim, f"{one.lived:.2f}", *map(str, one[3:9]), f"{one.back:.2f}"]
            line = "  ".join(value.rjust(len(name)) for value, name in zip(values, (*columns, "back s"), strict=True))
            print(f"{line}  {'fine' if not one.problems else one.problems[:3]}", flush=True)
    for victim in place.victims:
        print(_summed(victim, [one for one in all_rounds if one.victim == victim]))
    sys.exit(any(one.problems for one in all_rounds))


def _summed(victim: str, some: list[Round]) -> str:
    if not some:
        return f"{victim} not killed"
    back = [one.back for one in some]
    told = (
        f"{victim} killed {len(some)} times",
        f"{sum(one.answered for one in some)} requests answered",
        f"{sum(one.unanswered for one in some)} met by the kill",
        f"{sum(one.done for one in some)} of these carried out",
        f"back in {statistics.median(back):.2f} s, at most {max(back):.2f}",
        f"{sum(bool(one.problems) for one in some)} rounds with losses",
    )
    return "; ".join(told)


if __name__ == "__main__":
    main()
