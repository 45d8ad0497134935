"""The simulator without a socket: requests go straight into the application, a fraction of a millisecond each.

Whatever the server logs as a warning or worse, and whatever leaves it as an exception, fails the test.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from types import TracebackType
from urllib.parse import unquote

import msgspec

from mock_server import Settings, create_app
from mock_server.app import Simulator
from mock_server.clock import Clock
from mock_server.store.worlds import TABLES
from tests.client import ACCOUNTS, Portal, Reply, check_answer
from tests.databases import DATABASES
from tests.live import fresh_world

Headers = Iterable[tuple[bytes, bytes]]

_OF_REQUESTS = ("journal", "coverage", "audit")
"""Tables that tell of requests, refused ones too."""


class InProcess:
    """One simulator; use it as a context."""

    def __init__(self, settings: Settings | None = None, clock: Clock | None = None) -> None:
        self.app = create_app(DATABASES.settled(settings or Settings(pace="instant", seed=1)), clock)
        self.requests = 0
        self._loop = asyncio.new_event_loop()
        self._log = _Log()

    def __enter__(self) -> "InProcess":
        logging.getLogger().addHandler(self._log)
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        logging.getLogger().removeHandler(self._log)
        self._loop.close()
        self.app.close()

    def portal(self, account: str = "demo", world: str | None = None) -> "DirectPortal":
        """The portal of a world, a fresh one unless named."""
        return DirectPortal(self, world or fresh_world(), account)

    def answer(self, method: str, path: bytes, query: bytes, headers: Headers, body: bytes) -> tuple[int, bytes]:
        """HTTP status and body of the answer to one request, of which nothing need be well-formed."""
        self.requests += 1
        return self._loop.run_until_complete(self._answer(method, path, query, headers, body))

    async def _answer(
        self, method: str, path: bytes, query: bytes, headers: Headers, body: bytes
    ) -> tuple[int, bytes]:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "http",
            "method": method,
            "path": unquote(path.decode("latin-1")),
            "raw_path": path,
            "query_string": query,
            "headers": [(name.lower(), value) for name, value in headers],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8080),
        }
        status = 0
        chunks: list[bytes] = []

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Mapping[str, object]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                assert isinstance(message["status"], int)
                status = message["status"]
            else:
                chunk = message.get("body", b"")
                assert isinstance(chunk, bytes)
                chunks.append(chunk)

        await self.app(scope, receive, send)
        logged = self._log.taken()
        assert not logged, logged
        return status, b"".join(chunks)


def rows(app: Simulator) -> dict[str, int]:
    """How many rows each table has, but for what tells of requests: a refused one may not change them."""
    engine = app.store.engine
    tables = [name for name in ("worlds", "starts", *TABLES) if name not in _OF_REQUESTS]
    return {name: engine.all(f"SELECT count(*) FROM {name}")[0][0] for name in tables}


class DirectPortal(Portal):
    """A portal that is called without a socket."""

    def __init__(self, server: InProcess, world: str, account: str) -> None:
        self.server = server
        self.port = 0
        self.world = world
        self.account = ACCOUNTS[account]

    def as_(self, account: str) -> "DirectPortal":
        return DirectPortal(self.server, self.world, account)

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str | bytes] | None = None
    ) -> Reply:
        target, _, query = path.partition("?")
        pairs = [
            (name.encode("latin-1"), value if isinstance(value, bytes) else value.encode("latin-1"))
            for name, value in (headers or {}).items()
        ]
        return self.exchange(method, target, query.encode(), pairs, body or b"")

    def exchange(self, method: str, path: str, query: bytes, headers: Headers, body: bytes) -> Reply:
        """One request, with any bytes for query string and headers; `path` below `/api`."""
        raw_path = f"/w/{self.world}/api{path}".encode()
        http, raw = self.server.answer(method, raw_path, query, headers, body)
        try:
            value = msgspec.json.decode(raw)
        except msgspec.DecodeError:
            value = None
        reply = Reply(http, raw, value)
        check_answer(path, reply)
        return reply


class _Log(logging.Handler):
    """Keeps what is logged as a warning or worse."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record))

    def taken(self) -> list[str]:
        """What was logged since the last call."""
        lines, self._lines = self._lines, []
        return lines
