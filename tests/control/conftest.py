"""Fixtures of the tests of the control API."""

from collections.abc import Iterator

import pytest

from mock_server import Settings
from tests.client import Portal
from tests.control.steer import Steer
from tests.live import LiveServer
from tests.timed import Timed, timed


@pytest.fixture
def steer(portal: Portal) -> Steer:
    """The control API of the world that `portal` calls."""
    return Steer(portal.port, portal.world)


@pytest.fixture(scope="module")
def realistic(engine: str) -> Iterator[Timed]:  # noqa: ARG001
    """A server whose real time stands still."""
    with timed(pace="realistic") as server:
        yield server


@pytest.fixture
def alone() -> Iterator[LiveServer]:
    """A server that no other test uses."""
    server = LiveServer(Settings(pace="instant", seed=1))
    yield server
    server.stop()
