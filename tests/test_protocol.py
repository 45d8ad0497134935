"""Bodies arrive, whatever protocol the client offers: a live uvicorn, real sockets, real clients."""

import errno
import hashlib
import json
import shutil
import socket
import ssl
import statistics
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self, TypeAlias

import httpx2
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from mock_server.web.listening import bind, configured
from mock_server.web.protocol import Http11Protocol

Address: TypeAlias = tuple[str, int]

BODY = '{"username": "demo", "password": "gizli", "ad": "Əliyev İlqar"}'.encode()
CHUNKED_BODY = b"10\r\n" + BODY[:16] + b"\r\n" + b"%x;note=1\r\n" % len(BODY[16:]) + BODY[16:] + b"\r\n0\r\n\r\n"

JAVA_HEAD = (
    b"%b /api/inv/read_invoices?page=1 HTTP/1.1\r\n"
    b"Connection: Upgrade, HTTP2-Settings\r\n"
    b"%b: %b\r\n"
    b"Host: 127.0.0.1:8080\r\n"
    b"HTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA\r\n"
    b"Upgrade: h2c\r\n"
    b"User-Agent: Java-http-client/17.0.15\r\n"
    b"Content-Type: application/json\r\n"
    b"\r\n"
)
"""What java.net.http of JDK 17 sends, to be filled with method and framing."""

JAVA_GET = JAVA_HEAD % (b"GET", b"Content-Length", b"%d" % len(BODY)) + BODY
JAVA_DELETE = JAVA_HEAD % (b"DELETE", b"Content-Length", b"%d" % len(BODY)) + BODY
JAVA_POST_IN_CHUNKS = JAVA_HEAD % (b"POST", b"Transfer-encoding", b"chunked") + CHUNKED_BODY
JAVA_GET_EMPTY = JAVA_HEAD % (b"GET", b"Accept", b"*/*")
PLAIN_GET = b"GET /api/job/read_proc_status HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (
    len(BODY),
    BODY,
)


class Talk(NamedTuple):
    """Bytes for one connection, and what the application must have seen: method and body of each request."""

    sent: bytes
    seen: list[tuple[str, bytes]]


