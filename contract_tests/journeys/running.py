"""Sending a client's command on journeys: a world, the variables and files of the protocol, and what came of it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

import httpx2
import jsonschema

from contract_tests.documents import load
from contract_tests.journeys import printed
from contract_tests.journeys.journey import Ending, Journey, Stage
from contract_tests.journeys.portal import PHONE, Portal
from contract_tests.journeys.verdict import Verdict, judged
from contract_tests.target import encoded

OUTPUT_BYTES = 16 * 1024 * 1024
KILL_SECONDS = 5.0
MINE = ("VATPORTAL_",)
SECRET = ("VATPORTAL_PASSWORD", "VATPORTAL_TOKEN", "VATPORTAL_SECRET")

_OUTCOME = jsonschema.Draft202012Validator(load("client_outcome.json"))


class ServerDied(Exception):
    """The simulator did not start, or ended; the text has its last words."""


class CannotRun(Exception):
    """The command is no program that can be started; the text says why."""


class NotSetUp(Exception):
    """A journey's world could not be made ready, or not be read afterwards; the text says which and why."""


class Done(NamedTuple):
    """One journey, run and judged."""

    journey: Journey
    verdict: Verdict


@contextmanager
def simulator(port: int = 0, *flags: str, apart: bool = False) -> Iterator[str]:
    """The URL of a simulator of our own, in a process of its own; `apart`: one that Ctrl-C does not reach.

    Raises:
        ServerDied: it does not start.
    """
    environ = {name: text for name, text in os.environ.items() if not name.startswith("VATPORTAL_MOCK_")}
    command = [sys.executable, "-m", "mock_server", "serve", "--port", str(port), *flags]
    process = subprocess.Popen(
        command,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=apart,
    )
    assert process.stdout is not None
    try:
        url = process.stdout.readline().strip()
        if not url:
            raise ServerDied(process.communicate(timeout=KILL_SECONDS)[1].strip()[-500:])
        yield url
    finally:
        process.terminate()
        process.communicate()


def run_all(
    server: str,
    journeys: Sequence[Journey],
    command: Sequence[str],
    seed: int,
    jobs: int,
    tell: Callable[[Done], None],
    pace: str = "fast",
) -> list[Done]:
    """Every journey, some at a time; `tell` hears of each when it is over.

    Raises:
        NotSetUp: a journey cannot be held; those that have not begun are left out.
        CannotRun: the command cannot be started.
        KeyboardInterrupt: somebody wants it to end; the clients are ended too.
    """
    clients = Clients()

    def one(numbered: tuple[int, Journey]) -> Done:
        number, journey = numbered
        done = run(server, journey, command, seed * 100 + number, pace, clients)
        if not clients.over:  # else it is we who ended it
            tell(done)
        return done

    with ThreadPoolExecutor(jobs) as pool:
        try:
            return list(pool.map(one, enumerate(journeys, 1)))
        except BaseException:
            clients.end()
            pool.shutdown(wait=True, cancel_futures=True)
            raise


