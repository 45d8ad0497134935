"""Keeping the journal: a change carries its row in its own transaction, reads are written in groups.

A group is written once per turn of the event loop, before any of its answers leave: what a client has
seen answered is in the journal, and a poll costs a share of a commit.
"""

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec

from mock_server import wire
from mock_server.control.matching import named_in
from mock_server.portal.visits import Visit
from mock_server.portal.worlds import World
from mock_server.rulebook.forms import Note, Violation
from mock_server.store.coverage import Seen
from mock_server.store.engine import Group
from mock_server.store.journal import UNDIGESTED, AuditRow, JournalRow
from mock_server.store.stores import Store
from mock_server.store.worlds import Lifetime
from mock_server.web.envelope import Answer
from mock_server.web.known_secrets import WITHHELD, KnownSecrets, secrets_of
from mock_server.web.redaction import redacted, redacted_name, redacted_query
from mock_server.web.requests import Request, has_too_many_members

BODY_KEPT = 16_384
"""Bytes of each body that are kept; beyond, size and digest tell of it."""

DIGESTED = 1_000_000
"""Bytes of an answer up to which it has a digest; for a page of 5000 it would cost as much as all the rest."""

QUERY_KEPT = 2_000

ROWS_KEPT = 10_000
"""Rows per world; the oldest go first."""

TRIM_EVERY = 512

NOTES_KEPT = 100
"""Notes per row, each with so many characters of any text in it: a caller's keys may be of any length."""

NOTE_TEXT_KEPT = 500

SHOWN_HIDDEN = 6
"""Characters from which what a caller gives as token or password is hidden in the rest of his body too."""

POLL_BYTES = 512
"""Bodies up to here may be the same as the last one."""

_COUNTED = 2_000
"""Worlds whose rows are counted at a time."""


log = logging.getLogger("vatportal_mock")


class Exchange:
    """What is known of a request, more and more until its answer is ready.

    Attributes:
        real, now: when it was looked at, in real time and in world time.
        account, way: whose it turned out to be, and how he authenticated.
        readable: whether the body is known to be JSON; `body`: what was read of it, if it was.
        unread: what is read of the body for the journal alone.
        passing: whether something met it that another one like it may not meet.
        violations: what the answer's code is for, each with its place.
    """

    __slots__ = (
        "account",
        "body",
        "lifetime",
        "notes",
        "now",
        "passing",
        "readable",
        "real",
        "request",
        "unread",
        "violations",
        "visit",
        "way",
    )

    def __init__(self, lifetime: Lifetime, request: Request, real: int, now: int) -> None:
        self.lifetime = lifetime
        self.request = request
        self.real = real
        self.now = now
        self.account: str | None = None
        self.way = "none"
        self.passing = False
        self.readable = False
        self.body: dict[str, Any] | None = None
        self.unread: Any = None
        self.violations: list[Violation] = []
        self.notes: list[Note] = []
        self.visit: Visit | None = None


class Entry(NamedTuple):
    """A row to be written; `new`: its outcome may be the first of its kind in this lifetime of the world."""

    lifetime: Lifetime
    row: JournalRow
    seen: Seen
    new: bool


def row_of(view: World, exchange: Exchange, answer: Answer, because: str, latency: int) -> JournalRow:
    """The journal row of an exchange, secrets redacted: what the names tell of, and what the world's accounts have.

    `because` says in a few words what the answer's code is for; `latency` is in nanoseconds.
    """
    request, size = exchange.request, answer.size
    raw = request.raw
    long = len(raw) > BODY_KEPT
    secrets = secrets_of(view)
    return JournalRow(
        exchange.lifetime.world,
        exchange.real,
        exchange.now,
        latency,
        request.operation.name,
        request.method,
        _path_of(exchange, secrets),
        exchange.account,
        exchange.way,
        answer.http,
        answer.code,
        _violations(exchange, answer.code, because, secrets) if because else "[]",
        _notes(exchange, secrets) if exchange.notes else "[]",
        sent_by(exchange, secrets),
        len(raw),
        hashlib.sha256(raw).hexdigest() if long else "",
        _named(exchange, secrets) if long else "",
        _received(exchange, answer, size, secrets),
        size,
        _digest(answer) if size > BODY_KEPT else "",
    )


