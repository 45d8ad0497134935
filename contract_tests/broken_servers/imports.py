"""Broken: import and upload (F-IMP)."""

from decimal import Decimal
from typing import Any

from contract_tests.broken_servers.wrapping import Answer, Call, Shelf, Sound, refusal, success

SHELF = Shelf()
IMPORT = "import_upload_invoices"
_FEES = ("sum_aksiz", "sum_apply_vat_amount", "sum_skip_vat_amount", "sum_vat_zero", "sum_vat_free", "sum_ttax")


def _invoices(body: dict[str, Any]) -> list[dict[str, Any]]:
    found = body.get("invoices")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _items(body: dict[str, Any]) -> list[dict[str, Any]]:
    lists = [one.get("items") for one in _invoices(body)]
    return [item for items in lists if isinstance(items, list) for item in items if isinstance(item, dict)]


@SHELF.request(IMPORT, ids=("F-IMP-01", "F-IMP-12"), by=("processes/an_import_stays_in_the_portal",))
def upload_is_the_default(body: dict[str, Any]) -> None:
    """Without `upload`, invoices are uploaded and signed."""
    body.setdefault("upload", True)


@SHELF.whole("F-IMP-01", by=("processes/an_import_stays_in_the_portal",))
async def use_old_sys_is_required(sound: Sound, call: Call) -> Answer:
    """`use_old_sys` may not be left out."""
    if call.operation == IMPORT and call.sent.get("invoices") and "use_old_sys" not in call.sent:
        answer = await sound(call)
        return refusal(3) if answer.code == 0 else answer
    return await sound(call)


@SHELF.data(IMPORT, ids=("F-IMP-02",), by=("processes/an_import_stays_in_the_portal",))
def the_process_id_is_text(data: dict[str, Any]) -> None:
    """The process id of an import is a text."""
    data["id"] = str(data["id"])


@SHELF.data(IMPORT, ids=("F-IMP-02",), by=("processes/an_import_stays_in_the_portal",))
def the_process_id_is_wrong(data: dict[str, Any]) -> None:
    """The process id of an import names no process."""
    data["id"] += 100000


@SHELF.request(IMPORT, ids=("F-IMP-03", "F-ERR-05"), by=("errors/several_faults_have_their_codes",))
def short_ids_are_taken(body: dict[str, Any]) -> None:
    """Ids of fewer than 7 characters are taken."""
    for one in _invoices(body):
        if isinstance(one.get("id"), str) and one["id"]:
            one["id"] = one["id"].ljust(7, "0")


@SHELF.request(IMPORT, ids=("F-IMP-03", "F-ERR-05"), by=("errors/several_faults_have_their_codes",))
def voens_of_any_length(body: dict[str, Any]) -> None:
    """VOENs need not have 10 digits."""
    for one in _invoices(body):
        for key in ("seller", "buyer"):
            if isinstance(one.get(key), str) and one[key]:
                one[key] = "1234567890"


@SHELF.whole("F-IMP-04", by=("processes/every_taxation_is_taken",))
async def optional_sums_are_required(sound: Sound, call: Call) -> Answer:
    """Optional sums may not be left out."""
    if call.operation == IMPORT and any(set(_FEES) - set(one) for one in _invoices(call.sent)):
        answer = await sound(call)
        return refusal(14, {"invoices": [[30] for _ in _invoices(call.sent)]}) if answer.code == 0 else answer
    return await sound(call)


@SHELF.whole("F-IMP-04", by=("samples/import-upload-invoices.import-only",))
async def the_type_is_required(sound: Sound, call: Call) -> Answer:
    """`type` may not be left out."""
    if call.operation == IMPORT and any("type" not in one for one in _invoices(call.sent)):
        answer = await sound(call)
        return refusal(14, {"invoices": [[61] for _ in _invoices(call.sent)]}) if answer.code == 0 else answer
    return await sound(call)


@SHELF.request(IMPORT, ids=("F-IMP-05", "F-ERR-05"), by=("errors/several_faults_have_their_codes",))
def items_need_no_name(body: dict[str, Any]) -> None:
    """Items may have no name, or an empty one."""
    for item in _items(body):
        item["name"] = "Mal"


@SHELF.request(IMPORT, ids=("F-IMP-05", "F-ERR-05"), by=("errors/several_faults_have_their_codes",))
def items_need_no_quantity(body: dict[str, Any]) -> None:
    """Items may have no quantity."""
    for item in _items(body):
        if "quantity" not in item and item.get("unit_price"):
            item["quantity"] = round(Decimal(item["subtotal1"]) / Decimal(item["unit_price"]), 5)


@SHELF.whole("F-IMP-06", by=("errors/an_id_twice_is_refused", "model/what_the_portal_keeps"))
async def an_id_serves_twice(sound: Sound, call: Call) -> Answer:
    """An id that the portal has is taken again."""
    answer = await sound(call)
    if call.operation == IMPORT and answer.code == 17:
        body = call.sent
        for number, one in enumerate(_invoices(body)):
            one["id"] = f"{one['id']}-again-{number}"
        return await sound(call.sending(body))
    return answer


@SHELF.request(IMPORT, ids=("F-IMP-07",), by=("processes/an_invoice_on_an_avans_invoice",))
def avans_invoices_lend_nothing(body: dict[str, Any]) -> None:
    """An invoice on an avans invoice must be whole by itself."""
    for one in _invoices(body):
        one.pop("main_qaime", None)


