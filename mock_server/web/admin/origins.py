"""Web pages of others must not steer the simulator from inside the browser of somebody who may."""

import ipaddress
from urllib.parse import urlsplit

from starlette.requests import Request

from mock_server.control.desk import Problem
from mock_server.web.requests import first_of_each, of_another_page

_PRIVATE = ("localhost", "internal", "test")
"""Last parts of names that nobody can register, so that no stranger's name server answers for them."""


def demand_own_origin(request: Request) -> None:
    """Raises a Problem (403) for what a page of another origin asks for; programs send no such headers.

    Reading is no exception: it makes a world of that name, and a page of pictures could make as many as there may be.
    """
    origin, host = request.headers.get("origin"), request.headers.get("host", "")
    foreign = origin is not None and _place(origin) != host
    if foreign or of_another_page(first_of_each(request.scope["headers"])):
        raise Problem(
            403,
            "another origin",
            "a page of another origin asked for this; only the dashboard's own may",
            given=(origin or "a browser's request")[:200],
            allowed=[f"{request.url.scheme}://{host}"],
        )


def demand_known_host(request: Request) -> None:
    """Raises a Problem (403) unless the host is an address, a name of one part, or one that nobody can register.

    Where no token is wanted, any page could else have a name of its own point to this machine, and so be of our
    origin (DNS rebinding).
    """
    host = request.headers.get("host", "")
    if not _is_known(host):
        raise Problem(
            403,
            "unknown host",
            "without an admin token the control API answers to addresses and local names alone: use 127.0.0.1,"
            " or start the server with --admin-token",
            given=host[:200],
            allowed=["127.0.0.1", "localhost", "any other address"],
        )


def _place(origin: str) -> str | None:
    """Host and port of an origin; `None` if it is none, as `null` is of a page without one."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def _is_known(host: str) -> bool:
    """Whether a `Host` is an address, has one part, or ends in one that nobody can register."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return "." not in name or name.rpartition(".")[2] in _PRIVATE or bool(ipaddress.ip_address(name))
    except ValueError:
        return False
