"""Fixtures of the tests that call the portal over HTTP."""

from collections.abc import Iterator

import pytest

from tests.client import Portal
from tests.inprocess import rows
from tests.live import Servers


@pytest.fixture
def kept(servers: Servers, portal: Portal) -> Iterator[None]:
    """Nothing is stored by the test."""
    portal.call("read_proc_status", procId=123)  # the world comes to be on first use
    before = rows(servers.get().app)
    yield
    assert rows(servers.get().app) == before
