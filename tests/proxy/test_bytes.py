"""Not a byte of what passes is altered, none is held back, and no connection is made but to the server."""

import gzip
import socket
import threading

import pytest

from tests.proxy.between import PATIENCE, Between, Scripted, answer, everything, request, saying
from tests.proxy.conftest import Start

OK = b'{"res":1,"err_code":0,"err_msg":"","data":{"status":1,"status_desc":"x","stats":{}}}'
PACKED = gzip.compress(OK)

REQUESTS = {
    "GET with a body": request(),
    "DELETE with a body": request("/api/etx/delete", b'{"serialNumbers":["AA 25010000123"]}', "DELETE"),
    "odd case, order and spacing of headers": request(
        more=["x-VatPapiKey:  demo-token  ", "ACCEPT:*/*", "Accept: a"]
    ),
    "letters outside ASCII, and a query string": request("/api/auth/reset_start.php?login=%C9%99", "{ə}".encode()),
    "no JSON": request(body=b"\x00\xff}", method="POST"),
    "chunked, with extensions and a trailer": (
        b"DELETE /api/inv/delete HTTP/1.1\r\nHost: a\r\ntransfer-encoding: Chunked\r\n\r\n"
        b'4;note=1\r\n{"id\r\n3\r\ns":\r\n00a\r\n["A","BC"]\r\n0\r\nX-Last: }\r\n\r\n'
    ),
    "another method and path": request("/other//%2e/x;y?a=b#", b"{}", "PURGE"),
    "old HTTP": b"POST /api/etx/import HTTP/1.0\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}",
}

ANSWERS = {
    "plain": answer(OK),
    "odd case and order of headers, some twice": answer(OK, more=["sEt-cookie: a=1", "X-A:  b ", "set-Cookie: b=2"]),
    "another reason": answer(OK, "299 Nə isə".encode().decode("latin-1")).decode().encode("latin-1"),
    "packed": answer(PACKED, more=["Content-Encoding: gzip"]),
    "chunked": (
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"1;a=b\r\n{\r\n%x\r\n%b\r\n0\r\nX-Trailer: 1\r\n\r\n" % (len(OK) - 1, OK[1:])
    ),
    "until the end of the connection": b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + OK,
    "HTML from a gateway": b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
    "no body": b"HTTP/1.1 204 No Content\r\n\r\n",
    "with a word in between": b"HTTP/1.1 100 Continue\r\n\r\n" + answer(OK),
    "lines without CR": b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",
    "cut short": answer(OK)[:-20],
    "no HTTP": b"hello, who is there?\r\n\r\n",
    "nothing": b"",
}


def without_host(raw: bytes) -> tuple[bytes, bytes, bytes]:
    """What stands before the `Host` line, that line, and what stands behind it."""
    place = raw.lower().index(b"host:")
    end = raw.index(b"\r\n", place)
    return raw[:place], raw[place:end], raw[end:]


@pytest.mark.proves("F-ENV-04")
@pytest.mark.parametrize("sent", REQUESTS.values(), ids=list(REQUESTS))
def test_the_server_gets_what_the_client_sent(between: Start, sent: bytes) -> None:
    server, proxy = between(saying(answer(OK), sent[-6:]))
    with proxy.connection() as client:
        client.sendall(sent)
        everything(client)
    before, host, after = without_host(server.got)
    assert (before, after) == without_host(sent)[::2]
    assert host[5:] == f" 127.0.0.1:{server.port}".encode()
    assert host[:5] == without_host(sent)[1][:5]


@pytest.mark.parametrize("said", ANSWERS.values(), ids=list(ANSWERS))
def test_the_client_gets_what_the_server_said(between: Start, said: bytes) -> None:
    _, proxy = between(saying(said))
    with proxy.connection() as client:
        client.sendall(request())
        assert everything(client) == said


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_neither_cares_how_it_is_cut(between: Start, size: int) -> None:
    sent, said = REQUESTS["chunked, with extensions and a trailer"], ANSWERS["chunked"]

    def behave(server: Scripted, connection: socket.socket) -> None:
        server.take(connection, b"}\r\n\r\n")
        for start in range(0, len(said), size):
            connection.sendall(said[start : start + size])

    server, proxy = between(behave)
    with proxy.connection() as client:
        for start in range(0, len(sent), size):
            client.sendall(sent[start : start + size])
        assert everything(client) == said
    assert without_host(server.got)[::2] == without_host(sent)[::2]


def test_an_offer_of_another_protocol_is_not_passed_on(between: Start) -> None:
    """Default Java clients make it with every request; the server would go on in HTTP/2, which nobody here reads."""
    offer = ["Connection: keep-alive, Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAA"]
    server, proxy = between(saying(answer(OK)))
    with proxy.connection() as client:
        client.sendall(request(more=offer))
        everything(client)
    assert b"Connection: keep-alive\r\n" in server.got
    assert b"pgrade" not in server.got
    assert b"HTTP2" not in server.got


def test_a_page_begins_to_arrive_before_it_is_complete(between: Start) -> None:
    """And arrives whole: 5 MB in pieces, each of which is sent only when the client has the one before."""
    piece, pieces = b"x" * 262_144, 20
    turn = threading.Semaphore(0)

    def behave(server: Scripted, connection: socket.socket) -> None:
        server.take(connection, b"}")
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(piece) * pieces))
        for _ in range(pieces):
            assert turn.acquire(timeout=PATIENCE)
            connection.sendall(piece)

    _, proxy = between(behave)
    with proxy.connection() as client:
        client.sendall(request())
        head = client.recv(65536)
        assert head.startswith(b"HTTP/1.1 200 OK")
        for _ in range(pieces):
            turn.release()
            left = len(piece)
            while left:
                left -= len(client.recv(left))


def test_a_body_begins_to_arrive_before_it_is_complete(between: Start) -> None:
    met = threading.Event()

    def behave(server: Scripted, connection: socket.socket) -> None:
        server.take(connection, b"first")
        met.set()
        server.take(connection, b"last")
        connection.sendall(answer(OK))

    _, proxy = between(behave)
    sent = request(body=b"first" + b" " * 300_000 + b"last", method="POST")
    with proxy.connection() as client:
        place = sent.index(b"first") + 5
        client.sendall(sent[:place])
        assert met.wait(PATIENCE)
        client.sendall(sent[place:])
        assert client.recv(65536) == answer(OK)


def test_a_server_waits_for_a_client_that_does_not_read(between: Start) -> None:
    """Nothing is piled up in between, but for what the system keeps for each connection."""
    sent = 0
    stuck = threading.Event()

    def behave(server: Scripted, connection: socket.socket) -> None:
        nonlocal sent
        server.take(connection, b"}")
        connection.settimeout(0.5)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n")
        try:
            while sent < 200_000_000:
                sent += connection.send(b"x" * 65536)
        except TimeoutError:
            stuck.set()

    _, proxy = between(behave)
    with proxy.connection() as client:
        client.sendall(request())
        assert stuck.wait(PATIENCE)
    assert sent < 50_000_000


def test_a_redirect_is_passed_on_and_not_followed(between: Start) -> None:
    elsewhere = Scripted(saying(answer(OK)))
    said = answer(b"", "302 Found", [f"Location: {elsewhere.url}/job/read_proc_status"])
    _, proxy = between(saying(said))
    with proxy.connection() as client:
        client.sendall(request(more=["x-vatpapikey: demo-token"]))
        assert everything(client) == said
    elsewhere.close()
    assert elsewhere.connections == 0


def test_one_connection_of_a_client_is_one_to_the_server(between: Start) -> None:
    """Kept open for the next request, also for one that comes on the heels of the first."""

    def behave(server: Scripted, connection: socket.socket) -> None:
        for number in range(4):
            server.take(connection, b"}")
            connection.sendall(answer(b'{"n":%d}' % number))

    server, proxy = between(behave)
    with proxy.connection() as client:
        client.sendall(request() + request())
        taken = b""
        while taken.count(b"HTTP/1.1 200") < 2 or not taken.endswith(b"}"):
            taken += client.recv(65536)
        for _ in range(2):
            client.sendall(request())
            taken += client.recv(65536)
        assert [b'{"n":%d}' % number in taken for number in range(4)] == [True] * 4
        assert client.recv(10) == b""  # the server has hung up, so the client is
    assert server.connections == 1
    assert len(proxy.rows()) == 4


def test_who_hangs_up_is_hung_up_on(between: Start) -> None:
    gone = threading.Event()

    def behave(server: Scripted, connection: socket.socket) -> None:
        server.take(connection, b"}")
        assert connection.recv(1) == b""
        gone.set()

    _, proxy = between(behave)
    with proxy.connection() as client:
        client.sendall(request())
        assert not gone.wait(0.2)
    assert gone.wait(PATIENCE)
    assert proxy.rows()[0]["notes"][0]["text"] == "the client hung up before the answer was complete"


def test_the_path_of_a_world_stands_before_the_clients(between: Start) -> None:
    server, first = between(saying(answer(OK)))
    first.stop()
    proxy = Between(f"http://127.0.0.1:{server.port}/w/blue/api/")
    with proxy.connection() as client:
        client.sendall(request())
        everything(client)
    proxy.stop()
    assert server.got.startswith(b"GET /w/blue/api/job/read_proc_status HTTP/1.1\r\n")
