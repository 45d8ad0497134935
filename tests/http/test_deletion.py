"""Deletion: in the portal alone (F-INV-03), and in the portal and e-taxes together (F-DEL)."""

import json
import re
from typing import Any

import pytest

from fixtures.builders import invoice
from mock_server.clock import StillClock
from mock_server.rulebook.ledger import Ledger
from tests.client import Portal
from tests.etaxes import (
    BUYER,
    DEMO,
    Entry,
    Etaxes,
    downloaded,
    instant,
    invoices,
    later,
    named,
    page,
    standing_still,
)
from tests.live import Servers, fresh_world

EVER = {"date_from": "01.01.2000", "date_to": "31.12.2099"}
DAY = {"date_from": "10.03.2019", "date_to": "10.03.2019"}
"""A day of which the default world holds nothing."""

DRAFT = Entry("10.03.2019 12:00", status="draft")
SIGNED = Entry("10.03.2019 12:00", status="onApproval")

STATUSES = [
    "approved",
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
"""The eleven of F-ETX-05 but `onApproval`."""


def _world(servers: Servers, **readings: str) -> tuple[Portal, Etaxes]:
    server = servers.get(readings={name.replace("_", "-"): answer for name, answer in readings.items()})
    portal = Portal(server.port, fresh_world())
    return portal, Etaxes(server, portal.world)


def _code(portal: Portal, qaimes: list[str], **body: Any) -> int:
    return portal.call("etx_delete", serialNumbers=[named(name) for name in qaimes], **body).code


def _deleted(portal: Portal, numbers: list[str], **body: Any) -> int:
    """Delete; how many the process says it has deleted."""
    data = portal.finished(portal.started("etx_delete", serialNumbers=numbers, **body))
    assert data["status"] == 2
    count: int = data["stats"]["deleted"]
    return count


def _imported(portal: Portal, *sent: dict[str, Any]) -> list[str]:
    """Import without uploading; the ids."""
    portal.finished(portal.started("import_upload_invoices", invoices=list(sent), upload=False))
    return [row["id"] for row in sent]


def _in_portal(portal: Portal, *ids: str) -> list[str]:
    return [row["id"] for row in portal.call("inv_read_invoices", ids=list(ids)).data["invoices"]]


# -- in the portal and in e-taxes


@pytest.mark.parametrize(("entry", "is_signed", "left"), [(DRAFT, False, None), (SIGNED, True, "deleted")])
@pytest.mark.proves("F-DEL-01", "F-DEL-02", "F-DEL-04", "F-DEL-06", "R-78")
def test_drafts_and_waiting_invoices_are_deleted(
    entry: Entry, is_signed: bool, left: str | None, servers: Servers
) -> None:
    portal, etaxes = _world(servers)
    *rows, kept = etaxes.add(*[entry] * 4)
    reply = portal.call("etx_delete", serialNumbers=[named(name) for name in rows], is_signed=is_signed)
    assert list(reply.data) == ["id"]
    data = portal.finished(reply.data["id"])
    assert (data["status"], data["stats"]) == (2, {"deleted": 3})
    assert etaxes.statuses([*rows, kept]) == [left, left, left, entry.status]


@pytest.mark.proves("F-DEL-01")
def test_draft_folder_is_meant_unless_said(servers: Servers) -> None:
    portal, etaxes = _world(servers)
    draft, signed = etaxes.add(DRAFT, SIGNED)
    assert _code(portal, [signed]) == 20
    assert _deleted(portal, [named(draft)]) == 1


@pytest.mark.parametrize("value", ["true", 1, [], "false"], ids=str)
@pytest.mark.proves("F-DEL-01")
def test_folder_is_a_truth_value(value: Any, portal: Portal) -> None:
    assert portal.call("etx_delete", serialNumbers=["AA2501 10000001"], is_signed=value).code == 3


@pytest.mark.proves("F-DEL-01", "F-DEL-06")
def test_deletion_needs_no_phone_in_the_request_and_no_pin() -> None:
    with standing_still("10.03.2019 12:00", "realistic") as (portal, clock, etaxes):
        process = portal.started("etx_delete", serialNumbers=[named(name) for name in etaxes.add(DRAFT)])
        for _ in range(32):
            stats = portal.call("read_proc_status", procId=process).data["stats"]
            assert list(stats) == ["deleted"]
            clock.advance(10)
        assert stats == {"deleted": 1}


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("is_signed", [False, True])
@pytest.mark.proves("F-DEL-04", "F-DEL-05", "R-77")
def test_status_forbids_deletion(status: str, is_signed: bool, servers: Servers) -> None:
    portal, etaxes = _world(servers)
    rows = etaxes.add(SIGNED._replace(status=status))
    assert _code(portal, rows, is_signed=is_signed) == 20
    assert etaxes.statuses(rows) == [status]


WRONG = {
    "in the other folder": (SIGNED, DRAFT),
    "in the other folder too": (DRAFT, SIGNED),
    "approved": (SIGNED, SIGNED._replace(status="approved")),
    "another company's": (SIGNED, SIGNED._replace(uploader=BUYER, seller=BUYER, buyer=DEMO)),
    "another company's draft": (DRAFT, DRAFT._replace(uploader=BUYER, seller=DEMO)),
    "an outsider's": (SIGNED, SIGNED._replace(uploader=None)),
    "unknown": (DRAFT, None),
}


@pytest.mark.parametrize(("good", "wrong"), WRONG.values(), ids=WRONG.keys())
@pytest.mark.proves("F-DEL-02", "F-DEL-03", "F-DEL-05", "R-22", "R-52")
def test_one_wrong_invoice_among_a_thousand_leaves_all_where_they_are(
    good: Entry, wrong: Entry | None, servers: Servers
) -> None:
    portal, etaxes = _world(servers)
    rows = etaxes.add(*[good] * 999)
    named_ones = [*rows, *(etaxes.add(wrong) if wrong else ["XX9999999999"])]
    named_ones[500], named_ones[-1] = named_ones[-1], named_ones[500]
    before = etaxes.statuses(named_ones)
    signed = good is SIGNED
    reply = portal.call("etx_delete", serialNumbers=[named(name) for name in named_ones], is_signed=signed)
    assert (reply.code, reply.json["err_msg"]) == (20, "Qaime not found or not in specified folder")
    assert etaxes.statuses(named_ones) == before
    if signed:
        downloaded(portal, **DAY, dir=1, inc_status="onApproval")
        assert set(rows) <= set(page(portal, **DAY, dir=1)[0])
    assert _deleted(portal, [named(name) for name in rows], is_signed=signed) == 999


@pytest.mark.proves("F-DEL-07", "R-78")
def test_invoice_goes_from_portal_and_etaxes(portal: Portal) -> None:
    sent = invoice(1)
    (qaime,) = portal.uploaded(sent)
    process = downloaded(portal, **EVER, dir=1)
    assert _deleted(portal, [named(qaime)], is_signed=True) == 1
    assert _in_portal(portal, sent["id"]) == []
    assert qaime not in invoices(portal, procId=process)
    assert qaime not in invoices(portal, **EVER, dir=1)
    again = invoices(portal, procId=downloaded(portal, **EVER, dir=1))
    assert again[qaime]["status"] == "deleted"
    assert _code(portal, [qaime], is_signed=True) == _code(portal, [qaime]) == 20


@pytest.mark.proves("F-DEL-07", "R-78", "R-40")
def test_draft_goes_without_a_trace(portal: Portal) -> None:
    sent = invoice(1, buyer="9000000006")
    upload = portal.started("import_upload_invoices", invoices=[sent], upload=True)
    assert portal.finished(upload)["status"] == 3
    (row,) = portal.call("read_proc_data", procId=upload).data["invoices"]
    assert _deleted(portal, [named(row["qaime"])]) == 1
    assert _in_portal(portal, sent["id"]) == []
    assert row["qaime"] not in invoices(portal, procId=downloaded(portal, **EVER, dir=1))
    assert _code(portal, [row["qaime"]]) == 20


@pytest.mark.parametrize("is_signed", [False, True])
@pytest.mark.proves("R-56")
def test_id_is_free_after_deletion_in_etaxes(is_signed: bool, portal: Portal) -> None:
    sent = invoice(1, buyer=None if is_signed else "9000000006")
    upload = portal.started("import_upload_invoices", invoices=[sent], upload=True)
    portal.finished(upload)
    (row,) = portal.call("read_proc_data", procId=upload).data["invoices"]
    assert portal.call("import_upload_invoices", invoices=[sent]).code == 17
    _deleted(portal, [named(row["qaime"])], is_signed=is_signed)
    (again,) = portal.uploaded({**sent, "buyer": BUYER})
    assert again > row["qaime"]


# -- what changes between request and execution


@pytest.mark.proves("F-DEL-03", "F-DEL-09", "R-22", "F-LIFE-01")
def test_approval_before_execution_ends_the_process_badly_and_nothing_is_deleted() -> None:
    with standing_still("10.03.2019 12:00", "fast") as (portal, clock, _):
        sent = [invoice(1), invoice(2, buyer="9000000009"), invoice(3)]
        for row in sent:
            portal.started("import_upload_invoices", invoices=[row], upload=True)
        clock.advance(11)
        known = portal.call("inv_read_invoices", ids=[row["id"] for row in sent]).data["invoices"]
        qaimes = [row["qaime"] for row in known]
        reply = portal.call("etx_delete", serialNumbers=[named(name) for name in qaimes], is_signed=True)
        assert reply.code == 0
        data = later(portal, clock, reply.data["id"])
        assert data["status"] == 3
        assert data["stats"]["deleted"] == 0
        assert [text for text in data["stats"]["etx_exception"] if qaimes[1] in text]
        assert _in_portal(portal, *(row["id"] for row in sent)) == [row["id"] for row in sent]
        process = portal.started("etx_import", phone=portal.account.phone, **EVER, dir=1)
        later(portal, clock, process)
        left = invoices(portal, procId=process)
        assert [left[name]["status"] for name in qaimes] == ["onApproval", "approved", "onApproval"]


@pytest.mark.proves("F-LIFE-04", "R-78")
def test_nobody_approves_what_is_deleted() -> None:
    with standing_still("10.03.2019 12:00") as (portal, clock, etaxes):
        (qaime,) = portal.uploaded(invoice(1, buyer="9000000009"))
        _deleted(portal, [named(qaime)], is_signed=True)
        clock.advance(11)
        downloaded(portal, **EVER, dir=1)
        assert etaxes.statuses([qaime]) == ["deleted"]


@pytest.mark.parametrize("entry", [DRAFT, SIGNED])
@pytest.mark.proves("F-DEL-03", "F-DEL-09", "R-22")
def test_of_two_deletions_of_one_invoice_the_second_fails_as_a_whole(entry: Entry) -> None:
    with standing_still("10.03.2019 12:00", "realistic") as (portal, clock, etaxes):
        rows = etaxes.add(*[entry] * 3)
        body = {"is_signed": entry is SIGNED}
        first = portal.started("etx_delete", serialNumbers=[named(rows[1])], **body)
        clock.advance(121)  # totals differ by 120 s at most
        second = portal.started("etx_delete", serialNumbers=[named(name) for name in rows], **body)
        assert later(portal, clock, first)["stats"] == {"deleted": 1}
        data = later(portal, clock, second)
        assert (data["status"], data["stats"]["deleted"]) == (3, 0)
        assert etaxes.statuses(rows) == [entry.status, "deleted" if entry is SIGNED else None, entry.status]


@pytest.mark.proves("F-DEL-02", "F-DEL-09", "R-22", "R-40")
def test_draft_signed_meanwhile_is_not_deleted_as_a_draft() -> None:
    with standing_still("10.03.2019 12:00", "realistic") as (portal, clock, etaxes):
        upload, (qaime,) = _drafts_of_a_running_upload(portal, clock, invoice(1))
        process = portal.started("etx_delete", serialNumbers=[named(qaime)])
        assert later(portal, clock, process)["status"] == 3
        assert portal.call("read_proc_status", procId=upload).data["status"] == 2
        assert etaxes.statuses([qaime]) == ["onApproval"]


@pytest.mark.proves("F-DEL-07", "R-40")
def test_upload_fails_whose_draft_was_deleted_meanwhile() -> None:
    with standing_still("10.03.2019 12:00", "realistic") as (portal, clock, etaxes):
        sent = [invoice(1), invoice(2)]
        upload, (gone, kept) = _drafts_of_a_running_upload(portal, clock, *sent)
        etaxes.set_world(pace="instant")
        assert _deleted(portal, [named(gone)]) == 1
        data = later(portal, clock, upload)
        assert data["status"] == 3
        assert gone in data["stats"]["etx_exception"][0]
        assert etaxes.statuses([gone, kept]) == [None, "draft"]
        assert _in_portal(portal, *(row["id"] for row in sent)) == [sent[1]["id"]]
        assert portal.call("inv_delete", ids=[sent[1]["id"]]).data == {"deleted": 1}


def _drafts_of_a_running_upload(portal: Portal, clock: StillClock, *sent: dict[str, Any]) -> tuple[int, list[str]]:
    """An upload that waits for PIN2, and the qaimes of its drafts."""
    upload = portal.started("import_upload_invoices", invoices=list(sent), upload=True)
    for _ in range(60):
        rows = portal.call("read_proc_data", procId=upload).data["invoices"]
        if rows[0]["status"] == "draft":
            break
        clock.advance(5)
    return upload, [row["qaime"] for row in rows]


# -- how invoices are named


FORMS = [
    # entry, well-formed by the examples, by the prose
    ("XX 12345678", True, True),
    ("XX2501 1000001", True, False),
    ("XX 2408000", True, False),
    ("XX 24080000001", True, False),
    ("ABCD 1234567890", True, True),
    ("ABCD1234 12345678901", True, False),
    ("X 12345678", False, False),
    ("ABCDE 12345678", False, False),
    ("XX 123456", False, False),
    ("XX 123456789012", False, False),
    ("XX12345 12345678", False, False),
    ("xx 12345678", False, False),
    ("ƏX 12345678", False, False),
    ("XX 1234567٨", False, False),
    ("XX12345678", False, False),
    ("XX  12345678", False, False),
    ("XX\t12345678", False, False),
    (" XX 12345678", False, False),
    ("XX 12345678 ", False, False),
    ("XX 12345678\n", False, False),
    ("", False, False),
    (" ", False, False),
    ("12 12345678", False, False),
    ("XX-12345678", False, False),
]


@pytest.mark.parametrize(("entry", "examples", "prose"), FORMS)
@pytest.mark.parametrize("grammar", Ledger.load().readings["R-08"].answers)
@pytest.mark.proves("R-08", "R-08b", "F-DEL-01")
def test_grammar_of_a_number(grammar: str, entry: str, examples: bool, prose: bool, servers: Servers) -> None:
    """Nothing has these numbers, so the well-formed are not found (20); the others are ill-formed (R-08b: 3)."""
    portal, _ = _world(servers, R_08=grammar, R_08b="3")
    well_formed = {"examples": examples, "prose": prose}[grammar]
    assert portal.call("etx_delete", serialNumbers=[entry]).code == (20 if well_formed else 3)


@pytest.mark.parametrize("answer", Ledger.load().readings["R-08b"].answers)
@pytest.mark.proves("R-08b", "F-DEL-03")
def test_ill_formed_number_among_good_ones(answer: str, servers: Servers) -> None:
    portal, etaxes = _world(servers, R_08b=answer)
    rows = etaxes.add(DRAFT, DRAFT)
    numbers = [named(name) for name in rows]
    assert portal.call("etx_delete", serialNumbers=[numbers[0], rows[1]]).code == int(answer)
    assert _deleted(portal, numbers) == 2


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("TEST01 99990001", 0),
        ("TEST 0199990001", 0),
        ("TEST0 199990001", 0),
        ("TEST019 9990001", 0),
        ("TEST01 9999001", 20),
        ("TES 099990001", 20),
    ],
)
@pytest.mark.proves("R-08")
def test_number_is_matched_without_its_space(number: str, code: int, portal: Portal) -> None:
    assert portal.call("etx_delete", serialNumbers=[number]).code == code


