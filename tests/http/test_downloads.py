"""Download from e-taxes, and what can be read of it (F-ETX, F-RD)."""

import re
from typing import Any

import pytest

from fixtures.builders import invoice
from mock_server.rulebook.ledger import Ledger
from tests.client import Portal, exact
from tests.etaxes import BUYER, DEMO, OUTSIDER, Entry, Etaxes, downloaded, invoices, later, page, standing_still
from tests.live import Servers, fresh_world

EVER = {"date_from": "01.01.2000", "date_to": "31.12.2099"}
DAY = {"date_from": "10.03.2019", "date_to": "10.03.2019"}
"""A day of which the default world holds nothing."""

NOON = Entry("10.03.2019 12:00")

HEADER_TEXTS = [
    "main_subject",
    "add_subject",
    "serial",
    "number",
    "qaime",
    "cmp_from",
    "cmp_to",
    "tin_from",
    "tin_to",
    "datetime",
    "status",
    "type",
]
HEADER_AMOUNTS = [
    "ini_amount",
    "ini_amount1",
    "ini_amount2",
    "excise_amount",
    "apply_amount",
    "skip_amount",
    "zero_amount",
    "free_amount",
    "vat_amount",
    "transp_amount",
    "net_amount",
]
LINE_TEXTS = ["prod_code", "prod_name", "barcode", "unit_name"]
LINE_AMOUNTS = [
    "unit_price",
    "unit_qty",
    "ini_amount",
    "ini_amount2",
    "grade",
    "total_excise",
    "apply_amount",
    "skip_amount",
    "zero_amount",
    "free_amount",
    "vat_amount",
    "transp_amount",
    "net_amount",
]


UPLOADED_TEXTS = {
    "tin_from": "seller",
    "tin_to": "buyer",
    "main_subject": "main_info",
    "add_subject": "add_info",
}
UPLOADED_AMOUNTS = {
    "ini_amount": "sum_subtotal1",
    "ini_amount1": "sum_subtotal1",
    "ini_amount2": "sum_subtotal2",
    "excise_amount": "sum_aksiz",
    "apply_amount": "sum_apply_vat_amount",
    "skip_amount": "sum_skip_vat_amount",
    "zero_amount": "sum_vat_zero",
    "free_amount": "sum_vat_free",
    "vat_amount": "sum_vat_amount",
    "transp_amount": "sum_ttax",
    "net_amount": "sum_total",
}
UPLOADED_LINE = {
    "prod_code": "id",
    "prod_name": "name",
    "barcode": "barcode",
    "unit_name": "unit",
    "unit_price": "unit_price",
    "unit_qty": "quantity",
    "ini_amount": "subtotal1",
    "ini_amount2": "subtotal2",
    "grade": "aksizgrade",
    "total_excise": "aksiz",
    "apply_amount": "apply_vat_amount",
    "skip_amount": "skip_vat_amount",
    "zero_amount": "vat_zero",
    "free_amount": "vat_free",
    "vat_amount": "vat_amount",
    "transp_amount": "transport_tax",
    "net_amount": "total",
}
"""Name in e-taxes -> name in an upload (R-73)."""


def _portal(servers: Servers, **readings: str) -> Portal:
    chosen = {name.replace("_", "-"): answer for name, answer in readings.items()}
    return Portal(servers.get(readings=chosen).port, fresh_world())


def _etaxes(servers: Servers, portal: Portal) -> Etaxes:
    return Etaxes(servers.get(), portal.world)


def _refusal(portal: Portal, operation: str, **body: Any) -> int:
    return portal.call(operation, **body).code


# -- what a request says


@pytest.mark.parametrize("missing", ["phone", "date_from", "date_to"])
@pytest.mark.proves("F-ETX-01", "R-12")
def test_download_needs_phone_and_both_dates(missing: str, portal: Portal) -> None:
    body = {"phone": portal.account.phone, **EVER}
    assert _refusal(portal, "etx_import", **body) == 0
    del body[missing]
    assert _refusal(portal, "etx_import", **body) == 3


