"""No page of another origin steers the simulator from inside a browser, whatever name it goes by."""

import http.client

import pytest

from mock_server.store.engine import Unavailable
from tests.client import Portal
from tests.control.steer import Steer
from tests.live import Servers, fresh_world

CALLS = [
    ("GET", "clock"),
    ("GET", "world?secrets=include"),
    ("POST", "reset"),
    ("PUT", "clock"),
    ("DELETE", "faults"),
    ("PATCH", "invoices/AA24080000001"),
]


def status(port: int, method: str, path: str, **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, b"{}" if method != "GET" else None, given)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site", "Origin": "http://localhost:3000"},
    ],
)
def test_another_origin_asks_for_nothing(
    method: str, path: str, headers: dict[str, str], portal: Portal, steer: Steer
) -> None:
    steer.fault(err_code=11)
    assert status(portal.port, method, f"/w/{portal.world}/__admin/{path}", **headers) == 403
    assert steer.get("faults")["total"] == 1
    assert steer.get("pulse")["generation"] == 1


def test_its_own_page_and_programs_may(portal: Portal) -> None:
    path = f"/w/{portal.world}/__admin/reset"
    own = f"http://127.0.0.1:{portal.port}"
    assert status(portal.port, "POST", path, Origin=own, Sec_Fetch_Site="same-origin") == 200
    assert status(portal.port, "POST", path) == 200


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("evil.example", 403),
        ("evil.example:8080", 403),
        ("127.0.0.1.evil.example", 403),
        ("[evil.example]", 403),
        ("[", 403),
        ("[::1", 403),
        ("127.0.0.1", 200),
        ("[::1]:8080", 200),
        ("192.168.1.5:8080", 200),
        ("localhost:8080", 200),
        ("portal.localhost", 200),
        ("vatportal:8080", 200),
        ("host.docker.internal:8080", 200),
    ],
)
def test_a_name_that_a_stranger_may_own_is_no_host(host: str, expected: int, portal: Portal) -> None:
    for method, path in (("GET", "accounts?secrets=include"), ("POST", "reset")):
        assert status(portal.port, method, f"/w/{portal.world}/__admin/{path}", Host=host) == expected


@pytest.mark.parametrize("path", ["__admin/clock", "api/job/read_proc_status"])
def test_another_origin_makes_no_world(path: str, portal: Portal) -> None:
    """A page of pictures could make as many as there may be."""
    name = fresh_world()
    assert status(portal.port, "GET", f"/w/{name}/{path}", Sec_Fetch_Site="cross-site") == 403
    assert name not in [world["name"] for world in Steer(portal.port).get("worlds")["worlds"]]
    assert status(portal.port, "GET", f"/w/{name}/{path}", Sec_Fetch_Site="same-origin") == 200


def test_where_the_database_is_gone_another_origin_is_told_10_like_anybody(
    portal: Portal, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: str) -> None:
        raise Unavailable("the database is gone")

    monkeypatch.setattr(servers.get().app.store.worlds, "find", gone)
    assert (
        status(portal.port, "GET", f"/w/{portal.world}/api/job/read_proc_status", Sec_Fetch_Site="cross-site") == 200
    )
