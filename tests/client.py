"""A plain client of the portal over HTTP, which holds every answer against the answer schemas."""

import http.client
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

import jsonschema_rs
import msgspec

from mock_server.rulebook.documents import load, schema_files
from mock_server.rulebook.operations import BY_NAME, Operation

JSON = "application/json"


class Reply(NamedTuple):
    """An answer; `json` is `None` when the body is no JSON."""

    http: int
    raw: bytes
    json: Any

    @property
    def code(self) -> int:
        code: int = self.json["err_code"]
        return code

    @property
    def data(self) -> Any:
        return self.json["data"]


class Account(NamedTuple):
    """Credentials of an account of the default world."""

    username: str
    password: str
    token: str
    secret: str
    phone: str


ACCOUNTS = {
    name: Account(name, name, f"{name}-token", f"{name}-secret", phone)
    for name, phone in {
        "demo": "994501234567",
        "buyer": "994507654321",
        "nophone": "994501234567",
        "disabled": "994501234567",
        "clerk": "994501234567",
        "partner": "994501234567",
    }.items()
}


class Portal:
    """The portal of one world, called as one account."""

    def __init__(self, port: int, world: str, account: str = "demo") -> None:
        self.port = port
        self.world = world
        self.account = ACCOUNTS[account]
        self._own: http.client.HTTPConnection | None = None

    def as_(self, account: str) -> "Portal":
        return Portal(self.port, self.world, account)

    @property
    def connection(self) -> http.client.HTTPConnection:
        """The connection that is kept to this server, or this portal's own."""
        return self._own or _connection(self.port)

    def own_connection(self) -> None:
        """Use a connection of its own from now on, as each of several threads must."""
        self._own = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str | bytes] | None = None
    ) -> Reply:
        """One request, as it is; `path` below `/api`."""
        connection = self.connection
        with suppress(BrokenPipeError):  # refused before all was sent; the answer is there to be read
            connection.request(method, f"/w/{self.world}/api{path}", body=body, headers=dict(headers or {}))
        response = connection.getresponse()
        raw = response.read()
        try:
            value = msgspec.json.decode(raw)
        except msgspec.DecodeError:
            value = None
        reply = Reply(response.status, raw, value)
        check_answer(path.partition("?")[0], reply)
        return reply

    def call(self, name: str, method: str | None = None, *, token: str | None = None, **body: Any) -> Reply:
        """An operation by name, with the account's password, or with a token."""
        operation = BY_NAME[name]
        headers: dict[str, str | bytes] = {"Content-Type": JSON}
        if token is not None:
            headers["x-vatpapikey"] = token
        elif operation.credentials:
            body = {"username": self.account.username, "password": self.account.password, **body}
        return self.send(method or operation.method, operation.path, dumped(body), headers)

    def finished(self, process: int, tries: int = 400) -> dict[str, Any]:
        """Poll a process until it is over; `data` of the last answer."""
        for _ in range(tries):
            data: dict[str, Any] = self.call("read_proc_status", procId=process).data
            if data["status"] in (2, 3):
                return data
        raise AssertionError(f"process {process} is not over: {data}")

    def started(self, name: str, **body: Any) -> int:
        """Start a process; its number."""
        reply = self.call(name, **body)
        assert reply.code == 0, reply.json
        number: int = reply.data["id"]
        return number

    def uploaded(self, *invoices: Mapping[str, Any]) -> list[str]:
        """Upload invoices; their qaimes."""
        process = self.started("import_upload_invoices", invoices=list(invoices), upload=True)
        assert self.finished(process)["status"] == 2
        found = self.call("inv_read_invoices", ids=[invoice["id"] for invoice in invoices]).data
        return [row["qaime"] for row in found["invoices"]]


_IDLE_SECONDS = 30.0
_connections: dict[int, http.client.HTTPConnection] = {}
_used: dict[int, float] = {}


def _connection(port: int) -> http.client.HTTPConnection:
    """One kept connection per server; a test uses one thread. The server hangs up on idle ones, so we do first."""
    connection = _connections.setdefault(port, http.client.HTTPConnection("127.0.0.1", port, timeout=60))
    now = time.monotonic()
    if now - _used.get(port, now) > _IDLE_SECONDS:
        connection.close()
    _used[port] = now
    return connection


def hang_up() -> None:
    """Close all connections."""
    while _connections:
        _connections.popitem()[1].close()


def dumped(value: Any) -> bytes:
    """JSON with amounts as numbers."""
    return msgspec.json.Encoder(decimal_format="number").encode(value)


def exact(raw: bytes) -> Any:
    """JSON with amounts as they were written."""
    return json.loads(raw, parse_float=Decimal)


def check_answer(path: str, reply: Reply) -> None:
    """Every answer of an operation is of the form that `schemas/answers` describes."""
    operation = next((each for each in BY_NAME.values() if each.path == path), None)
    if operation is None:
        return
    assert reply.http < 500 or reply.json["err_code"] in (10, 11, 12, 16), reply
    validator = _answers(operation)
    assert validator.is_valid(reply.json), (reply.raw[:2000], [e.message for e in validator.iter_errors(reply.json)])


@cache
def _answers(operation: Operation) -> jsonschema_rs.Validator:
    documents = [load(file) for file in schema_files()]
    registry = jsonschema_rs.Registry([(d["$id"], d) for d in documents if isinstance(d, dict) and "$id" in d])
    return jsonschema_rs.validator_for({"$ref": operation.answer}, registry=registry)
