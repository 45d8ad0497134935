"""Addresses, methods, content types, query strings, sizes: how a request reaches the portal at all."""

import http.client
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from fixtures.builders import invoice
from mock_server import Settings
from mock_server.clock import SECOND, StillClock
from tests.client import JSON, Portal, Reply, dumped
from tests.http.valid_requests import BODIES, READS, TEN, WITH_CREDENTIALS, asked, code_of, right_code
from tests.live import LiveServer, Servers, fresh_world

ENDPOINTS = {
    "import_upload_invoices": "POST /inv/import_upload_invoices.php",
    "inv_read_invoices": "GET /inv/read_invoices",
    "inv_delete": "DELETE /inv/delete",
    "read_proc_status": "GET /job/read_proc_status",
    "read_proc_data": "GET /job/read_proc_data",
    "etx_import": "POST /etx/import",
    "etx_read_invoices": "GET /etx/read_invoices",
    "etx_delete": "DELETE /etx/delete",
    "reset_start": "GET /auth/reset_start.php",
    "reset_confirm": "POST /auth/reset_confirm.php",
}
CREDENTIALS = {"username": "demo", "password": "demo"}


def plain(
    port: int, method: str, target: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> tuple[http.client.HTTPResponse, bytes]:
    """One request on a connection of its own, the target as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, target, body=body, headers=dict(headers or {}))
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def body_of(name: str) -> bytes:
    return dumped({**(CREDENTIALS if name in WITH_CREDENTIALS else {}), **BODIES[name]})


@pytest.mark.parametrize("host", ["demo-ticaret.vatportal.az", "alici.vatportal.az", "localhost:8080"])
@pytest.mark.proves("F-ENV-01")
def test_base_url_is_api_below_any_host_name(servers: Servers, host: str) -> None:
    body, headers = body_of("read_proc_status"), {"Host": host, "Content-Type": JSON}
    response, raw = plain(servers.get().port, "GET", "/api/job/read_proc_status", body, headers)
    assert response.status == 200
    assert b'"err_code":0' in raw


@pytest.mark.parametrize("name", TEN)
@pytest.mark.proves("F-ENV-02", "F-ENV-04", "F-ENV-05")
def test_endpoint_works_with_a_json_body(portal: Portal, name: str) -> None:
    method, path = ENDPOINTS[name].split()
    target = f"/w/{portal.world}/api{path}"
    response, raw = plain(portal.port, method, target, body_of(name), {"Content-Type": JSON})
    assert response.status == 200
    assert response.getheader("Content-Type") == "application/json"
    expected = b'"err_code":5' if name == "reset_confirm" else b'"plain_value"' if name == "reset_start" else b":0,"
    assert expected in raw


@pytest.mark.proves("F-ENV-02")
def test_answers_are_utf_8(servers: Servers) -> None:
    portal = Portal(servers.get(readings={"R-45": "az"}).port, fresh_world())
    reply = portal.call("read_proc_status", procId=123, password="ö")
    assert "Yanlış istifadəçi adı və ya parol".encode() in reply.raw


@pytest.mark.proves("F-ENV-02")
@pytest.mark.parametrize("encoding", ["cp1254", "utf-16"])
def test_another_encoding_is_no_json(portal: Portal, encoding: str) -> None:
    body = '{"username": "demo", "password": "ö", "procId": 123}'.encode(encoding)
    assert portal.send("POST", "/job/read_proc_status", body, {"Content-Type": JSON}).code == 3


def other_paths() -> list[str]:
    paths = [line.split()[1] for line in ENDPOINTS.values()]
    near = [f"/api{path}{end}" for path in paths for end in ("/", ".php", "%20", ";v=1")]
    near += [f"/api{path.replace('/', '//', 1)}" for path in paths]
    near += [f"/api{path.upper()}" for path in paths]
    near += [f"/api{path.removesuffix('.php')}" for path in paths if path.endswith(".php")]
    far = ["/api", "/api/", "//api/inv/delete", "/API/inv/delete", "/inv/delete", "/apis/inv/delete"]
    odd = ["/api%2Finv/delete", "/api/inv%2Fdelete", "/%61pi/inv/delete", "/api/inv/delete%00", "/api/qaim%C9%99"]
    return [*near, *far, *odd, "/api/inv/../inv/delete", "/api/./inv/delete", "/api/inv/delete%ff"]


OTHER_WORLDS = ("", "UPPER", "Ab", "aB", "-a", "a-", "a%20b", "%61", "a" * 65, ".", "..", "%C9%99")


def named_ten(raw: bytes) -> bool:
    return all(f'"/api{line.split()[1]}"'.encode() in raw for line in ENDPOINTS.values())


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.proves("F-ENV-05", "R-46")
def test_any_other_path_is_404_and_names_the_ten(servers: Servers, method: str) -> None:
    port = servers.get(readings={"R-01": "mapped"}).port
    for path in other_paths():
        response, raw = plain(port, method, path, b"{}", {"Content-Type": JSON})
        assert (response.status, named_ten(raw), b"err_code" in raw) == (404, True, False), path


@pytest.mark.parametrize("world", OTHER_WORLDS)
@pytest.mark.proves("R-46")
def test_world_of_no_possible_name_is_404(servers: Servers, world: str) -> None:
    response, raw = plain(servers.get().port, "GET", f"/w/{world}/api/job/read_proc_status")
    assert (response.status, named_ten(raw)) == (404, True)


@pytest.mark.proves("R-46")
def test_path_nobody_has_makes_no_world(servers: Servers) -> None:
    server, world = servers.get(), fresh_world()
    response, raw = plain(server.port, "GET", f"/w/{world}/api/inv/import_upload_invoices")
    assert (response.status, named_ten(raw)) == (404, True)
    assert server.app.store.worlds.find(world) is None


METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE")
READ_METHODS = {"both": {"GET", "POST"}, "documented": {"GET"}, "post-only": {"POST"}}


@pytest.mark.parametrize("name", TEN)
@pytest.mark.parametrize("answer", READ_METHODS)
@pytest.mark.proves("R-02", "R-02c", "F-ENV-05", "F-ERR-04")
def test_methods(servers: Servers, answer: str, name: str) -> None:
    portal = Portal(servers.get(readings={"R-02": answer, "R-01": "mapped"}).port, fresh_world())
    taken = READ_METHODS[answer] if name in READS else {ENDPOINTS[name].split()[0]}
    for method in METHODS:
        reply = asked(portal, name, method)
        if method in taken:
            assert code_of(reply) == right_code(name), method
        else:
            assert (reply.code, reply.http) == (1, 405), method


@pytest.mark.parametrize("name", TEN)
@pytest.mark.proves("R-02c")
def test_head_is_another_method(servers: Servers, name: str) -> None:
    port = servers.get(readings={"R-01": "mapped"}).port
    response, raw = plain(port, "HEAD", f"/w/{fresh_world()}/api{ENDPOINTS[name].split()[1]}")
    assert (response.status, raw) == (405, b"")


RIGHT_TYPES = (
    "application/json; charset=utf-8",
    "application/json;charset=UTF-8",
    "Application/JSON ; charset=windows-1254",
    'application/json; charset="utf-8"; boundary=x',
)
WRONG_TYPES = ("", "text/json", "text/plain", "application/problem+json", "application/jsonx", "json", "text/html")


@pytest.mark.parametrize("name", TEN)
@pytest.mark.proves("F-ENV-02", "F-ERR-04")
def test_content_type_is_json_with_any_parameter(portal: Portal, name: str) -> None:
    method, path = ENDPOINTS[name].split()
    for kind in RIGHT_TYPES:
        assert portal.send(method, path, b'{"login": 1}', {"Content-Type": kind}).code in (3, 4), kind
    for kind in WRONG_TYPES:
        assert portal.send(method, path, body_of(name), {"Content-Type": kind}).code == 2, kind
    assert portal.send(method, path, body_of(name), {}).code == 2


@pytest.mark.parametrize("name", TEN)
@pytest.mark.proves("R-41")
def test_without_a_body(portal: Portal, name: str) -> None:
    method, path = ENDPOINTS[name].split()
    nothing = 4 if name in READS else 3
    for headers in ({}, {"Content-Type": "text/plain"}, {"Content-Type": JSON}):
        assert portal.send(method, path, None, headers).code == nothing
    assert portal.send(method, path, None, {"x-vatpapikey": "demo-token"}).code == 3


@pytest.mark.parametrize("name", READS)
@pytest.mark.proves("R-41")
def test_post_of_a_read_needs_a_body(portal: Portal, name: str) -> None:
    assert portal.send("POST", ENDPOINTS[name].split()[1], None, {"x-vatpapikey": "demo-token"}).code == 3


@pytest.mark.proves("F-ENV-04", "F-AUTH-03", "R-41")
def test_challenge_is_asked_by_query_string_without_body_and_content_type(portal: Portal) -> None:
    assert list(portal.send("GET", "/auth/reset_start.php?login=demo").json) == ["plain_value"]


def by_query(portal: Portal, name: str, token: bool = True, method: str = "GET", **more: object) -> Reply:
    query = urlencode({**BODIES[name], **more}, doseq=True)
    headers = {"x-vatpapikey": "demo-token"} if token else {}
    return portal.send(method, f"{ENDPOINTS[name].split()[1]}?{query}", None, headers)


def with_reading(servers: Servers, **readings: str) -> Portal:
    chosen = {reading.replace("_", "-"): answer for reading, answer in readings.items()}
    return Portal(servers.get(readings=chosen).port, fresh_world())


@pytest.mark.parametrize("name", READS)
@pytest.mark.proves("R-02b")
def test_get_takes_its_parameters_from_the_query_string(portal: Portal, name: str) -> None:
    in_body = asked(portal, name)
    assert in_body.code == 0
    assert by_query(portal, name).json == in_body.json
    assert by_query(portal, name, token=False, username="demo", password="demo").json == in_body.json
    assert by_query(portal, name, token=False, username="demo", password="no").code == 5


@pytest.mark.parametrize("name", READS)
@pytest.mark.proves("R-02b")
def test_body_only(servers: Servers, name: str) -> None:
    portal = with_reading(servers, R_02b="body-only")
    assert by_query(portal, name).code == 3
    assert by_query(portal, name, token=False, username="demo", password="demo").code == 4
    assert asked(portal, name).code == 0
    assert list(portal.send("GET", "/auth/reset_start.php?login=demo").json) == ["plain_value"]


@pytest.mark.proves("R-02b")
def test_query_string_of_another_method_is_not_read(portal: Portal) -> None:
    body = dumped(CREDENTIALS)
    headers = {"Content-Type": JSON}
    assert portal.send("POST", "/job/read_proc_status?procId=123", body, headers).code == 3
    assert portal.send("DELETE", "/inv/delete?ids=INV-2024-001", body, headers).code == 3


@pytest.mark.parametrize("key", ["ids", "ids[]", "ids%5B%5D"])
@pytest.mark.proves("R-02b")
def test_list_in_the_query_string(portal: Portal, key: str) -> None:
    query = f"{key}=INV-2024-002&{key}=INV-2024-001"
    reply = portal.send("GET", f"/inv/read_invoices?{query}", None, {"x-vatpapikey": "demo-token"})
    assert [row["id"] for row in reply.data["invoices"]] == ["INV-2024-002", "INV-2024-001"]


@pytest.mark.proves("R-02b")
def test_key_in_the_body_wins(portal: Portal) -> None:
    headers = {"Content-Type": JSON, "x-vatpapikey": "demo-token"}
    path = "/job/read_proc_status?procId=123"
    assert portal.send("GET", path, b'{"procId": 12345}', headers).data["stats"] == {"deleted": 3}
    assert "imported" in portal.send("GET", path, b'{"procId": null}', headers).data["stats"]


@pytest.mark.parametrize("query", ["procId=abc", "procId=", "procId=1.5", "procId=1&procId=x", "procId=%FF", "=&&="])
@pytest.mark.proves("R-02b")
def test_query_string_that_says_nothing_is_refused(portal: Portal, query: str) -> None:
    assert portal.send("GET", f"/job/read_proc_status?{query}", None, {"x-vatpapikey": "demo-token"}).code == 3


@pytest.mark.parametrize("status", ["200", "mapped"])
@pytest.mark.proves("R-47")
def test_body_too_large_is_413_and_3_under_every_answer(servers: Servers, status: str) -> None:
    port = servers.get(readings={"R-01": status}).port
    for name in TEN:
        method, path = ENDPOINTS[name].split()
        headers = {"Content-Type": JSON, "Content-Length": str(32 * 1024 * 1024 + 1)}
        response, raw = plain(port, method, f"/w/{fresh_world()}/api{path}", None, headers)
        assert (response.status, response.getheader("Connection")) == (413, "close")
        assert b'"err_code":3' in raw


@pytest.mark.proves("R-47")
def test_body_that_grows_too_large_is_413(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mock_server.web.api.BODY_BYTES", 1000)
    world, port = fresh_world(), servers.get().port
    for size, status in ((1000, 200), (1001, 413)):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        parts = iter([b'{"login": "', b"x" * (size - 13), b'"}'])
        headers = {"Content-Type": JSON, "Transfer-Encoding": "chunked"}
        connection.request("POST", f"/w/{world}/api/auth/reset_confirm.php", parts, headers, encode_chunked=True)
        response = connection.getresponse()
        assert (response.status, b'"err_code":3' in response.read()) == (status, True)
        connection.close()


@pytest.mark.proves("F-ENV-06", "R-36")
def test_wall_clock_is_that_of_baku() -> None:
    in_utc = datetime(2026, 1, 10, 20, 30, tzinfo=UTC)
    server = LiveServer(Settings(pace="instant"), StillClock(int(in_utc.timestamp()) * SECOND))
    try:
        portal = Portal(server.port, fresh_world())
        process = portal.started("import_upload_invoices", invoices=[invoice(1, erp_id="GECE-0001")])
        log = portal.call("read_proc_data", procId=process).data["log"]
        assert {entry["time"] for entry in log} == {"11.01.2026 00:30"}
        found = {
            date: portal.call("inv_read_invoices", date_from=date, date_to=date).data["total"]
            for date in ("10.01.2026", "11.01.2026", "11.01.2026 00:30", "11.01.2026 00:31", "10.01.2026 20:30")
        }
        assert list(found.values()) == [0, 1, 1, 0, 0]
    finally:
        server.stop()