PHONES = [
    (None, 3),
    ("", 3),
    ("0501234567", 3),
    ("99450123456", 3),
    ("9945012345678", 3),
    ("+994501234567", 3),
    ("994501234567\n", 3),
    ("99450123456٧", 3),
    (994501234567, 3),
    ("994507654321", 15),
    ("994500000001", 15),
    ("994501234567", 0),
    ("994500000002", 0),
]


@pytest.mark.parametrize(("phone", "code"), PHONES)
@pytest.mark.parametrize("operation", ["etx_import", "etx_read_invoices"])
@pytest.mark.proves("F-ETX-01", "F-RD-01", "R-12", "F-AUTH-07")
def test_phone_is_required_and_one_of_the_users(operation: str, phone: Any, code: int, portal: Portal) -> None:
    body = EVER if phone is None else {"phone": phone, **EVER}
    assert _refusal(portal, operation, **body) == code


@pytest.mark.proves("R-12")
def test_phone_is_optional_in_the_later_reading(servers: Servers) -> None:
    portal = _portal(servers, R_12="optional")
    process = portal.started("etx_import", **EVER, dir=1)
    assert portal.finished(process)["status"] == 2
    assert portal.call("etx_read_invoices", procId=process).data["total"] > 100
    assert _refusal(portal, "etx_read_invoices", procId=process, phone="0501234567") == 3


@pytest.mark.parametrize("operation", ["etx_import", "etx_read_invoices"])
@pytest.mark.proves("F-ETX-07", "F-AUTH-07")
def test_errors_named_for_downloads(operation: str, portal: Portal) -> None:
    body = {"phone": portal.account.phone, **EVER}
    assert _refusal(portal, operation, **body, username="") == 4
    assert _refusal(portal, operation, **body, password="wrong") == 5
    assert _refusal(portal.as_("nophone"), operation, **body) == 15


@pytest.mark.parametrize("folder", [-1, 2, "1", True, 0.5])
@pytest.mark.parametrize("operation", ["etx_import", "etx_read_invoices"])
@pytest.mark.proves("F-ETX-01", "F-RD-01")
def test_folder_is_0_or_1(operation: str, folder: Any, portal: Portal) -> None:
    assert _refusal(portal, operation, phone=portal.account.phone, **EVER, dir=folder) == 3


@pytest.mark.proves("F-ETX-01", "R-59", "F-RD-01", "R-29")
def test_folder_is_incoming_unless_given(servers: Servers, portal: Portal) -> None:
    mine, theirs = _etaxes(servers, portal).add(NOON, NOON._replace(uploader=BUYER, seller=BUYER, buyer=DEMO))
    for process in (downloaded(portal, **DAY), downloaded(portal, **DAY, dir=0)):
        assert page(portal, procId=process) == ([theirs], 1)
    downloaded(portal, **DAY, dir=1)
    assert page(portal, **DAY) == page(portal, **DAY, dir=0) == ([theirs], 1)
    assert page(portal, **DAY, dir=1) == ([mine], 1)


@pytest.mark.parametrize("answer", Ledger.load().readings["R-29"].answers)
@pytest.mark.parametrize("brought", [0, 1])
@pytest.mark.proves("R-29", "F-RD-01")
def test_folder_beside_a_process(brought: int, answer: str, servers: Servers) -> None:
    portal = _portal(servers, R_29=answer)
    process = downloaded(portal, **EVER, dir=brought)
    everything = page(portal, procId=process, dir=brought)
    assert everything[1] > 100
    assert page(portal, procId=process, dir=1 - brought) == ([], 0)
    assert page(portal, procId=process) == (([], 0) if answer == "default-0" and brought == 1 else everything)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 3),
        ({"dir": 1}, 3),
        ({"date_from": "01.01.2025"}, 3),
        ({"date_to": "01.01.2025"}, 3),
        ({"procId": 123, "date_from": "01.01.2025"}, 0),
        ({"procId": 123, "date_from": "someday", "date_to": "01.01.2000"}, 0),
        ({"procId": "123"}, 3),
        ({"procId": 0}, 3),
    ],
)
@pytest.mark.proves("R-71", "F-RD-01")
def test_reading_needs_a_process_or_both_dates(body: dict[str, Any], code: int, portal: Portal) -> None:
    assert _refusal(portal, "etx_read_invoices", phone=portal.account.phone, **body) == code


