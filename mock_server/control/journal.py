"""The journal from outside: what a world's clients sent and were answered; and the audit trail of deletions."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from mock_server.control.desk import Desk, Problem
from mock_server.control.given import converted
from mock_server.control.matching import Wanted, matches, sought_of
from mock_server.portal.moments import iso
from mock_server.store.journal import UNDIGESTED, AuditRow, Numbered, Outcome, Sought

MOST = 1000
"""Requests in one answer."""

SHOWN = 20
"""Requests that are named where somebody asks for one that is not there."""

PIECE = 100
"""Requests that are looked at before others have their turn."""


class Page(msgspec.Struct, kw_only=True):
    """The newest rows; `before` the one with this number, for the page behind."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST)] = 100
    before: Annotated[int, msgspec.Meta(ge=0, le=2**62)] | None = None


class RequestPage(Page):
    """The newest requests that match."""

    operation: str | None = None
    err_code: Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31)] | None = None
    account: str | None = None
    since: str | None = None
    outcome: Outcome | None = None
    bodies: Literal["include", "omit"] = "include"


def listed(desk: Desk, query: Mapping[str, str]) -> dict[str, Any]:
    """The newest requests, newest first: `{"requests", "total", "dropped", "lost"}`.

    `total` counts all that match, on other pages too; `dropped` those that the bound of the journal has cost,
    `lost` those that were answered while the database could not be written.

    Raises:
        Problem: an unknown operation, or a number or instant that is none.
    """
    page = _page(query, RequestPage)
    sought = sought_of(Wanted(page.operation, page.err_code, page.account, since=page.since))
    sought = sought._replace(outcome=page.outcome)
    whole = page.bodies == "include"
    world = desk.worlds.row(desk.name).id
    journal = desk.store.journal
    return {
        "requests": [
            shown(row, bodies=whole) for row in journal.latest(world, sought, page.before, page.limit, bodies=whole)
        ],
        "total": journal.count(world, sought),
        "dropped": journal.dropped(world),
        "lost": journal.lost(world),
    }


def one(desk: Desk, seq: int) -> dict[str, Any]:
    row = desk.store.journal.one(desk.worlds.row(desk.name).id, seq)
    if row is None:
        world = desk.worlds.row(desk.name).id
        known = [str(number) for number, _ in desk.store.journal.latest(world, Sought(), None, SHOWN)]
        raise Problem.unknown("request", str(seq), known, status=404)
    return shown(row)


def clear(desk: Desk) -> dict[str, Any]:
    """Forget all requests, and how many the bound has cost: `{"removed"}`."""
    with desk.change() as change:
        return {"removed": desk.store.journal.clear(change.row.id)}


async def find(desk: Desk, wanted: Wanted) -> dict[str, Any]:
    """The requests that match, in the order in which they came: `{"requests", "total"}`.

    Of more than a thousand the first ones; `since` the last of these brings more. `total` counts all.
    """
    found: list[Numbered] = []
    total = await _gathered(desk, wanted, found)
    return {"requests": [shown(row) for row in found], "total": total}


async def count(desk: Desk, wanted: Wanted) -> dict[str, Any]:
    """How many requests match: `{"count"}`."""
    if wanted.invoice is None:
        return {"count": await desk.store.turns(_counted, desk, sought_of(wanted))}
    return {"count": await _gathered(desk, wanted, [])}


def _counted(desk: Desk, sought: Sought) -> int:
    return desk.store.journal.count(desk.worlds.row(desk.name).id, sought)


async def _gathered(desk: Desk, wanted: Wanted, found: list[Numbered]) -> int:
    """Puts what matches into `found`, up to the bound; counts all of it."""
    sought = sought_of(wanted)
    turns = desk.store.turns
    world = (await turns(desk.worlds.row, desk.name)).id
    total = 0
    while True:
        rows = await turns(desk.store.journal.following, world, sought, PIECE)
        for row in rows:
            if matches(row[1], wanted):
                total += 1
                if len(found) < MOST:
                    found.append(row)
        if len(rows) < PIECE:
            return total
        sought = sought._replace(after=rows[-1][0])
        await asyncio.sleep(0)


def deletions(desk: Desk, query: Mapping[str, str]) -> dict[str, Any]:
    """Who deleted which invoices, when, and what came of it (F-AUTH-06), newest first: `{"deletions", "total"}`."""
    page = _page(query, Page)
    world = desk.worlds.row(desk.name).id
    rows = desk.store.journal.latest_audits(world, page.before, page.limit)
    return {
        "deletions": [_deletion(seq, row) for seq, row in rows],
        "total": desk.store.journal.count_audits(world),
    }


def shown(numbered: Numbered, *, bodies: bool = True) -> dict[str, Any]:
    """A request as the control API shows it, with or without its bodies."""
    seq, row = numbered
    told = {
        "seq": seq,
        "time": iso(row.at_real),
        "world_time": iso(row.at),
        "operation": row.operation,
        "method": row.method,
        "path": row.path,
        "account": row.account,
        "way": row.way,
        "http": row.http or None,
        "err_code": row.code,
        "latency_ms": round(row.latency / 1e6, 3),
        "violations": msgspec.Raw(row.violations.encode()),
        "notes": msgspec.Raw(row.notes.encode()),
    }
    if bodies:
        told["request"] = _body(row.request, row.request_size, row.request_digest)
        told["answer"] = _body(row.answer, row.answer_size, row.answer_digest)
    return told


def _body(kept: bytes, size: int, digest: str) -> dict[str, Any]:
    """A body; one that is kept in part has the SHA-256 of the whole, unless it is very long."""
    told = None if digest in ("", UNDIGESTED) else digest
    return {"text": kept.decode("utf-8", "replace"), "size": size, "cut": digest != "", "digest": told}


def _deletion(seq: int, row: AuditRow) -> dict[str, Any]:
    return {
        "seq": seq,
        "world_time": iso(row.at),
        "account": row.username,
        "company": row.company,
        "operation": row.operation,
        "process": row.process,
        "invoices": msgspec.Raw(row.invoices.encode()),
        "result": row.result,
    }


def _page(query: Mapping[str, str], kind: type[Any]) -> Any:
    return converted(dict(query), kind, strict=False)
