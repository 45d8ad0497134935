"""What the journal says about its clients: the rules applied to what has come so far.

Each row is read and reduced once; the rules run again only when rows have come, or time has passed that a rule
may ask about. So a dashboard may ask as often as it likes, with a journal of ten thousand rows.
"""

import asyncio
from collections import deque
from typing import Any
from weakref import WeakKeyDictionary

from mock_server.clock import SECOND
from mock_server.control.desk import Desk
from mock_server.judging import Call, Case, call_of
from mock_server.judging.rules import RULES, found_by
from mock_server.portal.worlds import Worlds
from mock_server.store.journal import Sought
from mock_server.store.worlds import Lifetime

PIECE = 200
"""Rows that are read before others have their turn."""

FRESH_SECONDS = 5
"""Findings may be so old where only time has passed."""

WORLDS_KEPT = 20


class _Watched:
    """A world's calls so far, and what was found in them."""

    def __init__(self) -> None:
        self.calls: deque[Call] = deque()
        self.lock = asyncio.Lock()
        self.judged: tuple[int, int, int] | None = None
        self.findings: list[dict[str, Any]] = []


_WATCHED: WeakKeyDictionary[Worlds, dict[Lifetime, _Watched]] = WeakKeyDictionary()
"""Nothing but what the journal says, kept so as not to be read again; it goes with the server it belongs to."""


async def findings(desk: Desk) -> dict[str, Any]:
    """Everything found so far: `{"findings", "total"}`; each finding as in `mock_server.judging.judge`."""
    row = await desk.store.turns(desk.worlds.row, desk.name)
    watched = _watched(desk, row.lifetime)
    async with watched.lock:
        await _catch_up(desk, row.id, watched)
        await _judge(desk, watched)
    return {"findings": watched.findings, "total": len(watched.findings)}


def _watched(desk: Desk, lifetime: Lifetime) -> _Watched:
    worlds = _WATCHED.setdefault(desk.worlds, {})
    known = worlds.pop(lifetime, None) or _Watched()
    worlds[lifetime] = known  # the one asked for last goes last
    while len(worlds) > WORLDS_KEPT:
        del worlds[next(iter(worlds))]
    return known


async def _catch_up(desk: Desk, world: int, watched: _Watched) -> None:
    """Read the rows that are new; forget those that the journal has forgotten."""
    journal, turns, calls = desk.store.journal, desk.store.turns, watched.calls
    while True:
        after = calls[-1].seq if calls else 0
        rows = await turns(journal.following, world, Sought(after=after), PIECE)
        calls.extend(call_of(seq, row) for seq, row in rows)
        if len(rows) < PIECE:
            break
        await asyncio.sleep(0)
    count = await turns(journal.count, world, Sought())
    while len(calls) > count:
        calls.popleft()


async def _judge(desk: Desk, watched: _Watched) -> None:
    calls = watched.calls
    now = desk.clock.now()
    state = (len(calls), calls[-1].seq if calls else 0, now // (FRESH_SECONDS * SECOND))
    if state == watched.judged:
        return
    found: list[dict[str, Any]] = []
    case = Case(list(calls), now=now)
    for name, rule in RULES.items():
        found += found_by(name, rule, case, found)
        await asyncio.sleep(0)
    for number, finding in enumerate(found, 1):
        finding["id"] = f"F{number}"
    watched.findings, watched.judged = found, state
