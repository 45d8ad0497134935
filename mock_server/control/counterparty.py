"""The counterparty acts: a signed invoice goes the documented way through its life, and no other (F-LIFE, R-79)."""

from typing import Any

import msgspec

from mock_server.control.desk import Desk, Problem
from mock_server.rulebook.vocabulary import DRAFT, STATUSES, TRANSITIONS


class Act(msgspec.Struct, forbid_unknown_fields=True):
    """The status that the invoice takes."""

    status: str


def next_statuses(status: str) -> list[str]:
    """What may become of an invoice with this status, in the order of the documents."""
    return list(TRANSITIONS.get(status, ()))


def act(desk: Desk, qaime: str, status: str) -> dict[str, Any]:
    """Give a signed invoice its next status: `{"qaime", "status", "before", "next"}`.

    What companies have downloaded before stays as it was until they download again (R-72).

    Raises:
        Problem: 404 for a qaime that is not there, 400 for no status, 409 for a transition that no flow has:
            the allowed ones are named.
    """
    if status not in STATUSES:
        raise Problem.unknown("status", status[:100], sorted(STATUSES))
    name = qaime.replace(" ", "")
    with desk.change() as change:
        states = desk.store.registry.by_qaimes(change.row.id, [name])
        if name not in states:
            raise no_such_invoice(desk, change.row.id, qaime)
        before = states[name].status
        _demand_way(name, before, status)
        desk.store.registry.set_status(change.row.id, [states[name].id], status)
    return {"qaime": name, "status": status, "before": before, "next": next_statuses(status)}


def no_such_invoice(desk: Desk, world: int, qaime: str) -> Problem:
    """A Problem (404) that names the qaimes beside the one that is not there."""
    return Problem.unknown(
        "invoice", qaime[:100], desk.store.listing.around(world, qaime.replace(" ", "")), status=404
    )


def _demand_way(name: str, before: str, status: str) -> None:
    allowed = next_statuses(before)
    if status in allowed:
        return
    if before == DRAFT:
        detail = f"{name} is a draft: nobody but its uploader sees it before it is signed"
    elif allowed:
        detail = f"from {before!r} an invoice goes to {' or '.join(map(repr, allowed))}, not to {status!r}"
    else:
        detail = f"no flow leads on from {before!r}"
    raise Problem(409, "no such transition", detail, given=status, allowed=allowed)
