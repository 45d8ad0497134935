"""A plain client of the control API of one world."""

import http.client
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from mock_server.store.worlds import TABLES
from tests.live import LiveServer

PROBLEM = "application/problem+json"


class Reply(NamedTuple):
    """An answer of the control API."""

    http: int
    kind: str
    headers: Mapping[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)


class Steer:
    """The control API of a world; of the server where no world is named."""

    def __init__(self, port: int, world: str | None = None, token: str | None = None) -> None:
        self.port = port
        self.world = world
        self.token = token

    def send(self, method: str, path: str, body: Any = None, *, raw: bytes | None = None) -> Reply:
        """One call; `path` below `/__admin`, a body as a value or as bytes."""
        base = "" if self.world is None else f"/w/{self.world}"
        headers = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        data = raw if body is None else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, f"{base}/__admin/{path}", data, headers)
            answer = connection.getresponse()
            return Reply(answer.status, answer.headers.get_content_type(), dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def done(self, method: str, path: str, body: Any = None) -> Any:
        """What a call says that does not fail."""
        reply = self.send(method, path, body)
        assert reply.http in (200, 201), reply
        assert reply.kind == "application/json"
        return reply.json

    def get(self, path: str) -> Any:
        return self.done("GET", path)

    def put(self, path: str, **body: Any) -> Any:
        return self.done("PUT", path, body)

    def post(self, path: str, **body: Any) -> Any:
        return self.done("POST", path, body)

    def delete(self, path: str) -> Any:
        return self.done("DELETE", path)

    def refused(self, status: int, method: str, path: str, body: Any = None, *, raw: bytes | None = None) -> Any:
        """The explanation of a call that is refused with this status."""
        reply = self.send(method, path, body, raw=raw)
        assert (reply.http, reply.kind) == (status, PROBLEM), reply
        problem = reply.json
        assert problem["status"] == status
        assert problem["title"]
        assert problem["detail"]
        assert isinstance(problem["given"], str)
        assert isinstance(problem["allowed"], list)
        return problem

    def fault(self, **fault: Any) -> int:
        """Put a fault in force; its number."""
        number: int = self.post("faults", **fault)["id"]
        return number


def dump(server: LiveServer, world: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of a world as it is in the store, but for what numbers rows and worlds; the server must be idle."""
    engine = server.app.store.engine
    row = server.app.store.worlds.find(world)
    assert row is not None
    found = {}
    for table in TABLES:
        columns = [name for name in engine.columns(table) if name not in ("world", "seq", "told")]
        found[table] = sorted(
            engine.all(f"SELECT {', '.join(columns)} FROM {table} WHERE world = ?", (row.id,)), key=repr
        )
    of_life = ("id", "name", "generation", "version", "clock_real", "clock_world", "admin_token", "used")
    columns = [name for name in engine.columns("worlds") if name not in of_life]
    found["worlds"] = engine.all(f"SELECT {', '.join(columns)} FROM worlds WHERE id = ?", (row.id,))
    return found


def names_of_worlds(server: LiveServer) -> list[str]:
    """Of every row of worlds, those of snapshots too."""
    return [name for (name,) in server.app.store.engine.all("SELECT name FROM worlds ORDER BY id")]
