"""Pages of downloaded invoices, by process and by date: every invoice once, whatever happens meanwhile."""

from typing import Any

import pytest

from mock_server.rulebook.ledger import Ledger
from tests.client import Portal
from tests.etaxes import DEMO, Entry, Etaxes, downloaded, invoices, named, page
from tests.live import Servers, fresh_world

DAY = {"date_from": "10.03.2019", "date_to": "10.03.2019"}
"""A day of which the default world holds nothing."""

NOON = Entry("10.03.2019 12:00")


def _world(servers: Servers, page_size: int | None = None, **readings: str) -> tuple[Portal, Etaxes]:
    server = servers.get(readings={name.replace("_", "-"): answer for name, answer in readings.items()})
    portal = Portal(server.port, fresh_world())
    etaxes = Etaxes(server, portal.world)
    if page_size is not None:
        etaxes.set_world(page_size=page_size)
    return portal, etaxes


@pytest.mark.proves("F-RD-01", "F-RD-02", "F-RD-03", "R-16", "R-16c")
def test_12001_invoices_come_in_pages_of_5000_by_process_and_by_date(servers: Servers) -> None:
    portal, etaxes = _world(servers)
    expected = etaxes.add(*[NOON] * 12_001)
    process = downloaded(portal, **DAY, dir=1)
    for search in ({"procId": process}, {**DAY, "dir": 1}):
        pages = [page(portal, **search, from_=number) for number in (1, 2, 3, 4)]
        assert [len(qaimes) for qaimes, _ in pages] == [5000, 5000, 2001, 0]
        assert [total for _, total in pages] == [12_001] * 4
        assert [name for qaimes, _ in pages for name in qaimes] == expected


def _search(by: str, process: int) -> dict[str, Any]:
    return {"procId": process} if by == "process" else {**DAY, "dir": 1}


each_search = pytest.mark.parametrize("by", ["process", "date"])


@pytest.mark.parametrize("answer", Ledger.load().readings["R-16"].answers)
@pytest.mark.proves("R-16", "R-16c")
@each_search
def test_total_counts_all_records_or_those_of_the_page(by: str, answer: str, servers: Servers) -> None:
    portal, etaxes = _world(servers, page_size=2, R_16=answer)
    etaxes.add(*[NOON] * 3)
    search = _search(by, downloaded(portal, **DAY, dir=1))
    totals = [page(portal, **search, from_=number)[1] for number in (1, 2, 3)]
    assert totals == {"all": [3, 3, 3], "page": [2, 1, 0]}[answer]


@pytest.mark.proves("F-RD-01", "F-RD-02")
@each_search
def test_first_page_is_1_and_read_unless_another_is_named(by: str, servers: Servers) -> None:
    portal, etaxes = _world(servers, page_size=2)
    expected = etaxes.add(*[NOON] * 3)
    search = _search(by, downloaded(portal, **DAY, dir=1))
    assert page(portal, **search) == page(portal, **search, from_=1) == (expected[:2], 3)


@pytest.mark.parametrize("answer", Ledger.load().readings["R-16b"].answers)
@pytest.mark.proves("R-16b")
def test_page_number_beside_a_process(answer: str, servers: Servers) -> None:
    portal, etaxes = _world(servers, page_size=2, R_16b=answer)
    expected = etaxes.add(*[NOON] * 3)
    process = downloaded(portal, **DAY, dir=1)
    second = {"honoured": expected[2:], "ignored": expected[:2]}[answer]
    assert page(portal, procId=process, from_=2) == (second, 3)
    assert page(portal, **DAY, dir=1, from_=2) == (expected[2:], 3)


@pytest.mark.parametrize("number", [0, -1, 1.5, "1", True, [1], 10**16])
@pytest.mark.proves("R-16d")
@each_search
def test_page_number_that_is_none_is_refused(by: str, number: Any, portal: Portal) -> None:
    search = _search(by, 123)
    assert portal.call("etx_read_invoices", phone=portal.account.phone, **search, **{"from": number}).code == 3


