"""Pages of three instead of five thousand, exact multiples, and rows that come and go between two pages."""

from typing import Any

import pytest

from fixtures.builders import invoice
from tests.client import Portal
from tests.control.steer import Steer

PHONE = "994501234567"
DATES = {"date_from": "01.01.2020", "date_to": "31.12.2030"}


@pytest.fixture
def small(steer: Steer) -> Steer:
    steer.put("settings", page_size=3)
    return steer


def uploads(portal: Portal, count: int, first: int = 1) -> list[str]:
    return portal.uploaded(*(invoice(seed, erp_id=f"PAGE-{seed:04}") for seed in range(first, first + count)))


def download(portal: Portal, today: str) -> int:
    process = portal.started("etx_import", phone=PHONE, dir=1, date_from=today, date_to=today)
    assert portal.finished(process)["status"] == 2
    return process


def page(portal: Portal, number: int, **asked: Any) -> list[str]:
    """The qaimes of a page."""
    body: dict[str, Any] = {"phone": PHONE, "dir": 1, "from": number, **asked}
    return [row["qaime"] for row in portal.call("etx_read_invoices", **body).data["invoices"]]


def pages(portal: Portal, **asked: Any) -> list[list[str]]:
    """Qaimes page by page, the first one without any among them."""
    found: list[list[str]] = []
    while not found or found[-1]:
        found.append(page(portal, len(found) + 1, **asked))
    return found


@pytest.fixture
def today(small: Steer) -> str:
    """A day of the world on which e-taxes holds nothing yet."""
    small.put("clock", now="2029-02-03T10:00:00+04:00", frozen=True)
    return "03.02.2029"


def test_a_departure_from_the_documents_is_marked(steer: Steer) -> None:
    documented = {"page_size": 5000, "page_size_documented": True}
    assert {key: steer.get("settings")[key] for key in documented} == documented
    changed = steer.put("settings", page_size=3)
    assert (changed["page_size"], changed["page_size_documented"]) == (3, False)
    assert steer.get("settings") == changed
    assert steer.put("settings", page_size=5000)["page_size_documented"] is True
    steer.put("settings", page_size=4)
    steer.post("reset")
    assert steer.get("settings")["page_size_documented"] is True


@pytest.mark.proves("F-RD-03")
@pytest.mark.parametrize(
    ("count", "sizes"), [(2, [2, 0]), (3, [3, 0]), (4, [3, 1, 0]), (6, [3, 3, 0]), (7, [3, 3, 1, 0])]
)
def test_exact_multiples(count: int, sizes: list[int], portal: Portal, today: str) -> None:
    qaimes = uploads(portal, count)
    process = download(portal, today)
    for asked in ({"procId": process}, {"date_from": today, "date_to": today}):
        found = pages(portal, **asked)
        assert [len(page) for page in found] == sizes
        assert [qaime for page in found for qaime in page] == qaimes


@pytest.mark.proves("F-RD-03", "F-DEL-07")
def test_a_row_that_vanishes_between_two_pages_moves_the_others_up(portal: Portal, today: str) -> None:
    qaimes = uploads(portal, 6)
    process = download(portal, today)
    for asked in ({"procId": process}, {"date_from": today, "date_to": today}):
        first = pages(portal, **asked)[0]
        assert first == qaimes[:3]
        portal.started("etx_delete", serialNumbers=[f"{qaimes[0][:2]} {qaimes[0][2:]}"], is_signed=True)
        qaimes = qaimes[1:]
        assert page(portal, 2, **asked) == qaimes[3:]  # so the one in between is never seen


@pytest.mark.proves("F-RD-03", "R-72")
def test_a_row_that_appears_between_two_pages_comes_last(portal: Portal, today: str) -> None:
    qaimes = uploads(portal, 4)
    process = download(portal, today)
    by_date = {"date_from": today, "date_to": today}
    first = page(portal, 1, **by_date)
    more = uploads(portal, 1, first=9)
    download(portal, today)
    assert first + page(portal, 2, **by_date) == qaimes + more
    assert [qaime for page in pages(portal, procId=process) for qaime in page] == qaimes


def test_the_journal_marks_the_departure(portal: Portal, small: Steer) -> None:
    says = "a page has 3 invoices here; in the documents it has 5000"
    for size, marked in ((3, True), (5000, False)):
        small.put("settings", page_size=size)
        page(portal, 1, **DATES)
        notes = [note["text"] for note in small.get("requests?limit=1")["requests"][0]["notes"]]
        assert (says in notes) is marked


def test_worlds_do_not_share_a_page_size(small: Steer) -> None:
    other = Steer(small.port, f"{small.world}-other")
    assert other.get("settings")["page_size"] == 5000
    assert small.get("settings")["page_size"] == 3


@pytest.mark.parametrize("body", [{"page_size": 0}, {"page_size": -3}, {"page_size": 100_001}, {"page_size": "3"}])
def test_what_is_no_page_size(body: dict[str, Any], steer: Steer) -> None:
    steer.refused(400, "PUT", "settings", body)
    assert steer.get("settings")["page_size"] == 5000
