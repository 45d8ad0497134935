"""Import and upload: what a request is made of, what becomes of its invoices, and what an id is good for."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from fixtures.builders import Invoice, invoice
from tests.client import JSON, Portal, dumped, exact
from tests.http.imports import accepted, codes, sent
from tests.inprocess import rows
from tests.live import LiveServer, Servers, fresh_world

AVANS = "AA24070000000"
"""The qaime of an avans invoice of the default world (F-SMP-02)."""

ALWAYS = {"date_from": "01.01.2020", "date_to": "31.12.2099"}
PHONE = "994501234567"


def downloaded(portal: Portal, qaime: str) -> dict[str, Any]:
    """A sent invoice as e-taxes gives it back, amounts as they were written."""
    process = portal.started("etx_import", phone=PHONE, dir=1, **ALWAYS)
    assert portal.finished(process)["status"] == 2
    page = exact(portal.call("etx_read_invoices", phone=PHONE, procId=process).raw)["data"]["invoices"]
    (found,) = (row for row in page if row["qaime"] == qaime)
    return dict(found)


# -- the request as a whole


@pytest.mark.proves("F-IMP-02")
def test_a_process_answers_at_once_and_works_in_the_background(servers: Servers) -> None:
    portal = Portal(servers.get(pace="manual").port, fresh_world())
    reply = sent(portal, invoice(1), upload=True)
    assert set(reply.data) == {"id"}
    assert type(reply.data["id"]) is int
    assert portal.call("read_proc_status", procId=reply.data["id"]).data["status"] == 1


@pytest.mark.proves("F-IMP-01", "R-53")
@pytest.mark.parametrize(
    ("root", "code"),
    [
        ({}, 3),
        ({"invoices": {}}, 3),
        ({"invoices": "[]"}, 3),
        ({"invoices": [invoice(1)], "upload": "true"}, 3),
        ({"invoices": [invoice(1)], "upload": 1}, 3),
        ({"invoices": [invoice(1)], "use_old_sys": "no"}, 3),
    ],
)
@pytest.mark.usefixtures("kept")
def test_root_elements_are_demanded(portal: Portal, root: dict[str, Any], code: int) -> None:
    assert portal.call("import_upload_invoices", **root).code == code


@pytest.mark.proves("F-IMP-01")
@pytest.mark.parametrize(("root", "uploads"), [({}, False), ({"upload": False}, False), ({"upload": True}, True)])
def test_upload_is_false_unless_given(portal: Portal, root: dict[str, Any], uploads: bool) -> None:
    stats = portal.finished(accepted(sent(portal, invoice(1), **root)))["stats"]
    assert (stats["imported"], stats["packet_created"], stats["login_done"]) == (1, int(uploads), uploads)


@pytest.mark.proves("F-IMP-06")
@pytest.mark.usefixtures("kept")
def test_no_invoices_are_refused(portal: Portal) -> None:
    assert sent(portal).code == 6


# -- the fields of an invoice

REQUIRED = {
    "id": 37,
    "main_info": 22,
    "seller": 20,
    "buyer": 20,
    "sum_subtotal1": 24,
    "sum_subtotal2": 26,
    "sum_total": 28,
    "items": 39,
}
REQUIRED_OF_ITEMS = {
    "id": 40,
    "name": 42,
    "unit": 44,
    "unit_price": 46,
    "quantity": 48,
    "barcode": 50,
    "subtotal1": 52,
    "subtotal2": 54,
    "total": 60,
}
OPTIONAL = (
    "type",
    "with_agent",
    "transp_reg_number",
    "from_wh",
    "to_wh",
    "wh_field",
    "main_qaime",
    "add_info",
    "sum_aksiz",
    "sum_apply_vat_amount",
    "sum_skip_vat_amount",
    "sum_vat_zero",
    "sum_vat_free",
    "sum_vat_amount",
    "sum_ttax",
)
OPTIONAL_OF_ITEMS = (
    "aksiz",
    "aksizgrade",
    "apply_vat_amount",
    "skip_vat_amount",
    "vat_zero",
    "vat_free",
    "vat_amount",
    "transport_tax",
)


def without(row: Mapping[str, Any], *fields: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in fields}


def bare(seed: int) -> Invoice:
    """An invoice of required fields only."""
    valid = invoice(seed, taxation="simplified")
    lines = [without(line, *OPTIONAL_OF_ITEMS) for line in valid["items"]]
    return {**without(valid, *OPTIONAL), "items": lines}


@pytest.mark.proves("F-IMP-03", "F-IMP-05")
def test_required_fields_are_these(portal: Portal) -> None:
    assert set(bare(1)) == set(REQUIRED)
    assert set(bare(1)["items"][0]) == set(REQUIRED_OF_ITEMS)
    lacking: list[Invoice] = [without(bare(1), field) for field in REQUIRED]
    lacking += [{**bare(1), "items": [without(bare(1)["items"][0], field)]} for field in REQUIRED_OF_ITEMS]
    assert codes(sent(portal, *lacking)) == [[code] for code in (*REQUIRED.values(), *REQUIRED_OF_ITEMS.values())]


@pytest.mark.proves("F-IMP-03")
@pytest.mark.parametrize(
    ("erp_id", "expected"), [("1234567", None), ("123456", 38), ("ƏĞİÖŞÜÇ", None), ("ƏĞİÖŞÜ", 38)]
)
def test_an_id_has_seven_characters(portal: Portal, erp_id: str, expected: int | None) -> None:
    reply = sent(portal, invoice(1, erp_id=erp_id))
    assert codes(reply) == [[] if expected is None else [expected]]


@pytest.mark.proves("F-IMP-04", "F-IMP-05", "F-IMP-09")
@pytest.mark.parametrize("zeros", [False, True], ids=["left out", "zero"])
def test_optional_fields_count_as_zero(portal: Portal, zeros: bool) -> None:
    """Simplified taxation: no VAT field, or all of them 0."""
    plain = bare(1)
    if zeros:
        sums = [name for name in OPTIONAL if name.startswith("sum_")]
        lines = [{**line, **dict.fromkeys(OPTIONAL_OF_ITEMS, 0)} for line in plain["items"]]
        plain = {**plain, **dict.fromkeys(sums, 0), "items": lines}
    (qaime,) = portal.uploaded(plain)
    found = downloaded(portal, qaime)
    assert (found["type"], found["add_subject"]) == ("defaultInvoice", "")
    assert [found[name] for name in ("excise_amount", "apply_amount", "vat_amount", "transp_amount")] == [0] * 4
    assert [found["lines"][0][name] for name in ("grade", "total_excise", "vat_amount", "transp_amount")] == [0] * 4


@pytest.mark.proves("F-IMP-04", "R-14")
@pytest.mark.parametrize(
    ("type_", "kind"),
    [("default", "defaultInvoice"), ("avans", "advanceInvoice"), ("goodsTransfer", "goodsTransfer")],
)
def test_a_type_has_its_kind_in_e_taxes(portal: Portal, type_: Any, kind: str) -> None:
    (qaime,) = portal.uploaded(invoice(1, type=type_))
    assert downloaded(portal, qaime)["type"] == kind


@pytest.mark.proves("F-IMP-16", "R-14c")
@pytest.mark.parametrize("type_", ["advanceInvoice", "defaultInvoice"])
def test_kinds_of_e_taxes_are_no_types(portal: Portal, type_: str) -> None:
    assert codes(sent(portal, {**invoice(1), "type": type_})) == [[61]]


@pytest.mark.proves("F-IMP-16", "R-14c")
@pytest.mark.parametrize("type_", ["advanceInvoice", "defaultInvoice", "goodsTransfer"])
def test_kinds_of_e_taxes_are_taken_for_their_counterparts(servers: Servers, type_: str) -> None:
    portal = Portal(servers.get(readings={"R-14c": "synonym"}).port, fresh_world())
    (qaime,) = portal.uploaded({**invoice(1, type="goodsTransfer"), "type": type_})
    assert downloaded(portal, qaime)["type"] == type_
    assert codes(sent(portal, {**invoice(2), "type": "agent"})) == [[61]]


@pytest.mark.proves("R-60", "F-IMP-01", "F-IMP-04")
def test_fields_without_effect_are_kept(servers: Servers, portal: Portal) -> None:
    odd = {"with_agent": True, "transp_reg_number": "10-AA-123", "from_wh": "NOWHERE", "to_wh": "NOWHERE"}
    process = accepted(sent(portal, {**invoice(1), **odd}, use_old_sys=True, upload=True))
    assert portal.finished(process)["status"] == 2
    engine = servers.get().app.store.engine
    name = "SELECT {} FROM {} WHERE world = (SELECT id FROM worlds WHERE name = ?)"
    ((content,),) = engine.all(
        name.format("content", "portal_invoices") + f" AND process = {process}", (portal.world,)
    )
    assert odd.items() <= msgspec.json.decode(content).items()
    requests = [row for (row,) in engine.all(name.format("request", "journal"), (portal.world,))]
    assert any(b'"use_old_sys":true' in request for request in requests)


@pytest.mark.proves("R-43", "R-47")
@pytest.mark.parametrize("value", ["1e999999999", "9" * 5000, '{"deep": [1e999999999]}', '"\\u0000"'])
@pytest.mark.parametrize("before", ['"seller"', '"unit_price"'], ids=["invoice", "item"])
def test_keys_nobody_asked_for_are_left_behind(portal: Portal, value: str, before: str) -> None:
    """Whatever their value is: the invoice goes its way."""
    body = {"username": "demo", "password": "demo", "upload": True, "invoices": [invoice(1)]}
    text = dumped(body).decode().replace(before, f'"odd": {value}, {before}')
    reply = portal.send("POST", "/inv/import_upload_invoices.php", text.encode(), {"Content-Type": JSON})
    assert portal.finished(accepted(reply))["status"] == 2


# -- an invoice on an avans invoice


@pytest.mark.proves("F-IMP-07", "R-58")
@pytest.mark.parametrize(
    "blank",
    [
        {},
        {"main_info": "", "seller": "", "items": [], "sum_total": None, "type": None},
        {"main_info": "", "buyer": None, "items": None, "sum_subtotal1": None},
    ],
    ids=["left out", "empty", "null"],
)
def test_an_invoice_on_an_avans_invoice_takes_all_from_it(portal: Portal, blank: dict[str, Any]) -> None:
    (qaime,) = portal.uploaded({"id": "FINAL-0001", "main_qaime": AVANS, **blank})
    found = downloaded(portal, qaime)
    assert (found["tin_from"], found["tin_to"]) == ("1234567890", "0987654321")
    assert (found["ini_amount"], found["vat_amount"]) == (Decimal("102076.83"), Decimal("18373.83"))
    assert [line["prod_code"] for line in found["lines"]] == ["9403300000", "8471490000"]
    assert found["type"] == "defaultInvoice"


@pytest.mark.proves("F-IMP-07", "R-58")
def test_what_is_sent_beside_an_avans_invoice_wins(portal: Portal) -> None:
    some, whole = portal.uploaded(
        {"id": "FINAL-0001", "main_qaime": AVANS, "main_info": "Yekun hesablaşma", "buyer": "1111111111"},
        {**invoice(3, erp_id="FINAL-0002"), "main_qaime": AVANS},
    )
    found = downloaded(portal, some)
    assert (found["main_subject"], found["tin_to"]) == ("Yekun hesablaşma", "1111111111")
    assert (found["tin_from"], found["net_amount"]) == ("1234567890", Decimal("120450.66"))
    assert downloaded(portal, whole)["net_amount"] == invoice(3)["sum_total"]


@pytest.mark.proves("R-58")
@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"sum_total": 1}, [29]),
        ({"seller": "123"}, [21]),
        ({"items": [{}]}, [31, 35, 40, 42, 44, 46, 48, 50, 52, 54, 60]),
        ({"id": "SHORT"}, [38]),
        ({"type": "goodsTransfer"}, [63, 64]),
    ],
)
@pytest.mark.usefixtures("kept")
def test_the_merged_invoice_is_checked(portal: Portal, part: dict[str, Any], expected: list[int]) -> None:
    assert codes(sent(portal, {"id": "FINAL-0001", "main_qaime": AVANS, **part})) == [expected]


@pytest.mark.proves("R-58", "R-57")
def test_neither_id_nor_type_comes_from_the_avans_invoice(portal: Portal) -> None:
    assert codes(sent(portal, {"main_qaime": AVANS}, {"id": "", "main_qaime": AVANS})) == [[37], [37]]


@pytest.mark.proves("R-58", "F-IMP-07", "F-ERR-05")
@pytest.mark.parametrize(
    "qaime",
    [
        "AA24070000001",
        "AA2407 0000000",
        "aa24070000000",
        "AVANS-2024-07",
        "BK1000000205",
        "EV1000000291",
        "MT241225000100",
        "AA24070000000\0",
        " ",
        24070000000,
        ["AA24070000000"],
        {},
        0,
        False,
    ],
    ids=[
        "no such number",
        "with a space",
        "small letters",
        "its id",
        "of another company",
        "a draft",
        "no avans",
        "with NUL",
        "a blank",
        "a number",
        "a list",
        "an object",
        "zero",
        "false",
    ],
)
@pytest.mark.usefixtures("kept")
def test_what_is_no_avans_invoice_of_the_company_is_62_alone(portal: Portal, qaime: Any) -> None:
    assert codes(sent(portal, {"id": "x", "main_qaime": qaime})) == [[62]]


@pytest.mark.proves("R-58")
@pytest.mark.parametrize(
    ("status", "serves"),
    [
        ("approved", True),
        ("approvedBySystem", True),
        ("cancelRequested", True),
        ("onApprovalEdited", True),
        ("canceled", False),
        ("deleted", False),
        ("deletedBySystem", False),
    ],
)
def test_an_avans_invoice_serves_while_it_is_in_force(
    servers: Servers, portal: Portal, status: str, serves: bool
) -> None:
    (qaime,) = portal.uploaded(invoice(1, type="avans"))
    assert sent(portal, {"id": "FINAL-0001", "main_qaime": qaime}).code == 0
    store = servers.get().app.store
    world = store.worlds.find(portal.world)
    assert world is not None
    with store.writing():
        store.registry.set_status(world.id, [store.registry.by_qaimes(world.id, [qaime])[qaime].id], status)
    assert codes(sent(portal, {"id": "FINAL-0002", "main_qaime": qaime})) == ([[]] if serves else [[62]])


@pytest.mark.proves("R-58")
def test_an_avans_invoice_that_its_owner_deleted_serves_no_more(portal: Portal) -> None:
    (qaime,) = portal.uploaded(invoice(1, type="avans"))
    deletion = portal.started("etx_delete", serialNumbers=[f"{qaime[:2]} {qaime[2:]}"], is_signed=True)
    assert portal.finished(deletion)["status"] == 2
    assert codes(sent(portal, {"id": "FINAL-0001", "main_qaime": qaime})) == [[62]]


@pytest.mark.proves("R-58")
def test_an_avans_invoice_serves_more_than_once(portal: Portal) -> None:
    twice = [{"id": f"FINAL-000{n}", "main_qaime": AVANS} for n in (1, 2)]
    assert len(set(portal.uploaded(*twice))) == 2
    assert len(portal.uploaded({"id": "FINAL-0003", "main_qaime": AVANS})) == 1


@pytest.mark.proves("R-42", "R-58")
@pytest.mark.parametrize("answer", ["refused", "coerce"])
def test_a_number_for_an_avans_invoice_is_none(servers: Servers, answer: str) -> None:
    portal = Portal(servers.get(readings={"R-42": answer}).port, fresh_world())
    assert codes(sent(portal, {**invoice(1), "main_qaime": 0}, {"id": "FINAL-0001", "main_qaime": 7})) == [[62], [62]]


# -- goods transfers


@pytest.mark.proves("F-IMP-08", "R-20", "R-53", "F-ERR-05")
@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({}, []),
        ({"wh_field": 1}, []),
        ({"wh_field": 1.0}, []),
        ({"wh_field": 2, "from_wh": "Bakı anbarı", "to_wh": "Gəncə anbarı"}, []),
        ({"wh_field": 2}, [63, 64]),
        ({"from_wh": "Bakı anbarı"}, [63]),
        ({"to_wh": "Gəncə anbarı"}, [64]),
        ({"from_wh": "WH101"}, [63]),
        ({"from_wh": "wh001"}, [63]),
        ({"from_wh": None}, [63]),
        ({"from_wh": ""}, [63]),
        ({"to_wh": None}, [64]),
        ({"to_wh": {"code": "WH002"}}, [64]),
        ({"wh_field": 3}, [63, 64]),
        ({"wh_field": "1"}, [63, 64]),
        ({"wh_field": True}, [63, 64]),
    ],
)
def test_warehouses_are_looked_up_by_code_or_by_name(
    portal: Portal, part: dict[str, Any], expected: list[int]
) -> None:
    transfer = without(invoice(1, type="goodsTransfer"), "wh_field")
    assert codes(sent(portal, {**transfer, **part})) == [expected]


@pytest.mark.proves("F-IMP-08", "R-67")
def test_a_transfer_between_two_companies_meets_an_objection_of_e_taxes(portal: Portal) -> None:
    transfer = invoice(1, type="goodsTransfer", buyer="0987654321")
    assert portal.finished(accepted(sent(portal, transfer)))["status"] == 2
    process = accepted(sent(portal, {**transfer, "id": "TRANSFER-2"}, upload=True))
    data = portal.finished(process)
    assert data["status"] == 3
    assert data["stats"]["etx_exception"] == ["goodsTransfer: seller and buyer must be the same company"]


# -- form at once, business later


@pytest.mark.proves("F-IMP-13", "F-ERR-02")
def test_form_is_judged_at_once_and_business_during_upload(servers: Servers, portal: Portal) -> None:
    assert portal.call("read_proc_status", procId=123).code == 0
    before = rows(servers.get().app)
    assert codes(sent(portal, {**invoice(1), "main_info": ""}, upload=True)) == [[23]]
    assert rows(servers.get().app) == before
    outlaw = invoice(1, buyer="9000000001")
    assert portal.finished(accepted(sent(portal, outlaw)))["status"] == 2
    data = portal.finished(accepted(sent(portal, {**outlaw, "id": "OUTLAW-1"}, upload=True)))
    assert (data["status"], data["stats"]["etx_exception"]) == (3, ["Invalid VOEN: 9000000001"])


# -- ids


@pytest.mark.proves("F-IMP-06", "R-55")
@pytest.mark.parametrize("upload", [False, True])
def test_an_id_that_the_portal_has_is_refused(servers: Servers, portal: Portal, upload: bool) -> None:
    portal.finished(accepted(sent(portal, invoice(1), upload=upload)))
    before = rows(servers.get().app)
    assert sent(portal, invoice(2), {**invoice(3), "id": invoice(1)["id"]}).code == 17
    assert rows(servers.get().app) == before


@pytest.mark.proves("R-17")
@pytest.mark.usefixtures("kept")
def test_an_id_twice_in_a_request_is_refused(portal: Portal) -> None:
    assert sent(portal, invoice(1), invoice(2), {**invoice(3), "id": invoice(1)["id"]}).code == 17


@pytest.mark.proves("R-19")
def test_mistakes_in_form_come_before_known_ids(portal: Portal) -> None:
    known = {**invoice(1), "id": "INV-2024-001"}
    assert codes(sent(portal, known, {**invoice(2), "main_info": ""})) == [[], [23]]
    assert sent(portal, known, invoice(2)).code == 17


@pytest.mark.proves("F-IMP-03")
def test_another_company_may_have_the_same_id(portal: Portal) -> None:
    assert sent(portal, invoice(1)).code == 0
    assert sent(portal.as_("buyer"), invoice(1)).code == 0


@pytest.fixture(scope="module")
def replacing(servers: Servers) -> LiveServer:
    return servers.get(readings={"R-55": "replace"})


@pytest.mark.proves("R-55")
def test_an_unsubmitted_invoice_gives_way(replacing: LiveServer) -> None:
    """As the quick start has it: imported first, then uploaded under the same id."""
    portal = Portal(replacing.port, fresh_world())
    first, second = invoice(1, erp_id="INV-2025-001"), invoice(2, erp_id="INV-2025-001")
    assert portal.finished(accepted(sent(portal, first)))["status"] == 2
    (qaime,) = portal.uploaded(second)
    assert downloaded(portal, qaime)["net_amount"] == second["sum_total"]
    assert portal.call("inv_read_invoices", ids=["INV-2025-001"]).data["total"] == 1


@pytest.mark.proves("R-55", "R-21c")
def test_a_submitted_invoice_does_not_give_way(replacing: LiveServer, servers: Servers) -> None:
    signed = Portal(replacing.port, fresh_world())
    signed.uploaded(invoice(1))
    slow = servers.get(readings={"R-55": "replace"}, pace="manual")
    uploading = Portal(slow.port, fresh_world())
    accepted(sent(uploading, invoice(1), upload=True))
    for portal in (signed, uploading):
        assert sent(portal, {**invoice(2), "id": invoice(1)["id"]}).code == 17


@pytest.mark.proves("R-17", "R-55")
def test_an_id_twice_in_a_request_is_refused_even_so(replacing: LiveServer) -> None:
    portal = Portal(replacing.port, fresh_world())
    assert sent(portal, invoice(1), invoice(1)).code == 17


@pytest.mark.proves("R-21c", "R-55", "R-56")
@pytest.mark.parametrize("buyer", ["9000000001", "9000000004"], ids=["unknown VOEN", "PIN1 refused"])
def test_after_a_failed_upload_an_invoice_is_unsubmitted(replacing: LiveServer, buyer: str) -> None:
    portal = Portal(replacing.port, fresh_world())
    refused = invoice(1, buyer=buyer)
    assert portal.finished(accepted(sent(portal, refused, upload=True)))["status"] == 3
    assert sent(portal, {**invoice(2), "id": refused["id"]}).code == 0
    assert portal.call("inv_delete", ids=[refused["id"]]).data == {"deleted": 1}


@pytest.mark.proves("R-21c", "R-56")
def test_a_draft_that_a_failed_upload_left_stays_in_e_taxes(portal: Portal) -> None:
    """PIN2 refused: the draft has a number, which the portal's own deletion leaves alone."""
    unsigned = invoice(1, buyer="9000000006")
    process = accepted(sent(portal, unsigned, upload=True))
    assert portal.finished(process)["status"] == 3
    (draft,) = portal.call("read_proc_data", procId=process).data["etax_invoices"]
    assert portal.call("inv_delete", ids=[unsigned["id"]]).data == {"deleted": 1}
    assert sent(portal, {**invoice(2), "id": unsigned["id"]}).code == 0
    assert portal.call("etx_delete", serialNumbers=[f"{draft['serial']} {draft['number']}"]).code == 0


