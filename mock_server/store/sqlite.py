"""SQLite: in memory, or a file that outlives a killed process.

A file is kept in WAL mode with `synchronous=NORMAL`: what was acknowledged survives `kill -9`, though not
necessarily a power cut. It is created readable by its owner alone, since accounts' secrets rest in it.
"""

import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

from mock_server.store.engine import Params, Row

BUSY_MILLISECONDS = 30_000
STATEMENTS_KEPT = 512


class _Transaction:
    """`BEGIN ... COMMIT`, or `ROLLBACK` when the block raises."""

    def __init__(self, connection: sqlite3.Connection, begin: str) -> None:
        self._execute = connection.execute
        self._begin = begin

    def __enter__(self) -> None:
        self._execute(self._begin)

    def __exit__(self, kind: type[BaseException] | None, _: Any, __: TracebackType | None) -> None:
        self._execute("COMMIT" if kind is None else "ROLLBACK")


class SqliteEngine:
    """The embedded engine: one connection, used by one thread at a time."""

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            _create_private(path)
        self._connection = sqlite3.connect(
            ":memory:" if path is None else path,
            isolation_level=None,
            cached_statements=STATEMENTS_KEPT,
            check_same_thread=False,
        )
        self._reading = _Transaction(self._connection, "BEGIN")
        self._writing = _Transaction(self._connection, "BEGIN IMMEDIATE")
        self.run(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
        self.run("PRAGMA foreign_keys=OFF")
        self.run("PRAGMA temp_store=MEMORY")
        self.run("PRAGMA cache_size=-65536")
        if path is not None:
            self.run("PRAGMA journal_mode=WAL")
            self.run("PRAGMA synchronous=NORMAL")

    def one(self, sql: str, params: Params = ()) -> Row | None:
        row: Row | None = self._connection.execute(sql, params).fetchone()
        return row

    def all(self, sql: str, params: Params = ()) -> list[Row]:
        return self._connection.execute(sql, params).fetchall()

    def run(self, sql: str, params: Params = ()) -> int:
        return self._connection.execute(sql, params).rowcount

    def many(self, sql: str, rows: Iterable[Params]) -> None:
        self._connection.executemany(sql, rows)

    def columns(self, table: str) -> list[str]:
        return [row[1] for row in self._connection.execute(f"PRAGMA table_info({table})")]

    def reading(self) -> _Transaction:
        return self._reading

    def writing(self) -> _Transaction:
        return self._writing

    def close(self) -> None:
        self._connection.close()


def _create_private(path: Path) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
