"""Processes from outside: look at them, push them on, stop them, make them fail."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from mock_server.control.desk import Change, Desk, Problem
from mock_server.control.given import converted
from mock_server.portal import processes
from mock_server.portal.moments import iso
from mock_server.portal.processes import Snapshot
from mock_server.portal.settling import settle
from mock_server.portal.stages import Event, Happening, Record, Timeline
from mock_server.rulebook.constants import exception_text
from mock_server.store.processes import ProcessRow

SHOWN = 200
"""How many processes a list shows at most, the newest first."""

MAX_TEXT = 1000
"""Characters of the text with which a process is made to fail."""

MAX_EVENTS = 1000
"""How much can happen to one process."""

_LIVE = ("step", "finish", "fail", "stall", "release")


class Newest(msgspec.Struct, kw_only=True):
    """How many of the newest processes are looked at."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=SHOWN)] = SHOWN


def listed(desk: Desk, query: Mapping[str, str]) -> dict[str, Any]:
    """The newest processes of the world, all companies'; `total` counts every one."""
    change = desk.look()
    rows = desk.store.processes.newest(change.row.id, limit_of(query))
    return {
        "processes": [_shown(row, change.now) for row in rows],
        "total": desk.store.processes.count(change.row.id),
    }


def limit_of(query: Mapping[str, str]) -> int:
    """How many processes are wanted; a Problem (400) for a number that is none."""
    wanted: Newest = converted(dict(query), Newest, strict=False)
    return wanted.limit


def one(desk: Desk, process: int) -> dict[str, Any]:
    change = desk.look()
    return _shown(_found(desk, change, process), change.now)


def steer(desk: Desk, process: int, what: Happening, text: str | None = None) -> dict[str, Any]:
    """Make something happen to a process now.

    `step` passes the stage it is in, `finish` all that are left, `fail` ends it with a text, `stall` stops it
    where it is, `release` lets it go on.

    Raises:
        Problem: 404 for no such process, 409 when it has ended or is not stalled, 400 for too long a text.
    """
    assert what in _LIVE
    if text is not None and len(text) > MAX_TEXT:
        raise Problem(
            400,
            "too long",
            f"the text has at most {MAX_TEXT} characters",
            given=text,
            allowed=[f"1 to {MAX_TEXT} characters"],
        )
    with desk.change() as change:
        row = _found(desk, change, process)
        record, line = processes.read(row.record)
        look = processes.look(line, change.now)
        if look.ended:
            detail = f"process {process} has ended; nothing can happen to it any more"
            raise Problem(409, "it has ended", detail, given=what, allowed=[])
        place = current_place(line, change.now)
        _demand_sense(process, record, look, what)
        event = Event(change.now, what, place, text or exception_text("stopped") if what == "fail" else "")
        happen(desk, change, row, record, event)
    return one(desk, process)


def happen(desk: Desk, change: Change, row: ProcessRow, record: Record, event: Event) -> None:
    """Note an event in a process's record, and apply what follows from it at once."""
    record = record.with_event(event)
    due = processes.next_due(processes.timeline(record), row.applied)
    desk.store.processes.save(change.row.id, row.id, processes.written(record), row.applied, due)
    settle(desk.store, change.view, change.now)


def current_place(line: Timeline, now: int) -> int:
    """The place of the stage that is not over yet."""
    for place, (_, _, end) in enumerate(line.marks):
        if end is None or end > now:
            return place
    return len(line.marks) - 1


def _demand_sense(process: int, record: Record, look: Snapshot, what: Happening) -> None:
    stalled = _stands_still(record, look)
    if what in ("stall", "release") and len(record.events) >= MAX_EVENTS:
        detail = f"{MAX_EVENTS} things have happened to process {process}; finish or fail it"
        raise Problem(409, "too much", detail, given=what, allowed=["finish", "fail"])
    if what == "release" and not stalled:
        detail = f"process {process} is not stalled; there is nothing to release"
        raise Problem(409, "it is not stalled", detail, given=what, allowed=_without(what))
    if what == "stall" and stalled:
        detail = f"process {process} is stalled already; release lets it go on"
        raise Problem(409, "it is stalled", detail, given=what, allowed=_without(what))


def _without(what: Happening) -> list[str]:
    """What else may happen to a process under way."""
    return [each for each in _LIVE if each != what]


def _stands_still(record: Record, look: Snapshot) -> bool:
    """Whether only a release (or a step) makes the process go on."""
    if look.ended:
        return False
    return processes.stalled(record) or (look.current is not None and look.current.held and not look.begun)


def _found(desk: Desk, change: Change, process: int) -> ProcessRow:
    row = desk.store.processes.find(change.row.id, process)
    if row is None:
        known = [str(row.id) for row in desk.store.processes.newest(change.row.id, SHOWN)]
        raise Problem.unknown("process", str(process), known, status=404)
    return row


def _shown(row: ProcessRow, now: int) -> dict[str, Any]:
    record, line = processes.read(row.record)
    look = processes.look(line, now)
    return {
        "id": row.id,
        "kind": record.kind,
        "company": row.company,
        "account": row.username,
        "state": state_of(look),
        "stage": None if look.current is None else look.current.name,
        "waiting_for_pin": look.waiting or None,
        "stalled": _stands_still(record, look),
        "busy": look.busy,
        "began": iso(record.began),
        "ended": iso(line.ended) if look.ended and line.ended is not None else None,
        "count": row.listed if record.kind == "download" else record.count,
        "failures": list(look.failures),
        "stages": [
            {
                "name": stage.name,
                "pin": stage.pin or None,
                "busy": stage.busy,
                "begins": None if start is None else iso(start),
                "ends": None if end is None else iso(end),
            }
            for stage, start, end in line.marks
        ],
        "events": [{"at": iso(event.at), "what": event.what, "text": event.text} for event in record.events],
    }


def state_of(look: Snapshot) -> str:
    """`running`, `finished` or `failed`."""
    if not look.ended:
        return "running"
    return "failed" if look.failures else "finished"
