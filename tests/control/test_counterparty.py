"""The counterparty acts: the documented ways through an invoice's life, and no other."""

import itertools

import pytest

from fixtures.builders import invoice
from tests.client import Portal
from tests.control.steer import Steer
from tests.etaxes import Entry, Etaxes
from tests.live import Servers

STATUSES = (
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
)
WAYS = {
    "onApproval": ["approved", "approvedBySystem"],
    "approved": ["updateRequested", "cancelRequested"],
    "approvedBySystem": ["updateRequested", "cancelRequested"],
    "updateRequested": ["onApprovalEdited"],
    "onApprovalEdited": ["updateApproval"],
    "cancelRequested": ["canceled"],
}
RANGE = {"date_from": "01.01.2020", "date_to": "31.12.2030"}


def uploaded(portal: Portal) -> str:
    (qaime,) = portal.uploaded(invoice(1))
    return qaime


def downloaded(portal: Portal, qaime: str) -> str:
    """The status that a company finds when it downloads what it has sent."""
    process = portal.started("etx_import", dir=1, phone="994501234567", **RANGE)
    portal.finished(process)
    rows = portal.call("etx_read_invoices", procId=process, dir=1, phone="994501234567").data["invoices"]
    (status,) = [row["status"] for row in rows if row["qaime"] == qaime]
    assert isinstance(status, str)
    return status


@pytest.mark.proves("R-79", "F-LIFE-01", "F-LIFE-02", "F-LIFE-03")
@pytest.mark.parametrize(
    "way",
    [
        ("approved", "updateRequested", "onApprovalEdited", "updateApproval"),
        ("approved", "cancelRequested", "canceled"),
        ("approvedBySystem", "updateRequested", "onApprovalEdited", "updateApproval"),
        ("approvedBySystem", "cancelRequested", "canceled"),
    ],
    ids=" ".join,
)
def test_a_signed_invoice_goes_the_documented_ways(way: tuple[str, ...], portal: Portal, steer: Steer) -> None:
    qaime = uploaded(portal)
    before = "onApproval"
    for status in way:
        assert downloaded(portal, qaime) == before
        assert steer.get(f"invoices/{qaime}")["next"] == WAYS[before]
        said = steer.done("PATCH", f"invoices/{qaime}", {"status": status})
        assert said == {"qaime": qaime, "status": status, "before": before, "next": WAYS.get(status, [])}
        before = status
    assert downloaded(portal, qaime) == before


@pytest.mark.proves("R-79", "F-LIFE-04")
def test_no_other_way_leads_anywhere(portal: Portal, steer: Steer, servers: Servers) -> None:
    (*qaimes,) = Etaxes(servers.get(), portal.world).add(*(Entry("07.08.2025 10:00", status=s) for s in STATUSES))
    for (status, qaime), to in itertools.product(zip(STATUSES, qaimes, strict=True), STATUSES):
        allowed = WAYS.get(status, [])
        if to in allowed:
            continue
        problem = steer.refused(409, "PATCH", f"invoices/{qaime}", {"status": to})
        assert (problem["given"], problem["allowed"]) == (to, allowed)
        assert steer.get(f"invoices/{qaime}")["status"] == status


@pytest.mark.proves("R-79")
def test_a_draft_is_not_the_counterpartys(steer: Steer) -> None:
    problem = steer.refused(409, "PATCH", "invoices/AA240110000001", {"status": "approved"})
    assert problem["allowed"] == []
    assert "draft" in problem["detail"]
    assert steer.get("invoices/AA240110000001")["status"] == "draft"


def test_what_is_not_there_or_is_no_status(steer: Steer) -> None:
    assert steer.refused(404, "PATCH", "invoices/AA99999999999", {"status": "approved"})["given"] == "AA99999999999"
    problem = steer.refused(400, "PATCH", "invoices/AA24080000001", {"status": "cancelRequest"})
    assert (problem["nearest"], sorted(STATUSES)) == ("cancelRequested", problem["allowed"])
    assert steer.refused(400, "PATCH", "invoices/AA24080000001", {"status": "draft"})["given"] == "draft"
    assert steer.refused(400, "PATCH", "invoices/AA24080000001", {})["allowed"] == ["status"]
    assert steer.refused(400, "PATCH", "invoices/AA24080000001", {"staus": "x"})["nearest"] == "status"


@pytest.mark.proves("R-79", "R-72")
def test_what_was_downloaded_stays_as_it_was_until_the_next_download(portal: Portal, steer: Steer) -> None:
    qaime = uploaded(portal)
    process = portal.started("etx_import", dir=1, phone="994501234567", **RANGE)
    portal.finished(process)
    steer.done("PATCH", f"invoices/{qaime[:2]} {qaime[2:]}".replace(" ", "%20"), {"status": "approved"})
    rows = portal.call("etx_read_invoices", procId=process, dir=1, phone="994501234567").data["invoices"]
    assert [row["status"] for row in rows if row["qaime"] == qaime] == ["onApproval"]
    assert downloaded(portal, qaime) == "approved"


@pytest.mark.proves("F-DEL-09", "F-DEL-04")
def test_a_deletion_fails_when_the_counterparty_was_quicker(portal: Portal, steer: Steer) -> None:
    qaime = uploaded(portal)
    steer.put("settings", pace="manual")
    process = portal.started("etx_delete", serialNumbers=[f"{qaime[:2]} {qaime[2:]}"], is_signed=True)
    steer.done("PATCH", f"invoices/{qaime}", {"status": "approved"})
    steer.post(f"processes/{process}/finish")
    assert portal.finished(process)["status"] == 3
    assert steer.get(f"invoices/{qaime}")["status"] == "approved"
