"""Reading a request's body, within a bound."""

import asyncio
from collections.abc import Mapping

from starlette.types import Receive

IDLE_SECONDS = 0.5


class TooLarge(Exception):
    """The body is, or says it is, beyond the bound."""


class Gone(Exception):
    """The caller hung up before his request was complete."""


DISCARDED = 8
"""How many times the bound is read and thrown away, so that a client who sends first sees the answer."""


async def read_body(headers: Mapping[bytes, bytes], receive: Receive, bound: int) -> bytes:
    """The whole body.

    Raises:
        TooLarge: more than `bound` bytes; what is left of it has been thrown away, unless it is very large.
        Gone: the connection ended first.
    """
    length = headers.get(b"content-length", b"")
    if length.isdigit() and int(length[:20]) > bound:
        if int(length[:20]) <= bound * DISCARDED:
            await _discard(receive, bound * DISCARDED)
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
            if message.get("more_body", False):
                await _discard(receive, bound * (DISCARDED - 1))
            raise TooLarge
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)
        message = await receive()


async def _discard(receive: Receive, bound: int) -> None:
    """Read and throw away the rest of a body, up to a bound."""
    size = 0
    while size <= bound:
        try:
            message = await asyncio.wait_for(receive(), IDLE_SECONDS)
        except TimeoutError:
            return  # he waits for our answer before he sends
        size += len(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return
