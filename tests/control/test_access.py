"""Who may steer: anybody on this machine, beyond it whoever has the admin token."""

import http.client
import json
from collections.abc import Iterator
from typing import Any

import pytest

from mock_server import Settings
from mock_server.web.admin.routes import ROUTES
from tests.client import Portal, hang_up
from tests.control.steer import PROBLEM, Steer
from tests.live import LiveServer
from tests.test_serve import Served

TOKEN = "only-the-admin-knows"
CLOSED = sorted({(route.method, route.path) for route in ROUTES if not route.open})


@pytest.fixture(scope="module")
def closed() -> Iterator[LiveServer]:
    server = LiveServer(Settings(pace="instant", admin_token=TOKEN))
    yield server
    hang_up()
    server.stop()


def plain(port: int, method: str, path: str) -> tuple[int, str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.headers.get_content_type(), json.loads(answer.read())
    finally:
        connection.close()


def test_on_loopback_it_is_open(steer: Steer) -> None:
    assert steer.get("clock")["frozen"] is False
    assert Steer(steer.port, steer.world, "any-token-at-all").get("clock")["frozen"] is False


@pytest.mark.parametrize(("method", "path"), CLOSED)
@pytest.mark.parametrize("world", [None, "mine"])
def test_with_a_token_every_call_demands_it(method: str, path: str, world: str | None, closed: LiveServer) -> None:
    concrete = path.strip("/").replace("{", "").replace("}", "")
    for token in (None, "", "wrong", TOKEN[:-1], TOKEN.upper(), "şifrə".encode().decode("latin-1")):
        steer = Steer(closed.port, world, token)
        reply = steer.send(method, concrete, {"to": "start"})
        assert (reply.http, reply.kind) == (401, PROBLEM), token
        assert reply.headers["www-authenticate"] == "Bearer"
    allowed = Steer(closed.port, world, TOKEN).send(method, concrete)
    assert allowed.http != 401


def test_nothing_was_done_without_it(closed: LiveServer) -> None:
    admin = Steer(closed.port, "kept", TOKEN)
    admin.fault(err_code=11)
    stranger = Steer(closed.port, "kept")
    for method, path in (("POST", "reset"), ("DELETE", "faults"), ("DELETE", "worlds/kept")):
        stranger.refused(401, method, path)
    assert (admin.get("faults")["total"], admin.post("reset")["generation"]) == (1, 2)


def test_the_portal_and_health_need_no_token(closed: LiveServer) -> None:
    assert Portal(closed.port, "default").call("read_proc_status", procId=123).code == 0
    steer = Steer(closed.port)
    assert steer.get("health") == {"status": "ok", "alive": True, "ready": True, "wrong": [], "journal_lost": 0}
    assert steer.get("version")["name"] == "vatportal-mock"
    assert plain(closed.port, "GET", "/__simulator?nonce=abc")[2]["nonce"] == "abc"
    assert steer.send("GET", "openapi.json").http == 200


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer"])
def test_the_scheme_is_bearer_in_any_case(scheme: str, closed: LiveServer) -> None:
    for value, status in (
        (f"{scheme} {TOKEN}", 200),
        (TOKEN, 401),
        (f"Basic {TOKEN}", 401),
        (f"{scheme}{TOKEN}", 401),
    ):
        connection = http.client.HTTPConnection("127.0.0.1", closed.port, timeout=30)
        connection.request("GET", "/__admin/clock", headers={"Authorization": value})
        assert connection.getresponse().status == status
        connection.close()


def test_a_world_with_a_token_of_its_own_on_a_closed_server(closed: LiveServer) -> None:
    for name, token in (("blue", "blue-token"), ("red", "red-token-x")):
        Steer(closed.port, None, TOKEN).post("worlds", name=name, admin_token=token)
    blue = Steer(closed.port, "blue", "blue-token")
    assert blue.get("clock")["frozen"] is False
    Steer(closed.port, "red", "blue-token").refused(401, "GET", "clock")
    for method, path in (("GET", "worlds"), ("DELETE", "worlds/red")):
        blue.refused(401, method, path)
        Steer(closed.port, "red", "blue-token").refused(401, method, path)
    assert Steer(closed.port, "red", TOKEN).get("clock")["frozen"] is False
    assert blue.delete("worlds/blue") == {"deleted": "blue"}
    assert Steer(closed.port, None, TOKEN).delete("worlds/red") == {"deleted": "red"}


def test_beyond_loopback_a_token_is_made_and_printed() -> None:
    with Served("--host", "0.0.0.0", "--pace", "instant") as served:
        assert served.url.port is not None
        assert served.process.stdout is not None
        line = served.process.stdout.readline()
        assert "admin token" in line.lower()
        token = line.split()[-1]
        assert len(token) == 40
        port = served.url.port
        for steer in (Steer(port), Steer(port, "mine"), Steer(port, None, "0" * 40)):
            steer.refused(401, "GET", "clock")
        assert Steer(port, None, token).get("clock")["frozen"] is False
        assert Portal(port, "default").call("read_proc_status", procId=123).code == 0
        hang_up()


def test_beyond_loopback_a_token_that_is_set_is_not_printed() -> None:
    with Served("--host", "0.0.0.0", ADMIN_TOKEN=TOKEN) as served:
        assert served.url.port is not None
        Steer(served.url.port).refused(401, "GET", "clock")
        assert Steer(served.url.port, None, TOKEN).get("clock")["frozen"] is False
        served.stop()
        assert served.ended is not None
        assert TOKEN not in "".join(served.ended)


def test_without_a_control_api_there_is_none() -> None:
    server = LiveServer(Settings(pace="instant", no_admin=True))
    for path in ("/__admin/clock", "/__admin/health", "/__admin/openapi.json", "/w/mine/__admin/reset", "/__admin/"):
        for method in ("GET", "POST", "DELETE"):
            assert plain(server.port, method, path)[0] == 404
    assert plain(server.port, "GET", "/__simulator?nonce=n")[:2] == (200, "application/json")
    assert Portal(server.port, "default").call("read_proc_status", procId=123).code == 0
    hang_up()
    server.stop()