@pytest.mark.proves("R-71")
def test_process_wins_over_dates(portal: Portal) -> None:
    assert page(portal, procId=123, **DAY) == page(portal, procId=123)
    assert page(portal, procId=123)[1] == 5


@pytest.mark.proves("R-71")
def test_process_that_is_no_download_has_no_invoices(portal: Portal) -> None:
    upload = portal.started("import_upload_invoices", invoices=[invoice(1)], upload=True)
    assert portal.finished(upload)["status"] == 2
    for process in (upload, 12345):
        for body in ({}, {"dir": 0}, {"dir": 1}):
            assert page(portal, procId=process, **body) == ([], 0)


# -- the process


@pytest.mark.proves("F-ETX-04", "R-30")
def test_download_asks_for_pin1_alone_and_shows_nothing_before_it_has_stored() -> None:
    with standing_still("10.03.2019 12:00", "realistic") as (portal, clock, etaxes):
        expected = etaxes.add(Entry("10.03.2019 11:00"))
        reply = portal.call("etx_import", phone=portal.account.phone, **DAY, dir=1)
        assert list(reply.data) == ["id"]
        process: int = reply.data["id"]
        seen: list[dict[str, Any]] = []
        while not seen or seen[-1]["status"] != 2:
            assert page(portal, procId=process) == page(portal, **DAY, dir=1) == ([], 0)
            clock.advance(20)
            seen.append(portal.call("read_proc_status", procId=process).data)
        assert 9 <= len(seen) <= 15
        assert not seen[0]["stats"]["login_done"]
        assert page(portal, procId=process) == page(portal, **DAY, dir=1) == (expected, 1)
        assert seen[-1]["stats"]["imported"] == 1
        assert {key for data in seen for key in data["stats"] if key.startswith("pin")} == {"pin1_code"}


@pytest.mark.parametrize(("phone", "text"), [("994500000004", "refused"), ("994500000005", "not confirmed")])
@pytest.mark.proves("F-ETX-04")
def test_nothing_comes_when_pin1_is_not_confirmed(phone: str, text: str, portal: Portal) -> None:
    process = portal.started("etx_import", phone=phone, **EVER, dir=1)
    data = portal.finished(process)
    assert data["status"] == 3
    assert text in data["stats"]["etx_exception"][0]
    assert page(portal, procId=process) == ([], 0)


# -- what is found


@pytest.mark.proves("F-ETX-03", "R-71", "R-39")
def test_dates_are_those_of_creation_in_etaxes() -> None:
    with standing_still("20.03.2019 12:00") as (portal, _, etaxes):
        expected = etaxes.add(NOON)
        for dates, found in ((DAY, expected), ({"date_from": "20.03.2019", "date_to": "20.03.2019"}, [])):
            process = downloaded(portal, **dates, dir=1)
            assert page(portal, procId=process)[0] == found
            assert page(portal, **dates, dir=1)[0] == found


@pytest.mark.proves("R-39", "R-52")
def test_date_search_reads_what_this_company_has_downloaded(servers: Servers, portal: Portal) -> None:
    first, _ = _etaxes(servers, portal).add(
        Entry("10.03.2019 09:00", buyer=BUYER), Entry("10.03.2019 15:00", buyer=BUYER)
    )
    assert page(portal, **DAY, dir=1) == ([], 0)
    downloaded(portal, "10.03.2019 00:00", "10.03.2019 12:00", dir=1)
    assert page(portal, **DAY, dir=1) == page(portal.as_("clerk"), **DAY, dir=1) == ([first], 1)
    for folder in (0, 1):
        assert page(portal.as_("buyer"), **DAY, dir=folder) == ([], 0)


