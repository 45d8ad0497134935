"""Invoices for e-taxes by the ten thousand, as fast as rows can be written.

Each is one of the prepared baskets with its own number, names, date and status: drawn by its place
among so many, so the same seed in the same world gives the same bytes.
"""

import asyncio
import struct
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import msgspec

from mock_server import wire
from mock_server.control.baskets import Basket, baskets, outsiders, series_beside
from mock_server.control.desk import Change, Desk, Problem
from mock_server.control.invoices import dates_of, folder_of, words_of
from mock_server.draws import Draws, secret_of
from mock_server.portal.moments import DAY, MINUTE, date_time, year_month
from mock_server.rulebook.constants import RUNNING_NUMBER_DIGITS, UTC_OFFSET_HOURS
from mock_server.rulebook.vocabulary import DRAFT, GOODS_TRANSFER, KINDS, STATUSES
from mock_server.store.folders import Folder
from mock_server.store.registry import QaimeRow
from mock_server.store.seedings import SeedingRow
from mock_server.store.stores import Store
from mock_server.store.worlds import Lifetime

MAX_COUNT = 2_000_000
CHUNK = 2_000
"""Invoices per transaction; other requests have their turn in between."""

DEFAULT_SPAN = 30 * DAY
FIRST_DAY, LAST_DAY = "01.01.2000", "31.12.2099"
"""A qaime number has two digits for the year."""

MAX_NUMBER = 10**15
_MOST_RUNNING = 10**RUNNING_NUMBER_DIGITS - 1
_AHEAD = UTC_OFFSET_HOURS * 60 * MINUTE
_DRAWN = struct.Struct(">QIIII8x")


class Seeding(msgspec.Struct, forbid_unknown_fields=True):
    """What to put into e-taxes; what is left out is drawn from all there is.

    `dir`: 0 incoming (the default), 1 sent; `folder`: `draft` for drafts. Of `kinds` and `statuses` a word that
    stands twice is drawn twice as often. Dates are `dd.mm.yyyy[ hh:mm]`, the last 30 days without them. `seed` is
    the world's own, `company` the first one of the world's file.
    """

    count: int
    dir: Literal[0, 1] | None = None
    folder: Folder | None = None
    kinds: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    date_from: str | None = None
    date_to: str | None = None
    seed: int | None = None
    company: str | None = None


class _Order(NamedTuple):
    """A seeding, checked: `minutes` of creation from `start` on, draws counted from `base`."""

    total: int
    folder: Folder
    company: str
    company_name: str
    kinds: tuple[str, ...]
    statuses: tuple[str, ...]
    start: int
    minutes: int
    series: str
    draws: Draws
    base: int


def listed(desk: Desk) -> list[dict[str, Any]]:
    """Every seeding since the world's start; one that a reset or restore has overtaken is `stopped`."""
    row = desk.worlds.row(desk.name)
    return [_shown(seeding, row.generation) for seeding in desk.store.seedings.all(row.id)]


async def seed(desk: Desk, asked: Seeding) -> dict[str, Any]:
    """Put invoices into e-taxes, a chunk at a time: `{"seeded", "id"}` when all are there.

    Raises:
        Problem: something asked for cannot be; or the world was reset, restored or removed meanwhile, and what was
            seeded is gone with it (409).
    """
    turns = desk.store.turns
    order, lifetime, number = await turns(_begun, desk, asked)
    maker = _Maker(order)
    done = 0
    while done < order.total:
        count = min(CHUNK, order.total - done)
        full = await turns(_put, desk.store, maker, lifetime, number, done, count)
        if full:
            detail = f"{full} has no running number left; {done} invoices were seeded"
            raise Problem(409, "no number left", detail, given=str(asked.count), allowed=[f"{done} in these months"])
        done += count
        await asyncio.sleep(0)
    return {"seeded": done, "id": number}


def _begun(desk: Desk, asked: Seeding) -> tuple[_Order, Lifetime, int]:
    with desk.change() as change:
        order = _checked(desk, change, asked)
        lifetime = change.row.lifetime
        return order, lifetime, desk.store.seedings.add(lifetime.world, lifetime.generation, order.total)


def _put(store: Store, maker: "_Maker", lifetime: Lifetime, number: int, done: int, count: int) -> str | None:
    """Put a chunk; the month instead that has no number left, if one has not."""
    total = maker.order.total
    with store.writing():
        _demand_same(store, lifetime, done, total)
        full = maker.put(store, lifetime.world, done, count)
        if full:
            store.seedings.save(lifetime.world, number, done, "failed")
        else:
            done += count
            store.seedings.save(lifetime.world, number, done, "done" if done == total else "running")
    return full


def _shown(seeding: SeedingRow, generation: int) -> dict[str, Any]:
    overtaken = seeding.state == "running" and seeding.generation != generation
    state = "stopped" if overtaken else seeding.state
    return {"id": seeding.id, "done": seeding.done, "total": seeding.total, "state": state}


def _demand_same(store: Store, lifetime: Lifetime, done: int, total: int) -> None:
    if not store.worlds.hold([lifetime]):
        raise Problem(
            409,
            "the world was reset",
            f"the world was reset or removed after {done} of {total} invoices, which are gone",
            given=str(total),
            allowed=["the same again"],
        )


