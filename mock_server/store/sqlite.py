"""SQLite: in memory, or a file that outlives a killed process.

A file is kept in WAL mode with `synchronous=NORMAL`: what was acknowledged survives `kill -9`, though not
necessarily a power cut. It is created readable by its owner alone, since accounts' secrets rest in it.
"""

import errno
import logging
import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

from mock_server.store.engine import Group, Params, Row, Unavailable

log = logging.getLogger("vatportal_mock")

BUSY_MILLISECONDS = 30_000
PAGE_BYTES = 8192
"""A document has about 1 KB: with SQLite's own 4096 a sixth of the file would be empty."""

LOG_BYTES = 64 * 1024 * 1024
"""How long the write-ahead log stays once it has been copied into the file; a large change may need more."""

LOG_PAGES = LOG_BYTES // 2 // PAGE_BYTES
"""When it is copied into the file: a page that many changes touch, as an index has them, is then copied once."""

TRIES = 100
STATEMENTS_KEPT = 512
_UNAVAILABLE = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
)
APPLICATION = int.from_bytes(b"vpmk", "big")
"""Tells our files from those of other programs that use SQLite, which are not ours to write to."""


class _Transaction:
    """`BEGIN ... COMMIT`, or `ROLLBACK` when the block raises or cannot be committed."""

    def __init__(self, engine: "SqliteEngine", connection: sqlite3.Connection, begin: str) -> None:
        self._engine = engine
        self._connection = connection
        self._begin = begin

    def __enter__(self) -> None:
        self._engine.settle()
        try:
            self._connection.execute(self._begin)
        except sqlite3.OperationalError as error:
            raise _told(error) from error

    def __exit__(self, kind: type[BaseException] | None, _: Any, __: TracebackType | None) -> None:
        try:
            if kind is None:
                self._connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise _told(error) from error
        finally:
            if self._connection.in_transaction:  # a full disk has SQLite roll back by itself
                self._connection.execute("ROLLBACK")


class _Joined:
    """One change of a group: a commit writes whole pages to the file, whoever has changed how much in them."""

    def __init__(self, engine: "SqliteEngine", connection: sqlite3.Connection) -> None:
        self._engine = engine
        self._connection = connection

    def __enter__(self) -> Group:
        try:
            return self._engine.join()
        except sqlite3.OperationalError as error:
            raise _told(error) from error

    def __exit__(self, kind: type[BaseException] | None, _: Any, __: TracebackType | None) -> None:
        self._engine.joined = False
        if not self._connection.in_transaction:  # a full disk has SQLite roll everybody's change back
            self._engine.lose()
            return
        if kind is not None:
            self._connection.execute("ROLLBACK TO joined")
        self._connection.execute("RELEASE joined")