@pytest.mark.proves("R-52")
def test_process_is_the_companys(portal: Portal) -> None:
    process = downloaded(portal, **EVER, dir=1)
    assert page(portal.as_("clerk"), procId=process) == page(portal, procId=process)
    buyer = portal.as_("buyer")
    assert _refusal(buyer, "etx_read_invoices", phone=buyer.account.phone, procId=process) == 3
    assert _refusal(buyer, "etx_read_invoices", phone=buyer.account.phone, procId=999_999) == 3


@pytest.mark.proves("R-52", "R-12")
def test_partner_sees_what_his_customer_sees(servers: Servers) -> None:
    portal = Portal(servers.get(edition="2025-12").port, fresh_world())
    partner, process = portal.as_("partner"), downloaded(portal, **EVER, dir=1)
    for phone, code in (("994501234567", 0), ("994507654321", 3), ("994500000002", 16)):
        assert _refusal(partner, "etx_read_invoices", phone=phone, procId=process) == code
    own = partner.started("etx_import", phone="994501234567", **EVER, dir=1)
    assert page(portal, procId=own) == page(portal, procId=process)


@pytest.mark.proves("R-72")
def test_downloading_again_renews_the_one_record(servers: Servers, portal: Portal) -> None:
    etaxes = _etaxes(servers, portal)
    rows = etaxes.add(*[NOON._replace(status="onApproval")] * 3)
    first = downloaded(portal, **DAY, dir=1)
    before = invoices(portal, procId=first)
    etaxes.set_status(rows[1:2], "approved")
    assert invoices(portal, procId=first) == before
    second = downloaded(portal, **DAY, dir=1)
    expected = {name: {**row} for name, row in before.items()}
    expected[rows[1]]["status"] = "approved"
    for search in ({"procId": first}, {"procId": second}, {**DAY, "dir": 1}):
        found = invoices(portal, **search)
        assert (list(found), found) == (rows, expected)


@pytest.mark.proves("R-39", "R-52", "R-72")
def test_each_company_has_a_copy_of_its_own(servers: Servers, portal: Portal) -> None:
    etaxes = _etaxes(servers, portal)
    rows = etaxes.add(*[NOON._replace(status="onApproval", buyer=BUYER)] * 2)
    mine = downloaded(portal, **DAY, dir=1)
    etaxes.set_status(rows, "approved")
    theirs = downloaded(portal.as_("buyer"), **DAY)
    for account, process, folder, status in (("demo", mine, 1, "onApproval"), ("buyer", theirs, 0, "approved")):
        for search in ({"procId": process}, {**DAY, "dir": folder}):
            found = invoices(portal.as_(account), **search)
            assert {name: row["status"] for name, row in found.items()} == dict.fromkeys(rows, status)


FOLDERS = {
    "own sale": (Entry("", uploader=DEMO, seller=DEMO, buyer=BUYER), [1]),
    "uploaded for another seller": (Entry("", uploader=DEMO, seller="1111111111", buyer=OUTSIDER), [1]),
    "sold by another account": (Entry("", uploader=BUYER, seller=DEMO, buyer=OUTSIDER), []),
    "bought": (Entry("", uploader=BUYER, seller=BUYER, buyer=DEMO), [0]),
    "bought from an outsider": (Entry("", uploader=None, seller=OUTSIDER, buyer=DEMO), [0]),
    "sold to oneself": (Entry("", uploader=DEMO, seller=DEMO, buyer=DEMO), [0, 1]),
    "goods transfer": (Entry("", "goodsTransfer", uploader=DEMO, seller=DEMO, buyer=DEMO), [1]),
    "own draft": (Entry("", status="draft", uploader=DEMO, seller=DEMO, buyer=DEMO), []),
    "another's draft": (Entry("", status="draft", uploader=BUYER, seller=BUYER, buyer=DEMO), []),
    "of others": (Entry("", uploader=BUYER, seller=BUYER, buyer=OUTSIDER), []),
}


