"""Databases that several server processes share."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.postgresql import Cluster


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path, postgresql: Callable[[], Cluster]) -> Iterator[str]:
    """The URL of an empty one of the engine that the parameter names."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'portal.db'}"
        return
    cluster = postgresql()
    url = cluster.database()
    yield url
    cluster.drop(url)
