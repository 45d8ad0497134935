"""Paths that try to be others: none of them is one of the portal's, of the control API's, or a file."""

import http.client

import pytest

from tests.live import Servers

TRICKS = (
    "//api/job/read_proc_status",
    "/api//job/read_proc_status",
    "/api/job/read_proc_status/",
    "/api/./job/read_proc_status",
    "/api/job/../job/read_proc_status",
    "/x/../api/job/read_proc_status",
    "/api/job/read_proc_status%00",
    "/api/job/read_proc_status%2f",
    "/api/job%2fread_proc_status",
    "/api/job/read_proc_statu%73",
    "/api/job/%c0%ae%c0%ae/read_proc_status",
    "/api/job/%e0%80%afread_proc_status",
    "/api/job/%ff",
    "/api/job/read_proc_status;v=1",
    "/api\\job\\read_proc_status",
    "/API/job/read_proc_status",
    "/w/../api/job/read_proc_status",
    "/w/%2e%2e/api/job/read_proc_status",
    "/w/a%2fb/api/job/read_proc_status",
    "/w//api/job/read_proc_status",
    "/w/ə/api/job/read_proc_status".encode().decode("latin-1"),
    "/__admin/../../etc/passwd",
    "/docs/../../../etc/passwd",
    "/docs/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/static/..%2f..%2f..%2fetc%2fpasswd",
    "/" + "a" * 20_000,
)


@pytest.mark.proves("R-46")
@pytest.mark.parametrize("path", TRICKS)
def test_no_path_is_taken_for_another(servers: Servers, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", servers.get().port, timeout=10)
    connection.putrequest("GET", "/", skip_host=False)
    connection._buffer[0] = f"GET {path} HTTP/1.1".encode("latin-1")  # type: ignore[attr-defined]  # as it stands
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status in (400, 404), body[:200]
    assert b"root:" not in body
    assert b'"err_code"' not in body
    connection.close()
