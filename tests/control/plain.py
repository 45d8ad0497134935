"""Requests to the portal of which neither the answer nor the connection need be sound."""

import http.client
import socket
from typing import Any, NamedTuple

from mock_server.rulebook.operations import BY_NAME
from tests.client import Portal, dumped


class Raw(NamedTuple):
    """An answer as it came."""

    http: int
    kind: str | None
    body: bytes


def asked(portal: Portal, name: str, scenario: str | None, body: Any) -> tuple[str, str, bytes, dict[str, str]]:
    """Method, path, body and headers of a request with `demo`'s token; after process 123 unless more is asked."""
    operation = BY_NAME[name]
    headers = {"Content-Type": "application/json", "x-vatpapikey": "demo-token"}
    if scenario is not None:
        headers["x-mock-scenario"] = scenario
    if name == "read_proc_status":
        body = {"procId": 123, **body}
    return operation.method, f"/w/{portal.world}/api{operation.path}", dumped(body), headers


def answered(portal: Portal, name: str = "read_proc_status", scenario: str | None = None, **body: Any) -> Raw:
    """The answer; raises what `http.client` raises."""
    connection = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=30)
    try:
        connection.request(*asked(portal, name, scenario, body))
        answer = connection.getresponse()
        return Raw(answer.status, answer.headers["content-type"], answer.read())
    finally:
        connection.close()


def wire_bytes(
    portal: Portal, name: str = "read_proc_status", scenario: str | None = None, **body: Any
) -> list[bytes]:
    """What comes over a socket until the server closes it, piece by piece; the request asks for no second one."""
    method, path, data, headers = asked(portal, name, scenario, body)
    headers |= {"Host": "localhost", "Content-Length": str(len(data)), "Connection": "close"}
    head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{key}: {value}\r\n" for key, value in headers.items())
    pieces = []
    with socket.create_connection(("127.0.0.1", portal.port), timeout=30) as plug:
        plug.sendall(head.encode() + b"\r\n" + data)
        while piece := plug.recv(65536):
            pieces.append(piece)
    return pieces
