"""Where the server listens, and how uvicorn is set up to serve there."""

import errno
import os
import socket
import sys
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from mock_server.web.protocol import Http11Protocol

if sys.platform != "win32":
    import resource

KEEP_ALIVE_SECONDS = 75
"""How long an idle connection is kept: beyond a caller's pauses, lest it send into one that closes."""

GRACE_SECONDS = 5
"""How long a stop waits for answers under way; Docker kills after 10."""

CONNECTIONS = 16_384
"""At most so many connections are open at a time, or fewer where the system allows fewer files."""

FILES_KEPT = 64
"""Files that the server needs besides its connections."""

_BACKLOG = 2048

_REASONS = {
    errno.EADDRINUSE: "another program listens there; stop it or choose another port (0 takes a free one)",
    errno.EACCES: "this user may not take that port; choose one from 1024 up",
    errno.EADDRNOTAVAIL: "this machine has no such address; 127.0.0.1 means itself, 0.0.0.0 all it has",
}


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens on `host` (a name, an IPv4 or an IPv6 address) and `port` (0 takes a free one).

    It is made with `IPPROTO_TCP`, because asyncio switches Nagle's algorithm off for no other, which costs
    45 ms an answer. It listens at once: a port in use shows here, and early clients wait, not refused.
    `::` takes IPv4 too; of a name that has both kinds of address, the IPv4 one is taken.

    Raises:
        OSError: the address cannot be had; `strerror` says which, why, and what to do.
    """
    if not 0 <= port <= 65535:
        raise OSError(errno.EINVAL, f"cannot listen on port {port}: allowed are 0 (a free one) to 65535")
    family, address = _resolved(host, port)
    try:
        return _listener(family, address)
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, error.strerror)
        raise OSError(error.errno, f"cannot listen on {host} port {port}: {reason}") from error


def configured(
    app: ASGIApp, *, tls_cert: Path | None = None, tls_key: Path | None = None, workers: int = 1
) -> uvicorn.Config:
    """uvicorn's settings for `app`, to be run by `uvicorn.Server(...).run(sockets=[bind(...)])`.

    `tls_cert` is a PEM file of the chain, and of the key unless `tls_key` is given; with it only https is
    spoken.
    `workers` is noted for whoever starts several processes; a `Server` is always one.
    Nothing is read from the environment, and nothing in `X-Forwarded-*` headers is believed.

    Raises:
        ValueError: a key without a certificate.
    """
    if tls_key and not tls_cert:
        raise ValueError(f"the TLS key {tls_key} comes without a certificate: give both, or none")
    return uvicorn.Config(
        app,
        http=Http11Protocol,
        ws="none",
        loop="auto",  # uvloop where it is installed
        interface="asgi3",
        lifespan="auto",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        forwarded_allow_ips="",
        workers=workers,
        backlog=_BACKLOG,
        limit_concurrency=room(),
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ssl_certfile=tls_cert,
        ssl_keyfile=tls_key,
    )


def room() -> int:
    """How many connections this process may have; it asks for as many open files as the system would ever give it."""
    if sys.platform == "win32":
        return CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + FILES_KEPT
    allowed = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return max(1, allowed - FILES_KEPT)


def _resolved(host: str, port: int) -> tuple[int, tuple[Any, ...]]:
    """Address family and socket address of `host`."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (socket.gaierror, UnicodeError) as error:
        reason = "no such host is known here"
        raise OSError(errno.EADDRNOTAVAIL, f"cannot listen on {host!r} port {port}: {reason}") from error
    family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return family, address


def _listener(family: int, address: tuple[Any, ...]) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere this would let two programs share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, address[0] != "::")
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