class SqliteEngine:
    """The embedded engine: one connection, used by one thread at a time."""

    threads = 0
    for_update = ""

    def __init__(self, path: Path | None) -> None:
        """Opens the file, or a database in memory.

        Raises:
            OSError: the file cannot be had; `strerror` says why.
        """
        if path is not None:
            _create_private(path)
        self._connection = sqlite3.connect(
            ":memory:" if path is None else path,
            isolation_level=None,
            cached_statements=STATEMENTS_KEPT,
            check_same_thread=False,
        )
        self._reading = _Transaction(self, self._connection, "BEGIN")
        self._writing = _Transaction(self, self._connection, "BEGIN IMMEDIATE")
        self._joining = _Joined(self, self._connection)
        self._group: Group | None = None
        self.joined = False  # whether it is one of the group who asks
        try:
            self._prepare(path is not None)
        except (sqlite3.DatabaseError, Unavailable) as error:
            self.close()
            raise OSError(errno.EINVAL, f"SQLite cannot use it: {error}") from None

    def _prepare(self, on_disk: bool) -> None:
        self.run(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
        self.run("PRAGMA foreign_keys=OFF")
        self.run("PRAGMA temp_store=MEMORY")
        if on_disk:
            self.run(f"PRAGMA page_size={PAGE_BYTES}")  # of a new file
            self.run(f"PRAGMA journal_size_limit={LOG_BYTES}")
            self.run(f"PRAGMA wal_autocheckpoint={LOG_PAGES}")
            self._claim()
            self._log_ahead()
            self.run("PRAGMA synchronous=NORMAL")
        self.run("PRAGMA cache_size=-65536")  # counted in pages when it is set, so behind their size

    def _claim(self) -> None:
        """Mark an empty database as ours; one that others have filled is left alone."""
        with self.writing():
            owner = self.one("PRAGMA application_id")
            if owner == (0,) and self.one("SELECT 1 FROM sqlite_master") is None:
                self.run(f"PRAGMA application_id={APPLICATION}")
            elif owner != (APPLICATION,):
                raise sqlite3.DatabaseError("another program keeps its data there")

    def _log_ahead(self) -> None:
        """Switch to WAL, for which SQLite does not wait while others do the same: so try again behind them."""
        for _ in range(TRIES):
            try:
                self.run("PRAGMA journal_mode=WAL")
            except Unavailable:
                with self.writing():
                    pass
            else:
                return
        self.run("PRAGMA journal_mode=WAL")

    def one(self, sql: str, params: Params = ()) -> Row | None:
        self._stand_apart()
        try:
            row: Row | None = self._connection.execute(sql, params).fetchone()
        except sqlite3.OperationalError as error:
            raise _told(error) from error
        return row

    def all(self, sql: str, params: Params = ()) -> list[Row]:
        self._stand_apart()
        try:
            return self._connection.execute(sql, params).fetchall()
        except sqlite3.OperationalError as error:
            raise _told(error) from error

    def run(self, sql: str, params: Params = ()) -> int:
        self._stand_apart()
        try:
            return self._connection.execute(sql, params).rowcount
        except sqlite3.OperationalError as error:
            raise _told(error) from error

    def many(self, sql: str, rows: Iterable[Params]) -> None:
        self._stand_apart()
        try:
            self._connection.executemany(sql, rows)
        except sqlite3.OperationalError as error:
            raise _told(error) from error

    def define(self, statement: str) -> None:
        self.run(statement)

    def utf8(self, expression: str) -> str:
        return f"CAST({expression} AS BLOB)"

    def alone(self, purpose: str) -> None:
        """Whoever writes is alone."""

    def columns(self, table: str) -> list[str]:
        return [row[1] for row in self._connection.execute(f"PRAGMA table_info({table})")]

    def reading(self) -> _Transaction:
        return self._reading

    def writing(self) -> _Transaction:
        return self._writing

    def joining(self) -> _Joined:
        return self._joining

    def join(self) -> Group:
        """Begin a change of the group under way, or of a new one."""
        if self._group is None:
            self._connection.execute("BEGIN IMMEDIATE")
            self._group = Group()
        self._connection.execute("SAVEPOINT joined")
        self.joined = True
        return self._group

    def _stand_apart(self) -> None:
        """Whoever asks for himself is told of nothing that is not kept."""
        if self._group is not None and not self.joined:
            self.settle()

    def settle(self) -> None:
        group, self._group = self._group, None
        if group is None:
            return
        try:
            self._connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            log.error("changes could not be kept: %s", _told(error))
            group.kept = False
        else:
            group.kept = True
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def lose(self) -> None:
        """The group is rolled back."""
        if self._group is not None:
            self._group.kept = False
        self._group = None

    def close(self) -> None:
        self.settle()
        self._connection.close()


def _told(error: sqlite3.OperationalError) -> Exception:
    """`Unavailable` for what is no fault of the statement."""
    code = getattr(error, "sqlite_errorcode", 0)
    return Unavailable(f"{error} ({error.sqlite_errorname})") if code & 0xFF in _UNAVAILABLE else error


def _create_private(path: Path) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
