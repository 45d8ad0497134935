"""Which engine the tests' servers keep their rows in: SQLite in memory, or a database each of a real PostgreSQL."""

from collections.abc import Callable
from dataclasses import replace

from mock_server import Settings
from tests.postgresql import Cluster

MEMORY = "memory:"
ENGINES = ("sqlite", "postgresql")


class Databases:
    """Gives every server that would be in memory a database of the engine under test."""

    def __init__(self) -> None:
        self._cluster: Callable[[], Cluster] | None = None

    def on(self, cluster: Callable[[], Cluster] | None) -> None:
        """From now on PostgreSQL, or with `None` SQLite."""
        self._cluster = cluster

    def settled(self, settings: Settings) -> Settings:
        """The settings, with a database of their own under the engine under test; one that names its own keeps it."""
        if self._cluster is None or settings.database != MEMORY:
            return settings
        return replace(settings, database=self._cluster().database())


DATABASES = Databases()
