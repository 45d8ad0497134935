"""What lies in e-taxes and in the portals, to look at from outside: lists with filters, and one invoice whole."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import msgspec

from mock_server.control.counterparty import next_statuses, no_such_invoice
from mock_server.control.desk import Desk, Problem
from mock_server.portal.moments import iso, span
from mock_server.rulebook.vocabulary import DRAFT, KINDS, STATUSES
from mock_server.store.folders import FOLDER_OF_DIR, Folder
from mock_server.store.invoices import State
from mock_server.store.listing import KeptRow, Sought
from mock_server.store.registry import QaimeRow

FILTERS = ("company", "dir", "folder", "status", "kind", "qaime", "date_from", "date_to", "page", "size")
PORTAL_FILTERS = ("company", "state", "id", "page", "size")
STATES: tuple[State, ...] = get_args(State)
FOLDERS: tuple[Folder, ...] = get_args(Folder)
SIZE, MAX_SIZE, MAX_PAGE = 50, 500, 10**9
_OF_DIR: dict[str, Folder] = {str(dir_): folder for dir_, folder in FOLDER_OF_DIR.items()}


class _Head(msgspec.Struct):
    """What a row shows of an invoice's text; the amount exactly as it is written."""

    cmp_from: str
    cmp_to: str
    net_amount: msgspec.Raw


_heads = msgspec.json.Decoder(_Head)


def listed(desk: Desk, query: Mapping[str, str]) -> dict[str, Any]:
    """A page of e-taxes, the latest invoice first: `{"invoices", "total", "page", "size"}`.

    A draft lies in its uploader's draft folder, in nobody's sent or incoming one (R-74).

    Raises:
        Problem: a filter that names no such thing.
    """
    sought, (page, size) = _sought(query), page_of(query)
    change = desk.look()
    rows, total = desk.store.listing.registered(change.row.id, sought, (page - 1) * size, size)
    return {"invoices": [_shown(row) for row in rows], "total": total, "page": page, "size": size}


def one(desk: Desk, qaime: str) -> dict[str, Any]:
    """One invoice: its row, `invoice` as a download brings it, its portal entry, and `next`: what may become of it.

    Raises:
        Problem: 404 for a qaime that is not there.
    """
    change = desk.look()
    row = found(desk, change.row.id, qaime)
    kept = desk.store.listing.behind(change.row.id, row.id)
    return {
        **_shown(row),
        "next": next_statuses(row.status),
        "portal": None if kept is None else _kept(kept),
        "invoice": msgspec.Raw((row.head + row.status + row.tail).encode()),
    }


def in_portals(desk: Desk, query: Mapping[str, str]) -> dict[str, Any]:
    """A page of what the companies' portals hold, the last import first; `qaime` is null before there is one."""
    page, size = page_of(query)
    state = query.get("state")
    if state is not None and state not in STATES:
        raise Problem.unknown("state", state[:100], STATES)
    change = desk.look()
    rows, total = desk.store.listing.kept(
        change.row.id, query.get("company"), state, query.get("id"), (page - 1) * size, size
    )
    return {"invoices": [_kept(row) for row in rows], "total": total, "page": page, "size": size}


def found(desk: Desk, world: int, qaime: str) -> QaimeRow:
    """The row of a qaime, written with or without a space between serie and number; else a Problem (404)."""
    row = desk.store.listing.one(world, qaime.replace(" ", ""))
    if row is None:
        raise no_such_invoice(desk, world, qaime)
    return row


def folder_of(dir_: str | None, folder: str | None) -> Folder | None:
    """The folder that `dir` (0 incoming, 1 sent) and `folder` name together; a draft is in none but its own."""
    if dir_ is not None and dir_ not in _OF_DIR:
        raise Problem.unknown("dir", dir_[:100], _OF_DIR)
    if folder is not None and folder not in FOLDERS:
        raise Problem.unknown("folder", folder[:100], FOLDERS)
    meant = None if dir_ is None else _OF_DIR[dir_]
    if meant is None or folder is None or meant == folder or (meant, folder) == ("sent", DRAFT):
        return folder or meant
    detail = f"dir {dir_} is the folder {meant!r}, not {folder!r}"
    raise Problem(400, "they do not go together", detail, given=folder, allowed=[meant])


def words_of(what: str, given: Sequence[str], allowed: frozenset[str]) -> tuple[str, ...]:
    """The words given; a Problem (400) with the nearest right one for a word that nobody knows."""
    for word in given:
        if word not in allowed:
            raise Problem.unknown(what, word[:100], sorted(allowed))
    return tuple(given)


def dates_of(date_from: str | None, date_to: str | None) -> tuple[int | None, int | None]:
    """First instant of the range named and the first one after it (R-13); an end that is not named is open."""
    start, end = (None if text is None else _span(text) for text in (date_from, date_to))
    if start is not None and end is not None and start[0] >= end[1]:
        form = "date_from is not after date_to"
        raise Problem(400, "no such range", form, given=f"{date_from} to {date_to}", allowed=[form])
    return None if start is None else start[0], None if end is None else end[1]


def page_of(query: Mapping[str, str]) -> tuple[int, int]:
    """Page, from 1, and size."""
    return _number(query, "page", 1, MAX_PAGE), _number(query, "size", SIZE, MAX_SIZE)


def _number(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) < 12 and 1 <= int(text) <= most):
        detail = f"{name} is a number from 1 to {most}"
        raise Problem(400, f"no such {name}", detail, given=text, allowed=[f"1 to {most}"])
    return int(text)


def _span(text: str) -> tuple[int, int]:
    found_span = span(text)
    if found_span is None:
        forms = ["07.08.2025", "07.08.2025 14:30"]
        raise Problem(400, "no date", f"write it like {' or '.join(forms)}", given=text, allowed=forms)
    return found_span


def _sought(query: Mapping[str, str]) -> Sought:
    start, end = dates_of(query.get("date_from"), query.get("date_to"))
    qaime = query.get("qaime")
    return Sought(
        query.get("company"),
        folder_of(query.get("dir"), query.get("folder")),
        words_of("status", _split(query.get("status")), STATUSES | {DRAFT}),
        words_of("kind", _split(query.get("kind")), KINDS),
        None if qaime is None else qaime.replace(" ", ""),
        start,
        end,
    )


def _split(text: str | None) -> list[str]:
    return [word for part in (text or "").split(",") if (word := part.strip())]


def _shown(row: QaimeRow) -> dict[str, Any]:
    head = _heads.decode(row.head + '"}')
    return {
        "id": row.id,
        "qaime": row.qaime,
        "kind": row.kind,
        "status": row.status,
        "uploader": row.uploader,
        "seller": row.seller,
        "seller_name": head.cmp_from,
        "buyer": row.buyer,
        "buyer_name": head.cmp_to,
        "created": iso(row.created),
        "net_amount": head.net_amount,
    }


def _kept(row: KeptRow) -> dict[str, Any]:
    return {
        "id": row.erp_id,
        "company": row.company,
        "type": row.type,
        "state": row.state,
        "qaime": row.qaime,
        "process": row.process or None,
        "imported": iso(row.imported),
    }
