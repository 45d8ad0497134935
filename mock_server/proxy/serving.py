"""The proxy as a whole: its socket, its connections, its own pages beside the portal."""

import asyncio
import logging
import signal
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from mock_server import wire
from mock_server.clock import Clock
from mock_server.portal.worlds import Worlds
from mock_server.proxy.filing import Filing, Record
from mock_server.proxy.messages import Budget
from mock_server.proxy.tunnel import Gate, Tunnel
from mock_server.proxy.upstream import PIECE, Streams, Upstream
from mock_server.store.stores import Store
from mock_server.web.admin.app import BASE, Guard, routes
from mock_server.web.listening import configured
from mock_server.web.protocol import Http11Protocol

log = logging.getLogger("vatportal_mock")

CONNECTIONS = 512
"""At most so many clients are connected at a time."""

SERVED = frozenset(
    (
        "/health",
        "/version",
        "/readings",
        "/requests",
        "/requests/{request}",
        "/requests/find",
        "/requests/count",
        "/requests/wait",
        "/findings",
        "/coverage",
    )
)
"""What of the control API a proxy has: what was seen, and under which readings. The world behind it is not ours."""


class Proxy:
    """Forwards to one server; see the package's text for how, and why so."""

    def __init__(
        self,
        upstream: Upstream,
        store: Store,
        worlds: Worlds,
        clock: Clock,
        guard: Guard | None,
        records: Sequence[Record],
    ) -> None:
        """`guard` says who may use the control API; `None` for nobody."""
        control = [] if guard is None else routes(store, worlds, clock, guard)
        pages = Starlette(routes=[route for route in control if route.path.partition(BASE)[2] in SERVED])
        pages.router.default = _no_page
        self._config = configured(pages)
        self._config.load()
        self._state = ServerState()
        self._store = store
        self._records = records
        self.filing = Filing(store, worlds, clock, records)
        self._gate = Gate(upstream, self._own, self.filing.settled, self.filing.file, clock, Budget())
        self._tunnels: set[asyncio.Task[None]] = set()

    def serve(self, listener: socket.socket, tls: ssl.SSLContext | None) -> None:
        """Serve until the process is told to stop (Ctrl-C, SIGTERM)."""

        async def until_told() -> None:
            stop = asyncio.Event()
            for signal_ in (signal.SIGINT, signal.SIGTERM):
                with suppress(NotImplementedError):  # on Windows, where Ctrl-C ends the loop instead
                    asyncio.get_running_loop().add_signal_handler(signal_, stop.set)
            await self.run(listener, tls, stop)

        with suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=self._config.get_loop_factory()) as runner:
            runner.run(until_told())

    async def run(self, listener: socket.socket, tls: ssl.SSLContext | None, stop: asyncio.Event) -> None:
        """Serve until `stop`; then let go of everybody, and bring journal and records up to date."""
        filing = asyncio.create_task(self.filing.run())
        server = await asyncio.start_server(self._welcome, sock=listener, ssl=tls, limit=PIECE)
        try:
            await stop.wait()
        finally:
            server.close()
            for task in list(self._tunnels):
                task.cancel()
            await asyncio.gather(*self._tunnels, return_exceptions=True)
            await self.filing.settled()
            filing.cancel()
            with suppress(asyncio.CancelledError):
                await filing
            for record in self._records:
                record.close()
            self._store.close()

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._tunnels) >= CONNECTIONS:
            await Tunnel(self._gate, (reader, writer)).turn_away(CONNECTIONS)
            return
        task = asyncio.current_task()
        assert task is not None
        self._tunnels.add(task)
        try:
            await Tunnel(self._gate, (reader, writer)).run()
        except asyncio.CancelledError:
            pass  # the proxy stops
        finally:
            self._tunnels.discard(task)

    async def _own(self) -> Streams:
        """A connection to the proxy's own pages, within this process."""
        near, far = socket.socketpair()
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(self._protocol, far)
        return await asyncio.open_connection(sock=near, limit=PIECE)

    def _protocol(self) -> Http11Protocol:
        return Http11Protocol(config=self._config, server_state=self._state, app_state={})


async def _no_page(scope: Scope, receive: Receive, send: Send) -> None:
    """`/__simulator` above all: this is none, so that no tool takes it for one and writes to what is behind it."""
    detail = f"this is vatportal-mock proxy and no simulator; below {BASE} it has {', '.join(sorted(SERVED))}"
    given = scope["path"][:200]
    body = {"type": "about:blank", "title": "no such page", "status": 404, "detail": detail, "given": given}
    await Response(wire.text(body), 404, media_type="application/problem+json")(scope, receive, send)
