"""Asks a server whether it is a simulator that answers; for images without curl."""

import ssl
from http.client import HTTPException
from urllib.request import HTTPSHandler, OpenerDirector, ProxyHandler, build_opener

from mock_server.draws import secret_of
from mock_server.refusals import ConfigurationError
from mock_server.settings import Settings

_TIMEOUT_SECONDS = 3
_ENOUGH_BYTES = 65536

# Listening on these means listening everywhere; the way to oneself is the loopback.
_LOOPBACK_OF = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def own_url(settings: Settings) -> str:
    """The URL at which a server of these settings is reached from the same machine."""
    if settings.port == 0:
        raise ConfigurationError("the port is 0, so the server picked one itself: name its URL")
    host = _LOOPBACK_OF.get(settings.host, settings.host)
    scheme = "http" if settings.tls_cert is None else "https"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{settings.port}"


def trouble(base: str) -> str | None:
    """What is wrong with the server at this URL; None when it echoes our nonce."""
    if not base.startswith(("http://", "https://")):
        raise ConfigurationError(f'"{base}" is no URL such as http://127.0.0.1:8080')
    nonce = secret_of(None, "healthcheck").hex()
    question = f"{base.rstrip('/')}/__simulator?nonce={nonce}"
    try:
        with _opener().open(question, timeout=_TIMEOUT_SECONDS) as answer:
            echoed = nonce.encode() in answer.read(_ENOUGH_BYTES)
    except (OSError, HTTPException, ValueError) as error:
        return f"not reachable: {error}"
    return None if echoed else "something answers, but it is no simulator"


def _opener() -> OpenerDirector:
    """Goes to the server itself, past any proxy, and judges no certificate: nothing secret is sent."""
    trusting = ssl.create_default_context()
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    return build_opener(ProxyHandler({}), HTTPSHandler(context=trusting))
