"""What a call of the control API is made of, and how its body is read."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, NamedTuple, get_args, get_origin

import msgspec

from mock_server import wire
from mock_server.control.desk import GIVEN_SHOWN, Desk, Problem, number_of
from mock_server.control.given import converted, values_in
from mock_server.refusals import nearest

BODY_BYTES = 64 * 1024 * 1024


async def _never() -> bool:
    return False


def _refuse(world: str) -> None:
    raise Problem(401, "the admin token is wanted", "nobody has asked for it", given=world, allowed=[])


class Call(NamedTuple):
    """One call as its handler sees it.

    Attributes:
        path: what the path names, such as `{"process": "5001"}`.
        query: the query string's parameters, each once.
        body: the body, in the form that the route demands.
        gone: whether the caller has hung up by now.
        demand: raises a Problem (401) unless the caller may look into the world of that name too.
    """

    desk: Desk
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    gone: Callable[[], Awaitable[bool]] = _never
    demand: Callable[[str], None] = _refuse

    def number(self, name: str) -> int:
        """A number in the path; 404 for what is none."""
        return number_of(name, self.path[name])


Handler = Callable[[Call], Any]


class Route(NamedTuple):
    """A row of the control API.

    Attributes:
        path: below `/__admin`, with `{names}`.
        body: the struct of its body; `None` for a call without one.
        query: names that its query string may have.
        server: about the server rather than one world: a world's own token does not open it.
        open: answers without a token (health).
        plural: for lists: the key under which they stand, beside `total`.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    handler: Handler
    summary: str
    body: type[msgspec.Struct] | None = None
    query: tuple[str, ...] = ()
    status: int = 200
    server: bool = False
    open: bool = False
    plural: str | None = None

    @property
    def name(self) -> str:
        return f"{self.method.lower()}_{self.path.strip('/').replace('/', '_').replace('{', '').replace('}', '')}"


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """A body without anything in it."""


async def answer(route: Route, call: Call) -> Any:
    """What the handler says, awaited if need be; lists in their envelope."""
    if inspect.iscoroutinefunction(route.handler):
        result = route.handler(call)
    else:
        result = await call.desk.store.turns(route.handler, call)
    if inspect.isawaitable(result):
        result = await _awaited(result)
    if route.plural is not None and isinstance(result, list):
        return {route.plural: result, "total": len(result)}
    return result


async def _awaited(result: Awaitable[Any]) -> Any:
    return await result


def query_of(route: Route, given: Mapping[str, str]) -> Mapping[str, str]:
    """The query parameters; an unknown one is refused with the nearest right one."""
    for name in given:
        if name not in route.query:
            raise Problem.unknown("query parameter", name, route.query)
    return given


def body_of(route: Route, raw: bytes) -> Any:
    """The body as the route's struct.

    Raises:
        Problem: 400: no JSON, an unknown key, a key too few, or a value of a wrong kind.
    """
    if route.body is None:
        if raw.strip() not in (b"", b"{}"):
            detail = f"{route.method} {route.path} takes no body"
            raise Problem(400, "no body wanted", detail, given=_text(raw), allowed=["no body", "{}"])
        return None
    try:
        value = wire.parse(raw) if raw.strip() else {}
    except wire.Unreadable as error:
        detail = f"the body is no JSON: {error}"
        raise Problem(400, "no JSON", detail, given=_text(raw), allowed=["a JSON object"]) from None
    if issubclass(route.body, msgspec.Struct) and isinstance(value, dict):
        _demand_known(route.body, value, "")
    return converted(value, route.body)


def _text(raw: bytes) -> str:
    return raw[: 4 * GIVEN_SHOWN].decode("utf-8", "replace")


def _demand_known(kind: type[msgspec.Struct], value: Mapping[str, Any], where: str) -> None:
    if not kind.__struct_config__.forbid_unknown_fields:
        return
    fields = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    for key, inner in value.items():
        if key not in fields:
            guess = nearest(key, fields)
            hint = f"; {guess!r}?" if guess else ""
            raise Problem(400, "unknown key", f"unknown key {where + key!r}{hint}", given=key, allowed=fields)
        _demand_word(fields[key], inner, where + key)
        nested = _struct_in(fields[key])
        for place, each in enumerate(inner if isinstance(inner, list) else [inner]):
            if nested is not None and isinstance(each, dict):
                step = f"[{place}]." if isinstance(inner, list) else "."
                _demand_known(nested, each, where + key + step)


def _demand_word(kind: Any, value: Any, where: str) -> None:
    """Raises a Problem (400) for a text, or one in a list, that is none of the words that may stand here."""
    words = [word for word in values_in(kind) if isinstance(word, str)]
    for given in value if isinstance(value, list) else [value]:
        if words and isinstance(given, str) and given not in words:
            raise Problem.unknown(where, given[:100], words)


def _struct_in(kind: Any) -> type[msgspec.Struct] | None:
    """The struct of an annotation such as `Between | None` or `tuple[Customer, ...]`."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind
    if get_origin(kind) is not None or hasattr(kind, "__args__"):
        for inner in get_args(kind):
            found = _struct_in(inner)
            if found is not None and get_origin(kind) is not dict:
                return found
    return None
