"""HTTP/1.1 with the fast parser, deaf to offers of any other protocol.

Default Java clients (11 and later) and `curl --http2` offer `Upgrade: h2c` with every request over
plain HTTP. A server may go on in HTTP/1.1 as if nothing had been offered (RFC 9110, 7.8). httptools
cannot: behind such a head it declares the message complete and stops, so that stock uvicorn (issue 2722)
hands over an empty body, while here GET and DELETE live by theirs (F-ENV-04).

What is not helped, because nothing in the bytes says where the body ends: `node:http` with `end(body)`
and no `Content-Length` frames neither GET nor DELETE. Such a body is read as the start of another
request, and the connection ends with uvicorn's plain 400. Where head and body come in one segment, as
Node sends small ones, the 400 is the only answer; a body that comes later finds its request answered
already, as one without body.
"""

import asyncio

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 65_536
HEADERS = 200

DRAINED_BYTES = 268_435_456
"""Of a body nobody wants, which is read to its end so that its sender hears why."""

WRAPPING = 16
"""Bytes of chunk sizes, extensions and trailers for each byte of a body, beyond as many as a head may have."""

HEAD_SECONDS = 20.0
"""From the first byte of a request to the end of its head."""

IDLE_SECONDS = 30.0
"""Between two bytes of a body, or of an answer that is being fetched."""

BODY_SECONDS = 300.0
"""From the first byte of a request to its last."""

SILENT_SECONDS = 75.0
"""From the start of a connection to the first byte."""

_INVALID = "Invalid HTTP request received."
_TOO_LARGE = f"A head has at most {HEAD_BYTES} bytes and {HEADERS} headers, trailers included."
_AMBIGUOUS = "A request is HTTP/1.0 or 1.1, with one Host, and no transfer encoding but chunked."
_TOO_SLOW = f"The head of a request has to come within {HEAD_SECONDS:.0f} seconds."
_TOO_MANY = "Too many connections are open; try again later."
_VERSIONS = ("1.0", "1.1")
_REASONS = {400: b"Bad Request", 408: b"Request Timeout", 431: b"Request Header Fields Too Large", 503: b"Busy"}


