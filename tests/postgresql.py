"""A PostgreSQL of the tests' own: started from Debian's packages when one is first asked for, gone with the tests."""

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from mock_server.web.listening import bind

WANTED = "PostgreSQL is not installed here (apt-get install postgresql); what needs one is left out"

_names = itertools.count(1)
_OF_DEBIAN = Path("/usr/lib/postgresql")
_OPTIONS = "-c listen_addresses=127.0.0.1 -c max_connections=300"
_HASTY = "-c fsync=off -c full_page_writes=off"
"""What a database that is made for one test does without."""


class Cluster:
    """A server with databases of its own; as root it runs as the user `postgres`, for PostgreSQL refuses root."""

    def __init__(self, programs: Path, options: str = _HASTY) -> None:
        self.programs = programs
        self._options = f"{_OPTIONS} {options}"
        self._folder = Path(tempfile.mkdtemp(prefix="vatportal-pg-"))
        self._as: str | None = None
        if os.getuid() == 0:
            owner = pwd.getpwnam("postgres")
            self._as = owner.pw_name
            os.chown(self._folder, owner.pw_uid, owner.pw_gid)
        with bind("127.0.0.1", 0) as socket:
            self.port: int = socket.getsockname()[1]
        self._data = self._folder / "data"
        self._run("initdb", "-D", self._data, "-U", "test", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        self.start()

    def start(self) -> None:
        options = f"-p {self.port} -c unix_socket_directories={self._folder} {self._options}"
        self._run(
            "pg_ctl", "-D", self._data, "-w", "-s", "-t", "60", "-l", self._folder / "log", "-o", options, "start"
        )

    def stop(self, how: str = "immediate") -> None:
        self._run("pg_ctl", "-D", self._data, "-m", how, "-s", "stop")

    def kill(self) -> None:
        """`kill -9`, to all its processes, as by a system that has no memory left."""
        locks = (self._data / "postmaster.pid", self._folder / f".s.PGSQL.{self.port}.lock")
        postmaster = int(locks[0].read_text("ascii").split()[0])
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text("ascii").split()
        family = [postmaster, *map(int, children)]
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        until = time.monotonic() + 30
        while any(map(_alive, family)):
            assert time.monotonic() < until
            time.sleep(0.01)
        for lock in locks:  # they name a process, whose number lives on until somebody asks what has become of it
            lock.unlink()

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder)

    def database(self) -> str:
        """The URL of a new, empty database."""
        name = f"portal{os.getpid()}x{next(_names)}"
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self._url(name)

    def drop(self, url: str) -> None:
        name = url.rpartition("/")[2]
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _url(self, name: str) -> str:
        return f"postgresql://test@127.0.0.1:{self.port}/{name}"

    def _run(self, program: str, *arguments: object) -> None:
        subprocess.run(
            [self.programs / program, *map(str, arguments)],
            check=True,
            cwd=self._folder,
            user=self._as,
            group=self._as,
            extra_groups=None if self._as is None else [],
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            stdout=subprocess.DEVNULL,
            timeout=90,
        )


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def programs() -> Path | None:
    """Where the newest PostgreSQL's programs are."""
    found = shutil.which("initdb")
    if found is not None and shutil.which("pg_ctl") is not None:
        return Path(found).resolve().parent
    versions = sorted(_OF_DEBIAN.glob("*/bin/initdb"), key=lambda file: int(file.parts[-3]))
    return versions[-1].parent if versions else None


@contextmanager
def cluster() -> Iterator[Callable[[], Cluster]]:
    """Asks for the cluster; skips the test that asks where there is no PostgreSQL."""
    running: list[Cluster] = []

    def asked() -> Cluster:
        where = programs()
        if where is None:
            pytest.skip(WANTED)
        if not running:
            running.append(Cluster(where))
        return running[0]

    yield asked
    for each in running:
        each.remove()