@pytest.mark.proves("R-21c")
def test_what_is_signed_or_being_uploaded_is_submitted(servers: Servers, portal: Portal) -> None:
    portal.uploaded(invoice(1))
    slow = Portal(servers.get(pace="manual").port, fresh_world())
    accepted(sent(slow, invoice(1), upload=True))
    assert [each.call("inv_delete", ids=[invoice(1)["id"]]).code for each in (portal, slow)] == [20, 20]


@pytest.mark.proves("R-56")
def test_an_id_is_free_again_after_either_deletion(portal: Portal) -> None:
    erp_id = invoice(1)["id"]
    portal.finished(accepted(sent(portal, invoice(1))))
    assert portal.call("inv_delete", ids=[erp_id]).code == 0
    (qaime,) = portal.uploaded({**invoice(2), "id": erp_id})
    assert sent(portal, {**invoice(3), "id": erp_id}).code == 17
    deletion = portal.started("etx_delete", serialNumbers=[f"{qaime[:2]} {qaime[2:]}"], is_signed=True)
    assert portal.finished(deletion)["status"] == 2
    assert sent(portal, {**invoice(3), "id": erp_id}).code == 0


# -- there and back


@pytest.mark.proves("R-73", "F-RD-06", "F-RD-04", "F-RD-05", "R-34")
def test_an_uploaded_invoice_as_downloaded(portal: Portal) -> None:
    item = {
        "id": "2710124100",
        "name": "Avtomobil benzini",
        "unit": "litr",
        "unit_price": Decimal("10.1"),
        "quantity": Decimal("10"),
        "barcode": "2710124100000",
        "subtotal1": Decimal("101"),
        "aksiz": Decimal("9.00001"),
        "aksizgrade": Decimal("8.5"),
        "subtotal2": Decimal("110.00001"),
        "apply_vat_amount": Decimal("50.00001"),
        "skip_vat_amount": Decimal("10"),
        "vat_zero": Decimal("20"),
        "vat_free": Decimal("30"),
        "vat_amount": Decimal("9"),
        "transport_tax": Decimal("0.5"),
        "total": Decimal("119.50001"),
    }
    other = {**item, "id": "0000000001", "barcode": "0000000001000"}
    built = {
        "id": "EVERYTHING-1",
        "main_info": "Əsas mövzu",
        "add_info": "Əlavə məlumat",
        "seller": "1111111111",
        "buyer": "0000000000",
        "sum_subtotal1": Decimal("202"),
        "sum_aksiz": Decimal("18"),
        "sum_subtotal2": Decimal("220"),
        "sum_apply_vat_amount": Decimal("100"),
        "sum_skip_vat_amount": Decimal("20"),
        "sum_vat_zero": Decimal("40"),
        "sum_vat_free": Decimal("60"),
        "sum_vat_amount": Decimal("18"),
        "sum_ttax": Decimal("1"),
        "sum_total": Decimal("239"),
        "items": [item, other],
    }
    (qaime,) = portal.uploaded(built)
    found = downloaded(portal, qaime)
    lines = found.pop("lines")
    number, moment = found.pop("id"), found.pop("datetime")
    assert type(number) is int
    assert len(moment) == len("07.08.2025 14:30")
    header = {
        "main_subject": "Əsas mövzu",
        "add_subject": "Əlavə məlumat",
        "serial": "AA",
        "number": qaime[2:],
        "qaime": qaime,
        "cmp_from": found["cmp_from"],
        "cmp_to": found["cmp_to"],
        "tin_from": "1111111111",
        "tin_to": "0000000000",
        "ini_amount": Decimal("202.00"),
        "ini_amount1": Decimal("202.00"),
        "ini_amount2": Decimal("220.00"),
        "excise_amount": Decimal("18.00"),
        "apply_amount": Decimal("100.00"),
        "skip_amount": Decimal("20.00"),
        "zero_amount": Decimal("40.00"),
        "free_amount": Decimal("60.00"),
        "vat_amount": Decimal("18.00"),
        "transp_amount": Decimal("1.00"),
        "net_amount": Decimal("239.00"),
        "status": "onApproval",
        "type": "defaultInvoice",
    }
    assert repr(sorted(found.items())) == repr(sorted(header.items()))
    first = {
        "line": 1,
        "prod_code": "2710124100",
        "prod_name": "Avtomobil benzini",
        "barcode": "2710124100000",
        "unit_name": "litr",
        "unit_price": Decimal("10.1"),
        "unit_qty": 10,
        "ini_amount": 101,
        "ini_amount2": Decimal("110.00001"),
        "grade": Decimal("8.5"),
        "total_excise": Decimal("9.00001"),
        "apply_amount": Decimal("50.00001"),
        "skip_amount": 10,
        "zero_amount": 20,
        "free_amount": 30,
        "vat_amount": 9,
        "transp_amount": Decimal("0.5"),
        "net_amount": Decimal("119.50001"),
    }
    ids = [line.pop("id") for line in lines]
    assert [type(each) for each in ids] == [int, int]
    assert len(set(ids)) == 2
    assert lines == [first, {**first, "line": 2, "prod_code": "0000000001", "barcode": "0000000001000"}]