def _digest(answer: Answer) -> str:
    return hashlib.sha256(answer.whole().body).hexdigest() if answer.size <= DIGESTED else UNDIGESTED


def audit_of(view: World, row: AuditRow) -> AuditRow:
    """The row of the audit trail, without secrets that somebody gave as ids."""
    invoices = secrets_of(view).hide(row.invoices.encode())
    return row._replace(invoices="[]" if invoices == WITHHELD else invoices.decode())


def given_by(exchange: Exchange) -> tuple[str, ...]:
    """What the caller gave as token, password or key, right or wrong, unless it is as short as a word."""
    body = _body_of(exchange)
    named = (body.get("password"), body.get("key")) if isinstance(body, dict) else ()
    given = (exchange.request.token, *named)
    return tuple(each for each in given if isinstance(each, str) and len(each) >= SHOWN_HIDDEN)


def _body_of(exchange: Exchange) -> Any:
    """The body as it was read; one that nobody has read, for a fault or a refusal came first, is read now."""
    if exchange.body is not None:
        return exchange.body
    if exchange.unread is None:
        exchange.unread = ()
        if not has_too_many_members(exchange.request):
            with suppress(wire.Unreadable):
                exchange.unread = wire.parse(exchange.request.raw)
    return exchange.unread


def sent_by(exchange: Exchange, secrets: KnownSecrets) -> bytes:
    """A body without secrets, and without what the caller gave as token or password."""
    raw, readable = exchange.request.raw, exchange.readable
    if not raw:
        return b""
    given = given_by(exchange)
    if len(raw) <= POLL_BYTES:
        return _polled(raw, readable, given, secrets)
    if len(raw) <= BODY_KEPT:
        return _without(raw, readable, given, secrets)
    return secrets.cut(raw, BODY_KEPT, given, lambda part: _without(part, readable, given, secrets))


def _without(raw: bytes, readable: bool, given: tuple[str, ...], secrets: KnownSecrets) -> bytes:
    return secrets.hide_given(secrets.hide(redacted(secrets.hide_plain(raw), readable)), given)


_polled = lru_cache(maxsize=1024)(_without)
"""A poll is sent again and again with the same body."""


@lru_cache(maxsize=1024)
def _path_without(path: str, secrets: KnownSecrets) -> str:
    return secrets.hide_text(path)


def _received(exchange: Exchange, answer: Answer, size: int, secrets: KnownSecrets) -> bytes:
    """An answer without secrets; a new token is one by its name."""
    renewal = exchange.request.operation.name == "reset_confirm"
    if size <= POLL_BYTES and not renewal:
        return _hidden(answer.beginning(POLL_BYTES), secrets)
    given = given_by(exchange)

    def hidden(body: bytes) -> bytes:
        return secrets.hide_given(secrets.hide(redacted(body) if renewal else body), given)

    if size <= BODY_KEPT:
        return hidden(answer.beginning(BODY_KEPT))
    return secrets.cut(answer.beginning(BODY_KEPT + secrets.reach(given)), BODY_KEPT, given, hidden)


@lru_cache(maxsize=1024)
def _hidden(body: bytes, secrets: KnownSecrets) -> bytes:
    """An answer to a poll is sent again and again too."""
    return secrets.hide(body)


def _path_of(exchange: Exchange, secrets: KnownSecrets) -> str:
    request = exchange.request
    path = _path_without(request.path, secrets)
    if not request.query:
        return path
    given = given_by(exchange)
    written = {*given, *(quote(each, errors="surrogatepass") for each in given)}

    def hidden(query: bytes) -> bytes:
        return secrets.hide_given(secrets.hide(redacted_query(query)), written)

    long = len(request.query) > QUERY_KEPT
    kept = secrets.cut(request.query, QUERY_KEPT, given, hidden) if long else hidden(request.query)
    return f"{path}?{kept.decode('latin-1')}"


def _named(exchange: Exchange, secrets: KnownSecrets) -> str:
    body = _body_of(exchange)
    if body == ():
        return ""
    named = secrets.hide_given(secrets.hide(msgspec.json.encode(named_in(body))), given_by(exchange))
    return "" if named == WITHHELD else named.decode()


