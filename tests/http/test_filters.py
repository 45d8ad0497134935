"""Which invoices a download brings: dates, kinds and statuses, one by one and against a plain model (F-ETX-02)."""

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures.builders import invoice
from mock_server.rulebook.ledger import Ledger
from tests.client import Portal
from tests.etaxes import BUYER, DEMO, OUTSIDER, Entry, Etaxes, downloaded, invoices, page, standing_still
from tests.live import Servers, fresh_world

EVER = {"date_from": "01.01.2000", "date_to": "31.12.2099"}

STATUSES = [
    "approved",
    "onApproval",
    "updateApproval",
    "updateRequested",
    "cancelRequested",
    "approvedBySystem",
    "onApprovalEdited",
    "canceled",
    "deleted",
    "deletedBySystem",
    "deactivated",
]
KINDS = [
    "defaultInvoice",
    "agent",
    "resale",
    "recycling",
    "taxCodex163",
    "taxCodex177_5",
    "returnInvoice",
    "returnByAgent",
    "returnRecycled",
    "exportNoteInvoice",
    "exciseGoodsTransfer",
    "advanceInvoice",
    "goodsTransfer",
]


def _found(portal: Portal, **body: Any) -> dict[str, dict[str, Any]]:
    return invoices(portal, procId=downloaded(portal, **{**EVER, "dir": 1, **body}))


def _both_folders(portal: Portal, **body: Any) -> dict[str, dict[str, Any]]:
    return _found(portal, dir=0, **body) | _found(portal, dir=1, **body)


# -- kinds and statuses


@pytest.mark.parametrize(
    ("key", "field", "word"),
    [
        *(pytest.param("kinds", "type", kind, marks=pytest.mark.proves("F-ETX-06")) for kind in KINDS),
        *(pytest.param("status", "status", status, marks=pytest.mark.proves("F-ETX-05")) for status in STATUSES),
    ],
)
@pytest.mark.proves("F-ETX-01")
def test_one_word_includes_or_excludes(key: str, field: str, word: str, portal: Portal) -> None:
    everything = _both_folders(portal)
    matching = {qaime for qaime, row in everything.items() if row[field] == word}
    assert matching
    assert _both_folders(portal, **{f"inc_{key}": word}).keys() == matching
    assert _both_folders(portal, **{f"exc_{key}": word}).keys() == everything.keys() - matching


WORLD = {
    "A": ("defaultInvoice", "approved"),
    "B": ("defaultInvoice", "onApproval"),
    "C": ("defaultInvoice", "canceled"),
    "D": ("agent", "approved"),
    "E": ("agent", "onApproval"),
    "F": ("goodsTransfer", "approved"),
}
"""Six invoices by kind and status."""

FILTERS: list[tuple[dict[str, str], str]] = [
    ({}, "ABCDEF"),
    # words of one list are alternatives
    ({"inc_kinds": "agent,goodsTransfer"}, "DEF"),
    ({"inc_status": "approved,canceled"}, "ACDF"),
    ({"exc_kinds": "agent,goodsTransfer"}, "ABC"),
    ({"exc_status": "approved,canceled"}, "BE"),
    ({"inc_kinds": "agent,agent"}, "DE"),
    # kinds and statuses hold together
    ({"inc_kinds": "agent", "inc_status": "approved"}, "D"),
    ({"inc_kinds": "agent", "exc_status": "approved"}, "E"),
    ({"exc_kinds": "agent", "inc_status": "approved"}, "AF"),
    ({"exc_kinds": "agent", "exc_status": "approved"}, "BC"),
    ({"inc_kinds": "agent,goodsTransfer", "inc_status": "approved,canceled"}, "DF"),
    # with both given, the excluding one is ignored
    ({"inc_kinds": "agent", "exc_kinds": "agent"}, "DE"),
    ({"inc_kinds": "agent,goodsTransfer", "exc_kinds": "agent"}, "DEF"),
    ({"inc_status": "approved", "exc_status": "approved,canceled"}, "ADF"),
    ({"inc_kinds": "agent", "exc_kinds": "agent", "inc_status": "approved", "exc_status": "approved"}, "D"),
]
SPELLINGS: list[tuple[dict[str, str], str]] = [
    ({"inc_kinds": " agent , goodsTransfer "}, "DEF"),
    ({"exc_status": "approved ,  canceled"}, "BE"),
    ({"inc_kinds": "agent,"}, "DE"),
    ({"inc_kinds": ""}, "ABCDEF"),
    ({"exc_status": "  "}, "ABCDEF"),
    ({"inc_status": "", "exc_status": "approved"}, "BCE"),
]
UNKNOWN: list[tuple[dict[str, str], str]] = [
    ({"inc_kinds": "invoice"}, ""),
    ({"inc_kinds": "agent,invoice"}, "DE"),
    ({"exc_kinds": "agent,invoice"}, "ABCF"),
    ({"inc_status": "draft"}, ""),
    ({"exc_status": "rejected"}, "ABCDEF"),
    ({"inc_kinds": "Agent"}, ""),
    ({"inc_status": "onapproval,canceled"}, "C"),
    ({"inc_kinds": "agent;goodsTransfer"}, ""),
]


