"""A little library that answers every error with HTTP 200 and a code: `{"status": {"code": "NOT_FOUND"}}`.

python library.py 8099                  # sound
python library.py 8099 titles           # takes books without a title
python library.py 8099 readers          # does not ask who calls
python library.py 8099 deletion         # lists books that were removed
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

READER = "reader-1"
OPERATIONS = {("POST", "/add"), ("GET", "/list"), ("POST", "/remove")}


class Library(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    flaw = ""
    books: dict[int, dict[str, Any]] = {}  # noqa: RUF012  # of the process

    def answered(self) -> tuple[str, dict[str, Any]]:
        """Code and payload."""
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if (self.command, self.path) not in OPERATIONS:
            return "NO_SUCH_METHOD", {}
        if self.flaw != "readers" and self.headers.get("X-Reader") != READER:
            return "WHO_ARE_YOU", {}
        if self.path == "/list":
            return "OK", {"books": list(self.books.values())}
        if self.headers.get("Content-Type", "").split(";")[0] != "application/json":
            return "NO_JSON", {}
        try:
            book = json.loads(raw)
        except (ValueError, RecursionError):
            return "NO_JSON", {}
        return self.added(book) if self.path == "/add" else self.removed(book)

    def added(self, book: Any) -> tuple[str, dict[str, Any]]:
        number, title = (book.get("id"), book.get("title")) if isinstance(book, dict) else (None, None)
        if title is None and self.flaw == "titles":
            title = "?"
        if not is_number(number) or not isinstance(title, str) or not title:
            return "BAD_BOOK", {}
        self.books[int(number)] = {"id": int(number), "title": title}
        return "OK", {"id": int(number)}

    def removed(self, book: Any) -> tuple[str, dict[str, Any]]:
        number = book.get("id") if isinstance(book, dict) else None
        if not is_number(number):
            return "BAD_BOOK", {}
        if int(number) not in self.books:
            return "NOT_FOUND", {}
        if self.flaw != "deletion":
            del self.books[int(number)]
        return "OK", {}

    def serve(self) -> None:
        code, payload = self.answered()
        body = json.dumps({"status": {"code": code}, **payload}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_TRACE = do_HEAD = do_QUERY = serve

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def is_number(value: Any) -> bool:
    """A whole number from 1 to 999; 2.0 is one."""
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and 1 <= value <= 999 and value == int(value)
    )


if __name__ == "__main__":
    Library.flaw = "".join(sys.argv[2:3])
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Library)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)  # noqa: T201
    server.serve_forever()