@pytest.mark.proves("R-76", "R-08", "F-DEL-06")
def test_invoice_named_twice_counts_once(portal: Portal) -> None:
    twice = ["AA2501 10000001", "AA2501 10000002", "AA2501 10000001", "AA250 110000001"]
    assert _deleted(portal, twice) == 2


@pytest.mark.parametrize("body", [{}, {"serialNumbers": []}, {"serialNumbers": None}], ids=str)
@pytest.mark.proves("R-08c", "F-DEL-01")
def test_deletion_names_an_invoice(body: dict[str, Any], portal: Portal) -> None:
    assert portal.call("etx_delete", **body).code == 3


@pytest.mark.parametrize("value", ["AA2501 10000001", [1], [["AA2501 10000001"]], [None], {}], ids=str)
@pytest.mark.proves("F-DEL-01")
def test_numbers_are_a_list_of_texts(value: Any, portal: Portal) -> None:
    assert portal.call("etx_delete", serialNumbers=value).code == 3


# -- in the portal alone


@pytest.mark.proves("F-INV-03", "R-21b", "R-56")
def test_unsubmitted_invoices_leave_the_portal_at_once(portal: Portal) -> None:
    sent = [invoice(seed) for seed in range(3)]
    ids = _imported(portal, *sent)
    reply = portal.call("inv_delete", ids=[ids[0], ids[2], ids[0]])
    assert (reply.code, reply.data) == (0, {"deleted": 2})
    assert _in_portal(portal, *ids) == [ids[1]]
    assert _imported(portal, sent[0]) == _in_portal(portal, ids[0])