def _matching(portal: Portal, etaxes: Etaxes, filters: dict[str, str]) -> str:
    entries = [Entry("10.03.2019 12:00", kind, status) for kind, status in WORLD.values()]
    letters = dict(zip(etaxes.add(*entries), WORLD, strict=True))
    process = downloaded(portal, "10.03.2019", "10.03.2019", dir=1, **filters)
    return "".join(letters[qaime] for qaime in page(portal, procId=process)[0])


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        *(pytest.param(*row, marks=pytest.mark.proves("F-ETX-02")) for row in FILTERS),
        *(pytest.param(*row, marks=pytest.mark.proves("R-75")) for row in SPELLINGS),
        *(pytest.param(*row, marks=pytest.mark.proves("R-14b", "R-75")) for row in UNKNOWN),
    ],
    ids=str,
)
def test_filters(filters: dict[str, str], found: str, servers: Servers, portal: Portal) -> None:
    assert _matching(portal, Etaxes(servers.get(), portal.world), filters) == found


@pytest.mark.parametrize("filters", [filters for filters, _ in UNKNOWN], ids=str)
@pytest.mark.parametrize("answer", Ledger.load().readings["R-14b"].answers)
@pytest.mark.proves("R-14b")
def test_unknown_word_is_warned_of_or_refused(answer: str, filters: dict[str, str], servers: Servers) -> None:
    server = servers.get(readings={"R-14b": answer})
    portal = Portal(server.port, fresh_world())
    reply = portal.call("etx_import", phone=portal.account.phone, **EVER, **filters)
    assert reply.code == (3 if answer == "3" else 0)
    warned = [name for name, _ in Etaxes(server, portal.world).warnings()]
    assert ("R-14b" in warned) == (answer == "nothing")


@pytest.mark.proves("R-14b", "F-ETX-02")
def test_unknown_word_in_a_filter_that_is_ignored_does_no_harm(servers: Servers) -> None:
    server = servers.get(readings={"R-14b": "3"})
    portal = Portal(server.port, fresh_world())
    filters = {"inc_kinds": "agent", "exc_kinds": "invoice"}
    assert _matching(portal, Etaxes(server, portal.world), filters) == "DE"


@pytest.mark.parametrize("key", ["inc_kinds", "exc_kinds", "inc_status", "exc_status"])
@pytest.mark.parametrize("value", [["agent"], [], 1, True, {"agent": 1}], ids=str)
@pytest.mark.proves("R-75")
def test_filter_is_a_text(key: str, value: Any, portal: Portal) -> None:
    assert portal.call("etx_import", phone=portal.account.phone, **EVER, **{key: value}).code == 3


# -- dates


INSTANTS = ["09.03.2019 23:59", "10.03.2019 00:00", "10.03.2019 14:30", "10.03.2019 23:59", "11.03.2019 00:00"]

RANGES = [
    ("10.03.2019", "10.03.2019", [1, 2, 3]),
    ("09.03.2019", "10.03.2019", [0, 1, 2, 3]),
    ("10.03.2019 00:00", "10.03.2019 23:59", [1, 2, 3]),
    ("10.03.2019 00:01", "10.03.2019", [2, 3]),
    ("10.03.2019", "10.03.2019 23:58", [1, 2]),
    ("10.03.2019 14:30", "10.03.2019 14:30", [2]),
    ("10.03.2019 14:31", "10.03.2019 14:31", []),
    ("10.03.2019 14:31", "11.03.2019 00:00", [3, 4]),
    ("09.03.2019 23:59", "10.03.2019 00:00", [0, 1]),
    ("09.03.2019", "11.03.2019", [0, 1, 2, 3, 4]),
    ("10.03.2019 14:30", "10.03.2019", [2, 3]),
]


