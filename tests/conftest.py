"""Fixtures of all tests."""

from collections.abc import Iterator

import pytest

from tests.client import Portal, hang_up
from tests.live import Servers, fresh_world

pytest_plugins = ("tests.tracing",)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Live servers by configuration."""
    running = Servers()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mock_server.portal.worlds.MAX_WORLDS", 100_000)  # a world for each test of the whole run
        yield running
    hang_up()
    running.stop()


@pytest.fixture
def portal(servers: Servers) -> Portal:
    """A fresh world under the defaults where nothing takes time, called as `demo`."""
    return Portal(servers.get().port, fresh_world())
