"""Two hundred clients at once, each in a world of its own, on real sockets."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from fixtures.builders import invoice
from mock_server import Settings
from tests.client import dumped
from tests.control.steer import names_of_worlds
from tests.live import LiveServer

CLIENTS = 200


@pytest.fixture
def server() -> Iterator[LiveServer]:
    live = LiveServer(Settings(pace="realistic"))
    yield live
    live.stop()


class Client:
    """One kept connection, one world; what it says and sees is unlike all others'."""

    def __init__(self, port: int, number: int) -> None:
        self.port = port
        self.world = f"client-{number:03d}"
        self.subject = f"Müqavilə {self.world}"
        self.year = 2030 + number
        self.calls = 0

    async def run(self) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            await self._story()
        finally:
            self._writer.close()
            await self._writer.wait_closed()

    async def _story(self) -> None:
        await self._steer("PUT", "clock", {"now": f"{self.year}-03-01T12:00:00+04:00", "frozen": True})
        sent = {**invoice(1, erp_id="THE-SAME-ID"), "main_info": self.subject}
        process = (await self._call("/inv/import_upload_invoices.php", upload=True, invoices=[sent]))["id"]
        assert process == 5001
        assert (await self._call("/job/read_proc_status", procId=process))["status"] == 1
        await self._steer("POST", "clock/advance", {"by": "5m"})
        assert (await self._call("/job/read_proc_status", procId=process))["status"] == 2
        asked = {
            "phone": "994501234567",
            "dir": 1,
            "date_from": f"01.03.{self.year}",
            "date_to": f"01.03.{self.year}",
        }
        process = (await self._call("/etx/import", **asked))["id"]
        await self._steer("POST", "clock/advance", {"by": "5m"})
        page = await self._call("/etx/read_invoices", procId=process, phone="994501234567", dir=1)
        assert [row["main_subject"] for row in page["invoices"]] == [self.subject]
        qaime = f"AA{self.year % 100:02d}03"
        assert [row["qaime"][:6] for row in page["invoices"]] == [qaime]
        rows = (await self._call("/inv/read_invoices", ids=["THE-SAME-ID"]))["invoices"]
        assert [row["qaime"][:6] for row in rows] == [qaime]
        assert (await self._steer("GET", "clock"))["now"] == f"{self.year}-03-01T12:10:00.000+04:00"
        assert {row["id"] for row in (await self._steer("GET", "processes"))["processes"]} == {123, 12345, 5001, 5002}

    async def _call(self, path: str, **body: Any) -> Any:
        self.calls += 1
        answer = await self._send("POST", f"/w/{self.world}/api{path}", dumped(body))
        assert answer["err_code"] == 0, answer
        return answer["data"]

    async def _steer(self, method: str, path: str, body: Any = None) -> Any:
        return await self._send(method, f"/w/{self.world}/__admin/{path}", b"" if body is None else dumped(body))

    async def _send(self, method: str, path: str, body: bytes) -> Any:
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nx-vatpapikey: demo-token\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        lines = (await self._reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        length = next(int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:"))
        raw = await self._reader.readexactly(length)
        assert lines[0].startswith(b"HTTP/1.1 200"), (lines[0], raw)
        return json.loads(raw)


def test_two_hundred_clients_see_each_their_own_world_alone(server: LiveServer) -> None:
    clients = [Client(server.port, number) for number in range(CLIENTS)]

    async def all_at_once() -> None:
        await asyncio.gather(*(client.run() for client in clients))

    asyncio.run(asyncio.wait_for(all_at_once(), 600))
    assert len(names_of_worlds(server)) == CLIENTS + 1
    store = server.app.store
    for client in clients:
        world = store.worlds.find(client.world)
        assert world is not None
        journal = store.journal.rows(world.id)
        assert len(journal) == client.calls == 6
        assert [client.subject.encode() in row.request for row in journal] == [True] + [False] * 5
        assert [row.operation for row in journal][-1] == "inv_read_invoices"
        others = store.engine.one("SELECT count(*) FROM portal_invoices WHERE world = ? AND process > 0", (world.id,))
        assert others == (1,)