@pytest.mark.parametrize(("entry", "folders"), FOLDERS.values(), ids=FOLDERS.keys())
@pytest.mark.proves("R-74")
def test_folder_of(entry: Entry, folders: list[int], servers: Servers, portal: Portal) -> None:
    rows = _etaxes(servers, portal).add(entry._replace(created="10.03.2019 12:00"))
    processes = [downloaded(portal, **DAY, dir=folder) for folder in (0, 1)]
    for folder, process in enumerate(processes):
        found = (rows, 1) if folder in folders else ([], 0)
        assert page(portal, procId=process) == page(portal, **DAY, dir=folder) == found


# -- the form of an invoice


@pytest.mark.parametrize("folder", [0, 1])
@pytest.mark.proves("F-RD-03", "F-RD-04", "F-RD-05", "F-RD-06")
def test_downloaded_invoice_has_all_its_fields(folder: int, portal: Portal) -> None:
    process = downloaded(portal, **EVER, dir=folder)
    data = portal.call("etx_read_invoices", phone=portal.account.phone, procId=process).data
    assert set(data) == {"invoices", "total"}
    assert data["total"] == len(data["invoices"]) > 100
    for row in data["invoices"]:
        assert set(row) == {"id", "lines", *HEADER_TEXTS, *HEADER_AMOUNTS}
        _types(row, HEADER_TEXTS, HEADER_AMOUNTS)
        assert row["qaime"] == row["serial"] + row["number"]
        assert re.fullmatch(r"\d\d\.\d\d\.\d{4} \d\d:\d\d", row["datetime"], re.ASCII)
        assert [line["line"] for line in row["lines"]] == list(range(1, len(row["lines"]) + 1)) != []
        for line in row["lines"]:
            assert set(line) == {"id", "line", *LINE_TEXTS, *LINE_AMOUNTS}
            _types(line, LINE_TEXTS, LINE_AMOUNTS)


def _types(row: dict[str, Any], texts: list[str], amounts: list[str]) -> None:
    assert type(row["id"]) is int
    assert all(type(row[name]) is str for name in texts)
    assert all(type(row[name]) in (int, float) for name in amounts)


@pytest.mark.proves("R-73", "R-34", "R-14", "F-RD-06")
def test_uploaded_invoice_as_downloaded() -> None:
    sent = invoice(5, items=3, taxation="everything", places=5, seller="1111111111", buyer=OUTSIDER)
    with standing_still("10.03.2019 23:58", "realistic") as (portal, clock, _):
        upload = portal.started("import_upload_invoices", invoices=[sent], upload=True)
        assert later(portal, clock, upload)["status"] == 2
        log = portal.call("read_proc_data", procId=upload).data["log"]
        download = portal.started("etx_import", phone=portal.account.phone, **EVER, dir=1)
        assert later(portal, clock, download)["stats"]["imported"] == 1
        reply = portal.call("etx_read_invoices", phone=portal.account.phone, procId=download)
    (got,) = exact(reply.raw)["data"]["invoices"]
    texts = {name: sent[field] for name, field in UPLOADED_TEXTS.items()}
    assert {name: got[name] for name in texts} == texts
    amounts = {name: str(sent[field]) for name, field in UPLOADED_AMOUNTS.items()}
    assert {name: str(got[name]) for name in amounts} == amounts
    assert got["type"] == "defaultInvoice"
    assert got["datetime"] == next(row["time"] for row in log if (row["stage"], row["message"]) == ("upload", "done"))
    assert [line["line"] for line in got["lines"]] == [1, 2, 3]
    assert len({line["id"] for line in got["lines"]}) == 3
    for line, item in zip(got["lines"], sent["items"], strict=True):
        expected = {name: item[field] for name, field in UPLOADED_LINE.items()}
        assert {name: line[name] for name in expected} == expected


