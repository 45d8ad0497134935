"""Where the rows of a killed server are: in a SQLite file, or in a database of a PostgreSQL of our own."""

import re
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import psycopg

from tests.postgresql import Cluster

LET_GO_SECONDS = 30
"""Within which PostgreSQL must have noticed that its clients are dead."""

_NAMED = re.compile(r":(\w+)")


class Rows(Protocol):
    """Asks for rows by SQL with `:name` for parameters."""

    def __call__(self, sql: str, **named: Any) -> list[tuple[Any, ...]]: ...


class Place(Protocol):
    """A database that outlives its servers.

    Attributes:
        url: what `--database` says.
        victims: what can be killed, by turns: the `server`, the `database` below it.
    """

    url: str
    victims: tuple[str, ...]

    def rows(self) -> AbstractContextManager[Rows]:
        """What is there, as it has been left."""

    def damage(self, rows: Rows) -> list[str]:
        """What the database itself finds wrong with what it keeps."""

    def let_go(self) -> None:
        """Wait until what a dead server had under way is over."""

    def kill(self) -> None:
        """`kill -9` the database."""

    def start(self) -> None:
        """Start it again."""


class File:
    """A SQLite file; it is looked at in a copy, so that its log stays as it is for the next server."""

    victims: tuple[str, ...] = ("server",)

    def __init__(self, file: Path) -> None:
        self._file = file
        self.url = f"sqlite:///{file}"

    @contextmanager
    def rows(self) -> Iterator[Rows]:
        with tempfile.TemporaryDirectory() as folder:
            for part in self._file.parent.glob(f"{self._file.name}*"):
                if not part.name.endswith("-shm"):
                    shutil.copy(part, folder)
            db = sqlite3.connect(Path(folder, self._file.name))
            try:
                yield lambda sql, **named: db.execute(sql, named).fetchall()
            finally:
                db.close()

    def damage(self, rows: Rows) -> list[str]:
        ((verdict,),) = rows("PRAGMA integrity_check")
        return [] if verdict == "ok" else [f"integrity_check: {verdict}"]

    def let_go(self) -> None:
        """The system has done so."""

    def kill(self) -> None:
        raise NotImplementedError("SQLite is a part of the server")

    def start(self) -> None:
        raise NotImplementedError("SQLite is a part of the server")


class Database:
    """A new database of a PostgreSQL, which is killed too."""

    victims: tuple[str, ...] = ("server", "database")

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.url = cluster.database()

    @contextmanager
    def rows(self) -> Iterator[Rows]:
        with psycopg.connect(self.url, autocommit=True) as connection:

            def asked(sql: str, **named: Any) -> list[tuple[Any, ...]]:
                cursor = connection.execute(_NAMED.sub(r"%(\1)s", sql).encode(), named)
                return [] if cursor.description is None else cursor.fetchall()

            yield asked

    def damage(self, rows: Rows) -> list[str]:
        """Every index holds every row of its table, in order."""
        try:
            rows(_AMCHECK)
        except psycopg.Error as error:
            return [f"amcheck: {error}"]
        return []

    def let_go(self) -> None:
        until = time.monotonic() + LET_GO_SECONDS
        with self.rows() as rows:
            while rows(_OTHERS) != [(0,)]:
                if time.monotonic() > until:
                    raise RuntimeError("PostgreSQL does not let go of dead clients")
                time.sleep(0.02)

    def kill(self) -> None:
        self._cluster.kill()

    def start(self) -> None:
        self._cluster.start()


_OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
_AMCHECK = """DO $$ BEGIN
    CREATE EXTENSION IF NOT EXISTS amcheck;
    PERFORM bt_index_check(i.indexrelid, true) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        WHERE c.relnamespace = CAST(current_schema() AS regnamespace) AND i.indisvalid;
END $$"""
