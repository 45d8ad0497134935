"""One client's connection: its requests to the server, and what comes back, each byte as soon as it is there.

A connection to the server belongs to one connection of a client and ends with it, on either side: what a server does
to a connection (keeps it, drops it in the middle of an answer) it does to its client. Nothing is tried again.
"""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import NamedTuple

from mock_server import wire
from mock_server.clock import Clock
from mock_server.proxy.heads import Head, NotForward, end_of_head, head_of
from mock_server.proxy.messages import Budget, Message, answer_message, request_message
from mock_server.proxy.upstream import PIECE, Streams, Upstream

log = logging.getLogger("vatportal_mock")

SILENT_SECONDS = 75.0
"""How long a client may be connected without asking anything."""

IDLE_SECONDS = 600.0
"""How long nothing may come back."""

LEFTOVER_SECONDS = 1.0
"""How long the rest of a request is waited for that is not passed on."""

_PHRASES = {
    400: "Bad Request",
    431: "Request Header Fields Too Large",
    502: "Bad Gateway",
    503: "Service Unavailable",
}


class Passage:
    """A request that goes by, and its answer.

    Attributes:
        real, arrived: when the last byte of the request was there: microseconds since 1970 UTC, and the stopwatch.
        begun: the stopwatch when the first byte of the answer came; 0 before.
        trouble: what happened to it on the way, if it did not come through.
        own: the status of an answer that the proxy gave itself; 0 for none.
    """

    def __init__(self, head: Head, budget: Budget) -> None:
        self.head = head
        self.request = request_message(budget)
        self.answer: Message = answer_message(head, budget)
        self.real = self.arrived = self.begun = self.own = 0
        self.trouble = ""
        self.over = asyncio.Event()

    def release(self) -> None:
        self.request.body.release()
        self.answer.body.release()


class Gate(NamedTuple):
    """What all connections have in common.

    Attributes:
        own: connects to the proxy's own pages.
        settled: returns when everything that has gone by so far is in the journal.
        file: puts a passage into the journal.
    """

    upstream: Upstream
    own: Callable[[], Awaitable[Streams]]
    settled: Callable[[], Awaitable[None]]
    file: Callable[[Passage], Awaitable[None]]
    clock: Clock
    budget: Budget


class _Server:
    """A connection to the portal, or to the proxy's own pages."""

    def __init__(self, streams: Streams) -> None:
        self.reader, self.writer = streams
        self.bringing: asyncio.Task[None] | None = None


