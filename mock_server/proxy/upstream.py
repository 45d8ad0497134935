"""The server behind the proxy: its address, and connections to it."""

import asyncio
import ssl
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from mock_server.refusals import ConfigurationError
from mock_server.rulebook.constants import BASE_PATH

CONNECT_SECONDS = 10.0
PIECE = 65_536
"""Bytes that are read at a time; asyncio holds twice as many back, and no more."""

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Upstream(NamedTuple):
    """Where requests go.

    Attributes:
        authority: what the `Host` header says.
        prefix: what stands before the client's path, such as `/w/blue`; mostly nothing.
        tls: how the server is verified; `None` for plain http.
    """

    host: str
    port: int
    authority: bytes
    prefix: bytes
    tls: ssl.SSLContext | None

    @property
    def url(self) -> str:
        scheme = "http" if self.tls is None else "https"
        return f"{scheme}://{self.authority.decode()}{self.prefix.decode()}"

    @property
    def exposed(self) -> bool:
        """Whether credentials would leave this machine unencrypted."""
        return self.tls is None and not self.loopback

    @property
    def loopback(self) -> bool:
        """Whether it is on this machine."""
        try:
            return self.host == "localhost" or ip_address(self.host).is_loopback
        except ValueError:
            return False

    async def connect(self) -> Streams:
        """A new connection.

        Raises:
            OSError: it cannot be had, within the time (`TimeoutError`), or the certificate is not to be trusted.
        """
        async with asyncio.timeout(CONNECT_SECONDS):
            return await asyncio.open_connection(
                self.host,
                self.port,
                limit=PIECE,
                ssl=self.tls,
                server_hostname=None if self.tls is None else self.host,
            )


def upstream_of(url: str, authorities: Path | None = None) -> Upstream:
    """The server at `url`: scheme and host, with or without the base path `/api` (F-ENV-01).

    `authorities` is a PEM file of certificates to trust instead of the system's.

    Raises:
        ConfigurationError: what is given is no such address.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode()
    except ValueError as error:  # UnicodeError is one
        raise _no_address(url, str(error)) from None
    reason = _fault(parts)
    if reason:
        raise _no_address(url, reason)
    tls = _verifying(authorities) if parts.scheme == "https" else None
    path = parts.path.rstrip("/").removesuffix(BASE_PATH)
    shown = f"[{host}]" if ":" in host else host
    authority = shown if port is None else f"{shown}:{port}"
    return Upstream(host, port or (80 if tls is None else 443), authority.encode(), path.encode(), tls)


def _fault(parts: SplitResult) -> str | None:
    """What is wrong with an address."""
    if parts.scheme not in ("http", "https"):
        return "it begins with http:// or https://"
    if not parts.hostname:
        return "it names no host"
    if parts.username is not None or parts.password is not None:
        return "credentials do not belong into an address (F-AUTH-08); the client sends its own"
    if parts.query or parts.fragment:
        return "it has a query string or a fragment"
    if not parts.path.isascii() or any(character <= " " for character in parts.path):
        return "its path has characters that an address cannot have"
    return None


def _no_address(url: str, reason: str) -> ConfigurationError:
    shown = url if "@" not in url else url.partition("://")[0] + "://***@" + url.rpartition("@")[2]
    return ConfigurationError(
        f'upstream "{shown[:200]}": {reason}. Allowed is an address such as https://company.vatportal.az/api'
    )


def _verifying(authorities: Path | None) -> ssl.SSLContext:
    if authorities is not None and not authorities.is_file():
        raise ConfigurationError(f"upstream-ca: there is no file {authorities}")
    try:
        return ssl.create_default_context(cafile=authorities)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigurationError(
            f"upstream-ca {authorities}: no PEM file of certificates ({error.strerror or error})"
        ) from None