@pytest.mark.parametrize(("date_from", "date_to", "places"), RANGES)
@pytest.mark.proves("F-ENV-06", "R-13", "R-71", "F-ETX-01", "F-RD-01")
def test_range_includes_both_ends(
    date_from: str, date_to: str, places: list[int], servers: Servers, portal: Portal
) -> None:
    rows = Etaxes(servers.get(), portal.world).add(*(Entry(instant) for instant in INSTANTS))
    expected = ([rows[place] for place in places], len(places))
    assert page(portal, procId=downloaded(portal, date_from, date_to, dir=1)) == expected
    downloaded(portal, **EVER, dir=1)
    assert {*page(portal, date_from=date_from, date_to=date_to, dir=1)[0]} == {*expected[0]}


@pytest.mark.proves("F-ENV-06", "R-36", "F-ETX-03")
def test_days_begin_at_midnight_in_baku() -> None:
    with standing_still("31.12.2024 23:59") as (portal, clock, _):
        clock.advance(59.999_999)
        portal.uploaded(invoice(1))
        clock.advance(0.000_001)
        portal.uploaded(invoice(2))
        everything = _found(portal)
        assert [row["datetime"] for row in everything.values()] == ["31.12.2024 23:59", "01.01.2025 00:00"]
        assert [row["number"] for row in everything.values()] == ["24120000001", "25010000001"]
        for day, expected in zip(("31.12.2024", "01.01.2025"), everything, strict=True):
            dates = {"date_from": day, "date_to": day}
            assert list(_found(portal, **dates)) == list(invoices(portal, **dates, dir=1)) == [expected]
            imported = portal.call("inv_read_invoices", **dates).data["invoices"]
            assert [row["qaime"] for row in imported] == [expected]


NO_DATES = [
    "",
    "2019-03-10",
    "10/03/2019",
    "1.3.2019",
    "10.03.19",
    "31.02.2019",
    "29.02.2019",
    "00.01.2019",
    "01.13.2019",
    "01.01.0000",
    "10.03.2019 ",
    " 10.03.2019",
    "10.03.2019\n",
    "10.03.2019 24:00",
    "10.03.2019 12:60",
    "10.03.2019 9:30",
    "10.03.2019 09:30:00",
    "10.03.2019  09:30",
    "10.03.2019T09:30",
    "10.03.2019 09:30 PM",
    "١٠.٠٣.٢٠١٩",
]
NO_RANGES = [
    *((text, "31.12.2099") for text in NO_DATES),
    *(("01.01.2000", text) for text in NO_DATES),
    ("11.03.2019", "10.03.2019"),
    ("10.03.2019 12:01", "10.03.2019 12:00"),
    ("11.03.2019 00:00", "10.03.2019"),
]


@pytest.mark.parametrize(("date_from", "date_to"), NO_RANGES)
@pytest.mark.proves("R-13", "R-13b")
def test_range_that_is_none_is_refused(date_from: str, date_to: str, portal: Portal) -> None:
    for operation in ("etx_import", "etx_read_invoices", "inv_read_invoices"):
        reply = portal.call(operation, phone=portal.account.phone, date_from=date_from, date_to=date_to)
        assert reply.code == 3


@pytest.mark.parametrize(("date_from", "date_to"), [NO_RANGES[1], NO_RANGES[-1]])
@pytest.mark.proves("R-13b")
def test_range_that_is_none_holds_nothing(date_from: str, date_to: str, servers: Servers) -> None:
    portal = Portal(servers.get(readings={"R-13b": "empty"}).port, fresh_world())
    dates = {"date_from": date_from, "date_to": date_to}
    assert len(_found(portal)) > 100
    assert _found(portal, **dates) == {}
    assert page(portal, **dates, dir=1) == ([], 0)
    assert portal.call("inv_read_invoices", **dates).data == {"invoices": [], "total": 0}


@pytest.mark.parametrize("value", [10032019, 10.03, True, ["10.03.2019"]], ids=str)
@pytest.mark.proves("R-13")
def test_date_is_a_text(value: Any, portal: Portal) -> None:
    for operation in ("etx_import", "etx_read_invoices", "inv_read_invoices"):
        for dates in ({"date_from": value}, {"date_to": value}):
            assert portal.call(operation, phone=portal.account.phone, **{**EVER, **dates}).code == 3


# -- any downloads, against a model of dictionaries


class Download(NamedTuple):
    folder: int
    date_from: str
    date_to: str
    filters: dict[str, list[str]]