TALKS = {
    "GET with a body": Talk(JAVA_GET, [("GET", BODY)]),
    "DELETE with a body": Talk(JAVA_DELETE, [("DELETE", BODY)]),
    "POST in chunks": Talk(JAVA_POST_IN_CHUNKS, [("POST", BODY)]),
    "chunks with a trailer": Talk(
        JAVA_POST_IN_CHUNKS[:-2] + b"Digest: none\r\nUpgrade: h2c\r\n\r\n", [("POST", BODY)]
    ),
    "no body": Talk(JAVA_GET_EMPTY, [("GET", b"")]),
    "last of its connection": Talk(
        JAVA_GET.replace(b"Connection: Upgrade", b"Connection: close, Upgrade"), [("GET", BODY)]
    ),
    "HTTP/1.0": Talk(JAVA_GET.replace(b"HTTP/1.1", b"HTTP/1.0"), [("GET", BODY)]),
    "a WebSocket": Talk(JAVA_GET.replace(b"h2c", b"websocket"), [("GET", BODY)]),
    "pipelined": Talk(
        JAVA_GET + PLAIN_GET + JAVA_POST_IN_CHUNKS + JAVA_GET_EMPTY + JAVA_DELETE + PLAIN_GET,
        [("GET", BODY), ("GET", BODY), ("POST", BODY), ("GET", b""), ("DELETE", BODY), ("GET", BODY)],
    ),
}
each_talk = pytest.mark.parametrize("talk", TALKS.values(), ids=TALKS.keys())


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with what it was handed."""
    assert scope["type"] == "http"
    length, digest, more = 0, hashlib.sha256(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        length += len(message["body"])
        digest.update(message["body"])
        more = message["more_body"]
    seen = {
        "method": scope["method"],
        "path": scope["path"],
        "version": scope["http_version"],
        "query": scope["query_string"].decode(),
        "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]],
        "length": length,
        "digest": digest.hexdigest(),
    }
    answer = json.dumps(seen).encode()
    headers = [(b"content-length", b"%d" % len(answer)), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


@contextmanager
def live(config: uvicorn.Config, listener: socket.socket | None = None) -> Iterator[Address]:
    """The address of a server that runs in a thread meanwhile."""
    listener = listener or bind("127.0.0.1", 0)
    address: Address = listener.getsockname()[:2]
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.002)
    try:
        yield address
    finally:
        server.should_exit = True
        thread.join()


class Witness(Http11Protocol):
    """Counts the bytes that came, so that a test sends a segment only when the one before has been read."""

    received: ClassVar[int] = 0

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        Witness.received += len(data)


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def seen(self) -> dict[str, Any]:
        """What the echoing application saw."""
        assert self.status == 200, self
        found: dict[str, Any] = json.loads(self.body)
        return found


class Wire:
    """One connection on which bytes go out just as given."""

    def __init__(self, address: Address) -> None:
        self._socket = socket.create_connection(address, timeout=20)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._incoming = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._incoming.close()
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def send_apart(self, segments: Iterable[bytes]) -> None:
        """Each segment is read by the server (a `Witness`) before the next is sent."""
        for segment in segments:
            expected = Witness.received + len(segment)
            self.send(segment)
            deadline = time.monotonic() + 20
            while Witness.received < expected:
                assert time.monotonic() < deadline, "the server did not read a segment"
                time.sleep(0)

    def answer(self) -> Answer:
        status = int(self._incoming.readline().split()[1])
        headers = {}
        while line := self._incoming.readline().strip().decode():
            name, _, value = line.partition(": ")
            headers[name] = value
        return Answer(status, headers, self._incoming.read(int(headers.get("content-length", 0))))

    def limit(self, seconds: float) -> None:
        """Wait so long at most for anything."""
        self._socket.settimeout(seconds)

    def rest(self) -> bytes:
        """All that still comes until the server hangs up."""
        return self._incoming.read()


def assert_arrived(seen: dict[str, Any], method: str, body: bytes) -> None:
    digest = hashlib.sha256(body).hexdigest()
    assert (seen["method"], seen["length"], seen["digest"]) == (method, len(body), digest)


def assert_answered(wire: Wire, talk: Talk) -> None:
    for method, body in talk.seen:
        assert_arrived(wire.answer().seen, method, body)


@pytest.fixture(scope="module")
def address() -> Iterator[Address]:
    with live(configured(echo)) as found:
        yield found


@pytest.fixture(scope="module")
def witness() -> Iterator[Address]:
    config = configured(echo)
    config.http = Witness
    with live(config) as found:
        yield found


@pytest.fixture(scope="module")
def stock() -> Iterator[Address]:
    """uvicorn with httptools as it comes."""
    config = configured(echo)
    config.http = "httptools"
    with live(config) as found:
        yield found


# How stock uvicorn fails


@pytest.mark.proves("F-ENV-04")
@pytest.mark.parametrize("sent", [JAVA_GET, JAVA_POST_IN_CHUNKS], ids=["GET", "POST in chunks"])
def test_stock_httptools_protocol_loses_the_body_beside_an_offer(stock: Address, sent: bytes) -> None:
    """Should this fail, uvicorn has mended its issue 2722, and `mock_server/web/protocol.py` can go."""
    with Wire(stock) as wire:
        wire.send(sent)
        assert wire.answer().seen["length"] == 0


def test_stock_httptools_protocol_hands_over_bodies_without_an_offer(stock: Address) -> None:
    with Wire(stock) as wire:
        wire.send(PLAIN_GET)
        assert_arrived(wire.answer().seen, "GET", BODY)


# The bytes of clients that offer an upgrade


@pytest.mark.proves("F-ENV-04")
@each_talk
def test_bodies_arrive_in_one_segment(address: Address, talk: Talk) -> None:
    with Wire(address) as wire:
        wire.send(talk.sent)
        assert_answered(wire, talk)


@pytest.mark.proves("F-ENV-04")
@each_talk
def test_bodies_arrive_in_two_segments_split_anywhere(witness: Address, talk: Talk) -> None:
    for split in range(1, len(talk.sent)):
        with Wire(witness) as wire:
            wire.send_apart([talk.sent[:split], talk.sent[split:]])
            assert_answered(wire, talk)


@pytest.mark.proves("F-ENV-04")
@each_talk
def test_bodies_arrive_byte_by_byte(witness: Address, talk: Talk) -> None:
    with Wire(witness) as wire:
        wire.send_apart(bytes([byte]) for byte in talk.sent)
        assert_answered(wire, talk)


@pytest.mark.proves("F-ENV-04")
def test_a_connection_serves_one_request_after_another(address: Address) -> None:
    with Wire(address) as wire:
        for sent, method in [
            (JAVA_GET, "GET"),
            (JAVA_POST_IN_CHUNKS, "POST"),
            (PLAIN_GET, "GET"),
            (JAVA_GET, "GET"),
        ]:
            wire.send(sent)
            assert_arrived(wire.answer().seen, method, BODY)


@pytest.mark.proves("F-ENV-04")
def test_an_offer_with_expect_is_told_to_continue(address: Address) -> None:
    head, _, body = JAVA_GET.partition(b"\r\n\r\n")
    with Wire(address) as wire:
        wire.send(head + b"\r\nExpect: 100-continue\r\n\r\n")
        assert wire.answer().status == 100
        wire.send(body)
        assert_arrived(wire.answer().seen, "GET", BODY)


@pytest.mark.proves("F-ENV-04")
@pytest.mark.parametrize("in_chunks", [False, True], ids=["with a length", "in chunks"])
def test_a_body_of_5_mb_arrives(address: Address, in_chunks: bool) -> None:
    body = bytes(range(250)) * 20_000
    if in_chunks:
        chunks = [body[start : start + 70_000] for start in range(0, len(body), 70_000)]
        sent = JAVA_HEAD % (b"POST", b"Transfer-encoding", b"chunked")
        sent += b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    else:
        sent = JAVA_HEAD % (b"POST", b"Content-Length", b"%d" % len(body)) + body
    with Wire(address) as wire:
        wire.send(sent + JAVA_GET)
        assert_arrived(wire.answer().seen, "POST", body)
        assert_arrived(wire.answer().seen, "GET", BODY)


def test_many_pipelined_offers_are_answered_in_order(address: Address) -> None:
    paths = [b"/api/%d" % number for number in range(300)]
    with Wire(address) as wire:
        wire.send(b"".join(JAVA_GET.replace(b"/api/inv/read_invoices", path) for path in paths))
        assert [wire.answer().seen["path"].encode() for _ in paths] == paths


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_the_application_sees_the_head_as_it_was_sent(address: Address, version: str) -> None:
    extra = b"X-Empty:\r\nX-Twice: 1\r\nx-twice:  2 \xe9\r\nUPGRADE: websocket\r\n"
    sent = JAVA_GET.replace(b"Host:", extra + b"Host:").replace(b"HTTP/1.1", b"HTTP/%b" % version.encode())
    with Wire(address) as wire:
        wire.send(sent)
        seen = wire.answer().seen
    lines = [line.partition(":") for line in sent.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]]
    assert seen["headers"] == [[name.lower(), value.lstrip()] for name, _, value in lines]
    assert (seen["path"], seen["query"]) == ("/api/inv/read_invoices", "page=1")
    assert seen["version"] == version


def test_headers_beside_an_offer_are_not_those_of_the_next_request(address: Address) -> None:
    with Wire(address) as wire:
        wire.send(JAVA_GET + PLAIN_GET)
        wire.answer()
        assert dict(wire.answer().seen["headers"]).keys() == {"host", "content-length"}


def test_a_slow_request_on_a_kept_connection_is_waited_for() -> None:
    config = configured(echo)
    config.timeout_keep_alive = 1
    with live(config) as address, Wire(address) as wire:
        for _ in range(2):
            wire.send(JAVA_GET[:100])
            time.sleep(1.1)
            wire.send(JAVA_GET[100:])
            assert_arrived(wire.answer().seen, "GET", BODY)


def test_what_comes_after_close_is_not_served(address: Address) -> None:
    with Wire(address) as wire:
        wire.send(TALKS["last of its connection"].sent + PLAIN_GET)
        assert_arrived(wire.answer().seen, "GET", BODY)
        assert wire.rest() == b""


# Invalid HTTP


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"good morning\r\n\r\n", id="not HTTP"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", id="HTTP/2 without asking"),
        pytest.param(b"CONNECT a.az:443 HTTP/1.1\r\nHost: a.az\r\n\r\n", id="CONNECT"),
        pytest.param(
            b"CONNECT a.az:443 HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", id="CONNECT, offer"
        ),
        pytest.param(JAVA_HEAD % (b"POST", b"Content-Length", b"many"), id="offer, wrong length"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + BODY, id="body without framing"),
    ],
)
def test_invalid_http_gets_the_answer_of_stock_uvicorn(address: Address, stock: Address, sent: bytes) -> None:
    with Wire(address) as ours, Wire(stock) as theirs:
        ours.send(sent)
        theirs.send(sent)
        answer, expected = ours.answer(), theirs.answer()
        assert (answer.status, answer.body) == (400, b"Invalid HTTP request received.")
        assert (answer.headers | {"date": ""}, answer.body) == (
            expected.headers | {"date": ""},
            expected.body,
        )
        assert ours.rest() == b""


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(JAVA_HEAD % (b"POST", b"Transfer-encoding", b"chunked") + b"zz\r\n", id="chunk without size"),
        pytest.param(JAVA_HEAD % (b"POST", b"Transfer-encoding", b"gzip") + BODY, id="no end to be known"),
        pytest.param(
            JAVA_GET.replace(b"Upgrade: h2c", b"Upgrade: h2c\r\nTransfer-Encoding: chunked"),
            id="framed twice",
        ),
        pytest.param(JAVA_GET_EMPTY + BODY, id="body without framing"),
    ],
)
def test_invalid_http_beside_an_offer_gets_the_plain_400(address: Address, sent: bytes) -> None:
    with Wire(address) as wire:
        wire.send(sent)
        answer = wire.answer()
        assert answer.status == 400
        coded = b"gzip" in sent  # judged by its head
        assert answer.body.startswith(b"A request is HTTP/1.0" if coded else b"Invalid HTTP request received.")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert wire.rest() == b""


def test_a_body_without_framing_that_comes_later_finds_its_request_answered(address: Address) -> None:
    with Wire(address) as wire:
        wire.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert_arrived(wire.answer().seen, "GET", b"")
        wire.send(BODY)
        assert wire.answer().status == 400


# Real clients


def output_of(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def url_of(address: Address) -> str:
    return f"http://{address[0]}:{address[1]}/api/inv/read_invoices"


JAVA_SOURCE = """
import java.net.URI;
import java.net.http.*;
import java.net.http.HttpRequest.*;
import java.nio.file.*;