@pytest.mark.parametrize("body", [{}, {"ids": []}, {"ids": None}, {"ids": "ERP-INV-001"}, {"ids": [1]}], ids=str)
@pytest.mark.proves("R-21b", "F-INV-03")
def test_portal_deletion_names_an_invoice(body: dict[str, Any], portal: Portal) -> None:
    assert portal.call("inv_delete", **body).code == 3


@pytest.mark.parametrize("answer", Ledger.load().readings["R-21"].answers)
@pytest.mark.parametrize("wrong", ["unknown", "submitted", "another company's"])
@pytest.mark.proves("F-INV-03", "R-21", "R-52")
def test_unknown_or_submitted_id_among_others(wrong: str, answer: str, servers: Servers) -> None:
    portal, _ = _world(servers, R_21=answer)
    (good,) = _imported(portal, invoice(1))
    bad = {"unknown": "NO-SUCH-ID", "submitted": "AVANS-2024-07", "another company's": "ALICI-YENI-01"}[wrong]
    reply = portal.call("inv_delete", ids=[bad, good])
    if answer == "20":
        assert reply.code == 20
        assert _in_portal(portal, good) == [good]
    else:
        assert reply.data == {"deleted": 1}
        assert _in_portal(portal, good) == []
        assert portal.call("inv_delete", ids=[bad]).data == {"deleted": 0}
    assert _in_portal(portal, "AVANS-2024-07") == ["AVANS-2024-07"]
    assert _in_portal(portal.as_("buyer"), "ALICI-YENI-01") == ["ALICI-YENI-01"]


