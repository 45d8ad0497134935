"""A long download is kept joined for its pages: they say what single rows say, whatever happens to these."""

import hashlib
import json
from typing import Any

import pytest

from mock_server.store import arrivals
from mock_server.store.processes import JOINED
from mock_server.web import envelope, journal
from tests.client import Portal
from tests.control.steer import Steer
from tests.etaxes import DEMO, Entry, Etaxes, downloaded, invoices, named, page
from tests.live import LiveServer, Servers, fresh_world

DAY = {"date_from": "10.03.2019", "date_to": "10.03.2019"}
"""A day of which the default world holds nothing."""

LONG = 2 * JOINED + 50
SENT = Entry("10.03.2019 12:00", status="onApproval", uploader=DEMO, buyer="0987654321")

pytestmark = pytest.mark.engines


def _downloaded(servers: Servers, page_size: int | None = None) -> tuple[LiveServer, Portal, Etaxes, list[str], int]:
    server = servers.get()
    portal = Portal(server.port, fresh_world())
    etaxes = Etaxes(server, portal.world)
    if page_size is not None:
        etaxes.set_world(page_size=page_size)
    qaimes = etaxes.add(*[SENT] * LONG)
    return server, portal, etaxes, qaimes, downloaded(portal, **DAY, dir=1)


def _joined(server: LiveServer, portal: Portal, process: int) -> list[int]:
    """Behind how many documents each joined text of the download begins."""
    rows = server.app.store.engine.all(
        "SELECT first FROM download_texts WHERE world = ? AND process = ? AND text <> ? ORDER BY first",
        (server.app.worlds.row(portal.world).id, process, b""),
    )
    return [first for (first,) in rows]


def _pages(portal: Portal, **search: Any) -> list[list[dict[str, Any]]]:
    return [list(invoices(portal, **search, **{"from": number}).values()) for number in (1, 2, 3, 4)]


@pytest.mark.parametrize("page_size", [JOINED, 2 * JOINED, JOINED - 1, None])
@pytest.mark.proves("F-RD-01", "F-RD-03", "R-16c")
def test_pages_by_process_are_those_by_date(page_size: int | None, servers: Servers) -> None:
    server, portal, _, qaimes, process = _downloaded(servers, page_size)
    assert _joined(server, portal, process) == [0, JOINED, 2 * JOINED]
    pages = _pages(portal, procId=process)
    assert pages == _pages(portal, **DAY, dir=1)  # which are read row by row
    assert [row["qaime"] for rows in pages for row in rows] == qaimes[: 4 * (page_size or LONG)]
    assert page(portal, procId=process)[1] == LONG


@pytest.mark.proves("R-72", "R-52")
def test_what_a_later_download_renews_is_new_in_the_earlier_one_too(servers: Servers) -> None:
    server, portal, etaxes, qaimes, process = _downloaded(servers)
    buyer = portal.as_("buyer")
    theirs = downloaded(buyer, **DAY)
    etaxes.set_status([qaimes[JOINED]], "approved")
    again = downloaded(portal, **DAY, dir=1)
    for number in (process, again):
        found = invoices(portal, procId=number)
        assert [name for name, row in found.items() if row["status"] == "approved"] == [qaimes[JOINED]]
        assert list(found) == qaimes
    assert {row["status"] for row in invoices(buyer, procId=theirs).values()} == {"onApproval"}  # not renewed yet
    assert _joined(server, portal, process) == [0, 2 * JOINED]  # only what has changed is read row by row
    assert _joined(server, buyer, theirs) == [0, JOINED, 2 * JOINED]


@pytest.mark.proves("R-78", "R-52")
def test_deletion_is_seen_on_the_pages_of_its_company(servers: Servers) -> None:
    server, portal, _, qaimes, process = _downloaded(servers, JOINED)
    buyer = portal.as_("buyer")
    theirs = downloaded(buyer, **DAY)
    gone = portal.started("etx_delete", serialNumbers=[named(qaimes[0])], is_signed=True)
    assert portal.finished(gone)["status"] == 2
    assert page(portal, procId=process, from_=1) == (qaimes[1 : JOINED + 1], LONG - 1)
    assert page(buyer, procId=theirs, from_=1) == (qaimes[:JOINED], LONG)
    assert _joined(server, portal, process) == [JOINED, 2 * JOINED]
    assert page(portal, procId=process, from_=2) == (qaimes[JOINED + 1 : 2 * JOINED + 1], LONG - 1)
    assert page(portal, procId=process, from_=3) == (qaimes[2 * JOINED + 1 :], LONG - 1)
    assert _joined(server, buyer, theirs) == [0, JOINED, 2 * JOINED]


