"""Fixtures of the proxy's tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.proxy.between import Between, Scripted

Start = Callable[..., tuple[Scripted, Between]]


@pytest.fixture
def between() -> Iterator[Start]:
    """Starts a scripted server, and a proxy before it."""
    with ExitStack() as running:

        def start(behave: Any, **settings: Any) -> tuple[Scripted, Between]:
            server = Scripted(behave)
            running.callback(server.close)
            proxy = Between(server.url, **settings)
            running.callback(proxy.stop)
            return server, proxy

        yield start
