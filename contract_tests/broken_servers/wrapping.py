"""How a sound server is broken in one place: a wrapper around its ASGI application changes a request or an answer."""

import json
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from contract_tests.documents import known_ids
from contract_tests.senders import Application
from contract_tests.target import encoded, operation_at, world_and_path

API = "/api"


class Call(NamedTuple):
    """A request to the portal.

    Attributes:
        path: whole, the world's prefix and `/api` included.
        headers: by lower-case name.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def world(self) -> str:
        return world_and_path(self.path)[0]

    @property
    def operation(self) -> str:
        return operation_at(world_and_path(self.path)[1].removeprefix(API))

    @property
    def sent(self) -> dict[str, Any]:
        """The body as JSON; empty when it is no object."""
        found = _decoded(self.body)
        return found if isinstance(found, dict) else {}

    def sending(self, body: Mapping[str, Any], **headers: str) -> "Call":
        """The same request with another body."""
        return self._replace(body=encoded(body), headers={**self.headers, **headers})


class Answer(NamedTuple):
    """What came back; headers by lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON, amounts as `Decimal`; `None` when it is none."""
        return _decoded(self.body)

    @property
    def code(self) -> Any:
        return self.json.get("err_code") if isinstance(self.json, dict) else None

    def saying(self, body: Any) -> "Answer":
        """The same answer with another body."""
        return self._replace(body=body if isinstance(body, bytes) else encoded(body))


class Sound:
    """The sound server behind a wrapper.

    Attributes:
        memory: what the wrapper remembers, by world.
    """

    def __init__(self, app: Application) -> None:
        self._app = app
        self.memory: dict[str, dict[Any, Any]] = {}

    def remembered(self, call: Call) -> dict[Any, Any]:
        """What the wrapper remembers of the world that a request is for."""
        return self.memory.setdefault(call.world, {})

    async def __call__(self, call: Call) -> Answer:
        """The right answer to a request."""
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": call.method,
            "scheme": "http",
            "path": call.path,
            "raw_path": call.path.encode(),
            "query_string": call.query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode("utf-8")) for name, value in _framed(call).items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": call.body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in sent[0].get("headers", [])}
        return Answer(sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:]))

    async def asked(self, call: Call, operation: str, path: str, method: str, **body: Any) -> Answer:
        """The right answer to another operation, in the world and with the credentials of a request."""
        prefix = f"/w/{call.world}" if call.world else ""
        who = {key: call.sent[key] for key in ("username", "password", "phone") if key in call.sent}
        headers = {**call.headers, "content-type": "application/json"}
        assert operation_at(path) == operation
        return await self(Call(method, f"{prefix}{API}{path}", "", headers, encoded({**who, **body})))


Twist = Callable[[Sound, Call], Awaitable[Answer]]


class Broken(NamedTuple):
    """A server that breaks one fact.

    Attributes:
        ids: the facts it breaks, and the readings they hang on; the first is the one meant.
        says: what is wrong with it.
        by: the checks meant to catch it.
        edition: of the sound server beneath.
        readings: chosen in the sound server beneath.
    """

    name: str
    ids: tuple[str, ...]
    says: str
    by: tuple[str, ...]
    twist: Twist
    edition: str = "2025-08"
    readings: Mapping[str, str] = {}

    def around(self, app: Application) -> Application:
        """The broken server around a sound one; what is not the portal's stays as it is."""
        sound = Sound(app)

        async def served(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http" or not _portal(scope["path"]):
                await app(scope, receive, send)
                return
            answer = await self.twist(sound, await _received(scope, receive))
            headers = {**answer.headers, "content-length": str(len(answer.body))}
            lines = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
            await send({"type": "http.response.start", "status": answer.status, "headers": lines})
            await send({"type": "http.response.body", "body": answer.body})

        return served


class Shelf:
    """A part of the catalogue; its decorators make broken servers of functions, which docstrings describe."""

    def __init__(self, edition: str = "2025-08", **readings: str) -> None:
        self.rows: list[Broken] = []
        self.edition = edition
        self.readings = readings

    def whole(self, *ids: str, by: tuple[str, ...]) -> Callable[[Twist], Twist]:
        """A twist that answers by itself, with the sound server at hand."""
        if unknown := set(ids) - known_ids():
            raise ValueError(f"neither facts nor readings: {sorted(unknown)}")

        def add(twist: Twist) -> Twist:
            name = getattr(twist, "__name__", "?").replace("_", "-")
            says = (twist.__doc__ or "").strip()
            self.rows.append(Broken(name, ids, says, by, twist, self.edition, self.readings))
            return twist

        return add

    def request(
        self, *operations: str, ids: tuple[str, ...], by: tuple[str, ...]
    ) -> Callable[[Callable[[dict[str, Any]], None]], None]:
        """A function that changes the body of a request before the sound server sees it."""

        def add(change: Callable[[dict[str, Any]], None]) -> None:
            async def twist(sound: Sound, call: Call) -> Answer:
                body = call.sent
                if call.operation not in operations or not body:
                    return await sound(call)
                change(body)
                return await sound(call.sending(body))

            self.whole(*ids, by=by)(_named(twist, change))

        return add

    def answer(
        self, *operations: str, ids: tuple[str, ...], by: tuple[str, ...]
    ) -> Callable[[Callable[[dict[str, Any]], Any]], None]:
        """A function that changes the JSON of every answer, or returns another; of all operations unless named."""

        def add(change: Callable[[dict[str, Any]], Any]) -> None:
            async def twist(sound: Sound, call: Call) -> Answer:
                answer = await sound(call)
                body = answer.json
                if (operations and call.operation not in operations) or not isinstance(body, dict):
                    return answer
                other = change(body)
                return answer.saying(body if other is None else other)

            self.whole(*ids, by=by)(_named(twist, change))

        return add

    def data(
        self, *operations: str, ids: tuple[str, ...], by: tuple[str, ...]
    ) -> Callable[[Callable[[dict[str, Any]], None]], None]:
        """A function that changes `data` of every success."""

        def add(change: Callable[[dict[str, Any]], None]) -> None:
            def of_success(body: dict[str, Any]) -> None:
                if body.get("err_code") == 0 and isinstance(body.get("data"), dict):
                    change(body["data"])

            self.answer(*operations, ids=ids, by=by)(_named(of_success, change))

        return add


def refusal(code: int, data: Any = None) -> Answer:
    """The envelope of an error."""
    body = {"res": 0, "err_code": code, "err_msg": ""} | ({} if data is None else {"data": data})
    return Answer(200, {"content-type": "application/json"}, encoded(body))


def success(data: Any) -> Answer:
    """The envelope of a success."""
    body = {"res": 1, "err_code": 0, "err_msg": "", "data": data}
    return Answer(200, {"content-type": "application/json"}, encoded(body))


def _named(function: Any, like: Any) -> Any:
    function.__name__, function.__doc__ = like.__name__, like.__doc__
    return function


def _portal(path: str) -> bool:
    return world_and_path(path)[1].startswith(f"{API}/")


def _framed(call: Call) -> dict[str, str]:
    others = {name: value for name, value in call.headers.items() if name != "content-length"}
    return {**others, "content-length": str(len(call.body))} if call.body else others


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None


async def _received(scope: Mapping[str, Any], receive: Callable[[], Awaitable[dict[str, Any]]]) -> Call:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = {name.decode("latin-1").lower(): value.decode("utf-8", "replace") for name, value in scope["headers"]}
    return Call(scope["method"], scope["path"], scope["query_string"].decode("latin-1"), headers, body)
