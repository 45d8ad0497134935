"""Rows of the journal (every portal request) and of the audit trail of deletions (F-AUTH-06)."""

from collections.abc import Iterable
from typing import NamedTuple

from mock_server.store.engine import Engine


class JournalRow(NamedTuple):
    """One portal request and its answer, secrets redacted.

    Attributes:
        at_real, at: microseconds since 1970 UTC, of real time and of world time.
        way: how it authenticated: `token`, `password` or `none`.
        code: `err_code`, or `None` where no envelope was sent.
        latency: nanoseconds from the last byte of the request to the answer.
        notes: violations and warnings as a JSON array.
        request, answer: the bodies up to a bound; sizes are those of the whole, as is the digest.
    """

    world: int
    at_real: int
    at: int
    operation: str
    method: str
    account: str | None
    way: str
    http: int
    code: int | None
    latency: int
    notes: str
    request: bytes
    request_size: int
    request_digest: str
    answer: bytes
    answer_size: int


class AuditRow(NamedTuple):
    """A deletion: who, when, which invoices, and what came of it."""

    at: int
    username: str
    company: str
    operation: str
    process: int | None
    invoices: str
    result: str


_ROW = ", ".join(JournalRow._fields)
_INSERT = f"INSERT INTO journal ({_ROW}) VALUES ({', '.join('?' * len(JournalRow._fields))})"


class Journal:
    """The journal, bounded by a number of rows per world, and the audit trail."""

    def __init__(self, engine: Engine) -> None:
        self._db = engine

    def add(self, row: JournalRow) -> None:
        self._db.run(_INSERT, row)

    def add_all(self, rows: Iterable[JournalRow]) -> None:
        self._db.many(_INSERT, rows)

    def trim(self, world: int, keep: int) -> None:
        """Drop the oldest rows of a world beyond `keep`."""
        self._db.run(
            "DELETE FROM journal WHERE world = ? AND seq <= (SELECT seq FROM journal WHERE world = ?"
            " ORDER BY seq DESC LIMIT 1 OFFSET ?)",
            (world, world, keep),
        )

    def rows(self, world: int) -> list[JournalRow]:
        found = self._db.all(f"SELECT {_ROW} FROM journal WHERE world = ? ORDER BY seq", (world,))
        return [JournalRow._make(row) for row in found]

    def audit(self, world: int, row: AuditRow) -> None:
        self._db.run(
            "INSERT INTO audit (world, at, username, company, operation, process, invoices, result)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (world, *row),
        )

    def audits(self, world: int) -> list[AuditRow]:
        found = self._db.all(
            "SELECT at, username, company, operation, process, invoices, result FROM audit"
            " WHERE world = ? ORDER BY seq",
            (world,),
        )
        return [AuditRow._make(row) for row in found]
