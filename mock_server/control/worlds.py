"""Worlds from outside: make, list, delete, reset; snapshots; readings and settings."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from mock_server.control.desk import Desk, Problem
from mock_server.portal.moments import iso
from mock_server.portal.plans import PACES
from mock_server.portal.worlds import MAX_WORLDS, Start, TooManyWorlds, WorldSettings, WorldTaken, snapshots_of
from mock_server.refusals import ConfigurationError
from mock_server.rulebook.constants import PAGE_SIZE
from mock_server.rulebook.ledger import Ledger

MAX_SNAPSHOTS = 100
MAX_PAGE_SIZE = 100_000
PIECE = 1000
"""Rows that are removed before others have their turn."""

TURN_SECONDS = 0.002

START = "start"
NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")


def listed(desk: Desk) -> list[dict[str, Any]]:
    """Every world: name, generation, its own clock."""
    found = []
    for name in desk.store.worlds.names():
        row = desk.store.worlds.find(name)
        if row is not None:
            found.append({"name": name, "generation": row.generation, "now": iso(row.clock.at(desk.clock.now()))})
    return found


def make(desk: Desk, name: str, start: Start, admin_token: str | None) -> dict[str, Any]:
    """A new world.

    Raises:
        Problem: 400 for a name or setting that cannot be, 409 for a name that is taken or one world too many.
    """
    demand_name(name)
    check_settings(start.readings, start.pace, start.page_size)
    try:
        desk.worlds.make(name, start, admin_token, anew=True)
    except WorldTaken:
        raise taken(name) from None
    except TooManyWorlds as error:
        raise too_many(name, error) from None
    return {"name": name, "url": f"/w/{name}/api"}


def taken(name: str) -> Problem:
    """Why no world of this name can be made: there is one."""
    detail = f"there is a world {name!r} already; delete or reset it"
    return Problem(409, "it is there", detail, given=name, allowed=["a name that no world has yet"])


def too_many(name: str, error: TooManyWorlds) -> Problem:
    """Why no world can be made at all."""
    return Problem(409, "too many worlds", str(error), given=name, allowed=[f"at most {MAX_WORLDS} worlds"])


async def delete(desk: Desk, name: str) -> dict[str, Any]:
    """Remove a world with all its snapshots; it begins anew when somebody uses the name again."""
    await desk.store.turns(_discard, desk, name)
    await _swept(desk)
    return {"deleted": name}


def _discard(desk: Desk, name: str) -> None:
    row = desk.store.worlds.find(name)
    if row is None:
        raise Problem.unknown("world", name, desk.store.worlds.names(), status=404)
    with desk.store.writing():
        desk.store.worlds.lock(row.id)
        desk.worlds.discard(row)


async def reset(desk: Desk, to: str) -> dict[str, Any]:
    """Back to the start, or to a snapshot; what is in flight cannot touch the new generation."""
    begun = await desk.store.turns(_begun_anew, desk, to)
    await _swept(desk)
    return begun


def _begun_anew(desk: Desk, to: str) -> dict[str, Any]:
    if to != START or snapshot_of(desk, desk.name, START) is not None:
        return _restored(desk, to)
    row = desk.worlds.row(desk.name)
    with desk.store.writing():
        desk.store.worlds.lock(row.id)
        desk.worlds.reset(row)
    return {"name": desk.name, "generation": desk.worlds.row(desk.name).generation}


async def _swept(desk: Desk) -> None:
    """Remove what was discarded, piece by piece, so that others have their turn."""
    more = True
    while more:
        more = await desk.store.turns(desk.worlds.sweep, PIECE)
        await asyncio.sleep(TURN_SECONDS if more else 0)


def snapshots(desk: Desk) -> list[dict[str, Any]]:
    desk.look()
    return [{"name": name, "now": iso(now)} for name, now in _known(desk)]


def save(desk: Desk, name: str) -> dict[str, Any]:
    """Save the whole world under a name; a snapshot of that name is replaced."""
    demand_name(name)
    if name == START:
        detail = f"{START!r} is where a reset leads"
        raise Problem(400, "no such name", detail, given=name, allowed=["any other name"])
    with desk.change() as change:
        known = snapshot_names(desk)
        if name in known:
            old = desk.store.copies.hidden(snapshots_of(desk.name) + name)
            assert old is not None
            desk.store.worlds.remove(old)
        elif len(known) >= MAX_SNAPSHOTS:
            most = f"at most {MAX_SNAPSHOTS} snapshots"
            raise Problem(409, "too many snapshots", f"a world has {most}", given=name, allowed=known)
        clock = change.row.clock._replace(real=desk.clock.now(), world=change.now)
        copy = desk.store.worlds.add(snapshots_of(desk.name) + name, b"", clock, "{}", "{}", None)
        desk.store.copies.hide(copy)
        desk.store.copies.rows(change.row.id, copy)
    return {"name": name, "now": iso(change.now)}


async def restore(desk: Desk, name: str) -> dict[str, Any]:
    """Everything as it was when the snapshot was taken, its clock too, which runs on from there."""
    begun = await desk.store.turns(_restored, desk, name)
    await _swept(desk)
    return begun


def _restored(desk: Desk, name: str) -> dict[str, Any]:
    row = desk.worlds.row(desk.name)
    saved = desk.store.copies.hidden(snapshots_of(desk.name) + name)
    if saved is None:
        known = snapshot_names(desk)
        raise Problem.unknown("snapshot", name, known, status=404)
    with desk.store.writing():
        desk.store.worlds.lock(row.id)
        clock = desk.store.worlds.lock(saved).clock
        world = desk.store.worlds.renew(row.id)
        desk.store.copies.rows(saved, world)
        desk.store.worlds.set_clock(world, clock._replace(real=desk.clock.now()))
    desk.worlds.forget(row)
    return {"name": desk.name, "generation": desk.worlds.row(desk.name).generation, "now": iso(clock.world)}


def readings(desk: Desk) -> dict[str, Any]:
    """The answers in force: `{"edition", "readings"}`."""
    view = desk.look().view
    return {"edition": view.readings.edition, "readings": view.readings.in_force()}


def put_readings(desk: Desk, patch: Mapping[str, str]) -> dict[str, Any]:
    """Choose other answers for this world; unknown ids and answers are refused, and nothing changes then."""
    check_settings(patch, None, None)
    with desk.change() as change:
        chosen = {**change.view.settings.readings, **patch}
        _save(desk, change.row.id, msgspec.structs.replace(change.view.settings, readings=chosen))
    return readings(desk)


def settings(desk: Desk) -> dict[str, Any]:
    """`{"pace", "page_size", "series"}`; a page size that is not the documents' is marked."""
    view = desk.look().view
    return {
        "pace": view.pace,
        "page_size": view.page_size,
        "page_size_documented": view.page_size == PAGE_SIZE,
        "series": view.series,
    }


