"""The one place where an answer takes its form (F-ENV-03, R-01, R-03, R-04, R-45)."""

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from mock_server import wire
from mock_server.portal.visits import Parts
from mock_server.refusals import Refusal
from mock_server.rulebook.constants import err_msg
from mock_server.rulebook.errors import ErrorTable
from mock_server.rulebook.ledger import Readings
from mock_server.rulebook.operations import Operation

_ERRORS = ErrorTable.load()
_ABSENT = object()

JOINED = 1_000_000
"""Bytes up to which a body is in one piece; to join the megabytes of a page costs as much as to read them."""

SMALL = 65_536
"""Bytes below which a piece is not sent by itself."""


class Answer(NamedTuple):
    """What goes back; `code` is the `err_code`, or `None` where no envelope is sent.

    `rest` is what follows `body`, in pieces.
    """

    http: int
    body: bytes
    code: int | None = 0
    content_type: bytes = b"application/json"
    rest: Parts = ()

    @property
    def size(self) -> int:
        """Of the body and what follows it."""
        return len(self.body) + sum(map(len, self.rest)) if self.rest else len(self.body)

    def whole(self) -> "Answer":
        """The same, its body in one piece."""
        return self._replace(body=b"".join((self.body, *self.rest)), rest=()) if self.rest else self

    def beginning(self, size: int) -> bytes:
        """The first bytes of the body, at most `size`."""
        found = self.body[:size]
        for part in self.rest:
            if len(found) >= size:
                break
            found += part[: size - len(found)]
        return found

    def pieces(self) -> Iterator[bytes]:
        """The body as it is sent: what is small is joined, the last piece may be empty."""
        small = [self.body]
        for part in self.rest:
            if len(part) < SMALL:
                small.append(part)
                continue
            yield b"".join(small)
            yield part
            small = []
        yield b"".join(small)


class Envelope:
    """Answers of one operation under the readings in force."""

    def __init__(self, operation: Operation, readings: Readings) -> None:
        self.readings = readings
        self._shown = None if readings.choose("R-03") == "always" else operation.shown

    def success(self, *data: bytes) -> Answer:
        """The payload, already JSON, in its envelope."""
        if len(data) > 1 and sum(map(len, data)) > JOINED:
            return Answer(200, _before(self._shown), rest=(*data, b"}"))
        return Answer(200, b"".join((_before(self._shown), *data, b"}")))

    def error(self, refusal: Refusal, http: int | None = None) -> Answer:
        """A refusal as the caller sees it: code, text, and data where the error has any."""
        entry = _ERRORS.named(refusal.scope, refusal.name)
        language = self.readings.choose("R-45")
        if entry.err_msg is None or language == "empty":
            text = ""
        elif refusal.err_msg is not None:
            text = err_msg(refusal.err_msg, language)
        else:
            text = getattr(entry.err_msg, language)
        data = refusal.data if refusal.data is not None else self._no_data(refusal.scope)
        body: dict[str, Any] = self._visible({"res": 0, "err_code": entry.code, "err_msg": text})
        if data is not _ABSENT:
            body["data"] = data
        if http is None:
            http = entry.http or 400 if self.readings.choose("R-01") == "mapped" else 200
        return Answer(http, wire.text(body), entry.code)

    def _no_data(self, scope: str) -> Any:
        """A partner's errors show `null` (F-PART-02), the others nothing or `null` (R-04)."""
        return None if scope == "partner" or self.readings.choose("R-04") == "null" else _ABSENT

    def _visible(self, body: dict[str, Any]) -> dict[str, Any]:
        return _visible(body, self._shown)


def _visible(body: dict[str, Any], shown: tuple[str, ...] | None) -> dict[str, Any]:
    return body if shown is None else {key: value for key, value in body.items() if key in shown}


@cache
def _before(shown: tuple[str, ...] | None) -> bytes:
    """A success up to its payload."""
    return wire.text(_visible({"res": 1, "err_code": 0, "err_msg": ""}, shown))[:-1] + b',"data":'
