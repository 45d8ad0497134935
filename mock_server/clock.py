"""The one door of real time, and the arithmetic of world time.

*Real time* rules waiting, delays and the judging of clients. *World time* rules processes, PINs,
challenges and dates; each world derives it from real time by an anchor, a speed, or a standstill.
Both are whole microseconds since 1970 UTC.
"""

import time
from typing import NamedTuple, Protocol

SECOND = 1_000_000

FURTHEST = 221_845_377_600 * SECOND
"""No world's time goes further than the year 9000: calendars end."""


class Clock(Protocol):
    """Real time, as tests may replace it."""

    def now(self) -> int:
        """Microseconds since 1970 UTC."""

    def stopwatch(self) -> int:
        """Nanoseconds of a clock that never goes back; only differences mean anything."""


class SystemClock:
    """The clock of this machine."""

    def now(self) -> int:
        return time.time_ns() // 1000

    def stopwatch(self) -> int:
        return time.perf_counter_ns()


class StillClock:
    """Real time that stands until it is moved: two runs of one script see the same instants."""

    def __init__(self, now: int) -> None:
        self._now = now

    def now(self) -> int:
        return self._now

    def stopwatch(self) -> int:
        return self._now * 1000

    def advance(self, seconds: float) -> None:
        self._now += round(seconds * SECOND)


class WorldClock(NamedTuple):
    """How a world's time follows real time: at `real` it was `world`, and runs `speed` times as fast."""

    real: int
    world: int
    speed: float

    def at(self, real: int) -> int:
        """World time at a real instant; never before the anchor, even if the machine's clock is set back."""
        passed = max(real - self.real, 0)
        return min(self.world + (passed if self.speed == 1 else round(passed * self.speed)), FURTHEST)