@pytest.mark.proves("R-72")
@each_search
def test_what_arrives_while_a_client_pages_does_not_shift_what_he_has_still_to_read(
    by: str, servers: Servers
) -> None:
    portal, etaxes = _world(servers, page_size=3)
    old = etaxes.add(*[NOON] * 7)
    search = _search(by, downloaded(portal, **DAY, dir=1))
    read = page(portal, **search, from_=1)[0]
    new = etaxes.add(*[Entry("10.03.2019 00:00")] * 4)
    etaxes.set_status(old[::2], "canceled")
    downloaded(portal, **DAY, dir=1)
    for number in (2, 3, 4):
        read += page(portal, **search, from_=number)[0]
    assert read == (old if by == "process" else old + new)


@pytest.mark.proves("R-72", "R-74")
def test_what_was_incoming_before_does_not_shift_the_pages_of_the_sent_folder(servers: Servers) -> None:
    portal, etaxes = _world(servers, page_size=2)
    (own,) = etaxes.add(NOON._replace(buyer=DEMO, status="onApproval"))
    incoming = downloaded(portal, **DAY, dir=0)
    sent = etaxes.add(*[Entry("10.03.2019 10:00")] * 4)
    downloaded(portal, "10.03.2019", "10.03.2019 11:00", dir=1)
    read = page(portal, **DAY, dir=1, from_=1)[0]
    etaxes.set_status([own], "approved")
    downloaded(portal, **DAY, dir=1)
    for number in (2, 3):
        read += page(portal, **DAY, dir=1, from_=number)[0]
    assert read == [*sent, own]
    assert invoices(portal, procId=incoming)[own]["status"] == "approved"  # one record, renewed


@pytest.mark.proves("R-72")
def test_process_keeps_the_order_of_creation_a_date_search_that_of_arrival(servers: Servers) -> None:
    portal, etaxes = _world(servers)
    late, early = etaxes.add(Entry("10.03.2019 18:00"), Entry("10.03.2019 06:00"))
    downloaded(portal, "10.03.2019 12:00", "10.03.2019", dir=1)
    process = downloaded(portal, **DAY, dir=1)
    assert page(portal, procId=process) == ([early, late], 2)
    assert page(portal, **DAY, dir=1) == ([late, early], 2)


@pytest.mark.parametrize(
    ("gone", "pages"),
    [
        ([0], [[1, 2, 3], [4, 5, 6], []]),
        ([1, 4], [[0, 2, 3], [5, 6], []]),
        ([0, 1, 2, 3, 4, 5, 6], [[], [], []]),
    ],
)
@pytest.mark.proves("R-78")
@each_search
def test_deletion_leaves_full_pages_and_a_smaller_total(
    by: str, gone: list[int], pages: list[list[int]], servers: Servers
) -> None:
    portal, etaxes = _world(servers, page_size=3)
    rows = etaxes.add(*[NOON._replace(status="onApproval")] * 7)
    search = _search(by, downloaded(portal, **DAY, dir=1))
    numbers = [named(rows[place]) for place in gone]
    process = portal.started("etx_delete", serialNumbers=numbers, is_signed=True)
    assert portal.finished(process)["status"] == 2
    got = [page(portal, **search, from_=number) for number in (1, 2, 3)]
    assert got == [([rows[place] for place in places], 7 - len(gone)) for places in pages]


@pytest.mark.proves("R-52", "R-72")
def test_deletion_leaves_another_companys_list_as_it_is(servers: Servers) -> None:
    portal, etaxes = _world(servers)
    rows = etaxes.add(*[NOON._replace(status="onApproval", buyer="0987654321", uploader=DEMO)] * 2)
    buyer = portal.as_("buyer")
    theirs = downloaded(buyer, **DAY)
    portal.finished(portal.started("etx_delete", serialNumbers=[named(rows[0])], is_signed=True))
    assert page(buyer, procId=theirs) == page(buyer, **DAY) == (rows, 2)
