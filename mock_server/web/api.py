"""The portal over HTTP: ten paths below `/api`, and what goes wrong on the way on purpose."""

import asyncio
import logging

from starlette.types import Receive, Scope, Send

from mock_server import wire
from mock_server.clock import SECOND, Clock
from mock_server.portal.worlds import TooManyWorlds, Worlds
from mock_server.rulebook.constants import BASE_PATH, BODY_BYTES
from mock_server.rulebook.operations import BY_NAME, BY_PATH, OPERATIONS
from mock_server.store.engine import Unavailable
from mock_server.store.stores import Store
from mock_server.store.worlds import Lifetime
from mock_server.web.answering import Answered, Answering, MayStrike, Overtaken
from mock_server.web.bodies import Gone, TooLarge, read_body
from mock_server.web.envelope import Answer
from mock_server.web.journal import Recorder
from mock_server.web.logs import begin
from mock_server.web.paths import world_of
from mock_server.web.requests import Request, first_of_each, of_another_page
from mock_server.web.troubles import (
    HEADER,
    NO_TROUBLE,
    Trouble,
    delivered,
    drop,
    mutated,
    of_header,
)

log = logging.getLogger("vatportal_mock")

LOOK_EVERY_SECONDS = 0.1
"""How often a request that is held up asks whether its world is still there."""

TURNS_OF_OTHERS = 4
"""Turns of the event loop between two pages, so that what is quick is read, answered and kept behind one of them."""

_PAGE = BY_NAME["etx_read_invoices"]

_FOREIGN = "a web page of another origin asked for a world that is not there; it is not made for it"
"""Else a page with a thousand pictures could make as many worlds as there may be."""


class Api:
    """The ASGI application of all worlds' portals."""

    def __init__(self, store: Store, worlds: Worlds, clock: Clock) -> None:
        self._clock = clock
        self._store = store
        self._turns = store.turns
        self._page = asyncio.Lock()
        self._recorder = Recorder(store)
        self.answering = Answering(store, worlds, clock, self._recorder)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        world, path = world_of(scope["raw_path"])
        operation = BY_PATH.get(path)
        if operation is None or world is None:
            await _send(send, _no_such_path(scope["path"]))
            return
        headers = first_of_each(scope["headers"])
        begin(headers)
        raw, too_large = b"", False
        try:
            raw = await read_body(headers, receive, BODY_BYTES)
        except TooLarge:
            too_large = True
        except Gone:
            return
        arrived = self._clock.stopwatch()
        request = Request(
            operation,
            scope["method"],
            headers,
            scope["query_string"],
            raw,
            scope["path"],
            arrived,
            too_large,
        )
        trouble = NO_TROUBLE
        try:
            if of_another_page(headers) and await self._turns(self._store.worlds.find, world) is None:
                await _send(send, Answer(403, wire.text({"error": _FOREIGN}), None), close=too_large)
                return
            answered, trouble = await self._answered(world, request)
            answer = answered.answer
            if answered.entry is not None:
                written = await self._recorder.of_read(answered.entry)
                if not written:
                    self.answering.doubt(world)
            elif answered.group is not None and not await self._recorder.of_change(answered.group):
                answer = self.answering.lost(world, operation)
        except Overtaken:
            await drop(scope, receive)
            return
        except TooManyWorlds as error:
            await _send(send, Answer(503, wire.text({"error": str(error)}), None))
            return
        except Exception as error:
            if isinstance(error, Unavailable):
                log.error("the database cannot be used for %s: %s", operation.name, error)
            else:
                log.exception("internal error before %s", operation.name)
            self._store.journal.lose(None)
            answer = self.answering.broken(world, operation)
        if trouble is NO_TROUBLE:
            await _send(send, answer, close=too_large)
        else:
            answer = mutated(answer.whole(), trouble.mutate)
            await delivered(scope, receive, send, answer, trouble.connection, close=too_large)

    async def _answered(self, world: str, request: Request) -> tuple[Answered, Trouble]:
        """The answer, and what it meets on its way; after a delay if the request is to be held up."""
        scenario = request.header(HEADER)
        if scenario is None:
            try:
                if request.operation is _PAGE and not self._store.engine.threads:
                    async with self._page:
                        for _ in range(TURNS_OF_OTHERS):
                            await asyncio.sleep(0)
                        return self.answering.answer(world, request), NO_TROUBLE
                return await self._turns(self.answering.answer, world, request), NO_TROUBLE
            except MayStrike:
                trouble = await self._turns(self.answering.met, world, request)
        else:
            trouble = of_header(scenario, request.operation)
        since = None
        if trouble.delay:
            since = await self._held(world, trouble.delay / SECOND)
        return await self._turns(self.answering.answer, world, request, trouble, since), trouble

    async def _held(self, world: str, seconds: float) -> Lifetime:
        """Hold a request up, in real time; the lifetime of the world in which it came.

        Looks again and again, for another server process may reset the world.

        Raises:
            Overtaken: the world is in another lifetime before the time is over.
        """
        since = await self._turns(self.answering.lifetime, world)
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while (left := end - loop.time()) > 0:
            await asyncio.sleep(min(left, LOOK_EVERY_SECONDS))
            await self._turns(self.answering.lasting, world, since)
        return since


def _no_such_path(path: str) -> Answer:
    """R-46: no envelope, the ten paths named."""
    body = {
        "error": f"no such path: {path[:200]}",
        "paths": [BASE_PATH + operation.path for operation in OPERATIONS],
    }
    return Answer(404, wire.text(body), None)


async def _send(send: Send, answer: Answer, close: bool = False) -> None:
    headers = [
        (b"content-type", answer.content_type),
        (b"content-length", str(answer.size).encode()),
    ]
    if close:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": answer.http, "headers": headers})
    *first, last = answer.pieces() if answer.rest else (answer.body,)
    for piece in first:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": last})
