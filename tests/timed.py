"""A live server whose time stands still until a test moves it, and what can be done to its processes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mock_server import Settings
from mock_server.clock import SECOND, StillClock
from mock_server.portal import processes
from mock_server.portal.moments import span
from mock_server.portal.stages import Event, Happening, Record, Timeline
from tests.client import Portal, hang_up
from tests.live import LiveServer

NOON = "20.11.2026 12:00"


class Timed:
    """Worlds here are named by their test, so that every draw is the same in each run."""

    def __init__(self, settings: Settings, clock: StillClock) -> None:
        self.clock = clock
        self.server = LiveServer(settings, clock)

    def portal(self, world: str, account: str = "demo") -> Portal:
        return Portal(self.server.port, world, account)

    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def until(self, instant: int | None) -> None:
        """Wait until an instant of a timeline; it must not be past."""
        assert instant is not None
        assert instant >= self.clock.now()
        self.clock.advance((instant - self.clock.now()) / SECOND)

    def plan(self, portal: Portal, process: int) -> tuple[Record, Timeline]:
        """What the server knows of a process."""
        store = self.server.app.store
        world = store.worlds.find(portal.world)
        assert world is not None
        row = store.processes.find(world.id, process)
        assert row is not None
        return processes.read(row.record)

    def over(self, portal: Portal, process: int, stage: str) -> int:
        """The instant at which a stage will be over."""
        end = next(mark.end for mark in self.plan(portal, process)[1].marks if mark.stage.name == stage)
        assert end is not None
        return end

    def happens(self, portal: Portal, process: int, what: Happening, *, stage: int = -1, text: str = "") -> None:
        """Have something happen to a process now; what follows from it is settled by the next request."""
        store = self.server.app.store
        with store.writing():
            world = store.worlds.find(portal.world)
            assert world is not None
            row = store.processes.find(world.id, process)
            assert row is not None
            record = processes.read(row.record)[0].with_event(Event(self.clock.now(), what, stage, text))
            due = processes.next_due(processes.timeline(record), row.applied)
            store.processes.save(world.id, process, processes.written(record), row.applied, due)
            store.worlds.due(world.id, due)

    def stop(self) -> None:
        hang_up()
        self.server.stop()


@contextmanager
def timed(now: str | int = NOON, *, seed: int = 1, **settings: Any) -> Iterator[Timed]:
    """A server at an instant, or at a date and time in Baku, that has just been started."""
    if isinstance(now, str):
        named = span(now)
        assert named is not None
        now = named[0]
    server = Timed(Settings(seed=seed, **settings), StillClock(now))
    try:
        yield server
    finally:
        server.stop()
