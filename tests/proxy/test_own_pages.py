"""What the proxy answers itself: its control API, refusals, and the news that the server is not there."""

import json
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from mock_server.proxy.upstream import upstream_of
from mock_server.refusals import ConfigurationError
from tests.proxy.between import Between, answer, everything, request, saying
from tests.proxy.conftest import Start


def asked(proxy: Between, sent: bytes) -> tuple[int, dict[str, object]]:
    with proxy.connection() as client:
        client.sendall(sent)
        taken = everything(client)
    head, _, body = taken.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


@pytest.mark.parametrize(
    "path",
    [
        "/__simulator?nonce=1",
        "/__admin/reset",
        "/w/blue/__admin/reset",
        "/__%61dmin/reset",
        "/%5F%5FSIMULATOR",
        "/api/../__admin/reset",
        "/api/__admin%2Freset",
        "//__admin",
    ],
)
def test_no_page_of_a_simulator_is_forwarded_or_claimed(between: Start, path: str) -> None:
    server, proxy = between(saying(answer(b"{}")))
    status, body = asked(proxy, request(path, b"{}", "POST", ["Connection: close"]))
    assert status == 404
    assert "simulator" not in body
    assert server.connections == 0


def test_the_control_api_wants_its_token(between: Start) -> None:
    _, proxy = between(saying(answer(b"{}")), admin_token="long-enough-token")
    assert asked(proxy, request("/__admin/requests", b"", more=["Connection: close"]))[0] == 401
    bearer = ["Connection: close", "Authorization: Bearer long-enough-token"]
    assert asked(proxy, request("/__admin/requests", b"", more=bearer))[0] == 200


def test_without_a_control_api_there_is_none(between: Start) -> None:
    server, proxy = between(saying(answer(b"{}")), no_admin=True)
    assert asked(proxy, request("/__admin/requests", b"", more=["Connection: close"]))[0] == 404
    assert server.connections == 0


def test_portal_and_control_api_share_a_connection(between: Start) -> None:
    _, proxy = between(saying(answer(b'{"err_code":5}')))
    with proxy.connection() as client:
        for sent, expected in ((request("/__admin/health", b""), b'"ready":true'), (request(), b'{"err_code":5}')):
            client.sendall(sent)
            assert expected in client.recv(65536)


@pytest.mark.parametrize(
    ("sent", "status", "says"),
    [
        (b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 400, "base URL"),
        (b"GET http://elsewhere/api HTTP/1.1\r\nHost: elsewhere\r\n\r\n", 400, "base URL"),
        (b"hello\r\n\r\n", 400, "no HTTP/1.1"),
        (b"GET /api HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400, "no HTTP"),
        (
            b"POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
            "send one of them",
        ),
        (b"GET /api HTTP/1.1\r\nX: " + b"x" * 70_000, 431, "65536"),
    ],
)
def test_what_cannot_be_passed_on_is_refused(between: Start, sent: bytes, status: int, says: str) -> None:
    server, proxy = between(saying(answer(b"{}")))
    got, body = asked(proxy, sent)
    assert got == status
    assert says in str(body["detail"])
    assert body["from"] == "vatportal-mock proxy"
    assert server.got == b""


def test_a_server_that_is_not_there(free_port: int) -> None:
    proxy = Between(f"http://127.0.0.1:{free_port}")
    try:
        status, body = asked(proxy, request())
        assert status == 502
        assert body["from"] == "vatportal-mock proxy"
        assert f"http://127.0.0.1:{free_port} cannot be reached" in str(body["detail"])
        [row] = proxy.rows()
        assert (row["http"], row["account"]) == (502, "demo")
        assert "502 is the proxy's own answer" in row["notes"][0]["text"]
    finally:
        proxy.stop()


def test_a_crowd_is_told(between: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mock_server.proxy.serving.CONNECTIONS", 1)
    _, proxy = between(saying(answer(b"{}")))
    with proxy.connection() as first:
        first.sendall(request("/__admin/health", b""))
        assert b"200 OK" in first.recv(65536)
        status, body = asked(proxy, b"")
        assert (status, body["title"]) == (503, "too many connections")


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of our own making for 127.0.0.1, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl is installed to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    asked = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(cert)]
    name = ["-subj", "/CN=portal", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([openssl, *asked, *name], check=True, capture_output=True)
    return cert, key


def test_a_server_is_verified(between: Start, certificate: tuple[Path, Path]) -> None:
    cert, key = certificate
    _, portal = between(saying(answer(b'{"err_code":5}')), tls_cert=cert, tls_key=key)  # https by a proxy of ours
    url = f"https://127.0.0.1:{portal.port}/api"
    distrusting, trusting = Between(url), Between(upstream_of(url, cert))
    try:
        status, body = asked(distrusting, request())
        assert status == 502
        assert "its certificate is not to be trusted" in str(body["detail"])
        assert asked(trusting, request()) == (200, {"err_code": 5})
    finally:
        distrusting.stop()
        trusting.stop()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("portal.az", "begins with http"),
        ("ftp://portal.az", "begins with http"),
        ("https:///api", "names no host"),
        ("https://u:GIZLI@portal.az", "credentials do not belong"),
        ("https://portal.az/api?x=1", "query string"),
        ("https://portal.az:port", "ort"),
        ("https://[::1", "upstream"),
    ],
)
def test_an_address_that_is_none_is_refused(url: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as caught:
        upstream_of(url)
    assert "GIZLI" not in str(caught.value)
    assert "https://company.vatportal.az/api" in str(caught.value)


@pytest.mark.proves("F-ENV-01")
@pytest.mark.parametrize(
    "url", ["https://a.vatportal.az", "https://a.vatportal.az/api", "https://A.vatportal.az/api/"]
)
def test_an_address_with_and_without_its_base_path(url: str) -> None:
    upstream = upstream_of(url)
    assert (upstream.host, upstream.port, upstream.authority) == ("a.vatportal.az", 443, b"a.vatportal.az")
    assert (upstream.prefix, upstream.exposed) == (b"", False)
    assert upstream_of("http://a.vatportal.az").exposed
