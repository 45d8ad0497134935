"""From bytes to a request: method, content type, body, query, credentials (F-ENV-02, F-ENV-04, R-41, R-02b)."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from mock_server import wire
from mock_server.judging.calls import NO_TYPE, WRONG_TYPE
from mock_server.portal.visits import refuse
from mock_server.portal.worlds import World
from mock_server.rulebook.constants import BODY_MEMBERS, CONTENT_TYPE, TOKEN_HEADER
from mock_server.rulebook.forms import Form, Note, without_nulls
from mock_server.rulebook.ledger import Readings
from mock_server.rulebook.operations import Operation

MAX_QUERY_FIELDS = 20_000

_TOKEN = TOKEN_HEADER.encode()
_JSON = CONTENT_TYPE.encode()
_OWN_SITES = (b"none", b"same-origin")


class Request(NamedTuple):
    """A request as it came.

    Attributes:
        headers: the first of each name, in lower case.
        path: the whole one, with the world's part, without the query string.
        arrived: nanoseconds of the stopwatch when the last byte was there.
    """

    operation: Operation
    method: str
    headers: Mapping[bytes, bytes]
    query: bytes
    raw: bytes
    path: str
    arrived: int
    too_large: bool = False

    def header(self, name: bytes) -> bytes | None:
        return self.headers.get(name)

    @property
    def token(self) -> str | None:
        """The token header; an empty one counts as not sent (R-49)."""
        value = self.headers.get(_TOKEN)
        return value.strip().decode("latin-1") if value else None


def first_of_each(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Headers by name; of several of one name the first one counts."""
    return dict(reversed(tuple(headers)))


def of_another_page(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a browser says that a page of another origin asks; programs say nothing."""
    return headers.get(b"sec-fetch-site", b"none") not in _OWN_SITES


def demand_method(request: Request, readings: Readings) -> None:
    """Raises 1 for a method that the operation does not take (R-02, R-02c)."""
    allowed = request.operation.methods(readings)
    if request.method not in allowed:
        raise refuse("wrong-method", f"{request.method} where {' or '.join(allowed)} is taken")


def demand_json(request: Request) -> None:
    """Raises 2 for a body whose content type is not JSON; a charset makes no difference (F-ENV-02, R-41)."""
    if not request.raw:
        return
    value = request.header(b"content-type")
    if value == _JSON:
        return
    kind = (value or b"").split(b";", 1)[0].strip().lower()
    if kind != _JSON:
        raise refuse("wrong-content-type", WRONG_TYPE + repr(value.decode("latin-1") if value else NO_TYPE))


def has_too_many_members(request: Request) -> bool:
    """Whether a body has more members and entries than are read, told by its commas (R-47)."""
    return request.raw.count(b",") > BODY_MEMBERS


def demand_few_members(request: Request) -> None:
    """Raises 3 for a body with too many members and entries, before anything is read (R-47)."""
    if has_too_many_members(request):
        raise refuse("missing-elements", f"the body has more than {BODY_MEMBERS} commas: send fewer at a time")


def body_of(request: Request) -> dict[str, Any]:
    """The body as an object, `null` members left out (R-44); without a body, `{}` for GET, else 3 (R-41)."""
    if not request.raw:
        if request.method == "GET":
            return {}
        raise refuse("missing-elements", "there is no body")
    encoding = request.header(b"content-encoding")
    if encoding is not None and encoding.lower() != b"identity":
        raise refuse("missing-elements", f"the body is encoded ({encoding.decode('latin-1')}); send plain JSON")
    try:
        value = wire.parse(request.raw)
    except wire.Unreadable as error:
        raise refuse("missing-elements", f"no JSON: {error}") from None
    if not isinstance(value, dict):
        raise refuse("missing-elements", "the body is no JSON object")
    if b"null" in request.raw:
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return value


def with_query(request: Request, body: dict[str, Any], form: Form, view: World, notes: list[Note]) -> dict[str, Any]:
    """Parameters of a GET in its query string; what the body has wins (R-02b)."""
    if not request.query or request.method != "GET":
        return body
    renewal = not request.operation.credentials
    if not renewal and view.choose("R-02b") == "body-only":
        notes.append(Note((), "R-02b", "parameters in the query string are not read"))
        return body
    found = _query(request.query, form)
    if not renewal:
        notes.append(Note((), "R-02b", "parameters in the query string: the documents have a JSON body"))
    return {**found, **body}


def _query(query: bytes, form: Form) -> dict[str, Any]:
    """`ids=a&ids=b` or `ids[]=a` for lists, numbers and booleans from their text."""
    known = form.schema["properties"]
    try:
        pairs = parse_qsl(
            query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_QUERY_FIELDS
        )
    except ValueError:
        raise refuse("missing-elements", "the query string is not UTF-8, or too long") from None
    values: dict[str, Any] = {}
    for key, text in pairs:
        name = key.removesuffix("[]")
        if known.get(name, {}).get("type") == "array":
            values.setdefault(name, []).append(text)
        else:
            values[name] = text
    coerced: dict[str, Any] = form.coerced(values)
    return coerced