def _checked(desk: Desk, change: Change, asked: Seeding) -> _Order:
    if not 1 <= asked.count <= MAX_COUNT:
        bounds = f"1 to {MAX_COUNT}"
        raise Problem(400, "no such count", f"count is from {bounds}", given=str(asked.count), allowed=[bounds])
    if asked.seed is not None and abs(asked.seed) > MAX_NUMBER:
        bounds = f"-{MAX_NUMBER} to {MAX_NUMBER}"
        raise Problem(400, "no such seed", f"seed is from {bounds}", given=str(asked.seed), allowed=[bounds])
    folder = folder_of(None if asked.dir is None else str(asked.dir), asked.folder) or "incoming"
    companies = change.view.companies
    company = change.view.settings.company if asked.company is None else asked.company
    if company not in companies:
        raise Problem.unknown("company", company[:100], companies)
    start, minutes = _span(asked, change.now)
    return _Order(
        asked.count,
        folder,
        company,
        companies[company],
        _kinds(asked.kinds, folder),
        _statuses(asked.statuses, folder),
        start,
        minutes,
        series_beside(change.view.series),
        change.view.draws if asked.seed is None else Draws(secret_of(asked.seed, "seeding")),
        desk.store.worlds.next(change.row.id, "registry") if asked.seed is None else 0,
    )


def _kinds(asked: tuple[str, ...], folder: Folder) -> tuple[str, ...]:
    if folder == "incoming" and GOODS_TRANSFER in asked:
        detail, rest = "a goods transfer is sent only (R-74)", sorted(KINDS - {GOODS_TRANSFER})
        raise Problem(400, "nobody receives it", detail, given=GOODS_TRANSFER, allowed=rest)
    possible = KINDS - {GOODS_TRANSFER} if folder == "incoming" else KINDS
    return words_of("kind", asked, possible) or tuple(sorted(possible))


def _statuses(asked: tuple[str, ...], folder: Folder) -> tuple[str, ...]:
    if folder == DRAFT:
        return words_of("status of a draft", asked, frozenset({DRAFT})) or (DRAFT,)
    if DRAFT in asked:
        detail = 'drafts lie in a folder of their own: "folder": "draft"'
        raise Problem(400, "they do not go together", detail, given=DRAFT, allowed=sorted(STATUSES - {DRAFT}))
    return words_of("status", asked, STATUSES) or tuple(sorted(STATUSES))


def _span(asked: Seeding, now: int) -> tuple[int, int]:
    """The first minute of creation, and how many there are."""
    start, end = dates_of(asked.date_from, asked.date_to)
    first, last = dates_of(FIRST_DAY, LAST_DAY)
    assert first is not None
    assert last is not None
    end = now // MINUTE * MINUTE if end is None else end
    start = end - DEFAULT_SPAN if start is None else start
    if not first <= start < end <= last:
        raise Problem(
            400,
            "no such range",
            f"date_from is before date_to, both from {FIRST_DAY} to {LAST_DAY}",
            given=f"{asked.date_from or 'the default'} to {asked.date_to or 'now'}",
            allowed=[f"{FIRST_DAY} to {LAST_DAY}"],
        )
    return start, (end - start) // MINUTE


class _Maker:
    """Writes the invoices of one order."""

    def __init__(self, order: _Order) -> None:
        self.order = order
        self._baskets: tuple[Basket, ...] = baskets(order.series, frozenset(order.kinds))
        self._outsiders = [(other.tin, wire.text(other.name).decode()) for other in outsiders()]
        self._own = (order.company, wire.text(order.company_name).decode())
        self._days: dict[int, tuple[str, str]] = {}
        self._times = [f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(DAY // MINUTE)]

    def put(self, store: Store, world: int, first: int, count: int) -> str | None:
        """Write `count` invoices from place `first` on; the month instead that has no number left, if one has not."""
        last: dict[str, int] = {}
        series = self.order.series
        number = store.worlds.take(world, "registry", count)
        rows = []
        for row, month in self._rows(store, world, first, count, number, last):
            if last[month] > _MOST_RUNNING:
                return f"{series}{month}"
            rows.append(row)
        store.registry.add(world, rows)
        for month, running in last.items():
            store.registry.set_last_number(world, series, month, running)
        return None

    def _rows(
        self, store: Store, world: int, first: int, count: int, number: int, last: dict[str, int]
    ) -> Iterator[tuple[QaimeRow, str]]:
        order, prepared, others = self.order, self._baskets, self._outsiders
        series, kinds, statuses, own = order.series, order.kinds, order.statuses, self._own
        incoming = order.folder == "incoming"
        uploader = None if incoming else order.company
        for place in range(first, first + count):
            drawn = _DRAWN.unpack(order.draws.digest("seeding", order.base + place))
            # In the order of time, as e-taxes numbers its own.
            minute = (place * order.minutes + drawn[0] % order.minutes) // order.total
            created = order.start + minute * MINUTE
            basket = prepared[drawn[1] % len(prepared)]
            kind = kinds[drawn[2] % len(kinds)]
            other = own if kind == GOODS_TRANSFER else others[drawn[4] % len(others)]
            (seller, seller_name), (buyer, buyer_name) = (other, own) if incoming else (own, other)
            day, time = divmod(created + _AHEAD, DAY)
            date, month = self._days.get(day) or self._day(day)
            if month not in last:
                last[month] = store.seedings.last_number(world, series, month)
            last[month] += 1
            digits = f"{month}{last[month]:0{RUNNING_NUMBER_DIGITS}d}"
            name = series + digits
            text = str(number)
            when = f"{date} {self._times[time // MINUTE]}"
            head = basket.head % (text, digits, name, seller_name, buyer_name, seller, buyer, when)
            tail = text.join(basket.tails[kind])
            status = statuses[drawn[3] % len(statuses)]
            yield QaimeRow(number, name, kind, status, uploader, seller, buyer, created, head, tail), month
            number += 1

    def _day(self, day: int) -> tuple[str, str]:
        """The date, and year and month of a number (R-33)."""
        instant = day * DAY - _AHEAD
        found = self._days[day] = date_time(instant)[:10], year_month(instant)
        return found
