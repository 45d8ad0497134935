"""What went by is in the journal: both directions held against the documents, secrets left out."""

import gzip
import json
import socket
from typing import Any

import pytest

from tests.live import LiveServer, Servers, fresh_world
from tests.proxy.between import SMALL, Between, Scripted, answer, everything, request, saying
from tests.proxy.conftest import Start

RUNNING = b'{"res":1,"err_code":0,"err_msg":"","data":{"status":1,"status_desc":"x","stats":{}}}'


def passed(proxy: Between, sent: bytes) -> dict[str, Any]:
    """The row of a request that is sent through it."""
    with proxy.connection() as client:
        client.sendall(sent)
        everything(client)
    return proxy.rows()[-1]


def texts(rows: list[dict[str, Any]]) -> str:
    return "\n".join(row["text"] for row in rows)


def test_a_row_has_what_the_simulators_have(between: Start) -> None:
    _, proxy = between(saying(answer(RUNNING)))
    row = passed(proxy, request())
    assert row["latency_ms"] > 0
    assert row["time"]
    assert {name: row[name] for name in _ROW} == _ROW


_ROW = {
    "seq": 1,
    "operation": "read_proc_status",
    "method": "GET",
    "path": "/api/job/read_proc_status",
    "account": "demo",
    "way": "password",
    "http": 200,
    "err_code": 0,
    "violations": [],
    "notes": [],
    "request": {
        "text": SMALL.decode().replace('"demo"}', '"***"}'),
        "size": len(SMALL),
        "cut": False,
        "digest": None,
    },
    "answer": {"text": RUNNING.decode(), "size": len(RUNNING), "cut": False, "digest": None},
}


