"""Reading HTTP beside the stream: where a message ends, and what it says. Nothing is sent from here."""

import zlib
from collections.abc import Callable

import h11

from mock_server.proxy.heads import HEAD_BYTES, Head

KEPT_BYTES = 32 * 1024 * 1024
"""Of each body so much is kept to be checked; a longer one passes all the same."""

BUDGET_BYTES = 256 * 1024 * 1024
"""Of all bodies together."""

Headers = list[tuple[bytes, bytes]]


class Budget:
    """How much may be kept in memory at a time, whatever many clients fetch."""

    def __init__(self, total: int = BUDGET_BYTES) -> None:
        self._left = total

    def take(self, size: int) -> bool:
        if size > self._left:
            return False
        self._left -= size
        return True

    def give(self, size: int) -> None:
        self._left += size


class Body:
    """A body as far as it is kept.

    Attributes:
        size: of all of it, in bytes, as it was sent (without chunk framing).
        whole: whether all of it is kept.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._kept = bytearray()
        self.size = 0
        self.whole = True

    def add(self, data: bytes | bytearray) -> None:
        self.size += len(data)
        if self.whole and self.size <= KEPT_BYTES and self._budget.take(len(data)):
            self._kept += data
        else:
            self.whole = False
            self.release()

    def bytes(self) -> bytes:
        return bytes(self._kept)

    def release(self) -> None:
        """Give back what it took."""
        self._budget.give(len(self._kept))
        self._kept = bytearray()


class Message:
    """A request or an answer that goes by.

    Attributes:
        http: the status of an answer; 0 for a request, or before one is there.
        headers: names in lower case.
        body: what it carries.
        complete: whether its end has come.
        strange: why it cannot be read as HTTP; it goes by all the same.
    """

    def __init__(self, parser: h11.Connection, budget: Budget) -> None:
        self._parser = parser
        self.body = Body(budget)
        self.headers: Headers = []
        self.http = 0
        self.complete = False
        self.strange = ""

    def feed(self, data: bytes) -> int:
        """How many of these bytes belong to it; `b""` says that no more will come."""
        if self.strange:
            return len(data)
        try:
            self._parser.receive_data(data)
            while True:
                event = self._parser.next_event()
                if event is h11.NEED_DATA or event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                    return len(data)
                if isinstance(event, h11.EndOfMessage):
                    self.complete = True
                    return len(data) - len(self._parser.trailing_data[0])
                self._take(event)
        except h11.RemoteProtocolError as error:
            if data:  # else it is only cut short
                self.strange = str(error) or "no HTTP"
            return len(data)

    def _take(self, event: h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]) -> None:
        if isinstance(event, h11.Data):
            self.body.add(event.data)
        elif isinstance(event, h11.Request):
            self.headers = list(event.headers)
        elif isinstance(event, h11.Response):
            self.headers, self.http = list(event.headers), event.status_code

    def header(self, name: bytes) -> bytes | None:
        return next((value for key, value in self.headers if key == name), None)

    def content(self) -> tuple[bytes, str]:
        """The body as its sender meant it, and why that cannot be told, if so.

        A compressed one is unpacked, up to the bound of what is kept.
        """
        if not self.body.whole:
            return b"", f"of {self.body.size} bytes: too long to be kept and checked"
        coding = (self.header(b"content-encoding") or b"identity").strip().lower()
        if coding == b"identity":
            return self.body.bytes(), ""
        unpack = _UNPACKERS.get(coding)
        if unpack is None:
            return b"", f"encoded as {coding.decode('latin-1')[:40]!r}, which is not unpacked here"
        try:
            return unpack(self.body.bytes()), ""
        except zlib.error as error:
            return b"", f"says it is {coding.decode()} and is not: {error}"


def request_message(budget: Budget) -> Message:
    """The observer of a request; it is fed the head as it goes to the server."""
    return Message(h11.Connection(h11.SERVER, max_incomplete_event_size=2 * HEAD_BYTES), budget)


def answer_message(head: Head, budget: Budget) -> Message:
    """The observer of the answer to a request with that head, which decides where the answer ends."""
    parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=2 * HEAD_BYTES)
    parser.send(h11.Request(method=head.method, target=b"/", headers=[(b"Host", b"x")]))
    parser.send(h11.EndOfMessage())
    return Message(parser, budget)


def _inflated(form: int) -> Callable[[bytes], bytes]:
    def unpack(raw: bytes) -> bytes:
        unpacker = zlib.decompressobj(form)
        data = unpacker.decompress(raw, KEPT_BYTES)
        if unpacker.unconsumed_tail:
            raise zlib.error(f"more than {KEPT_BYTES} bytes once it is unpacked")
        return data

    return unpack


_UNPACKERS = {
    b"gzip": _inflated(zlib.MAX_WBITS | 16),
    b"x-gzip": _inflated(zlib.MAX_WBITS | 16),
    b"deflate": _inflated(zlib.MAX_WBITS),
}
