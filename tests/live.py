"""Real servers on real sockets for the tests: one per configuration, shared, with a world for each test."""

import itertools
import os
import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any

from mock_server import Settings, create_app
from mock_server.app import Simulator
from mock_server.clock import Clock
from mock_server.web.listening import bind, configured
from mock_server.web.watch import Server
from tests.databases import DATABASES

_names = itertools.count(1)

WORN = 300
"""How often a server is asked for before another takes its place: the worlds of its tests stay in memory with it."""


class LiveServer:
    """A simulator in a thread of this process, on this port of 127.0.0.1 or a free one."""

    def __init__(self, settings: Settings, clock: Clock | None = None, port: int = 0) -> None:
        self.app: Simulator = create_app(DATABASES.settled(settings), clock)
        listener = bind("127.0.0.1", port)
        self.port: int = listener.getsockname()[1]
        self._server = Server(configured(self.app))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=10)
        assert not self._thread.is_alive()


class Servers:
    """Live servers by configuration, started when first asked for."""

    def __init__(self) -> None:
        self._servers: dict[tuple[Any, ...], LiveServer] = {}
        self._asked: Counter[tuple[Any, ...]] = Counter()

    def get(
        self, *, edition: str = "2025-08", readings: Mapping[str, str] | None = None, pace: str = "instant"
    ) -> LiveServer:
        chosen = dict(readings or {})
        key = (edition, tuple(sorted(chosen.items())), pace)
        if key not in self._servers:
            self._servers[key] = LiveServer(Settings(edition=edition, readings=chosen, pace=pace, seed=1))
        self._asked[key] += 1
        return self._servers[key]

    def renew(self) -> None:
        """Stop those that are worn; nobody may still have one in hand."""
        for key, asked in list(self._asked.items()):
            if asked > WORN:
                del self._asked[key]
                self._servers.pop(key).stop()

    def stop(self) -> None:
        for server in self._servers.values():
            server.stop()


def fresh_world() -> str:
    """A world's name that no test has used."""
    return f"t{os.getpid()}-{next(_names)}"
