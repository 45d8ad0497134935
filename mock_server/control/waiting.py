"""Waiting, in real time, until a world's clients have sent what somebody waits for."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import msgspec

from mock_server.clock import SECOND
from mock_server.control.clocks import length_of
from mock_server.control.desk import Desk, Problem
from mock_server.control.journal import MOST, PIECE, shown
from mock_server.control.matching import Wanted, matches, misses, nearest_invoice, sought_of
from mock_server.portal.moments import iso
from mock_server.store.journal import Numbered, Sought

LONGEST_SECONDS = 120
EVERY_SECONDS = 0.05
MISSES_SHOWN = 5
MISSES_SOUGHT = 200
"""The newest requests, among which the nearest misses are."""


class Awaited(Wanted, forbid_unknown_fields=True):
    """How many such requests, and how long to wait for them: `5s`, or seconds."""

    count: Annotated[int, msgspec.Meta(ge=1, le=MOST)] = 1
    timeout: str | float = "5s"


async def wait(desk: Desk, awaited: Awaited, gone: Callable[[], Awaitable[bool]]) -> dict[str, Any]:
    """The requests that match, as soon as there are enough: `{"requests", "total"}`, in the order they came.

    Looks again and again, outside any transaction, for another server process may have got them. Ends when
    nobody waits any more, which `gone` tells.

    Raises:
        Problem: 408 when the time is over, with the nearest misses; 409 when the world was reset meanwhile;
            whatever `gone` raises.
    """
    seconds = _seconds(awaited.timeout)
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    turns = desk.store.turns
    watch = await turns(_Watch, desk, awaited)
    while True:
        more = await turns(watch.look)
        left = end - loop.time()
        if len(watch.found) >= awaited.count or await gone():
            return {"requests": [shown(row) for row in watch.found], "total": len(watch.found)}
        if left <= 0 and not more:
            raise await turns(_too_few, desk, awaited, watch, seconds)
        await asyncio.sleep(0 if more else min(EVERY_SECONDS, left))


class _Watch:
    """What has been found so far; each row is looked at once."""

    def __init__(self, desk: Desk, wanted: Wanted) -> None:
        self.lifetime = desk.worlds.row(desk.name).lifetime
        self.found: list[Numbered] = []
        self._store = desk.store
        self._wanted = wanted
        self._sought = sought_of(wanted)

    def look(self) -> bool:
        """Look at the next rows; whether there are still more."""
        world = self.lifetime.world
        newest = self._store.journal.newest(world)
        rows = []
        if newest > self._sought.after:
            rows = self._store.journal.following(world, self._sought, PIECE)
        if not self._store.worlds.lasts(self.lifetime):
            detail = "the world was reset, restored or removed during the wait"
            raise Problem(409, "the world was reset", detail, given=_said(self._wanted), allowed=["the same again"])
        self.found += [row for row in rows if matches(row[1], self._wanted)]
        more = len(rows) == PIECE
        after = rows[-1][0] if more else max(newest, *(seq for seq, _ in rows), self._sought.after)
        self._sought = self._sought._replace(after=after)
        return more


def _seconds(timeout: str | float) -> float:
    seconds = length_of(timeout) / SECOND
    if not 0 <= seconds <= LONGEST_SECONDS:
        bounds = f"0s to {LONGEST_SECONDS}s"
        raise Problem(400, "no such timeout", f"a wait lasts {bounds}", given=str(timeout), allowed=[bounds])
    return seconds


def _too_few(desk: Desk, awaited: Awaited, watch: _Watch, seconds: float) -> Problem:
    """Says which requests were nearest, and why each is not one of those wanted."""
    found = {seq for seq, _ in watch.found}
    others = [
        (misses(row, awaited), row)
        for row in desk.store.journal.latest(watch.lifetime.world, Sought(), None, MISSES_SOUGHT)
        if row[0] not in found
    ]
    others.sort(key=lambda miss: _distance(miss[1], miss[0], awaited))  # of equally near ones, the newest first
    nearest = [_miss(row, why, awaited) for why, row in others[:MISSES_SHOWN]]
    detail = f"{len(found)} of {awaited.count} matched within {seconds:g}s"
    if nearest:
        first = nearest[0]
        detail += f"; nearest is {first['operation']} (request {first['seq']}): {', and '.join(first['why'])}"
    elif not found:
        detail += "; no request has come at all"
    extra = {"matched": len(found), "wanted": awaited.count, "misses": nearest}
    wanted = f"{awaited.count} requests that match within {seconds:g}s"
    return Problem(408, "too few requests", detail, given=_said(awaited), allowed=[wanted], extra=extra)


def _said(wanted: Wanted) -> str:
    """What was waited for, as it was asked."""
    asked = {name: value for name, value in msgspec.structs.asdict(wanted).items() if value is not None}
    return msgspec.json.encode(asked).decode()


def _distance(row: Numbered, why: list[str], awaited: Awaited) -> tuple[int, bool]:
    """The fewer reasons, the nearer; and another operation is farther than anything else."""
    return len(why), awaited.operation not in (None, row[1].operation)


def _miss(row: Numbered, why: list[str], awaited: Awaited) -> dict[str, Any]:
    seq, kept = row
    similar = None if awaited.invoice is None else nearest_invoice(kept, awaited.invoice)
    return {
        "seq": seq,
        "time": iso(kept.at_real),
        "operation": kept.operation,
        "account": kept.account,
        "err_code": kept.code,
        "why": why,
        **({} if similar in (None, awaited.invoice) else {"nearest": similar}),
    }
