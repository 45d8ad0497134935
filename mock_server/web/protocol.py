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

_INVALID = "Invalid HTTP request received."


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

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._extensions: dict[str, dict[object, object]] = {
            "vatportal_mock.drop": {"close": transport.close},
            "vatportal_mock.stop": {"begun": lambda: self._stopping},
        }

    def shutdown(self) -> None:
        self._stopping = True
        super().shutdown()

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        try:
            self._feed(data)
        except httptools.HttpParserError:
            self.logger.warning(_INVALID)
            self.send_400_response(_INVALID)

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            return  # not yet: the head will be read again
        if self._offered is not None:
            self.headers[:] = self._offered
            self._offered = None
        self.scope["extensions"] = self._extensions
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        if not self.parser.should_upgrade():
            super().on_message_complete()

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
