"""Fixtures of all tests."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.client import Portal, hang_up
from tests.databases import DATABASES, ENGINES
from tests.live import Servers, fresh_world
from tests.postgresql import Cluster, cluster

pytest_plugins = ("tests.tracing",)

OVER_HTTP = ("http", "control")
"""Folders of tests that call a server, and so can call one on either engine."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--both-engines", action="store_true", help="run every test that calls a server on PostgreSQL too"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    both = metafunc.config.getoption("both_engines") and Path(metafunc.module.__file__).parent.name in OVER_HTTP
    if both or any(metafunc.definition.iter_markers("engines")):
        metafunc.parametrize("engine", ENGINES, indirect=True, scope="session")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Callable[[], Cluster]]:
    """Asks for the tests' PostgreSQL; skips the test where none is installed."""
    with cluster() as asked:
        yield asked


@pytest.fixture(scope="session", autouse=True)
def engine(request: pytest.FixtureRequest, postgresql: Callable[[], Cluster]) -> Iterator[str]:
    """The engine that servers have unless they name a database: SQLite, for tests marked `engines` PostgreSQL too."""
    name: str = getattr(request, "param", ENGINES[0])
    if name == "postgresql":
        postgresql()
        DATABASES.on(postgresql)
    yield name
    DATABASES.on(None)


@pytest.fixture(scope="session")
def servers(engine: str) -> Iterator[Servers]:  # noqa: ARG001
    """Live servers by configuration."""
    running = Servers()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mock_server.portal.worlds.MAX_WORLDS", 100_000)  # a world for each test of the whole run
        yield running
    hang_up()
    running.stop()


@pytest.fixture(scope="module", autouse=True)
def renewed(servers: Servers) -> None:
    """Modules may hold on to a server; behind them it is let go once it is full of worlds."""
    hang_up()
    servers.renew()


@pytest.fixture
def portal(servers: Servers) -> Portal:
    """A fresh world under the defaults where nothing takes time, called as `demo`."""
    return Portal(servers.get().port, fresh_world())