@pytest.mark.proves("R-21c", "F-INV-03")
def test_invoices_of_a_running_upload_count_as_submitted() -> None:
    with standing_still("10.03.2019 12:00", "realistic") as (portal, clock, _):
        sent = invoice(1)
        upload = portal.started("import_upload_invoices", invoices=[sent], upload=True)
        while portal.call("read_proc_status", procId=upload).data["status"] == 1:
            assert portal.call("inv_delete", ids=[sent["id"]]).code == 20
            clock.advance(10)
        assert portal.call("inv_delete", ids=[sent["id"]]).code == 20


@pytest.mark.proves("R-21c", "F-INV-03", "R-40")
def test_draft_of_a_failed_upload_is_unsubmitted_and_stays_in_etaxes(servers: Servers) -> None:
    portal, etaxes = _world(servers)
    sent = invoice(1, buyer="9000000006")
    upload = portal.started("import_upload_invoices", invoices=[sent], upload=True)
    assert portal.finished(upload)["status"] == 3
    (row,) = portal.call("read_proc_data", procId=upload).data["invoices"]
    assert portal.call("inv_delete", ids=[sent["id"]]).data == {"deleted": 1}
    assert _in_portal(portal, sent["id"]) == []
    assert etaxes.statuses([row["qaime"]]) == ["draft"]
    assert _deleted(portal, [named(row["qaime"])]) == 1