@pytest.mark.proves("F-AUTH-08")
@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (request(body=b'{"username":"u","password":"GIZLI","procId":1}'), answer(RUNNING)),
        (request(more=["x-vatpapikey: GIZLI"]), answer(RUNNING)),
        (request("/api/job/read_proc_status?username=u&password=GIZLI", b"{}"), answer(RUNNING)),
        (
            request("/api/auth/reset_confirm.php", b'{"login":"u","key":"GIZLI"}', "POST"),
            answer(b'{"token":"GIZLI"}'),
        ),
        (request(), answer(b"<pre>array('password' => 'GIZLI')</pre>")),
        (request(), answer(gzip.compress(b'{"token":"GIZLI"}'), more=["Content-Encoding: gzip"])),
        (request(body=b'{"password":"GIZLI","}', method="POST"), answer(RUNNING)),
        (request("/api/no/such?token=GIZLI}", b"{}"), answer(RUNNING)),
        (request("/api/GIZLI-12345", b"{}", "POST", ["x-vatpapikey: GIZLI-12345"]), answer(RUNNING)),
        (request("/api/%47IZLI-1", b"{}", "POST", ["x-vatpapikey: GIZLI-1"]), answer(RUNNING)),
        (request("/api/" + "x" * 190 + "GIZLI-1", b"{}", "POST", ["x-vatpapikey: GIZLI-1"]), answer(RUNNING)),
        (request("/api/a/GIZLI-1", b'{"password":"GIZLI-1"}', "POST"), answer(RUNNING)),
        (request("/api/a/GIZLI-1", b"parol=GIZLI-1&a=}", "POST"), answer(RUNNING)),
        (request("/api/a/GIZLI-1?key=GIZLI-1", b"{}", "POST"), answer(RUNNING)),
        (request("/api/a/GIZLI-1", b"{}", "POST", ["Authorization: Bearer GIZLI-1"]), answer(RUNNING)),
        (request(more=["x-vatpapikey: GIZLI-1"]), answer(b'{"res":"GIZLI-1","err_code":0,"err_msg":"GIZLI-1"}')),
        (request(more=["x-vatpapikey: GIZLI-1"]), answer(b"<p>" + b"x" * 16_376 + b"GIZLI-1</p>")),
    ],
    ids=[
        *("password", "token", "query", "renewal", "echoed in HTML", "packed", "no JSON", "unknown path"),
        *("token in path", "escaped in path", "across the cut of the path", "password in path", "form in path"),
        *("query in path", "bearer in path", "echoed in JSON", "echoed across the cut"),
    ],
)
def test_secrets_are_seen_nowhere(
    between: Start, sent: bytes, said: bytes, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    _, proxy = between(saying(said))
    with proxy.connection() as client:
        client.sendall(sent)
        assert everything(client) == said
    shown = json.dumps(proxy.admin("requests"))
    assert "IZLI" not in shown + caplog.text + "".join(capfd.readouterr())


@pytest.mark.proves("R-46")
def test_a_redirect_is_told_of_a_path_that_is_not_in_the_journal_too(
    between: Start, caplog: pytest.LogCaptureFixture
) -> None:
    _, proxy = between(saying(answer(b"", "307 Temporary Redirect", ["Location: https://elsewhere.az/GIZLI"])))
    with proxy.connection() as client:
        client.sendall(request("/api/no/such"))
        everything(client)
    assert proxy.admin("requests")["requests"] == []
    assert "/api/no/such is no path of the documents" in caplog.text
    assert "a redirect to https://elsewhere.az, where" in caplog.text
    assert "GIZLI" not in caplog.text


@pytest.mark.parametrize(
    ("sent", "codes"),
    [
        (request(method="PUT"), [1]),
        (request().replace(b"application/json", b"text/plain"), [2]),
        (request(body=b"{}"), [3, 4]),
        (request(body=b"[}"), [3]),
        (request("/api/etx/import", b'{"dir":7,"date_from":"1.1.2025"}', "POST", ["x-vatpapikey: t"]), [3, 3, 3, 3]),
        (
            request("/api/inv/import_upload_invoices.php", b'{"invoices":[{"id":"1"}]}', "POST", ["x-vatpapikey: t"]),
            [20, 20, 22, 24, 26, 28, 38, 39],
        ),
    ],
)
@pytest.mark.proves("F-ERR-04", "F-ERR-05")
def test_what_is_wrong_with_a_request_is_told_whatever_the_server_says(
    between: Start, sent: bytes, codes: list[int]
) -> None:
    _, proxy = between(saying(answer(b'{"res":1,"err_code":0,"err_msg":"","data":{"id":1}}')))
    row = passed(proxy, sent)
    assert sorted(each["code"] for each in row["violations"]) == codes
    assert "err_code 0, where the request is refused with" in texts(row["notes"])


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (answer(RUNNING.replace(b"1,", b'"1",', 1)), ["res"]),
        (answer(RUNNING.replace(b'"stats":{}', b'"stats":{"pin1_code":"12"}')), ["data.stats.pin1_code"]),
        (answer(b'{"res":0,"err_code":99,"err_msg":""}'), ["err_code"]),
        (answer(b"<html>"), ["no JSON"]),
        (answer(RUNNING).replace(b"application/json", b"text/html"), ["Content-Type is 'text/html'"]),
        (answer(RUNNING, more=["Content-Encoding: br"]), ["encoded as 'br'"]),
        (answer(RUNNING, more=["Content-Encoding: gzip"]), ["says it is gzip and is not"]),
        (answer(RUNNING, "404 Not Found"), ["HTTP status 404 with err_code 0, where 200 is in force"]),
        (
            answer(b'{"res":0,"err_code":2,"err_msg":""}'),
            ["err_code 2, for which nothing in the request is to be seen"],
        ),
        (
            answer(b"", "307 Temporary Redirect", ["Location: https://me:gizli@elsewhere.az:8443/api?token=gizli"]),
            ["a redirect to https://elsewhere.az:8443, where", "credentials and all"],
        ),
        (answer(b"", "302 Found", ["Location: /login"]), ["a redirect to the same server"]),
        (answer(b"", "302 Found", ["Location: http://[/"]), ["a redirect to an address that is none"]),
        (b"hello\r\n\r\n", ["no HTTP"]),
        (answer(RUNNING)[:-5], ["the server closed the connection before its answer was complete"]),
        (b"", ["the server closed the connection before its answer was complete"]),
    ],
)
def test_where_an_answer_is_not_as_documented_is_told(between: Start, said: bytes, told: list[str]) -> None:
    _, proxy = between(saying(said))
    notes = passed(proxy, request())["notes"]
    shown = ["{}: {}".format(".".join(map(str, note["path"][1:])), note["text"]) for note in notes]
    assert [text for text in told if not any(text in line for line in shown)] == [], shown
    assert "gizli" not in str(shown)