def _violations(exchange: Exchange, code: int | None, because: str, secrets: KnownSecrets) -> str:
    found, text = exchange.violations[:NOTES_KEPT], _texts(exchange, secrets)
    rows = [
        {"path": _path(row.path, text), "code": row.code, "reading": "", "text": text(row.text)}
        for row in found or [Violation((), "", code, because)]
    ]
    return msgspec.json.encode(rows).decode()


def _notes(exchange: Exchange, secrets: KnownSecrets) -> str:
    text = _texts(exchange, secrets)
    rows = [
        {"path": _path(note.path, text), "reading": note.reading, "text": redacted_name(text(note.text))}
        for note in exchange.notes[:NOTES_KEPT]
    ]
    return msgspec.json.encode(rows).decode()


def _path(path: Sequence[str | int], text: Callable[[str], str]) -> list[str | int]:
    return [step if isinstance(step, int) else redacted_name(text(step)) for step in path]


def _texts(exchange: Exchange, secrets: KnownSecrets) -> Callable[[str], str]:
    """What becomes of a text that is told of an exchange."""
    given = given_by(exchange)

    def hidden(text: str) -> str:
        return secrets.hide_text(text, given)

    def kept(text: str) -> str:
        return hidden(text) if len(text) <= NOTE_TEXT_KEPT else secrets.cut(text, NOTE_TEXT_KEPT, given, hidden)

    return kept


class Recorder:
    """Writes journal rows of reads together, and keeps every world's journal within its bound."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[tuple[Entry, asyncio.Future[bool]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._since_trim: Counter[int] = Counter()

    def with_change(self, entry: Entry) -> None:
        """Write a row inside the transaction of the change it tells of."""
        self._store.journal.add(entry.row)
        self._follow([entry])

    def of_read(self, entry: Entry) -> asyncio.Future[bool]:
        """Write a row with the group under way; the answer may leave when the future is done.

        A row whose world is reset in between is not written: it tells of another life. The future is False if the
        database could not be written: the row is lost then, and counted.
        """
        loop = asyncio.get_running_loop()
        if self._writing is None:
            self._writing = loop.create_task(self._write())
        written = loop.create_future()
        self._waiting.append((entry, written))
        return written

    async def of_change(self, group: Group) -> bool:
        """Whether a change is kept: with those that other requests make in this turn of the event loop."""
        try:
            if group.kept is None:
                await asyncio.sleep(0)
        finally:
            if group.kept is None:  # the first one behind the others
                self._store.engine.settle()
        return group.kept is True

    async def _write(self) -> None:
        """Write what waits, group by group; a group is what has come while the last one was written."""
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            done = True
            try:
                await self._store.turns(self._write_group, [entry for entry, _ in waiting])
            except Exception as error:  # whatever it is, an answer is not held back for its row
                done = False
                log.error("%d rows of the journal are lost: %s", len(waiting), error)
                for entry, _ in waiting:
                    self._store.journal.lose(entry.lifetime.world)
            for _, written in waiting:
                if not written.done():  # else its caller was cancelled
                    written.set_result(done)
        self._writing = None

    def _write_group(self, entries: Sequence[Entry]) -> None:
        with self._store.writing():
            lasting = self._store.worlds.hold({entry.lifetime for entry in entries})
            kept = [entry for entry in entries if entry.lifetime in lasting]
            self._store.journal.add_all([entry.row for entry in kept])
            self._follow(kept)
            lost = self._store.journal.note_lost()
        self._store.journal.noted(lost)

    def _follow(self, entries: Sequence[Entry]) -> None:
        """What comes with new rows: coverage, and the bound."""
        for entry in entries:
            world = entry.row.world
            if entry.new:
                self._store.coverage.add(world, [entry.seen])
            if not self._since_trim[world]:  # the first one too, for an earlier process may have written some
                self._store.journal.trim(world, ROWS_KEPT)
                if len(self._since_trim) > _COUNTED:
                    self._since_trim.clear()
            self._since_trim[world] = (self._since_trim[world] + 1) % TRIM_EVERY
