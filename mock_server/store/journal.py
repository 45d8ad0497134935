"""Rows of the journal (every portal request) and of the audit trail of deletions (F-AUTH-06)."""

import threading
from collections import Counter
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

from mock_server.store.engine import Engine


class JournalRow(NamedTuple):
    """One portal request and its answer, secrets redacted.

    Attributes:
        at_real, at: microseconds since 1970 UTC, of real time and of world time.
        latency: nanoseconds from the last byte of the request to the answer.
        path: as it was asked for, with the world's part and the query string.
        way: how it authenticated: `token`, `password` or `none`.
        code: `err_code`, or `None` where no envelope was sent.
        violations, notes: what was wrong, and what was accepted with a warning, as JSON arrays.
        request, answer: the bodies up to a bound; sizes are those of the whole, digests only of a longer one.
        named: the invoices that a longer body names, as a JSON array; empty for one that is kept whole, or no JSON.
    """

    world: int
    at_real: int
    at: int
    latency: int
    operation: str
    method: str
    path: str
    account: str | None
    way: str
    http: int
    code: int | None
    violations: str
    notes: str
    request: bytes
    request_size: int
    request_digest: str
    named: str
    answer: bytes
    answer_size: int
    answer_digest: str


UNDIGESTED = "too long"
"""Stands for the digest of an answer that takes longer to digest than to make."""


Outcome = Literal["fine", "failed", "warned"]
"""`err_code` 0; any other one, or none; accepted or refused with a note."""

_OUTCOMES: dict[Outcome, str] = {
    "fine": "code = 0",
    "failed": "(code IS NULL OR code <> 0)",
    "warned": "notes <> '[]'",
}


class Sought(NamedTuple):
    """Which rows: `since` is an instant of real time, `after` the number of a row before them."""

    operation: str | None = None
    code: int | None = None
    account: str | None = None
    since: int | None = None
    after: int = 0
    outcome: Outcome | None = None


class AuditRow(NamedTuple):
    """A deletion: who, when, which invoices, and what came of it."""

    at: int
    username: str
    company: str
    operation: str
    process: int | None
    invoices: str
    result: str


Numbered = tuple[int, JournalRow]
"""A row and its `seq`. Rows of one world become visible in the order of `seq`, which never comes again."""

_ROW = ", ".join(JournalRow._fields)
_BARE = ", ".join("NULL" if name in ("request", "answer") else name for name in JournalRow._fields)
_INSERT = f"INSERT INTO journal ({_ROW}) VALUES ({', '.join('?' * len(JournalRow._fields))})"
_SEQ = "coalesce(told, seq)"
"""The number of a row: the one it had in the world that it was copied from, if it was. In the order of `seq` too."""

_AUDIT = ", ".join(AuditRow._fields)


