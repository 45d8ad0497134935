"""Broken: error codes and the entries of error 14 (F-ERR)."""

from typing import Any

from contract_tests.broken_servers.wrapping import Answer, Call, Shelf, Sound, refusal

SHELF = Shelf()
BUSINESS = "900000000"
"""What the VOENs of the scenarios begin with (F-ERR-02)."""


@SHELF.answer(
    "import_upload_invoices",
    ids=("F-ERR-01",),
    by=("errors/several_faults_have_their_codes", "model/what_the_portal_keeps"),
)
def codes_are_not_positional(body: dict[str, Any]) -> None:
    """Valid invoices have no entry in the answer."""
    if body.get("err_code") == 14:
        body["data"]["invoices"] = [entry for entry in body["data"]["invoices"] if entry]


@SHELF.answer("import_upload_invoices", ids=("F-ERR-01",), by=("errors/several_faults_have_their_codes",))
def entries_are_turned_round(body: dict[str, Any]) -> None:
    """The entries stand in the opposite order."""
    if body.get("err_code") == 14:
        body["data"]["invoices"].reverse()


@SHELF.answer("import_upload_invoices", ids=("F-ERR-01", "F-ERR-05"), by=("errors/several_faults_have_their_codes",))
def one_code_is_missing(body: dict[str, Any]) -> None:
    """Of several faults of an invoice, one is not told."""
    if body.get("err_code") == 14:
        body["data"]["invoices"] = [sorted(e)[:-1] if len(e) > 1 else e for e in body["data"]["invoices"]]


@SHELF.answer("import_upload_invoices", ids=("F-ERR-01",), by=("errors/one_fault_has_exactly_its_code",))
def codes_are_flat(body: dict[str, Any]) -> None:
    """The codes of all invoices stand in one list."""
    if body.get("err_code") == 14:
        body["data"]["invoices"] = sorted({code for entry in body["data"]["invoices"] for code in entry})


@SHELF.whole("F-ERR-02", "F-IMP-13", by=("errors/a_business_objection_is_not_14",))
async def fourteen_for_a_business_error(sound: Sound, call: Call) -> Answer:
    """An objection by e-taxes is answered at once with 14, rather than by the process."""
    invoices = call.sent.get("invoices")
    if call.operation == "import_upload_invoices" and isinstance(invoices, list) and call.sent.get("upload") is True:
        entries = [[21] if str(one.get("buyer", "")).startswith(BUSINESS) else [] for one in invoices]
        if any(entries):
            return refusal(14, {"invoices": entries})
    return await sound(call)


def _swapped(name: str, wrong: int, right: int, says: str, *more: str) -> None:
    def change(body: dict[str, Any]) -> None:
        if body.get("err_code") == right:
            body["err_code"] = wrong
            body.pop("data", None)

    change.__name__, change.__doc__ = name, says
    SHELF.answer(ids=("F-ERR-04", *more), by=())(change)


_swapped("two_for_a_wrong_method", 2, 1, "A wrong method is answered with 2.")
_swapped("three_for_a_wrong_type", 3, 2, "A wrong content type is answered with 3.")
_swapped("two_for_missing_elements", 2, 3, "Missing elements are answered with 2.")
_swapped("three_for_no_invoices", 3, 6, "An empty array of invoices is answered with 3.", "F-IMP-06")
_swapped("fourteen_for_a_known_id", 20, 17, "An id that the portal has is answered with 20.", "F-IMP-06")
_swapped("three_for_no_phone", 3, 15, "A missing ASAN number is answered with 3.", "F-ETX-07")
_swapped("three_for_no_qaime", 3, 20, "A qaime that is not there is answered with 3.", "F-DEL-05")


@SHELF.answer("import_upload_invoices", ids=("F-ERR-05",), by=("errors/one_fault_has_exactly_its_code",))
def absent_and_invalid_are_one(body: dict[str, Any]) -> None:
    """What is not there has the code of what is invalid."""
    if body.get("err_code") == 14:
        firsts = (20, 22, 24, 26, 28, 37, 40, 42, 44, 46, 48)
        entries = body["data"]["invoices"]
        body["data"]["invoices"] = [sorted({code + (code in firsts) for code in entry}) for entry in entries]


@SHELF.answer(ids=("F-ERR-06", "R-45"), by=("model/what_the_portal_keeps",))
def texts_belong_to_other_codes(body: dict[str, Any]) -> None:
    """An error other than 20 has the text of 20."""
    if body.get("err_code") not in (0, 20, None):
        body["err_msg"] = "Qaime not found or not in specified folder"