_FIRST = date(2019, 3, 9)
_days = st.integers(0, 2).map(lambda days: _FIRST + timedelta(days))
_minutes = st.sampled_from([(0, 0), (0, 1), (12, 0), (23, 58), (23, 59)])
_moments = st.builds(lambda day, minute: f"{day:%d.%m.%Y} {minute[0]:02}:{minute[1]:02}", _days, _minutes)
_dates = st.one_of(_days.map(lambda day: f"{day:%d.%m.%Y}"), _moments)
_kinds = st.sampled_from(KINDS[:2] + KINDS[-1:])
_statuses = st.sampled_from([*STATUSES[:3]])
_companies = st.sampled_from(
    [(DEMO, BUYER), (BUYER, DEMO), (None, DEMO), (DEMO, OUTSIDER), (BUYER, OUTSIDER), (DEMO, DEMO)]
)
_entries = st.builds(
    lambda created, kind, status, sides: Entry(created, kind, status, sides[0], sides[0] or OUTSIDER, sides[1]),
    _moments,
    _kinds,
    st.one_of(_statuses, st.just("draft")),
    _companies,
)
_filters = st.fixed_dictionaries(
    {},
    optional={
        "inc_kinds": st.lists(_kinds, max_size=2),
        "exc_kinds": st.lists(_kinds, max_size=2),
        "inc_status": st.lists(_statuses, max_size=2),
        "exc_status": st.lists(_statuses, max_size=2),
    },
)
_downloads = st.builds(Download, st.integers(0, 1), _dates, _dates, _filters)


def _begins(text: str) -> datetime:
    return datetime.strptime(text, "%d.%m.%Y %H:%M" if ":" in text else "%d.%m.%Y")  # noqa: DTZ007  # as written


def _ends(text: str) -> datetime:
    return _begins(text) + (timedelta(minutes=1) if ":" in text else timedelta(days=1))


def _backwards(date_from: str, date_to: str) -> bool:
    return _begins(date_from) >= _ends(date_to)


def _within(entry: Entry, date_from: str, date_to: str) -> bool:
    return _begins(date_from) <= _begins(entry.created) < _ends(date_to)


def _brought(entries: dict[str, Entry], asked: Download) -> list[str]:
    """What a download brings by the letter of the documents, in the order of creation."""

    def passes(entry: Entry) -> bool:
        here = entry.uploader == DEMO if asked.folder else entry.buyer == DEMO and entry.kind != "goodsTransfer"
        if not here or entry.status == "draft" or not _within(entry, asked.date_from, asked.date_to):
            return False
        for value, key in ((entry.kind, "kinds"), (entry.status, "status")):
            included, excluded = asked.filters.get(f"inc_{key}"), asked.filters.get(f"exc_{key}", [])
            if (value not in included) if included else (value in excluded):
                return False
        return True

    return sorted(
        (name for name, entry in entries.items() if passes(entry)), key=lambda name: _begins(entries[name].created)
    )


def _pages(portal: Portal, **search: Any) -> tuple[list[str], set[int]]:
    """All pages up to the first empty one, and their totals."""
    names: list[str] = []
    totals = set()
    number = 1
    while True:
        found, total = page(portal, **search, from_=number)
        totals.add(total)
        if not found:
            return names, totals
        names += found
        number += 1


@given(
    entries=st.lists(_entries, max_size=12),
    wanted=st.lists(_downloads, min_size=1, max_size=4),
    searched=st.tuples(_dates, _dates),
    size=st.integers(1, 5),
)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@pytest.mark.proves("F-ETX-01", "F-ETX-02", "F-RD-01", "F-RD-02", "R-13", "R-16", "R-39", "R-71", "R-72", "R-74")
def test_any_downloads_bring_what_a_plain_model_says(
    servers: Servers, entries: list[Entry], wanted: list[Download], searched: tuple[str, str], size: int
) -> None:
    server = servers.get(readings={"R-16": "all"})  # one apart from the default's, for a world for each example
    portal = Portal(server.port, fresh_world())
    etaxes = Etaxes(server, portal.world)
    etaxes.set_world(page_size=size)
    model = dict(zip(etaxes.add(*entries), entries, strict=True))
    arrived: dict[int, dict[str, Entry]] = {0: {}, 1: {}}
    for asked in wanted:
        dates = {"date_from": asked.date_from, "date_to": asked.date_to}
        filters = {key: ",".join(words) for key, words in asked.filters.items()}
        reply = portal.call("etx_import", phone=portal.account.phone, **dates, dir=asked.folder, **filters)
        assert reply.code == (3 if _backwards(**dates) else 0)
        if reply.code == 0:
            brought = _brought(model, asked)
            arrived[asked.folder] |= {name: model[name] for name in brought if name not in arrived[asked.folder]}
            assert _pages(portal, procId=reply.data["id"]) == (brought, {len(brought)})
    if not _backwards(*searched):
        for folder, known in arrived.items():
            expected = [name for name, entry in known.items() if _within(entry, *searched)]
            found = _pages(portal, date_from=searched[0], date_to=searched[1], dir=folder)
            assert found == (expected, {len(expected)})