class Clients:
    """The clients that run now, each with all that it has started, so that none outlives us.

    Attributes:
        over: whether all have been ended, and none is started any more.
    """

    def __init__(self) -> None:
        self._running: set[int] = set()
        self._lock = threading.Lock()
        self.over = False

    def start(self, command: Sequence[str], environ: Mapping[str, str], said: IO[bytes]) -> subprocess.Popen[bytes]:
        """A client, in a session of its own, so that Ctrl-C does not reach it before us.

        Raises:
            CannotRun: it cannot be started.
        """
        with self._lock:
            if self.over:
                raise CannotRun("no client is started any more")
            try:
                process = subprocess.Popen(
                    command,
                    env=environ,
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                raise CannotRun(f"{command[0]} cannot be run: {error.strerror or error}") from error
            self._running.add(process.pid)
        return process

    def ended(self, process: subprocess.Popen[bytes]) -> None:
        """A client has come to its end; what it has left running ends with it."""
        with self._lock:
            self._running.discard(process.pid)
        _kill(process.pid)

    def end(self) -> None:
        """End all of them, and start no more."""
        with self._lock:
            self.over = True
            for group in self._running:
                _kill(group)


def _kill(group: int, number: int = signal.SIGKILL) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def run(
    server: str,
    journey: Journey,
    command: Sequence[str],
    seed: int,
    pace: str = "fast",
    clients: Clients | None = None,
) -> Done:
    """One journey in a fresh world.

    Raises:
        NotSetUp: its world cannot be made ready, or not be read afterwards.
        CannotRun: the command cannot be started.
    """
    with _blaming(journey, "be set up"):
        portal = Portal(server, f"{journey.name}-{seed}", seed, pace)
    try:
        with _blaming(journey, "be set up"):
            stage = journey.set(portal)
            portal.forget()
        meanwhile = threading.Thread(target=_meanwhile, args=(stage, portal))
        meanwhile.start()
        try:
            ending = _sent(portal, journey, stage, command, clients or Clients())
        finally:
            portal.over.set()
            meanwhile.join()
        with _blaming(journey, "be judged"):
            return Done(journey, judged(portal, journey.name, stage, ending))
    finally:
        with suppress(httpx2.HTTPError):  # a simulator that is gone has no world to drop
            portal.close()


@contextmanager
def _blaming(journey: Journey, what: str) -> Iterator[None]:
    """What goes wrong between us and our simulator, as an error that names the journey."""
    try:
        yield
    except (httpx2.HTTPError, LookupError, TypeError, ValueError) as error:
        cause = f"{type(error).__name__}: {error}".strip()
        raise NotSetUp(f"the journey {journey.name} cannot {what} on the simulator ({cause})") from error


def _meanwhile(stage: Stage, portal: Portal) -> None:
    if stage.meanwhile is not None:
        stage.meanwhile(portal)


def _sent(portal: Portal, journey: Journey, stage: Stage, command: Sequence[str], clients: Clients) -> Ending:
    """The client's command, run to its end or stopped when its time is over."""
    with tempfile.TemporaryDirectory(prefix="vatportal-") as folder:
        asked, told = Path(folder) / "input.json", Path(folder) / "output.json"
        asked.write_bytes(encoded({"journey": journey.name, "task": journey.task, **stage.input}))
        said = Path(folder) / "said.txt"
        environ = _environ(portal, journey, stage, asked, told)
        started = time.monotonic()
        with said.open("wb") as stream:
            process = clients.start(command, environ, stream)
            try:
                exit_ = _waited(process, journey.seconds)
            finally:
                clients.ended(process)
        output, trouble = _output(told)
        words = printed.shown(trouble.encode() + said.read_bytes(), [environ[name] for name in SECRET])
        return Ending(exit_, output, words, time.monotonic() - started)


def _environ(portal: Portal, journey: Journey, stage: Stage, asked: Path, told: Path) -> dict[str, str]:
    patience = {} if stage.patience is None else {"VATPORTAL_PATIENCE": str(stage.patience)}
    return {
        **{name: text for name, text in os.environ.items() if not name.startswith(MINE)},
        "VATPORTAL_BASE_URL": portal.url,
        "VATPORTAL_USERNAME": "demo",
        "VATPORTAL_PASSWORD": "demo",
        "VATPORTAL_TOKEN": "demo-token",
        "VATPORTAL_SECRET": "demo-secret",
        "VATPORTAL_PHONE": PHONE,
        "VATPORTAL_JOURNEY": journey.name,
        "VATPORTAL_INPUT": str(asked),
        "VATPORTAL_OUTPUT": str(told),
        **patience,
        **stage.environ,
    }


def _waited(process: subprocess.Popen[bytes], seconds: float) -> int | None:
    """The exit code; `None` when the client and all it had started had to be stopped."""
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        for number in (signal.SIGTERM, signal.SIGKILL):
            _kill(process.pid, number)
            try:
                process.wait(KILL_SECONDS)
                break
            except subprocess.TimeoutExpired:
                continue
        return None


def _output(file: Path) -> tuple[Mapping[str, Any] | None, str]:
    """What the client wrote, and what is wrong with it."""
    if not os.path.lexists(file):
        return None, ""
    if file.is_symlink() or not file.is_file():  # which might have no end, or never begin
        return None, "VATPORTAL_OUTPUT is no plain file and is not read\n"
    try:
        with file.open("rb") as stream:
            raw = stream.read(OUTPUT_BYTES + 1)
        if len(raw) > OUTPUT_BYTES:
            return None, f"VATPORTAL_OUTPUT has more than {OUTPUT_BYTES} bytes and is not read\n"
        told = json.loads(raw, parse_float=_number)
        wrong = next(iter(_OUTCOME.iter_errors(told)), None)
    except (OSError, ValueError) as error:
        return None, f"VATPORTAL_OUTPUT is no JSON: {error}\n"
    except RecursionError:
        return None, "VATPORTAL_OUTPUT is nested too deeply\n"
    if wrong is not None:
        return None, f"VATPORTAL_OUTPUT: {wrong.json_path}: {wrong.message} (schemas/client_outcome.json)\n"
    return told, ""


def _number(text: str) -> int | float:
    """A number with a fraction; `20.0` is the whole number that it is."""
    value = float(text)
    return int(value) if value.is_integer() else value