class Journal:
    """The journal, bounded by a number of rows per world, and the audit trail.

    Attributes:
        lost_rows: how many rows this process could not write.
    """

    def __init__(self, engine: Engine) -> None:
        self._db = engine
        self.lost_rows = 0
        self._lost: Counter[int] = Counter()
        self._counting = threading.Lock()

    def add(self, row: JournalRow) -> None:
        self._db.run(_INSERT, row)

    def add_all(self, rows: Iterable[JournalRow]) -> None:
        self._db.many(_INSERT, rows)

    def trim(self, world: int, keep: int) -> None:
        """Drop the oldest rows of a world beyond `keep`; the world counts them."""
        dropped = self._db.run(
            "DELETE FROM journal WHERE world = ? AND seq <= (SELECT seq FROM journal WHERE world = ?"
            " ORDER BY seq DESC LIMIT 1 OFFSET ?)",
            (world, world, keep),
        )
        if dropped:
            self._db.run("UPDATE worlds SET journal_dropped = journal_dropped + ? WHERE id = ?", (dropped, world))

    def dropped(self, world: int) -> int:
        """How many rows the bound has cost."""
        row = self._db.one("SELECT journal_dropped FROM worlds WHERE id = ?", (world,))
        return row[0] if row else 0

    def lose(self, world: int | None) -> None:
        """Count a row that could not be written, of a world if that is known, until it can be noted there."""
        with self._counting:
            self.lost_rows += 1
            if world is not None:
                self._lost[world] += 1

    def note_lost(self) -> Counter[int]:
        """Note in their worlds, inside a write transaction, how many rows were lost; to be `noted` after it."""
        with self._counting:
            lost = Counter(self._lost)
        for world, count in sorted(lost.items()):
            self._db.run("UPDATE worlds SET journal_lost = journal_lost + ? WHERE id = ?", (count, world))
        return lost

    def noted(self, lost: Counter[int]) -> None:
        """What `note_lost` wrote is committed."""
        with self._counting:
            self._lost -= lost

    def lost(self, world: int) -> int:
        """How many rows could not be written: all that is noted, and what this process has yet to note."""
        row = self._db.one("SELECT journal_lost FROM worlds WHERE id = ?", (world,))
        return (row[0] if row else 0) + self._lost[world]

    def clear(self, world: int) -> int:
        """Remove every row; how many there were."""
        self._db.run("UPDATE worlds SET journal_dropped = 0, journal_lost = 0 WHERE id = ?", (world,))
        return self._db.run("DELETE FROM journal WHERE world = ?", (world,))

    def rows(self, world: int) -> list[JournalRow]:
        return [row for _, row in self.following(world, Sought(), -1)]

    def one(self, world: int, seq: int) -> Numbered | None:
        sql = f"SELECT {_SEQ}, {_ROW} FROM journal WHERE world = ? AND seq >= ? AND {_SEQ} = ?"
        row = self._db.one(sql, (world, seq, seq))
        return None if row is None else _numbered(row)

    def latest(
        self, world: int, sought: Sought, before: int | None, count: int, *, bodies: bool = True
    ) -> list[Numbered]:
        """The newest rows, newest first; of those before a row, if one is named. Bodies left out are empty."""
        where, values = _where(world, sought)
        if before is not None:
            where, values = f"{where} AND {_SEQ} < ?", [*values, before]
        columns = _ROW if bodies else _BARE
        sql = f"SELECT {_SEQ}, {columns} FROM journal WHERE {where} ORDER BY seq DESC LIMIT ?"
        return [_numbered(row) for row in self._db.all(sql, (*values, count))]

    def following(self, world: int, sought: Sought, count: int) -> list[Numbered]:
        """The oldest rows, oldest first; a negative count means all."""
        where, values = _where(world, sought)
        sql = f"SELECT {_SEQ}, {_ROW} FROM journal WHERE {where} ORDER BY seq"
        if count >= 0:
            sql, values = f"{sql} LIMIT ?", [*values, count]
        return [_numbered(row) for row in self._db.all(sql, values)]

    def newest(self, world: int) -> int:
        """The number of the newest row; 0 if there is none."""
        row = self._db.one(f"SELECT {_SEQ} FROM journal WHERE world = ? ORDER BY seq DESC LIMIT 1", (world,))
        return 0 if row is None else row[0]

    def count(self, world: int, sought: Sought) -> int:
        where, values = _where(world, sought)
        row = self._db.one(f"SELECT count(*) FROM journal WHERE {where}", values)
        return row[0] if row else 0

    def audit(self, world: int, row: AuditRow) -> None:
        self._db.run(f"INSERT INTO audit (world, {_AUDIT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (world, *row))

    def audits(self, world: int) -> list[AuditRow]:
        found = self._db.all(f"SELECT {_AUDIT} FROM audit WHERE world = ? ORDER BY seq", (world,))
        return [AuditRow._make(row) for row in found]

    def latest_audits(self, world: int, before: int | None, count: int) -> list[tuple[int, AuditRow]]:
        """The newest rows of the trail with their numbers, newest first; of those before a row, if one is named."""
        where, values = ("", []) if before is None else (f" AND {_SEQ} < ?", [before])
        sql = f"SELECT {_SEQ}, {_AUDIT} FROM audit WHERE world = ?{where} ORDER BY seq DESC LIMIT ?"
        return [(row[0], AuditRow._make(row[1:])) for row in self._db.all(sql, (world, *values, count))]

    def count_audits(self, world: int) -> int:
        row = self._db.one("SELECT count(*) FROM audit WHERE world = ?", (world,))
        return row[0] if row else 0


def _where(world: int, sought: Sought) -> tuple[str, list[Any]]:
    """A condition and its values."""
    terms = ["world = ?"]
    values: list[Any] = [world]
    if sought.after:  # else the index alone tells how many there are
        terms += ["seq > ?", f"{_SEQ} > ?"]
        values += [sought.after, sought.after]
    for term, value in (
        ("operation = ?", sought.operation),
        ("code = ?", sought.code),
        ("account = ?", sought.account),
        ("at_real >= ?", sought.since),
    ):
        if value is not None:
            terms.append(term)
            values.append(value)
    if sought.outcome is not None:
        terms.append(_OUTCOMES[sought.outcome])
    return " AND ".join(terms), values


def _numbered(row: tuple[Any, ...]) -> Numbered:
    kept = JournalRow._make(row[1:])
    return row[0], kept if kept.request is not None else kept._replace(request=b"", answer=b"")
