"""The simulated ASAN phone: the questions it has been asked, and a person's answers."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from mock_server.control.desk import Change, Desk, Problem, number_of
from mock_server.control.steering import SHOWN, happen, limit_of
from mock_server.portal import processes
from mock_server.portal.moments import iso
from mock_server.portal.plans import PIN_EXPIRES
from mock_server.portal.stages import Event, Record, Stage, Timeline
from mock_server.store.processes import ProcessRow


def inbox(desk: Desk, query: Mapping[str, str]) -> list[dict[str, Any]]:
    """Every question put to a phone by the newest processes, the latest first."""
    return _asked(desk, desk.look(), limit_of(query))


def pending(change: Change, rows: Iterable[ProcessRow]) -> list[dict[str, Any]]:
    """The questions of these processes that nobody has answered yet."""
    return [entry for row in rows for entry in reversed(_questions(change, row)) if entry["state"] == "pending"]


def answer(desk: Desk, confirmation: str, what: Literal["confirm", "refuse"]) -> dict[str, Any]:
    """Confirm or refuse a question.

    Raises:
        Problem: 404 for no such question, 409 for one that is answered or expired: nothing happens then.
    """
    process, _, pin = confirmation.partition("-")
    number = number_of("confirmation", process)
    with desk.change() as change:
        row = desk.store.processes.find(change.row.id, number)
        entries = [] if row is None else _questions(change, row)
        entry = next((entry for entry in entries if entry["id"] == confirmation), None)
        if row is None or entry is None:
            known = [each["id"] for each in _asked(desk, change, SHOWN)]
            raise Problem.unknown("confirmation", confirmation[:100], known, status=404)
        if entry["state"] != "pending":
            raise Problem(
                409,
                "too late",
                f"the question is {entry['state']} already, so this answer has no effect",
                given=what,
                allowed=[],
                extra={"confirmation": entry},
            )
        record, line = processes.read(row.record)
        place = next(place for place, mark in enumerate(line.marks) if str(mark.stage.pin) == pin)
        happen(desk, change, row, record, Event(change.now, what, place))
        row = desk.store.processes.find(change.row.id, row.id)
        assert row is not None
        return next(entry for entry in _questions(change, row) if entry["id"] == confirmation)


def _asked(desk: Desk, change: Change, limit: int) -> list[dict[str, Any]]:
    rows = desk.store.processes.newest(change.row.id, limit)
    return [entry for row in rows for entry in reversed(_questions(change, row))]


def _questions(change: Change, row: ProcessRow) -> list[dict[str, Any]]:
    record, line = processes.read(row.record)
    entries = []
    for stage, start, end in line.marks:
        if not stage.pin or start is None or start > change.now:
            continue
        entries.append(
            {
                "id": f"{row.id}-{stage.pin}",
                "process": row.id,
                "pin": stage.pin,
                "code": stage.code,
                "phone": record.phone,
                "company": row.company,
                "company_name": change.view.companies.get(row.company, ""),
                "kind": record.kind,
                "count": record.count,
                "asked_at": iso(start),
                "expires_at": _expires(stage, start, _stood_still(record, start, change.now if end is None else end)),
                "state": _state(line, end, change.now),
            }
        )
    return entries


def _expires(stage: Stage, start: int, stood_still: int | None) -> str | None:
    """When the question stands no longer; one that the phone answers by itself would stand as long as any other.

    Null for one that stands for ever: under the pace `manual`, and while the process is stalled.
    """
    if stood_still is None or (stage.expires is None and stage.answer == "none"):
        return None
    return iso(start + stood_still + (PIN_EXPIRES if stage.expires is None else stage.expires))


def _stood_still(record: Record, start: int, until: int) -> int | None:
    """How long the process was stalled between two instants; `None` if it still is."""
    total, since = 0, None
    for event in record.events:
        if event.at > until:
            break
        if event.what == "stall" and since is None:
            since = event.at
        elif event.what == "release" and since is not None:
            total, since = total + max(0, event.at - max(since, start)), None
    return total if since is None else None


def _state(line: Timeline, end: int | None, now: int) -> str:
    """`pending`, `confirmed`, `refused`, `expired`, or `withdrawn` when the process ended otherwise."""
    if end is not None and end <= now:
        return "confirmed"
    if line.ended is None or line.ended > now:
        return "pending"
    return processes.unconfirmed(line) or "withdrawn"