@SHELF.request(IMPORT, ids=("F-IMP-08", "R-20"), by=("errors/invoice-63",))
def warehouses_are_not_looked_up(body: dict[str, Any]) -> None:
    """A goods transfer may name any warehouse."""
    for one in _invoices(body):
        if one.get("type") == "goodsTransfer":
            one.update(from_wh="WH001", to_wh="WH002", wh_field=1)


@SHELF.request(IMPORT, ids=("F-IMP-08",), by=("processes/goods_transfers_name_warehouses",))
def warehouses_go_by_code_only(body: dict[str, Any]) -> None:
    """`wh_field` is ignored: warehouses are looked up by code."""
    for one in _invoices(body):
        one.pop("wh_field", None)


@SHELF.whole("F-IMP-09", by=("processes/every_taxation_is_taken",))
async def vat_is_required(sound: Sound, call: Call) -> Answer:
    """An invoice without VAT is refused."""
    lacking = [not one.get("sum_vat_amount") and "main_qaime" not in one for one in _invoices(call.sent)]
    answer = await sound(call)
    if call.operation == IMPORT and answer.code == 0 and any(lacking):
        return refusal(14, {"invoices": [[35] if lack else [] for lack in lacking]})
    return answer


@SHELF.request(IMPORT, ids=("F-IMP-10", "R-11"), by=("errors/invoice-29",))
def sums_are_not_checked(body: dict[str, Any]) -> None:
    """The total of an invoice need not be the sum of its parts."""
    for one in _invoices(body):
        parts = [one.get(key, 0) for key in ("sum_subtotal2", "sum_vat_amount", "sum_ttax")]
        if one.get("sum_total") and all(isinstance(part, int | Decimal) for part in parts):
            one["sum_total"] = sum(parts)


@SHELF.whole("F-IMP-10", by=("processes/every_taxation_is_taken",))
async def vat_is_twenty_percent(sound: Sound, call: Call) -> Answer:
    """VAT of 18 % is refused."""
    answer = await sound(call)
    taxed = [bool(one.get("sum_vat_amount")) for one in _invoices(call.sent)]
    if call.operation == IMPORT and answer.code == 0 and any(taxed):
        return refusal(14, {"invoices": [[59] if each else [] for each in taxed]})
    return answer


@SHELF.data("read_proc_status", ids=("F-IMP-11",), by=("processes/an_upload_goes_through_its_stages",))
def no_second_pin(data: dict[str, Any]) -> None:
    """An upload signs without PIN2."""
    data.get("stats", {}).pop("pin2_code", None)


@SHELF.request(IMPORT, ids=("F-IMP-11",), by=("processes/an_upload_goes_through_its_stages",))
def nothing_is_uploaded(body: dict[str, Any]) -> None:
    """`upload` is ignored: nothing goes to e-taxes."""
    if body.get("upload") is True:
        body["upload"] = False


@SHELF.request(
    IMPORT, ids=("F-IMP-12",), by=("samples/import-upload-invoices.import-only", "model/what_the_portal_keeps")
)
def everything_is_uploaded(body: dict[str, Any]) -> None:
    """`upload: false` is ignored: everything goes to e-taxes."""
    if body.get("upload") is not None:
        body["upload"] = True


@SHELF.whole("F-IMP-13", by=("errors/one_fault_has_exactly_its_code",))
async def form_is_checked_in_the_background(sound: Sound, call: Call) -> Answer:
    """Faults of form are not told at once: the import is accepted."""
    answer = await sound(call)
    if call.operation == IMPORT and answer.code == 14:
        return success({"id": 424242})
    return answer


@SHELF.data(
    "inv_read_invoices",
    "read_proc_data",
    ids=("F-IMP-14", "R-33"),
    by=("processes/an_upload_goes_through_its_stages",),
)
def numbers_have_dashes(data: dict[str, Any]) -> None:
    """A qaime number is written with dashes."""
    for one in data["invoices"]:
        if one.get("qaime"):
            one["qaime"] = f"{one['qaime'][:2]}-{one['qaime'][2:6]}-{one['qaime'][6:]}"


@SHELF.data(
    "inv_read_invoices",
    ids=("F-IMP-14",),
    by=("processes/an_upload_goes_through_its_stages", "model/what_goes_to_etaxes_and_back"),
)
def numbers_are_not_unique(data: dict[str, Any]) -> None:
    """All invoices get the same qaime number."""
    for one in data["invoices"]:
        if one.get("qaime"):
            one["qaime"] = "AA26030000001"


@SHELF.data("read_proc_status", ids=("F-IMP-15", "F-PROC-04"), by=("processes/an_upload_goes_through_its_stages",))
def no_packets(data: dict[str, Any]) -> None:
    """An upload that is over has made no packet."""
    if "packet_created" in data.get("stats", {}):
        data["stats"]["packet_created"] = 0


@SHELF.whole("F-IMP-16", "R-14c", by=("errors/invoice-61",))
async def any_type_will_do(sound: Sound, call: Call) -> Answer:
    """A `type` that no document knows is taken."""
    body = call.sent
    for one in _invoices(body) if call.operation == IMPORT else []:
        if one.get("type") not in (None, "default", "avans", "goodsTransfer"):
            one["type"] = "default"
            call = call.sending(body)
    return await sound(call)
