"""Logs of the server, on standard error: as lines for people, or as JSON for programs."""

import itertools
import logging
import os
import re
import sys
from collections.abc import Mapping
from contextvars import ContextVar

import msgspec

from mock_server.rulebook.constants import TOKEN_HEADER

_under_way: ContextVar["_Request | None"] = ContextVar("under_way", default=None)
_numbers = itertools.count(1)
_TOKEN = TOKEN_HEADER.encode()
_ID = re.compile(rb"[A-Za-z0-9._:/+=-]{1,100}")


class _Request:
    """A request, which gets its name when something is logged of it: of most there is nothing to log."""

    __slots__ = ("_headers", "_name")

    def __init__(self, headers: Mapping[bytes, bytes]) -> None:
        self._headers = headers
        self._name: str | None = None

    @property
    def name(self) -> str:
        """Its own `X-Request-Id` if it has one that says nothing of its token, else a number."""
        if self._name is None:
            given = self._headers.get(b"x-request-id", b"")
            fit = _ID.fullmatch(given) and not any(secret in given for secret in _secrets(self._headers))
            self._name = given.decode() if fit else f"{os.getpid()}-{next(_numbers)}"
        return self._name


def _secrets(headers: Mapping[bytes, bytes]) -> list[bytes]:
    """The token of the portal and that of the control API (`Bearer ...`), where there are any."""
    given = (headers.get(_TOKEN, b"").strip(), headers.get(b"authorization", b"").rpartition(b" ")[2])
    return [each for each in given if each]


def begin(headers: Mapping[bytes, bytes]) -> None:
    """A request begins: what is logged from now on in its task names it."""
    _under_way.set(_Request(headers))


class Lines(logging.Formatter):
    """A line for people."""

    def format(self, record: logging.LogRecord) -> str:
        request = _under_way.get()
        return super().format(record) + (f" (request {request.name})" if request is not None else "")


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        request = _under_way.get()
        if request is not None:
            entry["request_id"] = request.name
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(entry).decode()


def configure_logs(form: str) -> None:
    """Send warnings and worse to standard error; `form` is `text` or `json`. Each names the request it is about.

    To be called when uvicorn has been configured: its own handlers, which know one form only, give way.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else Lines("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    uvicorn = logging.getLogger("uvicorn")
    uvicorn.handlers.clear()
    uvicorn.propagate = True