@pytest.mark.proves("R-73")
def test_fields_an_upload_leaves_out_are_there_as_empty_or_0(portal: Portal) -> None:
    sent = invoice(6, taxation="simplified")
    del sent["add_info"]
    (qaime,) = portal.uploaded(sent)
    got = invoices(portal, procId=downloaded(portal, **EVER, dir=1))[qaime]
    assert got["add_subject"] == ""
    absent = ["excise", "apply", "skip", "zero", "free", "vat", "transp"]
    assert [got[f"{name}_amount"] for name in absent] == [0] * 7
    (line,) = got["lines"]
    assert [line["grade"], line["total_excise"], line["vat_amount"], line["transp_amount"]] == [0] * 4


@pytest.mark.parametrize(
    ("sent", "kind"),
    [("default", "defaultInvoice"), ("avans", "advanceInvoice"), ("goodsTransfer", "goodsTransfer")],
)
@pytest.mark.proves("R-14")
def test_kind_of_an_uploaded_invoice(sent: Any, kind: str, portal: Portal) -> None:
    (qaime,) = portal.uploaded(invoice(7, type=sent))
    process = downloaded(portal, **EVER, dir=1, inc_kinds=kind, inc_status="onApproval")
    assert invoices(portal, procId=process)[qaime]["type"] == kind


@pytest.mark.proves("R-14")
def test_invoice_on_an_avans_invoice_is_a_default_one(portal: Portal) -> None:
    sent = invoice(8) | {"main_qaime": "AA24070000000"}
    del sent["type"]
    (qaime,) = portal.uploaded(sent)
    assert invoices(portal, procId=downloaded(portal, **EVER, dir=1))[qaime]["type"] == "defaultInvoice"


# -- drafts, and what becomes of a signed invoice


@pytest.mark.proves("R-40", "R-74")
def test_draft_has_its_number_from_the_upload_stage_on() -> None:
    with standing_still("10.03.2019 12:00", "realistic") as (portal, clock, etaxes):
        upload = portal.started("import_upload_invoices", invoices=[invoice(1)], upload=True)
        seen = []
        for _ in range(70):
            (row,) = portal.call("read_proc_data", procId=upload).data["invoices"]
            (known,) = portal.call("inv_read_invoices", ids=[row["id"]]).data["invoices"]
            (registered,) = etaxes.statuses([row["qaime"]])
            seen.append((row["status"], bool(row["qaime"]), known["qaime"] == row["qaime"] != "", registered))
            clock.advance(5)
    assert list(dict.fromkeys(seen)) == [
        ("imported", False, False, None),
        ("draft", True, False, "draft"),
        ("signed", True, True, "onApproval"),
    ]


@pytest.mark.parametrize("buyer", ["9000000006", "9000000007"])
@pytest.mark.proves("R-40", "R-74")
def test_unconfirmed_pin2_leaves_a_draft_that_no_download_brings(buyer: str, portal: Portal) -> None:
    upload = portal.started("import_upload_invoices", invoices=[invoice(1, buyer=buyer)], upload=True)
    assert portal.finished(upload)["status"] == 3
    (row,) = portal.call("read_proc_data", procId=upload).data["invoices"]
    assert row["status"] == "draft"
    assert row["qaime"] not in invoices(portal, procId=downloaded(portal, **EVER, dir=1))


@pytest.mark.proves("F-LIFE-01")
def test_counterparty_approves_what_waits_for_approval() -> None:
    with standing_still("10.03.2019 12:00") as (portal, clock, _):
        (qaime,) = portal.uploaded(invoice(1, buyer="9000000009"))
        statuses = []
        for seconds in (0, 9.9, 0.1):
            clock.advance(seconds)
            statuses.append(invoices(portal, procId=downloaded(portal, **EVER, dir=1))[qaime]["status"])
    assert statuses == ["onApproval", "onApproval", "approved"]