@pytest.mark.proves("R-01")
def test_the_readings_in_force_decide(between: Start) -> None:
    said = answer(b'{"res":0,"err_code":5,"err_msg":""}', "401 Unauthorized")
    _, plain = between(saying(said))
    assert "where 200 is in force" in texts(passed(plain, request())["notes"])
    _, mapped = between(saying(said), readings={"R-01": "mapped"})
    assert passed(mapped, request())["notes"] == []


@pytest.mark.proves("R-42")
def test_readings_can_be_changed_while_it_runs(between: Start) -> None:
    _, proxy = between(saying(answer(RUNNING)))
    sent = request(body=b'{"username":"u","password":"p","procId":"123"}')
    assert [row["code"] for row in passed(proxy, sent)["violations"]] == [3]
    put = json.dumps({"R-42": "coerce"}).encode()
    with proxy.connection() as client:
        client.sendall(request("/__admin/readings", put, "PUT", ["Connection: close"]))
        assert everything(client).startswith(b"HTTP/1.1 200")
    assert passed(proxy, sent)["violations"] == []


def test_a_long_body_is_kept_in_part_with_its_size(between: Start) -> None:
    body = RUNNING[:-1] + b" " * 300_000 + b"}"
    _, proxy = between(saying(answer(body)))
    row = passed(proxy, request())
    assert (row["answer"]["size"], row["answer"]["cut"], row["err_code"]) == (len(body), True, 0)
    assert len(row["answer"]["text"]) < 20_000