# -- who may, and who did


@pytest.mark.proves("F-AUTH-06", "R-51")
def test_user_without_the_right_deletes_nothing(servers: Servers) -> None:
    portal, etaxes = _world(servers)
    (row,) = etaxes.add(DRAFT)
    clerk = portal.as_("clerk")
    assert _code(clerk, [row]) == 7
    assert clerk.call("inv_delete", ids=["ERP-INV-001"]).code == 7
    assert etaxes.statuses([row]) == ["draft"]
    assert _in_portal(portal, "ERP-INV-001") == ["ERP-INV-001"]


@pytest.mark.parametrize("answer", Ledger.load().readings["R-68"].answers)
@pytest.mark.proves("F-AUTH-07", "R-68")
def test_deletion_in_etaxes_needs_a_phone(answer: str, servers: Servers) -> None:
    portal, etaxes = _world(servers, R_68=answer)
    rows = etaxes.add(DRAFT)
    assert _code(portal.as_("nophone"), rows) == 15
    assert portal.as_("nophone").call("inv_delete", ids=["ERP-INV-001"]).code == 0
    data = portal.finished(portal.started("etx_delete", serialNumbers=[named(rows[0])]))
    assert (data["status"], data["stats"]["deleted"]) == (2, 1)
    asked = [key for key in data["stats"] if key.startswith("pin")]
    assert asked == {"no-pin": [], "pin1": ["pin1_code"]}[answer]


