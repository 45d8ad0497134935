"""The same seed, the same clock, the same serial script: the same bytes, wherever and whenever it runs."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from fixtures.builders import invoice
from mock_server import Settings
from tests.client import Portal, hang_up
from tests.control.steer import Steer
from tests.live import LiveServer

PHONE = "994501234567"
WORLD = "the-same-world"
NOW = "2027-05-06T07:08:09+04:00"


class Teller:
    """Runs the script against one server, and keeps every byte of every body."""

    def __init__(self, port: int) -> None:
        self.portal = Portal(port, WORLD)
        self.steer = Steer(port, WORLD)
        self.bodies: list[bytes] = []

    def call(self, name: str, **body: Any) -> Any:
        reply = self.portal.call(name, **body)
        self.bodies.append(reply.raw)
        return reply.json

    def until_over(self, process: int) -> None:
        for _ in range(40):
            if self.call("read_proc_status", procId=process)["data"]["status"] in (2, 3):
                self.call("read_proc_data", procId=process)
                return
            self.steer.post("clock/advance", by="11s")
        raise AssertionError

    def story(self) -> list[bytes]:
        self.steer.put("settings", pace="realistic")
        batch = [invoice(seed, erp_id=f"BYTES-{seed:03}") for seed in (1, 2)]
        self.until_over(self.call("import_upload_invoices", invoices=batch, upload=True)["data"]["id"])
        magic = [invoice(seed, erp_id=f"BYTES-{seed:03}", buyer=f"900000000{seed}") for seed in (2, 6, 8)]
        magic[0]["id"] = "BYTES-020"
        for one in magic:
            self.until_over(self.call("import_upload_invoices", invoices=[one], upload=True)["data"]["id"])
        dates = {"date_from": "01.01.2020", "date_to": "31.12.2027"}
        for direction in (0, 1):
            asked = {"phone": PHONE, "dir": direction, **dates}
            process = self.call("etx_import", **asked)["data"]["id"]
            self.until_over(process)
            self.call("etx_read_invoices", phone=PHONE, procId=process, dir=direction)
            self.call("etx_read_invoices", **asked)
        self.call("inv_read_invoices", date_from="06.05.2027", date_to="07.05.2027")
        self.until_over(self.call("etx_delete", serialNumbers=["AA2401 10000001"])["data"]["id"])
        for login in ("demo", "nobody", "demo"):
            challenge = self.call("reset_start", login=login)["plain_value"]
            key = hmac.new(b"demo-secret", challenge.encode(), hashlib.sha256).hexdigest()
            self.call("reset_confirm", login=login, key=key)
        self.steer.fault(operation="inv_delete", err_code=11, probability=0.5)
        for number in range(20):
            self.call("inv_delete", ids=[f"NO-{number}"])
        return self.bodies


def test_two_servers_tell_the_same_story_byte_by_byte() -> None:
    stories = []
    for _ in range(2):
        server = LiveServer(Settings(seed=77))
        Steer(server.port).post("worlds", name=WORLD, now=NOW, frozen=True)
        stories.append(Teller(server.port).story())
        hang_up()
        server.stop()
    first, second = stories
    assert first == second
    text = b"\n".join(first)
    answers = [json.loads(body) for body in first]
    codes = {answer.get("err_code") for answer in answers}
    assert codes == {None, 0, 5, 11, 20}
    for part in (
        b'"pin1_code"',
        b'"pin2_code"',
        b'"plain_value"',
        b'"token"',
        b'"datetime":"06.05.2027 07:',
        b"AA2705",
    ):
        assert part in text


@pytest.mark.parametrize("other", [78, None])
def test_another_seed_tells_another_story(other: int | None) -> None:
    codes = []
    for seed in (77, other):
        server = LiveServer(Settings(seed=seed))
        teller = Teller(server.port)
        codes.append(teller.call("reset_start", login="demo")["plain_value"])
        hang_up()
        server.stop()
    assert codes[0] != codes[1]
