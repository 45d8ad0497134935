"""Keeping the journal: a change carries its row in its own transaction, reads are written in groups.

A group is written once per turn of the event loop, before any of its answers leave: what a client has
seen answered is in the journal, and a poll costs a share of a commit.
"""

import asyncio
import hashlib
from collections import Counter
from typing import NamedTuple

import msgspec

from mock_server.rulebook.forms import Note
from mock_server.store.coverage import Seen
from mock_server.store.journal import JournalRow
from mock_server.store.stores import Store
from mock_server.store.worlds import Lifetime
from mock_server.web.envelope import Answer
from mock_server.web.redaction import redacted

BODY_KEPT = 16_384
"""Bytes of each body that are kept; beyond, size and digest tell of it."""

ROWS_KEPT = 10_000
"""Rows per world; the oldest go first."""

TRIM_EVERY = 512

NOTES_KEPT = 100
"""Notes per row, each with so many characters of any text in it: a caller's keys may be of any length."""

NOTE_TEXT_KEPT = 500


class Exchange(NamedTuple):
    """What is known of a request when its answer is ready."""

    world: int
    real: int
    now: int
    operation: str
    method: str
    account: str | None
    way: str
    raw: bytes
    readable: bool
    notes: list[Note]
    because: str


def row_of(exchange: Exchange, answer: Answer, latency: int) -> JournalRow:
    """The journal row of an exchange, secrets redacted; `latency` in nanoseconds."""
    raw, body = exchange.raw, answer.body
    long = len(raw) > BODY_KEPT
    kept = answer.body[:BODY_KEPT]
    return JournalRow(
        exchange.world,
        exchange.real,
        exchange.now,
        exchange.operation,
        exchange.method,
        exchange.account,
        exchange.way,
        answer.http,
        answer.code,
        latency,
        _notes(exchange) if exchange.notes or exchange.because else "[]",
        redacted(raw[:BODY_KEPT] if long else raw, exchange.readable) if raw else b"",
        len(raw),
        hashlib.sha256(raw).hexdigest() if long else "",
        redacted(kept) if exchange.operation == "reset_confirm" else kept,
        len(body),
    )


def _notes(exchange: Exchange) -> str:
    notes = [Note((), "", exchange.because)] if exchange.because else []
    notes += exchange.notes[:NOTES_KEPT]
    rows = [
        {
            "path": [step if isinstance(step, int) else step[:NOTE_TEXT_KEPT] for step in note.path],
            "reading": note.reading,
            "text": note.text[:NOTE_TEXT_KEPT],
        }
        for note in notes[:NOTES_KEPT]
    ]
    return msgspec.json.encode(rows).decode()


class Recorder:
    """Writes journal rows of reads together, and keeps every world's journal within its bound."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rows: list[tuple[Lifetime, JournalRow]] = []
        self._written: asyncio.Future[None] | None = None
        self._seen: list[tuple[Lifetime, Seen]] = []
        self._since_trim: Counter[int] = Counter()

    def saw(self, lifetime: Lifetime, seen: Seen) -> None:
        """Note an outcome that may be new, with the next rows that are written."""
        self._seen.append((lifetime, seen))

    def with_change(self, row: JournalRow) -> None:
        """Write a row inside the transaction of the change it tells of."""
        self._store.journal.add(row)
        self._write_seen()
        self._count(row.world)

    def of_read(self, row: JournalRow, lifetime: Lifetime) -> asyncio.Future[None]:
        """Write a row with the group under way; the answer may leave when the future is done.

        A row whose world is reset in between is not written: it tells of another life.
        """
        self._rows.append((lifetime, row))
        if self._written is None:
            loop = asyncio.get_running_loop()
            self._written = loop.create_future()
            loop.call_soon(self._write)
        return self._written

    def _write(self) -> None:
        rows, written = self._rows, self._written
        self._rows, self._written = [], None
        try:
            with self._store.writing():
                lasting = {each for each in dict(rows) if self._store.worlds.lasts(each)}
                kept = [row for lifetime, row in rows if lifetime in lasting]
                self._store.journal.add_all(kept)
                self._write_seen()
                for row in kept:
                    self._count(row.world)
        except Exception as error:
            if written is not None:
                written.set_exception(error)
            return
        if written is not None:
            written.set_result(None)

    def _write_seen(self) -> None:
        while self._seen:
            lifetime, seen = self._seen.pop()
            if self._store.worlds.lasts(lifetime):
                self._store.coverage.add(lifetime.world, [seen])

    def _count(self, world: int) -> None:
        self._since_trim[world] += 1
        if self._since_trim[world] >= TRIM_EVERY:
            self._since_trim[world] = 0
            self._store.journal.trim(world, ROWS_KEPT)
