"""Reading a request's body, within a bound."""

from starlette.types import Receive, Scope


class TooLarge(Exception):
    """The body is, or says it is, beyond the bound."""


class Gone(Exception):
    """The caller hung up before his request was complete."""


async def read_body(scope: Scope, receive: Receive, bound: int) -> bytes:
    """The whole body.

    Raises:
        TooLarge: more than `bound` bytes; what is left of it has not been read.
        Gone: the connection ended first.
    """
    for name, value in scope["headers"]:
        if name == b"content-length" and int(value) > bound:
            raise TooLarge
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        body: bytes = message.get("body", b"")
        if len(body) > bound:
            raise TooLarge
        return body
    chunks: list[bytes] = []
    size = 0
    while True:
        if message["type"] == "http.disconnect":
            raise Gone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > bound:
            raise TooLarge
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)
        message = await receive()