def put_settings(desk: Desk, pace: str | None, page_size: int | None) -> dict[str, Any]:
    """Choose another pace or page size for this world; processes under way keep theirs."""
    check_settings({}, pace, page_size)
    with desk.change() as change:
        now = change.view.settings
        chosen = msgspec.structs.replace(now, pace=pace or now.pace, page_size=page_size or now.page_size)
        _save(desk, change.row.id, chosen)
    return settings(desk)


def check_settings(readings: Mapping[str, str], pace: str | None, page_size: int | None) -> None:
    """Raises a Problem (400) for an unknown reading, answer or pace, or a page size out of bounds."""
    for name, answer in readings.items():
        _check_reading(name, answer)
    if pace is not None and pace not in PACES:
        raise Problem.unknown("pace", pace, PACES)
    if page_size is not None and not 1 <= page_size <= MAX_PAGE_SIZE:
        bounds = f"1 to {MAX_PAGE_SIZE}"
        raise Problem(400, "no such page size", f"page_size is from {bounds}", given=str(page_size), allowed=[bounds])


def _check_reading(name: str, answer: str) -> None:
    ledger = Ledger.load()
    if name not in ledger.readings:
        selectable = [reading.id for reading in ledger.readings.values() if reading.selectable]
        raise Problem.unknown("reading", name[:100], selectable)
    reading = ledger.readings[name]
    try:
        reading.check(answer)
    except ConfigurationError as error:
        allowed = reading.answers if reading.selectable else [reading.default]
        raise Problem(400, f"no such answer of {name}", str(error), given=answer[:100], allowed=allowed) from None


def demand_name(name: str) -> None:
    """Raises a Problem (400) unless this can be the name of a world or a snapshot."""
    if NAME.fullmatch(name) is None:
        raise Problem(
            400,
            "no such name",
            "a name is 1 to 64 of a-z 0-9 . _ -, beginning and ending with a letter or digit",
            given=name,
            allowed=[NAME.pattern],
        )


def _save(desk: Desk, world: int, chosen: WorldSettings) -> None:
    desk.store.worlds.set_settings(world, msgspec.json.encode(chosen).decode())


def snapshot_of(desk: Desk, world: str, name: str) -> int | None:
    """The hidden world that a snapshot is."""
    return desk.store.copies.hidden(snapshots_of(world) + name)


def start_of(world: str) -> str:
    """The name of the hidden world to which one that was made as a copy is reset."""
    return snapshots_of(world) + START


def snapshot_names(desk: Desk) -> list[str]:
    """Names of the world's snapshots."""
    return [name for name, _ in _known(desk)]


def _known(desk: Desk) -> list[tuple[str, int]]:
    """Names and world time of the world's snapshots."""
    return [row for row in desk.store.copies.hidden_below(snapshots_of(desk.name)) if row[0] != START]
