"""The clock of a world: look at it, set it, freeze it, speed it up, advance it; forward only."""

from datetime import datetime
from typing import Any

import msgspec

from mock_server.clock import FURTHEST, SECOND, WorldClock
from mock_server.control.desk import Desk, Problem
from mock_server.durations import LONGEST, microseconds
from mock_server.portal.moments import instant, iso
from mock_server.portal.settling import settle

MAX_SPEED = 86_400.0
"""A day a second."""

_INSTANT = "2026-11-20T12:00:00+04:00"


def shown(desk: Desk) -> dict[str, Any]:
    """`{"now", "speed", "frozen"}`; `now` in ISO 8601 with Baku's offset."""
    change = desk.look()
    return _shown(change.now, change.row.clock, change.view.settings.speed)


def put(desk: Desk, now: str | None, speed: float | None, frozen: bool | None) -> dict[str, Any]:
    """Set the clock; what is left out stays. A clock that is frozen keeps its speed for when it runs again.

    Raises:
        Problem: an instant before the present (409), or a speed that is no speed.
    """
    with desk.change() as change:
        settings = change.view.settings
        if speed is not None:
            if not 0 < speed <= MAX_SPEED:
                bounds = f"above 0, at most {MAX_SPEED:.0f}"
                raise Problem(400, "no such speed", f"speed is {bounds}", given=str(speed), allowed=[bounds])
            settings = msgspec.structs.replace(settings, speed=speed)
            desk.store.worlds.set_settings(change.row.id, msgspec.json.encode(settings).decode())
        still = change.row.clock_speed == 0 if frozen is None else frozen
        then = change.now if now is None else instant_named(now)
        clock = WorldClock(desk.clock.now(), then, 0.0 if still else settings.speed)
        _move(desk, change.row.id, change.now, clock)
        settle(desk.store, change.view, then)
    return _shown(then, clock, settings.speed)


def advance(desk: Desk, by: str | float) -> dict[str, Any]:
    """Let time pass at once, forward only; whatever falls due on the way happens, at its own instant."""
    length = length_of(by)
    if length < 0:
        detail = "time in a world goes forward only; reset the world to begin again"
        raise Problem(409, "forward only", detail, given=str(by), allowed=["0s or more"])
    with desk.change() as change:
        clock = change.row.clock._replace(real=desk.clock.now(), world=change.now + length)
        _move(desk, change.row.id, change.now, clock)
        settle(desk.store, change.view, clock.world)
    return _shown(clock.world, clock, change.view.settings.speed)


def length_of(given: str | float) -> int:
    """A duration as text (`90s`, `5m`) or in seconds, in microseconds; negative with a minus."""
    if not isinstance(given, str):
        if not abs(given) * SECOND <= LONGEST:
            most = f"at most {LONGEST // SECOND} seconds"
            raise Problem(400, "no duration", most, given=str(given), allowed=[most])
        return round(given * SECOND)
    try:
        return -microseconds(given[1:]) if given.startswith("-") else microseconds(given)
    except ValueError as error:
        raise Problem(400, "no duration", str(error), given=given, allowed=["90s", "5m", "2h", "seconds"]) from None


def instant_named(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Problem(400, "no instant", f"write it like {_INSTANT}", given=text, allowed=[_INSTANT]) from None
    if moment.tzinfo is None:
        raise Problem(
            400, "no instant", "the instant needs an offset, such as +04:00", given=text, allowed=[_INSTANT]
        )
    return instant(moment)


def _move(desk: Desk, world: int, now: int, clock: WorldClock) -> None:
    if clock.world < now:
        detail = f"it is {iso(now)} in this world, and time goes forward only; reset it"
        raise Problem(409, "forward only", detail, given=iso(clock.world), allowed=[f"{iso(now)} or later"])
    if clock.world > FURTHEST:
        bounds = f"up to {iso(FURTHEST)}"
        raise Problem(
            400,
            "too far",
            f"a world's time goes {bounds}",
            given=f"{(clock.world - now) // SECOND}s from now",
            allowed=[bounds],
        )
    desk.store.worlds.set_clock(world, clock)


def _shown(now: int, clock: WorldClock, speed: float) -> dict[str, Any]:
    return {"now": iso(now), "speed": speed, "frozen": clock.speed == 0}