class _Refused(Exception):
    """A head that is not served."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


class Http11Protocol(HttpToolsProtocol):
    """uvicorn's protocol for httptools, except that a request which offers an upgrade is served as any other.

    An offer stops the parser right behind the head. A new one then reads the same head without the
    `Upgrade` line and goes on where the old one stopped: framing, pipelining and `Expect` are judged by
    the parser as ever, and no byte of a body is touched. The old one will not do: behind
    `Connection: close` and HTTP/1.0 it drops what follows. The application sees all headers, the offer
    included.
    """

    _offered: list[tuple[bytes, bytes]] | None = None
    """All headers of the head that is being read for the second time."""

    _stopping = False

    _spoken = False
    _in_head = False
    _arriving = False
    """Whether a request has begun, and its last byte is not there yet."""

    _segment = 0
    """Bytes that came last."""

    _received = 0
    """Bytes of a request that came behind its first segment."""

    _body = 0
    """Bytes of its body among them."""

    _begun = 0.0
    """When the request that is arriving began, if it takes more than one segment; else 0."""

    _moved = 0.0
    """When something last came, or was last seen to be fetched."""

    _unsent = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._moved = self.loop.time()
        self._extensions: dict[str, dict[object, object]] = {
            "vatportal_mock.drop": {"close": transport.close},
            "vatportal_mock.stop": {"begun": lambda: self._stopping},
        }
        if self.limit_concurrency is not None and len(self.connections) > self.limit_concurrency:
            self._turn_away(503, _TOO_MANY)

    def shutdown(self) -> None:
        self._stopping = True
        super().shutdown()

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        self._segment = len(data)
        try:
            self._feed(data)
        except httptools.HttpParserError as error:
            if isinstance(error.__context__, _Refused):
                self._turn_away(error.__context__.status, error.__context__.text)
            else:
                self._turn_away(400, _INVALID)
        if self._arriving:
            self._note(len(data))

    def look(self, crowded: bool) -> None:
        """Let the connection go if it stands still beyond its time, or does nothing where others want in."""
        now = self.loop.time()
        unsent = self.transport.get_write_buffer_size()
        if unsent != self._unsent:
            self._unsent, self._moved = unsent, now
        if self._arriving:
            if self._in_head and now - self._begun > HEAD_SECONDS:
                self._turn_away(408, _TOO_SLOW)
            elif now - self._moved > IDLE_SECONDS or now - self._begun > BODY_SECONDS:
                self.transport.abort()
        elif unsent:
            if now - self._moved > IDLE_SECONDS:
                self.transport.abort()
        elif not self._spoken:
            if crowded or now - self._moved > SILENT_SECONDS:
                self.transport.close()
        elif crowded and self.cycle.response_complete:
            self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._spoken = self._in_head = self._arriving = True
        self._body = self._received = 0

    def on_headers_complete(self) -> None:
        self._demand_plain()
        if self.parser.should_upgrade():
            return  # not yet: the head will be read again
        self._in_head = False
        if self._offered is not None:
            self.headers[:] = self._offered
            self._offered = None
        self.scope["extensions"] = self._extensions
        super().on_headers_complete()
        self.headers = []  # for trailers, of which the application hears nothing: a proxy may not have looked at them

    def on_body(self, body: bytes) -> None:
        self._body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        if not self.parser.should_upgrade():
            self._arriving = False
            self._begun = 0.0
            super().on_message_complete()

    def _demand_plain(self) -> None:
        """Raises _Refused for a head that is too large, or that others may read in another way."""
        headers = self.headers
        large = self._segment > HEAD_BYTES and sum(len(name) + len(value) for name, value in headers) > HEAD_BYTES
        if large or len(headers) > HEADERS:
            raise _Refused(431, _TOO_LARGE)
        names = [name for name, _ in headers]
        coded = b"transfer-encoding" in names and any(
            value.strip().lower() != b"chunked" for name, value in headers if name == b"transfer-encoding"
        )
        if coded or names.count(b"host") > 1 or self.parser.get_http_version() not in _VERSIONS:
            raise _Refused(400, _AMBIGUOUS)

    def _note(self, size: int) -> None:
        """A request takes more than one segment: from now on it is watched."""
        self._moved = self.loop.time()
        if not self._begun:
            self._begun = self._moved  # how much of the first segment is this request's, nobody knows
            self._body = 0
            return
        self._received += size
        if self._received - self._body > HEAD_BYTES + WRAPPING * self._body or len(self.headers) > HEADERS:
            if not self._in_head and self.cycle.response_started:
                self.transport.close()  # one answer is enough
            else:
                self._turn_away(431, _TOO_LARGE)
        elif self._body > DRAINED_BYTES:
            self.transport.abort()

    def _turn_away(self, status: int, text: str) -> None:
        """A plain answer without the application, and the end of the connection."""
        if self.transport.is_closing():
            return
        self.logger.warning(text)
        body = text.encode()
        self.transport.write(
            b"HTTP/1.1 %d %b\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\n"
            b"connection: close\r\n\r\n%b" % (status, _REASONS[status], len(body), body)
        )
        self.transport.close()

    def _feed(self, data: bytes) -> None:
        """One segment may hold many requests, each with an offer: a view saves copying the rest for each."""
        unread = memoryview(data)
        while unread:
            try:
                self.parser.feed_data(unread)
            except httptools.HttpParserUpgrade as stop:
                unread = unread[stop.args[0] :]
                self._read_head_again()
            else:
                return

    def _read_head_again(self) -> None:
        """Puts a parser that has read the same head, offer left out, in place of the stopped one.

        Raises:
            httptools.HttpParserError: the head is invalid in what the stopped parser did not come to
                judge, or is a CONNECT, which stops any parser and is for proxies.
        """
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        if method == b"CONNECT":
            raise httptools.HttpParserError("CONNECT is for proxies")
        lines = [b"%b: %b\r\n" % header for header in self.headers if header[0] != b"upgrade"]
        self._offered = self.headers
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as the class above does
        self.parser.feed_data(b"%b %b HTTP/%b\r\n%b\r\n" % (method, self.url, version, b"".join(lines)))
