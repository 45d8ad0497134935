"""Two ways to a server: over a socket, or straight into an ASGI application of this process.

Neither follows a redirect: credentials go to the host that was named, and to no other. Nor does the environment send
them through a proxy.
"""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import unquote

import httpx2

from contract_tests.findings import Gone

Application = Callable[[Any, Any, Any], Awaitable[None]]
TIMEOUT_SECONDS = 60.0
HELLO = "/__simulator?nonce=hello"
"""What every server can be asked: it may know nothing there."""

MOST_BYTES = 64 * 1024 * 1024
"""An answer that is longer is cut off: no page of the portal comes near it."""


class Answer(NamedTuple):
    """What came back; `status` 0 when nothing did, and `trouble` says why."""

    status: int
    headers: dict[str, str]
    body: bytes
    trouble: str = ""


class Sender(Protocol):
    """Sends one request at a time."""

    origin: str

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """One request; `target` is path and query. Never raises for what the server or the network does."""

    def close(self) -> None:
        """Hang up."""


class SocketSender:
    """Over HTTP/1.1."""

    def __init__(self, origin: str, ca: Path | None = None, timeout: float = TIMEOUT_SECONDS) -> None:
        self.origin = origin
        trust = ssl.create_default_context(cafile=None if ca is None else str(ca))
        self._client = httpx2.Client(follow_redirects=False, trust_env=False, timeout=timeout, verify=trust)

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        lines = [(name.encode(), value.encode("utf-8")) for name, value in headers.items()]
        try:
            request = self._client.build_request(method, self.origin + target, headers=lines, content=body)
            response = self._client.send(request, stream=True)
            try:
                content, cut = _read(response)
            finally:
                response.close()
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            return Answer(0, {}, b"", f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
        found = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, found, content, f"cut off after {MOST_BYTES} bytes" if cut else "")

    def close(self) -> None:
        self._client.close()


def _read(response: httpx2.Response) -> tuple[bytes, bool]:
    parts, length = [], 0
    for part in response.iter_bytes():
        parts.append(part)
        length += len(part)
        if length > MOST_BYTES:
            return b"".join(parts), True
    return b"".join(parts), False


class Line:
    """A sender that is used no more once the server is gone, or once the run is to end.

    Attributes:
        lost: why the server is taken to be gone; empty while it answers.
        stopped: who wants the run to end; empty while it goes on.
        tidying: whether what a check has left behind is taken away, which is done even if the run is to end.
        importing: whether an import is on its way; who does not wait for its answer cannot take it back.
    """

    def __init__(self, sender: Sender) -> None:
        self.origin = sender.origin
        self.lost = ""
        self.stopped = ""
        self.tidying = False
        self.importing = False
        self._sender = sender

    @property
    def closed(self) -> str:
        """Why nothing more is sent; empty while something is."""
        return self.lost or ("" if self.tidying else self.stopped)

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """One request.

        Raises:
            Gone: it was not answered, and nor was a plain one after it; or it was not sent.
        """
        if not self.closed:
            self.importing = "import_upload" in target
            try:
                answer = self._sender.send(method, target, headers, body)
            finally:
                self.importing = False
            if answer.status or self._sender.send("GET", HELLO, {}, None).status:
                return answer
            path = target.partition("?")[0]
            self.lost = f"{self.origin} does not answer any more, since {method} {path}: {answer.trouble}"
        raise Gone(self.closed)

    def close(self) -> None:
        self._sender.close()


class InProcessSender:
    """Into an ASGI application, without a socket; its own event loop, in the caller's thread."""

    def __init__(self, app: Application, origin: str = "http://in-process") -> None:
        self.origin = origin
        self._app = app
        self._loop = asyncio.new_event_loop()

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        return self._loop.run_until_complete(self._call(method, target, headers, body or b""))

    def close(self) -> None:
        self._loop.close()

    async def _call(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        path, _, query = target.partition("?")
        lines = [(name.lower().encode(), value.encode("utf-8")) for name, value in headers.items()]
        if body:
            lines.append((b"content-length", str(len(body)).encode()))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(b"host", b"in-process"), *lines],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        found = {name.decode().lower(): value.decode("latin-1") for name, value in sent[0].get("headers", [])}
        return Answer(sent[0]["status"], found, b"".join(message.get("body", b"") for message in sent[1:]))


def timed(
    sender: Sender, method: str, target: str, headers: Mapping[str, str], body: bytes | None
) -> tuple[Answer, float]:
    """An answer, and the seconds it took to the last byte."""
    started = time.perf_counter()
    answer = sender.send(method, target, headers, body)
    return answer, time.perf_counter() - started