def test_a_very_long_answer_is_kept_in_part_without_a_digest(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, portal, _, _, process = _downloaded(servers)
    steer = Steer(server.port, portal.world)
    for longest in (1_000_000, 100_000):
        monkeypatch.setattr(journal, "DIGESTED", longest)
        raw = portal.call("etx_read_invoices", phone=portal.account.phone, procId=process).raw
        told = steer.get("requests?limit=1")["requests"][0]["answer"]
        assert 100_000 < told["size"] == len(raw) < 1_000_000
        assert told["cut"]
        assert raw.decode().startswith(told["text"])
        assert told["digest"] == (hashlib.sha256(raw).hexdigest() if longest == 1_000_000 else None)


@pytest.mark.parametrize("small", [1, 100_000, 10_000_000])
@pytest.mark.proves("F-RD-01")
def test_a_page_that_leaves_in_pieces_is_the_same_page(
    small: int, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row in the journal too, and what a fault makes of it."""
    server, portal, _, _, process = _downloaded(servers)
    steer = Steer(server.port, portal.world)
    wanted: dict[str, Any] = {"phone": portal.account.phone, "procId": process}
    raw = portal.call("etx_read_invoices", **wanted).raw
    told = steer.get("requests?limit=1")["requests"][0]["answer"]
    assert len(raw) < envelope.JOINED
    monkeypatch.setattr(envelope, "JOINED", 0)
    monkeypatch.setattr(envelope, "SMALL", small)
    assert portal.call("etx_read_invoices", **wanted).raw == raw
    assert steer.get("requests?limit=1")["requests"][0]["answer"] == told
    steer.done("POST", "faults", {"operation": "etx_read_invoices", "mutate": ["key_order"]})
    mutated = portal.call("etx_read_invoices", **wanted)
    assert mutated.raw != raw
    assert mutated.json == json.loads(raw)


@pytest.mark.parametrize("most_partial", [arrivals.MOST_PARTIAL, 0])
@pytest.mark.proves("F-RD-02", "R-72", "R-78")
def test_pages_by_date_are_found_by_counts_as_by_rows(
    most_partial: int, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "MOST_PARTIAL", most_partial)
    server = servers.get()
    portal = Portal(server.port, fresh_world())
    etaxes = Etaxes(server, portal.world)
    etaxes.set_world(page_size=700)
    minutes = [n * 7 % (24 * 60) for n in range(2 * arrivals.COUNTED + 300)]
    qaimes = etaxes.add(*(SENT._replace(created=f"10.03.2019 {m // 60:02d}:{m % 60:02d}") for m in minutes))
    created = dict(zip(qaimes, minutes, strict=True))
    noon = {"date_from": "10.03.2019 12:00", "date_to": "10.03.2019 12:59"}
    downloaded(portal, **noon, dir=1)
    downloaded(portal, **DAY, dir=1)
    in_order = sorted(qaimes, key=lambda name: (created[name], int(name[2:])))
    arrived = sorted(in_order, key=lambda name: not 720 <= created[name] < 780)
    for _ in range(2):
        for dates, held in ((DAY, arrived), (noon, [name for name in arrived if 720 <= created[name] < 780])):
            for number in range(1, 5):
                assert page(portal, **dates, dir=1, from_=number) == (
                    held[700 * (number - 1) : 700 * number],
                    len(held),
                )
        gone = [arrived[0], arrived[1], arrived[arrivals.COUNTED], arrived[-1]]
        deletion = portal.started("etx_delete", serialNumbers=[named(name) for name in gone], is_signed=True)
        assert portal.finished(deletion)["status"] == 2
        arrived = [name for name in arrived if name not in gone]
