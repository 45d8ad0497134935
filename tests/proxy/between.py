"""A proxy in a thread of this process, and a server behind it that says what it is told to, byte for byte."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from mock_server import Settings
from mock_server.app import create_proxy, server_context
from mock_server.proxy.filing import Record
from mock_server.proxy.upstream import Upstream, upstream_of
from mock_server.web.listening import bind

PATIENCE = 20.0
SMALL = b'{"procId":123,"username":"demo","password":"demo"}'


class Between:
    """A running proxy."""

    def __init__(self, upstream: str | Upstream, records: Sequence[Record] = (), **settings: Any) -> None:
        server = upstream_of(upstream) if isinstance(upstream, str) else upstream
        listener = bind("127.0.0.1", 0)
        self.port: int = listener.getsockname()[1]
        chosen = Settings(**settings)
        self._proxy = create_proxy(chosen, server, records)
        self._tls = server_context(chosen)
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, args=(listener,), daemon=True)
        self._thread.start()

    def _run(self, listener: socket.socket) -> None:
        with self._loop_closed():
            self._loop.run_until_complete(self._proxy.run(listener, self._tls, self._stop))

    def _loop_closed(self) -> Any:
        return _Closing(self._loop)

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def connection(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE)

    def admin(self, path: str, method: str = "GET") -> Any:
        """What the control API says."""
        return json.loads(
            answer_to(self.port, f"{method} /__admin/{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        )

    def rows(self) -> list[dict[str, Any]]:
        """The journal, in the order of the requests."""
        rows: list[dict[str, Any]] = self.admin("requests")["requests"]
        return rows[::-1]


class _Closing:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def __enter__(self) -> None:
        asyncio.set_event_loop(self._loop)

    def __exit__(self, *_: object) -> None:
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()


class Scripted:
    """A server that hands each connection to `behave`, and keeps what it got."""

    def __init__(self, behave: "Callable[[Scripted, socket.socket], None]") -> None:
        self._behave = behave
        self._listener = bind("127.0.0.1", 0)
        self.port: int = self._listener.getsockname()[1]
        self.got = b""
        self.connections = 0
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.settimeout(PATIENCE)
                self.connections += 1
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            self._behave(self, connection)

    def take(self, connection: socket.socket, until: bytes) -> bytes:
        """Bytes up to and with those."""
        taken = b""
        while until not in taken:
            data = connection.recv(65536)
            if not data:
                break
            taken += data
            self.got += data
        return taken

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def saying(answer: bytes, until: bytes = b"}") -> Callable[[Scripted, socket.socket], None]:
    """Takes one request and says this, and hangs up."""

    def behave(server: Scripted, connection: socket.socket) -> None:
        server.take(connection, until)
        connection.sendall(answer)

    return behave


def everything(connection: socket.socket) -> bytes:
    """What comes until the end of the connection."""
    taken = b""
    while data := connection.recv(65536):
        taken += data
    return taken


def answer_to(port: int, request: bytes) -> bytes:
    """The body of the answer to a request, which has a `Content-Length`."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        connection.sendall(request)
        taken = b""
        while b"\r\n\r\n" not in taken:
            taken += connection.recv(65536)
        head, _, body = taken.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        size = next(int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length"))
        while len(body) < size:
            body += connection.recv(65536)
        return body


def request(
    path: str = "/api/job/read_proc_status", body: bytes = SMALL, method: str = "GET", more: Sequence[str] = ()
) -> bytes:
    """A request with its head as clients send it."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", *more]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


def answer(body: bytes, status: str = "200 OK", more: Sequence[str] = ()) -> bytes:
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", *more, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body
