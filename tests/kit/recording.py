"""A server on a socket that is no simulator as far as one can see: it answers as the portal, and keeps what came."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from contract_tests.senders import Answer, InProcessSender, Sender
from mock_server import Settings, create_app


class Request(NamedTuple):
    """What came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        try:
            value = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(self.path.partition("?")[2], keep_blank_values=True)


Twist = Callable[[Request, Answer], Answer]


class Recording:
    """The server: what came, and what it answers.

    Attributes:
        twist: what becomes of an answer of the portal.
        silent: whether a request, and any later one, gets no answer at all.
    """

    def __init__(self, behind: Sender | None, redirect: str = "") -> None:
        self.requests: list[Request] = []
        self.silent: Callable[[Request], bool] = lambda _: False
        self._behind = behind
        self._redirect = redirect
        self._lock = threading.Lock()
        self.twist: Twist = lambda _, answer: answer
        self.url = ""

    @property
    def of_the_portal(self) -> list[Request]:
        return [each for each in self.requests if each.path.startswith("/api")]

    def answer(self, request: Request) -> Answer:
        with self._lock:
            self.requests.append(request)
            if self._redirect:
                return Answer(307, {"location": self._redirect + request.path}, b"")
            if self._behind is None or not request.path.startswith("/api"):
                return Answer(404, {"content-type": "text/plain"}, b"not here")
            answer = self._behind.send(request.method, request.path, request.headers, request.body)
            return self.twist(request, answer)

    def asked(self, operation: str, body: dict[str, Any]) -> list[dict[str, Any]]:
        """Invoices that the portal behind shows the main account; nobody notes it down."""
        assert self._behind is not None
        sent = json.dumps({"username": "demo", "password": "demo", **body}).encode()
        path = f"/api/{operation.replace('inv_', 'inv/')}"
        found = json.loads(self._behind.send("POST", path, {"content-type": "application/json"}, sent).body)
        rows: list[dict[str, Any]] = found["data"]["invoices"]
        return rows


@contextmanager
def recording(redirect: str = "") -> Iterator[Recording]:
    """A running server, with a portal behind it unless it sends everybody elsewhere."""
    with closing(create_app(Settings(pace="instant", seed=1))) as app, closing(InProcessSender(app)) as behind:
        recorder = Recording(None if redirect else behind, redirect)
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(recorder))
        recorder.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield recorder
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _handler(recorder: Recording) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, self.path, headers, body)
            answer = recorder.answer(request)
            if recorder.silent(request):
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                if name not in ("content-length", "date", "server"):
                    self.send_header(name, value)
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = handle_any

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler
