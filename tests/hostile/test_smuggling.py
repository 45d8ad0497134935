"""Requests that two readers could take for different ones: refused, and the connection ends with them."""

import socket
from collections.abc import Iterator

import pytest

from mock_server.web.listening import configured
from tests.hostile.test_connections import watched
from tests.test_protocol import BODY, Address, echo

HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
CHUNKS = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)


def request(*headers: bytes, body: bytes = b"", line: bytes = b"POST /seen HTTP/1.1") -> bytes:
    return b"\r\n".join((line, b"Host: x", *headers, b"", body))


SHAPES = {
    "length and chunks": request(b"Content-Length: 6", b"Transfer-Encoding: chunked", body=b"0\r\n\r\nG" + HIDDEN),
    "chunks and length": request(b"Transfer-Encoding: chunked", b"Content-Length: 6", body=CHUNKS + HIDDEN),
    "two lengths": request(b"Content-Length: 0", b"Content-Length: %d" % len(HIDDEN), body=HIDDEN),
    "a list of lengths": request(b"Content-Length: 0, %d" % len(HIDDEN), body=HIDDEN),
    "a signed length": request(b"Content-Length: +%d" % len(HIDDEN), body=HIDDEN),
    "a negative length": request(b"Content-Length: -1", body=HIDDEN),
    "a length in hex": request(b"Content-Length: 0x10", body=HIDDEN),
    "a length beyond all": request(b"Content-Length: 99999999999999999999999", body=HIDDEN),
    "an unknown coding": request(b"Transfer-Encoding: xchunked", body=CHUNKS + HIDDEN),
    "a coding after chunked": request(b"Transfer-Encoding: chunked, identity", body=CHUNKS + HIDDEN),
    "a coding behind a tab": request(b"Transfer-Encoding:\x0bchunked", body=CHUNKS + HIDDEN),
    "blank before the colon": request(b"Content-Length : %d" % len(HIDDEN), body=HIDDEN),
    "a folded header": request(b"X: a", b" Content-Length: %d" % len(HIDDEN), body=HIDDEN),
    "a chunk beyond all": request(b"Transfer-Encoding: chunked", body=b"fffffffffffffffff\r\n" + HIDDEN),
    "a signed chunk": request(b"Transfer-Encoding: chunked", body=b"-1\r\n" + HIDDEN),
    "a chunk in 0x": request(b"Transfer-Encoding: chunked", body=b"0x1\r\nG\r\n0\r\n\r\n" + HIDDEN),
    "line feeds alone": request(b"Transfer-Encoding: chunked", body=b"1\nG\n0\n\n" + HIDDEN),
    "a return in a value": request(b"X: a\rContent-Length: 0", body=HIDDEN),
    "a zero byte in a name": request(b"X\x00: a", body=HIDDEN),
    "a line feed in the address": request(line=b"POST /a\nb HTTP/1.1", body=HIDDEN),
    "another protocol": request(line=b"POST /a HTTP/9.9", body=HIDDEN),
    "the next protocol": request(line=b"POST /a HTTP/2.0", body=HIDDEN),
    "a coding before chunked": request(b"Transfer-Encoding: gzip, chunked", body=CHUNKS + HIDDEN),
    "two hosts": request(b"Host: y", b"Content-Length: %d" % len(BODY), body=BODY + HIDDEN),
}


OFFER = b"Host: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"


@pytest.fixture(scope="module")
def address() -> Iterator[Address]:
    with watched(configured(echo)) as found:
        yield found


def said(address: Address, sent: bytes) -> bytes:
    with socket.create_connection(address, timeout=5) as talk:
        talk.sendall(sent)
        chunks = []
        try:
            while chunk := talk.recv(65536):
                chunks.append(chunk)
        except ConnectionError:
            pass
        return b"".join(chunks)


@pytest.mark.parametrize("offered", [False, True], ids=["plain", "beside an offer of h2c"])
@pytest.mark.parametrize("sent", SHAPES.values(), ids=SHAPES)
def test_nothing_is_served_out_of_a_body(address: Address, sent: bytes, offered: bool) -> None:
    answers = said(address, sent.replace(b"Host: x\r\n", OFFER, 1) if offered else sent)
    assert answers.startswith(b"HTTP/1.1 400 ")
    assert answers.count(b"HTTP/1.1 ") == 1


def test_a_sound_request_behind_another_is_served(address: Address) -> None:
    sound = request(b"Content-Length: %d" % len(BODY), body=BODY + HIDDEN)
    assert said(address, sound).count(b"HTTP/1.1 200 ") == 2


def test_trailers_are_no_headers(address: Address) -> None:
    """Whoever filters heads in between has not seen them."""
    trailers = b"0\r\nX-Vatpapikey: t\r\nContent-Type: text/html\r\n\r\n"
    answers = said(
        address, request(b"Transfer-Encoding: chunked", body=CHUNKS.replace(b"0\r\n\r\n", trailers) + HIDDEN)
    )
    assert answers.count(b"HTTP/1.1 200 ") == 2
    assert b"transfer-encoding" in answers
    assert b"x-vatpapikey" not in answers
    assert b"text/html" not in answers


WITHOUT_END = {
    "trailers": (b"1\r\nx\r\n0\r\n", b"X: y\r\n" * 2000),
    "one trailer": (b"1\r\nx\r\n0\r\nX: ", b"y" * 20_000),
    "a chunk's extension": (b"1;", b"y" * 20_000),
    "a chunk's size": (b"", b"0" * 20_000),
}


@pytest.mark.parametrize(("begun", "more"), WITHOUT_END.values(), ids=WITHOUT_END)
def test_what_wraps_a_body_has_a_bound(address: Address, begun: bytes, more: bytes) -> None:
    sent = 0
    with socket.create_connection(address, timeout=5) as talk:
        talk.sendall(request(b"Transfer-Encoding: chunked") + begun)
        try:
            while sent < 50_000_000:
                talk.sendall(more)
                sent += len(more)
        except ConnectionError:
            pass
    assert sent < 20_000_000  # what the system's buffers take


def test_chunks_of_single_bytes_are_a_body(address: Address) -> None:
    many = 100_000
    answers = said(address, request(b"Transfer-Encoding: chunked", body=b"1\r\nx\r\n" * many + b"0\r\n\r\n" + HIDDEN))
    assert b'"length": %d' % many in answers
    assert answers.count(b"HTTP/1.1 200 ") == 2
