"""Connections that are slow, silent, unread or too many: each is let go, and others are served meanwhile."""

import gzip
import resource
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import product

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from mock_server.web import protocol, watch
from mock_server.web.listening import bind, configured
from mock_server.web.watch import Server
from tests.client import Portal
from tests.hostile.memory import resident
from tests.test_protocol import BODY, Address, Wire, assert_arrived, echo
from tests.test_serve import Served

HEAD = b"GET /api HTTP/1.1\r\nHost: x\r\n"
WHOLE = b"POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)
HUGE = 64 * 1024 * 1024


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Echoes; below `/huge` it sends more than any buffer of the system holds."""
    if not scope["path"].startswith("/huge"):
        await echo(scope, receive, send)
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % HUGE)]})
    for left in range(64, 0, -1):
        await send({"type": "http.response.body", "body": bytes(HUGE // 64), "more_body": left > 1})


@contextmanager
def watched(config: uvicorn.Config) -> Iterator[Address]:
    listener = bind("127.0.0.1", 0)
    address: Address = listener.getsockname()[:2]
    server = Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield address
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[Address]:
    """A server that waits two seconds where it usually waits longer."""
    for name in ("HEAD_SECONDS", "IDLE_SECONDS", "SILENT_SECONDS"):
        monkeypatch.setattr(protocol, name, 2.0)
    monkeypatch.setattr(protocol, "BODY_SECONDS", 6.0)
    with watched(configured(application)) as address:
        yield address


def ended(wire: Wire, within: float = 15.0) -> bytes:
    """What still comes until the server hangs up."""
    wire.limit(within)
    try:
        return wire.rest()
    except ConnectionError:
        return b""


def drip(wire: Wire, piece: Callable[[int], bytes], every: float) -> threading.Event:
    """Send piece after piece until the server has had enough; the event is set then."""
    over = threading.Event()

    def run() -> None:
        for number in range(200):
            try:
                wire.send(piece(number))
            except OSError:
                break
            time.sleep(every)
        over.set()

    threading.Thread(target=run, daemon=True).start()
    return over


def test_slow_silent_and_unread_connections_are_let_go_and_others_are_served(hasty: Address) -> None:
    loris, stalled, endless, silent, deaf = (Wire(hasty) for _ in range(5))
    loris.send(HEAD)
    drip(loris, lambda number: b"X-%d: y\r\n" % number, 0.2)
    stalled.send(WHOLE[:-10])
    endless.send(b"POST /api HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    over = drip(endless, lambda _: b"1\r\nx\r\n", 0.2)
    deaf.send(b"GET /huge HTTP/1.1\r\nHost: x\r\n\r\n")
    with Wire(hasty) as patient:  # neither fast nor too slow
        for place in range(0, len(WHOLE), 40):
            patient.send(WHOLE[place : place + 40])
            time.sleep(0.1)
        assert_arrived(patient.answer().seen, "POST", BODY)
        patient.send(WHOLE)
        assert_arrived(patient.answer().seen, "POST", BODY)
    assert ended(loris).startswith(b"HTTP/1.1 408 ")
    assert ended(stalled) == b""
    assert ended(silent) == b""
    assert over.wait(15)
    assert len(ended(deaf)) < HUGE
    for wire in (loris, stalled, endless, silent, deaf):
        wire.__exit__()


@contextmanager
def bounded() -> Iterator[Address]:
    """A server with room for 40 connections."""
    config = configured(application)
    config.limit_concurrency = 40
    with watched(config) as address:
        yield address


def test_in_a_crowd_idle_connections_make_room_and_busy_ones_stay() -> None:
    with bounded() as address:
        busy = Wire(address)
        busy.send(WHOLE[:-10])
        idle = [Wire(address) for _ in range(39)]
        assert all(ended(each) == b"" for each in idle)
        with Wire(address) as newcomer:
            newcomer.send(WHOLE)
            assert_arrived(newcomer.answer().seen, "POST", BODY)
        busy.send(WHOLE[-10:])
        assert_arrived(busy.answer().seen, "POST", BODY)
        for wire in (busy, *idle):
            wire.__exit__()


def test_beyond_the_bound_connections_are_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "CROWDED", 2.0)  # nobody is asked to make room
    with bounded() as address:
        held = [Wire(address) for _ in range(40)]
        late = [Wire(address) for _ in range(20)]
        assert all(ended(each).startswith(b"HTTP/1.1 503 ") for each in late)
        held.pop().__exit__()
        for wire in (*held, *late):
            wire.__exit__()


LONG = b"a" * (protocol.HEAD_BYTES + 1)


@pytest.mark.parametrize(
    "segments",
    [
        [HEAD + b"".join(b"X-%d: y\r\n" % number for number in range(300)) + b"\r\n"],
        [HEAD + b"X: ", LONG[:40_000], LONG[40_000:], b"\r\n\r\n"],
        [HEAD + b"X: " + LONG + b"\r\n\r\n"],
        [b"GET /", LONG[:40_000], LONG[40_000:], b" HTTP/1.1\r\n\r\n"],
        [HEAD, *[b"X: y\r\n" * 2000] * 10, b"\r\n"],
    ],
    ids=["many at once", "one long", "one long at once", "a long address", "many in pieces"],
)
def test_a_flood_of_headers_is_cut_off(hasty: Address, segments: list[bytes]) -> None:
    with Wire(hasty) as wire:
        for segment in segments:
            try:
                wire.send(segment)
            except ConnectionError:
                break
            time.sleep(0.05)
        said = ended(wire)
        assert said == b"" or said.startswith(b"HTTP/1.1 431 ")
    with Wire(hasty) as other:
        other.send(WHOLE)
        assert_arrived(other.answer().seen, "POST", BODY)


def test_a_head_within_the_bounds_is_read(hasty: Address) -> None:
    headers = b"".join(b"X-%d: %b\r\n" % (number, b"y" * 300) for number in range(protocol.HEADERS - 2))
    with Wire(hasty) as wire:
        wire.send(HEAD + headers + b"Content-Length: 0\r\n\r\n")
        assert wire.answer().status == 200


@pytest.mark.proves("R-47")
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, gzip", "zstd"])
def test_an_encoded_body_is_refused_unopened(portal: Portal, encoding: str) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    started = time.monotonic()
    assert portal.send("POST", "/job/read_proc_status", bomb, headers).code == 3
    assert time.monotonic() - started < 5
    plain = b'{"username": "demo", "password": "demo", "procId": 123}'
    assert portal.send("POST", "/job/read_proc_status", plain, headers).code == 3
    assert portal.send("POST", "/job/read_proc_status", plain, {**headers, "Content-Encoding": "identity"}).code == 0


IDLE = 10_000


@pytest.mark.deep
@pytest.mark.skipif(sys.platform != "linux", reason="how much memory a process has, Linux tells")
def test_ten_thousand_idle_connections_leave_room_for_others() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < IDLE + 1_000:
        pytest.skip(f"the system allows {most} open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with Served("--pace", "instant") as served, ExitStack() as idle:
        assert served.url.port is not None
        before = resident(served.process.pid)
        for _ in range(IDLE):
            idle.enter_context(socket.create_connection(("127.0.0.1", served.url.port)))
        portal = Portal(served.url.port, "crowd")
        started = time.monotonic()
        assert portal.call("read_proc_status", procId=123).code == 0
        assert time.monotonic() - started < 5
        assert resident(served.process.pid) < before + IDLE * 16_384


LARGE = 100_000_000
TAKES_BODIES = (b"/api/inv/import_upload_invoices.php", b"/__admin/invoices")


@pytest.mark.skipif(sys.platform != "linux", reason="how much memory a process has, Linux tells")
@pytest.mark.proves("R-47")
def test_a_body_of_any_length_leaves_no_memory_behind() -> None:
    piece = b"f4240\r\n" + b"x" * 1_000_000 + b"\r\n"
    count = LARGE // 1_000_000
    with Served("--pace", "instant") as served:
        assert served.url.port is not None
        assert Portal(served.url.port, "large").call("read_proc_status", procId=123).code == 0
        before = resident(served.process.pid)
        told = []
        for path, framed in product(
            TAKES_BODIES, (b"Content-Length: %d" % (count * len(piece)), b"Transfer-Encoding: chunked")
        ):
            head = b"POST %b HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n%b\r\n\r\n"
            with Wire(("127.0.0.1", served.url.port)) as wire, suppress(ConnectionError):
                wire.send(head % (path, framed))
                for _ in range(count):
                    wire.send(piece)
                told.append(wire.answer().status)
        assert set(told) == {413}  # whoever was hung up on meanwhile may have missed it
        assert Portal(served.url.port, "large").call("read_proc_status", procId=123).code == 0
        assert resident(served.process.pid) < before + 64 * 2**20