def test_a_body_beyond_the_bound_passes_and_is_not_kept(between: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mock_server.proxy.messages.KEPT_BYTES", 1000)
    said = answer(b'{"a":"' + b"x" * 100_000 + b'"}')
    _, proxy = between(saying(said))
    with proxy.connection() as client:
        client.sendall(request())
        assert everything(client) == said
    [row] = proxy.rows()
    assert row["answer"] == {"text": "", "size": 100_008, "cut": False, "digest": None}
    assert texts(row["notes"]) == "the body is of 100008 bytes: too long to be kept and checked"


def test_a_bomb_is_not_unpacked_beyond_the_bound(between: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mock_server.proxy.messages.KEPT_BYTES", 10_000)
    packed = gzip.compress(b"x" * 1_000_000)
    _, proxy = between(saying(answer(packed, more=["Content-Encoding: gzip"])))
    assert "more than 10000 bytes once it is unpacked" in texts(passed(proxy, request())["notes"])


def test_everything_seen_so_far_is_in_the_journal_when_one_asks(between: Start) -> None:
    """Though it is written behind the answer's back, the large ones in a thread."""

    def behave(server: Scripted, connection: socket.socket) -> None:
        for number in range(30):
            server.take(connection, b"}")
            connection.sendall(answer(RUNNING[:-1] + b" " * (200_000 * (number % 2)) + b"}"))

    _, proxy = between(behave)
    with proxy.connection() as client:
        for number in range(30):
            client.sendall(request())
            left = len(answer(RUNNING)) + 1
            while left > 0 and client.recv(1_000_000)[-1:] != b"}":
                left -= 1
            assert len(proxy.rows()) == number + 1


@pytest.mark.parametrize("readings", [{}, {"R-01": "mapped"}])
def test_the_simulator_itself_never_departs(servers: Servers, readings: dict[str, str]) -> None:
    """What our own server answers to good and bad requests is what the proxy expects."""
    server = servers.get(readings=readings)
    world = fresh_world()
    proxy = Between(f"http://127.0.0.1:{server.port}/w/{world}/api", readings=readings)
    try:
        for sent in _SOME:
            with proxy.connection() as client:
                client.sendall(sent)
                everything(client)
        rows = proxy.rows()
    finally:
        proxy.stop()
    assert len(rows) == len(_SOME)
    assert [(row["operation"], row["notes"]) for row in rows if row["notes"]] == []
    assert {row["err_code"] for row in rows} == {0, 1, 2, 3, 4, 5, 6, 14, 15}


def _some(path: str, body: str, method: str = "POST", token: str = "demo-token") -> bytes:
    return request(f"/api{path}", body.encode(), method, [f"x-vatpapikey: {token}", "Connection: close"])


_DOWNLOAD = '{"phone":"994501234567","date_from":"01.01.2025","date_to":"31.01.2025"}'
_SOME = [
    _some("/job/read_proc_status", '{"procId":123}', "GET"),
    _some("/job/read_proc_data", '{"procId":123}', "GET"),
    _some("/etx/import", _DOWNLOAD),
    _some("/etx/import", _DOWNLOAD, token="nophone-token"),
    _some("/etx/read_invoices", _DOWNLOAD, "GET"),
    _some("/inv/read_invoices", '{"ids":["ERP-INV-001"]}', "GET"),
    _some("/inv/delete", '{"ids":["ERP-INV-001"]}', "DELETE"),
    _some("/auth/reset_start.php?login=buyer", "{}", "GET"),
    _some("/auth/reset_confirm.php", '{"login":"buyer","key":"00"}'),
    _some("/inv/import_upload_invoices.php", '{"invoices":[]}'),
    _some("/inv/import_upload_invoices.php", '{"invoices":[{"id":"1"}]}'),
    _some("/job/read_proc_status", '{"procId":123}', "PUT"),
    _some("/job/read_proc_status", '{"procId":"123"}', "GET"),
    _some("/job/read_proc_status", '{"procId":123}', "GET", ""),
    _some("/job/read_proc_status", '{"procId":123}', "GET", "wrong").replace(b"application/json", b"a/b"),
    _some("/job/read_proc_status", '{"procId":123}', "GET", "wrong"),
]


def test_faults_of_the_server_reach_the_client_as_they_are(servers: Servers) -> None:
    server: LiveServer = servers.get()
    proxy = Between(f"http://127.0.0.1:{server.port}/w/{fresh_world()}")
    try:
        for scenario, http, code in (("err-11", 200, 11), ("http-502", 502, None), ("lose-answer", None, None)):
            row = passed(proxy, request(more=[f"x-mock-scenario: {scenario}", "Connection: close"]))
            assert (row["http"], row["err_code"]) == (http, code)
    finally:
        proxy.stop()


@pytest.mark.parametrize(
    ("sent", "rules"),
    [
        ([request(more=["x-vatpapikey: t"])] * 3, {"polled-too-fast", "token-and-password"}),
        ([request("/api/job/read_proc_status?procId=123&password=p", b"")], {"credentials-in-query"}),
        ([request(body=b"", more=["User-Agent: node"])], {"get-body-lost"}),
    ],
)
@pytest.mark.proves("F-PROC-08", "F-AUTH-08")
def test_the_rules_about_clients_speak_of_what_went_by(between: Start, sent: list[bytes], rules: set[str]) -> None:
    _, proxy = between(saying(answer(RUNNING), b"\r\n\r\n"))
    for each in sent:
        passed(proxy, each)
    found = proxy.admin("findings")["findings"]
    assert rules <= {finding["rule"] for finding in found}, found


def test_an_answer_that_was_lost_counts_as_none(between: Start) -> None:
    """What was sent again after it is no second try of what was refused."""
    _, proxy = between(saying(answer(RUNNING)[:-1]))
    row = passed(proxy, request())
    assert (row["http"], row["err_code"]) == (None, None)
    assert row["answer"]["text"] == RUNNING[:-1].decode()


def test_the_page_of_a_long_download_is_noted(between: Start) -> None:
    _, proxy = between(saying(answer(b'{"res":1,"err_code":0,"err_msg":"","data":{"invoices":[],"total":12001}}')))
    sent = request(
        "/api/etx/read_invoices", b'{"procId":5,"from":3,"phone":"994501234567","username":"a","password":"b"}'
    )
    assert texts(passed(proxy, sent)["notes"]) == "page 3 of 3, 12001 invoices in all"
