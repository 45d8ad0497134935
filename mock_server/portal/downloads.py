"""Download from e-taxes and reading what was downloaded (F-ETX, F-RD)."""

import re
from typing import Any

import msgspec

from mock_server.portal import dates
from mock_server.portal.plans import BY_PHONE, plan
from mock_server.portal.starting import begin, free_process
from mock_server.portal.status import process_of
from mock_server.portal.visits import Parts, Visit, refuse
from mock_server.rulebook.constants import PAGE_SIZE
from mock_server.rulebook.vocabulary import KINDS, STATUSES
from mock_server.store.arrivals import Asked
from mock_server.store.processes import Page, ProcessRow
from mock_server.store.registry import Wanted

_BEYOND_ALL = 2**53

PAGE_NOTE = re.compile(r"page (\d+) of (\d+), (\d+) invoices in all")
"""How the journal says which page it was, where there are several: the answer itself is not kept whole."""


def page_note(page: int, pages: int, total: int) -> str:
    """The note that `PAGE_NOTE` reads."""
    return f"page {page} of {pages}, {total} invoices in all"


def etx_import(visit: Visit) -> dict[str, Any]:
    """Start a download: `{"id": 5001}` (F-ETX-04)."""
    start, end = dates.wanted(visit)
    kinds, without_kinds = _filter(visit, "inc_kinds", "exc_kinds", KINDS)
    statuses, without_statuses = _filter(visit, "inc_status", "exc_status", STATUSES)
    _demand_own_phone(visit)
    wanted = Wanted(
        visit.caller.company,
        visit.body["dir"],
        start,
        end,
        kinds,
        without_kinds,
        statuses,
        without_statuses,
    )
    phone = visit.body.get("phone") or visit.caller.phones[0]
    scenario = BY_PHONE.get(phone)
    process = free_process(visit)
    record = plan(
        visit.world, "download", process, visit.now, [*visit.changes, *([scenario.change] if scenario else [])]
    )
    record = msgspec.structs.replace(record, phone=phone, download=wanted)
    begin(visit, process, record, dir_=wanted.dir)
    return {"id": process}


def etx_read_invoices(visit: Visit) -> Parts:
    """A page of downloaded invoices, by process or by date: the JSON of `data` (F-RD-01 to F-RD-03, R-71)."""
    page = visit.body["from"]
    if visit.world.page_size != PAGE_SIZE:
        visit.note("", f"a page has {visit.world.page_size} invoices here; in the documents it has {PAGE_SIZE}")
    if "procId" in visit.given:
        row = process_of(visit)
        _demand_own_phone(visit)
        if visit.world.choose("R-16b") == "ignored":
            page = 1
        return _page_of_process(visit, row, page)
    if not dates.given(visit):
        raise refuse("missing-elements", "either procId or date_from and date_to")
    start, end = dates.wanted(visit)
    _demand_own_phone(visit)
    size = visit.world.page_size
    asked = Asked(visit.world.id, visit.caller.company, visit.body["dir"], start, end)
    return _page(visit, *visit.store.arrivals.page(asked, _skipped(page, size), size))


def _demand_own_phone(visit: Visit) -> None:
    """A phone that is named is one of the user's (R-12), asked after all else (R-19); a partner's is known good."""
    if not visit.caller.partner and visit.body.get("phone", visit.caller.phones[0]) not in visit.caller.phones:
        raise refuse("no-asan-phone", "the phone is not one of the user's")


def _page_of_process(visit: Visit, row: ProcessRow, page: int) -> Parts:
    """Nothing for a process that is no download, is not so far yet (R-30), or whose folder was not asked for."""
    asked = visit.body["dir"] if "dir" in visit.given or visit.world.choose("R-29") == "default-0" else row.dir
    if row.dir is None or asked != row.dir:
        return _page(visit, Page([], 0), 0)
    size = visit.world.page_size
    found = visit.store.processes.page_of_list(visit.world.id, row, _skipped(page, size), size)
    return _page(visit, found, row.listed - row.gaps)


def _skipped(page: int, size: int) -> int:
    """Invoices before a page; a bound keeps pages far past the end within an integer of the database (R-16c)."""
    return min((page - 1) * size, _BEYOND_ALL)


def _page(visit: Visit, found: Page, total: int) -> Parts:
    page, pages = visit.body["from"], -(-total // visit.world.page_size)
    if pages > 1 or page > 1:
        visit.note("R-16", page_note(page, pages, total))
    if visit.world.choose("R-16") == "page":
        total = found.number
    between = [b","] * (2 * len(found.texts) - 1)
    between[::2] = found.texts
    return (b'{"invoices":[', *between, b'],"total":%d}' % total)


def _filter(
    visit: Visit, including: str, excluding: str, known: frozenset[str]
) -> tuple[tuple[str, ...] | None, bool]:
    """The words of a filter, and whether they are to be left out; `inc_` beats `exc_` (F-ETX-02, R-75)."""
    for name, without in ((including, False), (excluding, True)):
        words = tuple(word for part in visit.body.get(name, "").split(",") if (word := part.strip(" ")))
        if not words:
            continue
        for word in words:
            if word not in known:
                _unknown(visit, name, word)
        return tuple(word for word in dict.fromkeys(words) if word in known), without
    return None, False


def _unknown(visit: Visit, name: str, word: str) -> None:
    """An unknown word matches nothing, or is refused (R-14b)."""
    if visit.world.choose("R-14b") == "3":
        raise refuse("missing-elements", f"{name} names {word!r}, which is no known word")
    visit.note("R-14b", f"{name}: {word!r} is no known word and matches nothing")
