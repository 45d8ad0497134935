"""Into the journal with what has gone by, behind its back: no byte waits for it, large bodies least of all."""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl

from mock_server import wire
from mock_server.clock import Clock
from mock_server.portal.worlds import DEFAULT_WORLD, World, Worlds
from mock_server.proxy.checking import IN_ANSWER, Found, examined, redirect
from mock_server.proxy.recording import Examples, Seen, WorldRecord
from mock_server.proxy.tunnel import Passage
from mock_server.rulebook.operations import BY_PATH
from mock_server.store import coverage
from mock_server.store.stores import Store
from mock_server.store.worlds import WorldRow
from mock_server.web.journal import Entry, Exchange, Recorder, given_by, row_of
from mock_server.web.known_secrets import ROUNDS, KnownSecrets, secrets_of, unescaped
from mock_server.web.paths import world_of
from mock_server.web.redaction import redacted, redacted_name
from mock_server.web.requests import Request, first_of_each
from mock_server.web.secret_names import tells

log = logging.getLogger("vatportal_mock")

LARGE = 128 * 1024
"""Bodies from here on are looked at in a thread."""

WAITING = 1000
"""Passages that wait to be filed; beyond that, connections wait."""

PATH_TOLD = 200
"""Characters of a path that is none."""

TOLD = 1000
"""Different departures that are told on the terminal."""

Record = Examples | WorldRecord


class Filing:
    """Files passages one after the other, in the order in which their answers were complete."""

    def __init__(self, store: Store, worlds: Worlds, clock: Clock, records: Sequence[Record]) -> None:
        self._store = store
        self._worlds = worlds
        self._clock = clock
        self._recorder = Recorder(store)
        self._records = records
        self._queue: asyncio.Queue[Passage | asyncio.Future[None]] = asyncio.Queue(WAITING)
        self._told: set[tuple[str, str]] = set()

    async def file(self, passage: Passage) -> None:
        await self._queue.put(passage)

    async def settled(self) -> None:
        """Returns when everything that has gone by so far is filed, whatever comes behind it."""
        mark = asyncio.get_running_loop().create_future()
        await self._queue.put(mark)
        await mark

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            passage = await self._queue.get()
            if isinstance(passage, asyncio.Future):
                if not passage.done():  # its caller may have gone
                    passage.set_result(None)
                continue
            try:
                await self._file(passage)
            except Exception:
                log.exception("an exchange could not be looked at")
            finally:
                passage.release()

    async def _file(self, passage: Passage) -> None:
        path, _, query = passage.head.target.partition(b"?")
        operation = BY_PATH.get(world_of(path)[1])
        if operation is None:
            _, view = await self._store.turns(self._world)
            shown = await asyncio.to_thread(_path_of, passage, view)
            self._tell("", f"{shown} is no path of the documents; it is not in the journal (R-46)")
            if where := redirect(passage.answer):
                self._tell("", where)
            return
        row, view = await self._store.turns(self._world)
        content, unread = passage.request.content()
        method = passage.head.method.decode("latin-1")
        headers = first_of_each(passage.request.headers)
        request = Request(operation, method, headers, query, content, path.decode("latin-1"), passage.arrived)
        exchange = Exchange(row.lifetime, request, passage.real, row.clock.at(passage.real))
        if len(content) + passage.answer.body.size < LARGE:
            found = self._looked_at(passage, exchange, view, unread)
        else:
            found = await asyncio.to_thread(self._looked_at, passage, exchange, view, unread)
        await self._recorder.of_read(self._entry(passage, exchange, found, view))
        given = given_by(exchange)
        for note in exchange.notes:
            if note.path[:1] == (IN_ANSWER,) or note.text == passage.trouble:
                self._tell(operation.name, secrets_of(view).hide_text(note.text, given))

    def _world(self) -> tuple[WorldRow, World]:
        row = self._worlds.row(DEFAULT_WORLD)
        return row, self._worlds.view(row)

    def _looked_at(self, passage: Passage, exchange: Exchange, view: World, unread: str) -> Found:
        found = examined(passage, exchange, view, unread)
        departures = [note for note in exchange.notes if note.path[:1] == (IN_ANSWER,)]
        for record in self._records:
            record.add(
                Seen(
                    exchange.request.operation.name,
                    exchange.request.method,
                    found.answer.http,
                    exchange.body,
                    found.json,
                    [{"path": row.path, "code": row.code, "text": row.text} for row in exchange.violations],
                    [{"path": row.path[1:], "reading": row.reading, "text": row.text} for row in departures],
                )
            )
        return found

    def _entry(self, passage: Passage, exchange: Exchange, found: Found, view: World) -> Entry:
        answer, name = found.answer, exchange.request.operation.name
        latency = max((passage.begun or self._clock.stopwatch()) - passage.arrived, 0)
        row = row_of(view, exchange, answer, found.because, latency)
        row = row._replace(
            answer=secrets_of(view).hide_given(redacted(row.answer, found.json is not None), given_by(exchange)),
            answer_size=max(row.answer_size, 0 if passage.answer.body.whole else passage.answer.body.size),
            request_size=max(row.request_size, 0 if passage.request.body.whole else passage.request.body.size),
        )
        seen = coverage.Seen(name, -1 if answer.code is None else answer.code, "", "", exchange.way)
        new = seen not in view.seen
        view.seen.add(seen)
        return Entry(exchange.lifetime, row, seen, new)

    def _tell(self, operation: str, text: str) -> None:
        """On the terminal, each departure once."""
        if (operation, text) not in self._told and len(self._told) < TOLD:
            self._told.add((operation, text))
            log.warning("%s", redacted_name(f"{operation}: {text}" if operation else text))


def _path_of(passage: Passage, view: World) -> str:
    """A path that is none of the documents', without what the same request gave as a secret."""
    path, _, query = passage.head.target.partition(b"?")
    read = [path]
    for _ in range(ROUNDS):
        read.append(unescaped(read[-1]))
    written = b"\0".join(read)
    # only what stands there: a body may hold millions of texts
    given = (each for each in _secrets_in(passage, query) if each.encode("utf-8", "surrogatepass") in written)
    hidden = KnownSecrets(given, ()).hide(secrets_of(view).hide(path))
    return hidden[:PATH_TOLD].decode("latin-1")


def _secrets_in(passage: Passage, query: bytes) -> Iterator[str]:
    """Values of secret names in headers, query string and body, and what `Authorization` has."""
    for name, value in passage.request.headers:
        if tells(name) or name == b"authorization":
            yield value.decode("latin-1").rpartition(" ")[2]
    content, _ = passage.request.content()
    try:
        body: Any = wire.parse(content)
    except wire.Unreadable:
        body = _of_form(content)
    yield from _told_in([body, _of_form(query)], False)


def _of_form(text: bytes) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(text.decode("utf-8", "replace"), keep_blank_values=True):
        found.setdefault(name, []).append(value)
    return found


def _told_in(value: Any, secret: bool) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _told_in(inner, secret or tells(name.encode("utf-8", "surrogatepass")))
    elif isinstance(value, list):
        for inner in value:
            yield from _told_in(inner, secret)
    elif secret and isinstance(value, str | int) and not isinstance(value, bool):
        yield str(value)