class Tunnel:
    """A client's connection and those to the server that belong to it."""

    def __init__(self, gate: Gate, client: Streams) -> None:
        self._gate = gate
        self._reader, self._writer = client
        self._buffer = b""
        self._servers: dict[bool, _Server] = {}
        self._passing: Passage | None = None

    async def run(self) -> None:
        """Until either side has had enough."""
        try:
            while await self._pass_one():
                pass
        except NotForward as no:
            await self._refuse(no.status, "not passed on", str(no))
            if self._passing is not None:
                self._passing.own = no.status
                await self._lost(f"not passed on: {no}; {no.status} is the proxy's own answer")
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            log.debug("a connection ended: %s", error)
        finally:
            self._end()
            if self._passing is not None:
                await self._lost("the client hung up before the answer was complete")

    async def turn_away(self, most: int) -> None:
        """Say that there are as many connections as there may be."""
        await self._refuse(503, "too many connections", f"{most} clients are connected; end a connection first")
        self._end()

    async def _pass_one(self) -> bool:
        """One request, as far as it is the client's turn; false when the client has gone."""
        raw = await self._head()
        if not raw:
            return False
        head = head_of(raw)
        if self._passing is not None and not await self._answered(self._passing):
            return False
        passage = self._passing = Passage(head, self._gate.budget)
        try:
            server = await self._server(head.own)
        except OSError as error:  # TimeoutError is one
            await self._unreachable(passage, raw, error)
            return False
        if head.own:
            await self._gate.settled()
            sent = raw
        else:
            sent = head.forwarded(self._gate.upstream.prefix, self._gate.upstream.authority)
        await self._send(passage, server, sent)
        await self._see(b"")
        return True

    async def _head(self) -> bytes:
        """The next head with its blank line; empty when the client has gone."""
        while (end := end_of_head(self._buffer.lstrip(b"\r\n"))) is None:
            async with asyncio.timeout(None if self._servers else SILENT_SECONDS):
                data = await self._reader.read(PIECE)
            if not data:
                return b""
            self._buffer += data
        buffer = self._buffer.lstrip(b"\r\n")
        self._buffer = buffer[end:]
        return buffer[:end]

    async def _answered(self, passage: Passage) -> bool:
        """Whether the answer has come, for which a request that came on its heels must wait."""
        await passage.over.wait()
        return not self._writer.is_closing()

    async def _send(self, passage: Passage, server: _Server, head: bytes) -> None:
        """The request, as it comes."""
        data = head
        while True:
            used = passage.request.feed(data)
            if passage.request.strange:
                raise NotForward(400, f"the request is no HTTP that can be passed on: {passage.request.strange}")
            if passage.request.complete:
                self._arrive(passage)
            server.writer.write(data[:used])
            await server.writer.drain()
            if data is not head:
                self._buffer = data[used:]
            if passage.request.complete:
                return
            data = self._buffer or await self._reader.read(PIECE)
            self._buffer = b""
            if not data:
                raise ConnectionResetError("the client hung up in the middle of its request")

    def _arrive(self, passage: Passage) -> None:
        passage.real, passage.arrived = self._gate.clock.now(), self._gate.clock.stopwatch()

    async def _server(self, own: bool) -> _Server:
        """The connection that is there, or a new one."""
        server = self._servers.get(own)
        if server is None:
            connect = self._gate.own if own else self._gate.upstream.connect
            server = self._servers[own] = _Server(await connect())
            server.bringing = asyncio.create_task(self._bring_back(server))
        return server

    async def _bring_back(self, server: _Server) -> None:
        """Everything that comes from the server, to the client."""
        trouble = "the server closed the connection before its answer was complete"
        try:
            while True:
                async with asyncio.timeout(IDLE_SECONDS):
                    data = await server.reader.read(PIECE)
                if not data:
                    break
                self._writer.write(data)
                await self._writer.drain()
                await self._see(data)
            await self._see(b"", ended=True)
        except TimeoutError:
            trouble = f"nothing has come for {IDLE_SECONDS:.0f} s"
        except OSError as error:
            trouble = f"the connection broke: {error.strerror or error}"
            self._writer.transport.abort()
        if self._passing is not None:
            await self._lost(trouble)
        self._writer.close()

    async def _see(self, data: bytes, *, ended: bool = False) -> None:
        """Look at what has gone to the client; file what is complete."""
        passage = self._passing
        if passage is None:
            return
        answer = passage.answer
        if data or ended:
            passage.begun = passage.begun or self._gate.clock.stopwatch()
            answer.feed(data)
        if (answer.complete or answer.strange) and passage.request.complete and passage.real:
            self._passing = None
            await self._file(passage)

    async def _file(self, passage: Passage) -> None:
        if passage.head.own:
            passage.release()
        else:
            await self._gate.file(passage)
        passage.over.set()

    async def _lost(self, trouble: str) -> None:
        passage, self._passing = self._passing, None
        assert passage is not None
        passage.trouble = trouble
        if not passage.real:
            self._arrive(passage)
        await self._file(passage)

    async def _unreachable(self, passage: Passage, raw: bytes, error: OSError) -> None:
        """The server cannot be reached: say so, and keep what was asked."""
        passage.request.feed(raw)
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(LEFTOVER_SECONDS):
                while not passage.request.complete and not passage.request.strange:
                    data = self._buffer or await self._reader.read(PIECE)
                    self._buffer = b""
                    passage.request.feed(data)
                    if not data:
                        break
        reason = f"{self._gate.upstream.url} cannot be reached: {_reason(error)}"
        passage.own = 502
        await self._refuse(502, "the server cannot be reached", reason)
        await self._lost(f"{reason}; 502 is the proxy's own answer")

    async def _refuse(self, status: int, title: str, detail: str) -> None:
        """An answer of the proxy's own, which says so, and the end of the connection."""
        if self._writer.is_closing() or (self._passing is not None and self._passing.begun):
            return
        said = {
            "type": "about:blank",
            "title": title,
            "status": status,
            "detail": detail,
            "from": "vatportal-mock proxy",
        }
        body = wire.text(said)
        head = (
            f"HTTP/1.1 {status} {_PHRASES[status]}\r\nServer: vatportal-mock proxy\r\n"
            f"Content-Type: application/problem+json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        with suppress(OSError):
            await self._writer.drain()

    def _end(self) -> None:
        for server in self._servers.values():
            assert server.bringing is not None
            server.bringing.cancel()
            server.writer.close()
        self._writer.close()


def _reason(error: OSError) -> str:
    """Why there is no connection, in a few words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not to be trusted ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return f"no TLS ({error.reason})"
    if isinstance(error, TimeoutError):
        return "no connection within the time"
    return error.strerror or str(error)