@pytest.mark.proves("R-68")
def test_refused_pin1_deletes_nothing(servers: Servers) -> None:
    portal, etaxes = _world(servers, R_68="pin1", R_31="reject")
    (row,) = etaxes.add(DRAFT)
    data = portal.finished(portal.started("etx_delete", serialNumbers=[named(row)]))
    assert (data["status"], data["stats"]["deleted"]) == (3, 0)
    assert etaxes.statuses([row]) == ["draft"]


@pytest.mark.proves("F-AUTH-06", "R-51")
def test_audit_trail_tells_who_when_which_and_with_what_result() -> None:
    with standing_still("10.03.2019 12:00", "realistic") as (portal, clock, etaxes):
        good, gone = etaxes.add(DRAFT, DRAFT)
        ids = _imported_at_once(portal, clock, invoice(1))
        start = instant("10.03.2019 13:00")
        assert portal.as_("clerk").call("inv_delete", ids=ids).code == 7
        assert portal.call("inv_delete", ids=["NO-SUCH-ID", *ids]).code == 20
        assert portal.call("inv_delete", ids=ids).code == 0
        assert _code(portal.as_("clerk"), [good]) == 7
        assert _code(portal, [good, "XX9999999999"]) == 20
        assert portal.call("etx_delete", serialNumbers=["ill-formed"]).code == 20
        first = portal.started("etx_delete", serialNumbers=[named(good), named(gone)])
        clock.advance(121)  # totals differ by 120 s at most
        second = portal.started("etx_delete", serialNumbers=[named(gone)])
        later(portal, clock, second)
        rows = etaxes.audits()
    assert [(row.at, row.username, row.company, row.operation, row.process) for row in rows[:8]] == [
        (start, "clerk", DEMO, "inv_delete", None),
        (start, "demo", DEMO, "inv_delete", None),
        (start, "demo", DEMO, "inv_delete", None),
        (start, "clerk", DEMO, "etx_delete", None),
        (start, "demo", DEMO, "etx_delete", None),
        (start, "demo", DEMO, "etx_delete", None),
        (start, "demo", DEMO, "etx_delete", first),
        (start + 121_000_000, "demo", DEMO, "etx_delete", second),
    ]
    assert [json.loads(row.invoices) for row in rows[:6]] == [
        ids,
        ["NO-SUCH-ID", *ids],
        ids,
        [named(good)],
        [named(good), "XX 9999999999"],
        ["ill-formed"],
    ]
    assert [row.result.split(":")[0] for row in rows[:8]] == [
        "refused",
        "refused",
        "deleted",
        "refused",
        "refused",
        "refused",
        "accepted",
        "accepted",
    ]
    well, badly = rows[8:]
    assert (well.process, well.result, json.loads(well.invoices)) == (first, "deleted", [good, gone])
    assert (badly.process, json.loads(badly.invoices)) == (second, [gone])
    assert re.fullmatch(f"failed: .*{gone}.*", badly.result)
    assert start + 180_000_000 <= well.at <= start + 300_000_000 < badly.at
    assert {row[1:4] for row in rows[8:]} == {("demo", DEMO, "etx_delete")}


def _imported_at_once(portal: Portal, clock: StillClock, *sent: dict[str, Any]) -> list[str]:
    later(portal, clock, portal.started("import_upload_invoices", invoices=list(sent), upload=False))
    return [row["id"] for row in sent]
