"""New worlds from outside: from the server's own file, from one sent along, or as a copy of another world."""

from collections.abc import Callable
from typing import Any

import msgspec

from mock_server.clock import FURTHEST, WorldClock
from mock_server.control import worldfiles, worlds
from mock_server.control.clocks import instant_named
from mock_server.control.desk import Desk, Problem
from mock_server.draws import secret_of
from mock_server.portal.moments import from_exact, iso
from mock_server.portal.world_file import decode
from mock_server.portal.worlds import Start, TooManyWorlds, WorldSettings

MIN_TOKEN, MAX_TOKEN = 8, 200
MAX_SEED = 10**15
_OF_CLIENTS = ("journal", "coverage", "seedings")
"""What a copy does not take over: what the clients of the other world did."""


class NewWorld(msgspec.Struct, forbid_unknown_fields=True):
    """A world to make.

    `from` names a world, or a snapshot of this one (of another as `world/snapshot`); `file` is a world file, or its
    text in YAML or JSON. `now` is ISO 8601 with an offset. `admin_token` closes the world's control API.
    """

    name: str
    from_: str | None = msgspec.field(default=None, name="from")
    file: dict[str, Any] | str | None = None
    seed: int | None = None
    pace: str | None = None
    readings: dict[str, str] = {}
    page_size: int | None = None
    now: str | None = None
    frozen: bool | None = None
    admin_token: str | None = None


def make(desk: Desk, asked: NewWorld, demand: Callable[[str], None]) -> dict[str, Any]:
    """Make a world: `{"name", "url"}`. `demand` refuses a caller who may not look into the world of that name.

    Raises:
        Problem: 400 for what cannot be, 404 for a world or snapshot that is not there, 409 for a name that is taken.
    """
    worlds.demand_name(asked.name)
    worlds.check_settings(asked.readings, asked.pace, asked.page_size)
    now = None if asked.now is None else _in_calendar(asked.now)
    token = asked.admin_token
    if token is not None and not (token.isascii() and token.isprintable() and MIN_TOKEN <= len(token) <= MAX_TOKEN):
        form, given = f"{MIN_TOKEN} to {MAX_TOKEN} printable ASCII characters", f"{len(token)} characters"
        raise Problem(400, "no admin token", f"an admin token has {form}", given=given, allowed=[form])
    if asked.seed is not None and abs(asked.seed) > MAX_SEED:
        bounds = f"-{MAX_SEED} to {MAX_SEED}"
        raise Problem(400, "no such seed", f"seed is from {bounds}", given=str(asked.seed), allowed=[bounds])
    if asked.from_ is not None:
        if asked.file is not None:
            detail = "a world is made from another one or from a file"
            raise Problem(400, "they do not go together", detail, given="from and file", allowed=["from", "file"])
        return _copied(desk, asked, asked.from_, now, demand)
    file = None if asked.file is None else worldfiles.given(asked.file)
    if file is not None and now is not None:
        clock = decode(file.encode()).clock
        _demand_later(now, 0 if clock is None else from_exact(clock.now) or 0)
    start = Start(file, asked.seed, asked.readings, asked.pace, asked.page_size, now, asked.frozen)
    return worlds.make(desk, asked.name, start, token)


def _copied(
    desk: Desk, asked: NewWorld, source: str, now: int | None, demand: Callable[[str], None]
) -> dict[str, Any]:
    """A copy of a world, or of one of its snapshots, with a start of its own to be reset to."""
    store = desk.store
    world, owner, owner_name = _source(desk, source)
    demand(owner_name)
    with store.writing():
        store.worlds.found_alone()
        row = store.worlds.lock(world)
        if store.worlds.find(asked.name) is not None:
            raise worlds.taken(asked.name)
        try:
            desk.worlds.demand_room()
        except TooManyWorlds as error:
            raise worlds.too_many(asked.name, error) from None
        secret, text = store.worlds.secret_and_settings(world)
        chosen = _chosen(msgspec.json.decode(text, type=WorldSettings), asked)
        clock = _clock(desk, row.clock, owner == world, chosen, asked, now)
        token = _token(asked, store.worlds.admin_token(owner))
        if asked.seed is not None:
            secret = secret_of(asked.seed, asked.name)
        start = msgspec.json.encode(Start()).decode()
        copy = store.worlds.add(asked.name, secret, clock, "{}", start, token)
        store.copies.rows(world, copy, without=_OF_CLIENTS)
        store.worlds.set_secret(copy, secret)
        store.worlds.set_settings(copy, msgspec.json.encode(chosen).decode())
        kept = store.worlds.add(worlds.start_of(asked.name), b"", clock, "{}", start, None)
        store.copies.hide(kept)
        store.copies.rows(copy, kept)
    return {"name": asked.name, "url": f"/w/{asked.name}/api"}


def _source(desk: Desk, name: str) -> tuple[int, int, str]:
    """The world or snapshot to copy, settled if it is a world; and the world to which it belongs, with its name."""
    owner_name, slash, snapshot = name.partition("/")
    if slash:
        owner = desk.store.worlds.find(owner_name)
        found = None if owner is None else worlds.snapshot_of(desk, owner_name, snapshot)
    else:
        owner = desk.store.worlds.find(name)
        found = None if owner is None else Desk(desk.store, desk.worlds, desk.clock, name).look().row.id
        if found is None:
            owner, found = desk.store.worlds.find(desk.name), worlds.snapshot_of(desk, desk.name, name)
    if owner is None or found is None:
        known = [*desk.store.worlds.names(), *worlds.snapshot_names(desk)]
        raise Problem.unknown("world or snapshot", name[:200], known, status=404)
    return found, owner.id, owner.name


def _chosen(settings: WorldSettings, asked: NewWorld) -> WorldSettings:
    return msgspec.structs.replace(
        settings,
        readings={**settings.readings, **asked.readings},
        pace=asked.pace or settings.pace,
        page_size=asked.page_size or settings.page_size,
    )


def _clock(
    desk: Desk, clock: WorldClock, runs: bool, chosen: WorldSettings, asked: NewWorld, now: int | None
) -> WorldClock:
    """The copy's clock runs on from where the other one is; a snapshot's stands until it is used."""
    real = desk.clock.now()
    then = clock.at(real) if runs else clock.world
    if now is not None:
        _demand_later(now, then)
        then = now
    frozen = clock.speed == 0 if asked.frozen is None else asked.frozen
    return WorldClock(real, then, 0.0 if frozen else chosen.speed)


def _in_calendar(text: str) -> int:
    """The instant that a world is to begin at; dates that count back from it must exist too."""
    found = instant_named(text)
    if not 0 <= found <= FURTHEST:
        bounds = f"{iso(0)} to {iso(FURTHEST)}"
        raise Problem(400, "no such time", f"a world begins from {bounds}", given=text, allowed=[bounds])
    return found


def _demand_later(now: int, then: int) -> None:
    if now < then:
        detail = f"it is {iso(then)} there already, and time goes forward only"
        raise Problem(409, "forward only", detail, given=iso(now), allowed=[f"{iso(then)} or later"])


def _token(asked: NewWorld, own: str | None) -> str | None:
    """A copy of a closed world is closed as well, with the same token."""
    if own is None:
        return asked.admin_token
    if asked.admin_token not in (None, own):
        detail = "the world has an admin token of its own, which its copy keeps"
        raise Problem(409, "it is closed", detail, given="another admin_token", allowed=["the same one", "none"])
    return own
