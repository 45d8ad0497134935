"""The head of a request: where it goes, and the few lines of it that cannot stay as they are."""

import re
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

HEAD_BYTES = 65_536

OWN = (b"__admin", b"__simulator")
"""Steps of a path that never leave this machine, wherever they stand in it and however they are written."""

_END = re.compile(rb"\n\r?\n")
_LINE = re.compile(rb"\r?\n")
_OF_THIS_HOP = (b"upgrade", b"http2-settings", b"proxy-connection", b"proxy-authorization")
_OFFERS = (b"upgrade", b"http2-settings")


class NotForward(Exception):
    """A request that the proxy cannot pass on; the text says why, and what to do."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Head(NamedTuple):
    """The head of a request: its request line taken apart, its other lines as they came."""

    method: bytes
    target: bytes
    version: bytes
    lines: tuple[bytes, ...]

    @property
    def own(self) -> bool:
        """Whether the proxy itself is asked."""
        path = unquote_to_bytes(self.target.partition(b"?")[0]).lower()
        return any(step in OWN for step in path.split(b"/"))

    def forwarded(self, prefix: bytes, authority: bytes) -> bytes:
        """The head as the server gets it: another `Host`, and no offer to go on in another protocol.

        An offer (`Upgrade: h2c`, with every request of a default Java client) is for the next hop alone
        (RFC 9110, 7.8), and the proxy goes on in HTTP/1.1. All other lines stay, in case, order and spacing.
        """
        kept = [b"%b %b %b" % (self.method, prefix + self.target, self.version)]
        named = staying = False
        for line in self.lines:
            if line[:1] in (b" ", b"\t"):  # it goes on with the line before
                kept += [line] if staying else []
                continue
            name = line.partition(b":")[0]
            written = _written(line, name.strip().lower(), authority)
            named |= name.lower() == b"host"
            staying = written is not None and name.lower() != b"host"
            kept += [] if written is None else [written]
        if not named:
            kept.insert(1, b"Host: " + authority)
        return b"\r\n".join([*kept, b"", b""])


def _written(line: bytes, name: bytes, authority: bytes) -> bytes | None:
    if name == b"host":
        return line[: len(name)] + b": " + authority
    if name in _OF_THIS_HOP:
        return None
    if name == b"connection" and any(offer in line.lower() for offer in _OFFERS):
        options = line.partition(b":")[2].split(b",")
        left = [option.strip() for option in options if option.strip().lower() not in _OFFERS]
        return line[: len(name)] + b": " + b", ".join(left) if left else None
    return line


def end_of_head(buffer: bytes | bytearray) -> int | None:
    """The length of the head with which `buffer` begins, its blank line included.

    Raises:
        NotForward: 431: there is none, and there are more bytes than a head may have.
    """
    found = _END.search(buffer, 0, HEAD_BYTES)
    if found is not None:
        return found.end()
    if len(buffer) >= HEAD_BYTES:
        raise NotForward(431, f"a head has at most {HEAD_BYTES} bytes")
    return None


def head_of(raw: bytes) -> Head:
    """A head from its bytes.

    Raises:
        NotForward: 400: it is none, or is meant for another kind of proxy.
    """
    first, *lines = _LINE.split(raw.strip(b"\r\n"))
    parts = first.split(b" ")
    if len(parts) != 3 or not parts[2].startswith(b"HTTP/1."):
        raise NotForward(400, "the request is no HTTP/1.1; take the proxy's address as the portal's base URL")
    method, target, version = parts
    if method == b"CONNECT" or not target.startswith(b"/"):
        text = "this is no proxy for a browser or HTTP_PROXY: take its address as the portal's base URL instead"
        raise NotForward(400, text)
    names = {line.partition(b":")[0].strip().lower() for line in lines}
    if {b"content-length", b"transfer-encoding"} <= names:
        raise NotForward(400, "Content-Length and Transfer-Encoding both say where the body ends: send one of them")
    return Head(method, target, version, tuple(lines))
