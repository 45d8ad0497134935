"""A client of one connection that looks at the clock and believes the answers."""

import http.client
import json
import socket
import time
from typing import Any

from fixtures.builders import SELLER, invoice
from mock_server.rulebook.operations import BY_NAME
from tests.client import dumped

PHONE = "994501234567"
STALLS = "9000000003"
"""A buyer whose import never ends."""

SPAN = {"date_from": "01.01.2026", "date_to": "30.01.2026"}
"""When the invoices that `seed` makes were created."""


IDLE_SECONDS = 3.0
_connections: list[http.client.HTTPConnection] = []


def hang_up() -> None:
    """Close the connections of all clients."""
    while _connections:
        _connections.pop().close()


class Client:
    """Calls one world as `demo`."""

    def __init__(self, port: int, world: str = "bench") -> None:
        self.port, self.world = port, world
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=900)
        self._asked = time.monotonic()
        _connections.append(self._http)

    def timed(self, name: str, **body: Any) -> tuple[float, Any]:
        """Seconds until the whole answer is there, and its `data`."""
        operation = BY_NAME[name]
        sent = self.body(**body)
        self._freshen()
        began = time.perf_counter()
        self._http.request(operation.method, self.path(name), sent, {"Content-Type": "application/json"})
        raw = self._http.getresponse().read()
        took = time.perf_counter() - began
        answer = json.loads(raw)
        if answer["err_code"] != 0:
            raise RuntimeError(f"{name}: {answer}")
        return took, answer["data"]

    def _freshen(self) -> None:
        """The server hangs up on idle connections, so we do first."""
        now = time.monotonic()
        if now - self._asked > IDLE_SECONDS:
            self._http.close()
        self._asked = now

    def call(self, name: str, **body: Any) -> Any:
        return self.timed(name, **body)[1]

    def path(self, name: str) -> str:
        return f"/w/{self.world}/api{BY_NAME[name].path}"

    def body(self, **body: Any) -> bytes:
        return dumped({"username": "demo", "password": "demo", **body})

    def finished(self, process: int) -> Any:
        """`data` of the last poll of a process, which must end well."""
        while True:
            data = self.call("read_proc_status", procId=process)
            if data["status"] == 2:
                return data
            if data["status"] == 3:
                raise RuntimeError(f"process {process}: {data}")
            time.sleep(0.002)

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the control API."""
        sent = None if body is None else json.dumps(body).encode()
        self._freshen()
        self._http.request(method, f"/w/{self.world}/__admin{path}", sent, {"Content-Type": "application/json"})
        answer = self._http.getresponse()
        raw = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{path}: {raw[:500]!r}")
        return json.loads(raw) if raw else None

    def seed(self, count: int, **more: Any) -> float:
        """Put invoices into e-taxes; seconds."""
        began = time.perf_counter()
        self.admin("POST", "/invoices", {"count": count, "company": SELLER, **SPAN, **more})
        return time.perf_counter() - began

    def running(self) -> int:
        """A process that runs for ever."""
        process: int = self.call("import_upload_invoices", upload=True, invoices=[invoice(0, buyer=STALLS)])["id"]
        return process

    def downloaded(self, **more: Any) -> tuple[float, int, int]:
        """Seconds of a download, its process, and how many invoices it brought."""
        took, data = self.timed("etx_import", **{"phone": PHONE, "dir": 0, **SPAN, **more})
        began = time.perf_counter()
        stats = self.finished(data["id"])["stats"]
        return took + time.perf_counter() - began, data["id"], int(stats.get("imported", 0))

    def first_byte(self, name: str, **body: Any) -> float:
        """Seconds until the first byte of an answer."""
        sent = self.body(**body)
        head = (
            f"{BY_NAME[name].method} {self.path(name)} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", self.port)) as wire:
            began = time.perf_counter()
            wire.sendall(head.encode() + sent)
            wire.recv(1)
            took = time.perf_counter() - began
            while wire.recv(1 << 20):
                pass
        return took