public class Offers {
    static HttpClient client = HttpClient.newHttpClient();

    public static void main(String[] arguments) throws Exception {
        URI uri = URI.create(arguments[0]);
        Path file = Path.of(arguments[1]);
        for (String method : new String[] {"GET", "DELETE", "POST"}) {
            send(uri, method, BodyPublishers.ofString(Files.readString(file)));
            send(uri, method, BodyPublishers.fromPublisher(BodyPublishers.ofFile(file))); // in chunks
        }
    }

    static void send(URI uri, String method, BodyPublisher body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(uri).method(method, body).build();
        System.out.println(client.send(request, HttpResponse.BodyHandlers.ofString()).body());
    }
}
"""


@pytest.mark.proves("F-ENV-04")
@pytest.mark.skipif(not shutil.which("javac"), reason="no JDK is installed")
@pytest.mark.parametrize("times", [1, 20_000], ids=["small", "1 MB"])
def test_bodies_of_the_java_http_client_arrive(address: Address, tmp_path: Path, times: int) -> None:
    source, body = tmp_path / "Offers.java", tmp_path / "body.json"
    source.write_text(JAVA_SOURCE, encoding="utf-8")
    body.write_bytes(BODY * times)
    answers = [json.loads(line) for line in output_of("java", source, url_of(address), body).splitlines()]
    assert [seen["method"] for seen in answers] == ["GET", "GET", "DELETE", "DELETE", "POST", "POST"]
    for seen, framing in zip(answers, ["content-length", "transfer-encoding"] * 3, strict=True):
        assert_arrived(seen, seen["method"], BODY * times)
        headers = dict(seen["headers"])
        assert headers["upgrade"] == "h2c"
        assert framing in headers


def curl_knows_http2() -> bool:
    return shutil.which("curl") is not None and "HTTP2" in output_of("curl", "--version")


@pytest.mark.proves("F-ENV-04")
@pytest.mark.skipif(not curl_knows_http2(), reason="no curl with --http2 is installed")
@pytest.mark.parametrize("method", ["GET", "DELETE", "POST"])
@pytest.mark.parametrize("times", [1, 80_000], ids=["small", "5 MB"])
def test_bodies_of_curl_with_http2_arrive(address: Address, tmp_path: Path, method: str, times: int) -> None:
    body = tmp_path / "body.json"
    body.write_bytes(BODY * times)
    curl = ["curl", "-q", "-sS", "--noproxy", "*", "--http2", "-H", "Expect: 100-continue"]
    seen = json.loads(output_of(*curl, "-X", method, "--data-binary", f"@{body}", url_of(address)))
    assert_arrived(seen, method, BODY * times)
    assert ["upgrade", "h2c"] in seen["headers"]


@pytest.mark.proves("F-ENV-04")
@pytest.mark.parametrize("method", ["GET", "DELETE", "POST"])
def test_bodies_of_httpx_arrive(address: Address, method: str) -> None:
    offer = {"Connection": "Upgrade", "Upgrade": "h2c"}
    with httpx2.Client(trust_env=False) as client:
        for headers in (None, offer, None):
            response = client.request(method, url_of(address), json={"ad": "Əliyev"}, headers=headers)
            assert_arrived(response.json(), method, '{"ad":"Əliyev"}'.encode())


@pytest.mark.skipif(not shutil.which("node"), reason="no Node is installed")
def test_node_that_frames_no_body_gets_the_plain_400(address: Address) -> None:
    script = """
    require("node:http").request(process.argv[1], {method: "GET"}, answer => {
        console.log(answer.statusCode);
        answer.pipe(process.stdout);
    }).end('{"dir": 1}');
    """
    assert output_of("node", "-e", script, url_of(address)) == "400\nInvalid HTTP request received."


# Where it listens


def test_a_free_port_is_found_and_nagle_is_kept_off() -> None:
    with bind("127.0.0.1", 0) as listener:
        assert listener.getsockname()[1] > 0
        assert listener.proto == socket.IPPROTO_TCP


def test_answers_do_not_wait_for_nagle_on_plain_asyncio() -> None:
    config = configured(echo)
    config.loop = "asyncio"
    taken = []
    with live(config) as address, Wire(address) as wire:
        for _ in range(20):
            began = time.perf_counter()
            wire.send(PLAIN_GET)
            wire.answer()
            taken.append(time.perf_counter() - began)
    assert statistics.median(taken) < 0.03, "45 ms an answer are Nagle's"


def test_a_port_in_use_is_told_with_a_remedy() -> None:
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"127.0.0.1 port {port}: another program .* another port") as caught:
            bind("127.0.0.1", port)
    assert caught.value.errno == errno.EADDRINUSE
    with bind("127.0.0.1", port) as freed:
        assert freed.getsockname()[1] == port


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_cannot_be_is_told_with_the_bounds(port: int) -> None:
    with pytest.raises(OSError, match=f"port {port}: allowed are 0 .* to 65535"):
        bind("127.0.0.1", port)


def test_an_address_of_another_machine_is_told() -> None:
    with pytest.raises(OSError, match=r"203\.0\.113\.7 port 0: this machine has no such address"):
        bind("203.0.113.7", 0)


def test_an_unknown_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(OSError, match=r"'portal\.example' port 8080: no such host"):
        bind("portal.example", 8080)


def has_ipv6() -> bool:
    try:
        bind("::1", 0).close()
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
@pytest.mark.parametrize(("host", "reached"), [("::1", ["::1"]), ("::", ["::1", "127.0.0.1"])])
def test_ipv6_is_served(host: str, reached: list[str]) -> None:
    with live(configured(echo), bind(host, 0)) as (_, port):
        for way in reached:
            with Wire((way, port)) as wire:
                wire.send(JAVA_GET)
                assert_arrived(wire.answer().seen, "GET", BODY)


@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl is installed to make a certificate")
def test_https_is_served(tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    output_of("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, *subject)
    trust = ssl.create_default_context(cafile=cert)
    with (
        live(configured(echo, tls_cert=cert, tls_key=key)) as (host, port),
        httpx2.Client(trust_env=False, verify=trust) as client,
    ):
        response = client.request("GET", f"https://{host}:{port}/api", content=BODY, headers={"Upgrade": "h2c"})
        assert_arrived(response.json(), "GET", BODY)
        assert "server" not in response.headers


def test_a_tls_key_alone_is_refused() -> None:
    with pytest.raises(ValueError, match=r"key\.pem comes without a certificate"):
        configured(echo, tls_key=Path("key.pem"))


def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "7")
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    config = configured(echo)
    assert (config.workers, config.forwarded_allow_ips) == (1, "")
