"""Broken: what was uploaded comes back from e-taxes as something else (F-RD, R-34, R-73)."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from contract_tests.broken_servers.wrapping import Shelf

SHELF = Shelf()
READ = "etx_read_invoices"
BY = ("processes/letters_and_amounts_survive",)
_CENT = Decimal("0.01")


def _lines(data: dict[str, Any]) -> list[dict[str, Any]]:
    return [line for one in data["invoices"] for line in one["lines"]]


@SHELF.data(READ, ids=("F-RD-04",), by=BY)
def company_names_are_swapped(data: dict[str, Any]) -> None:
    """The seller's name stands in `cmp_to`, the buyer's in `cmp_from`."""
    for one in data["invoices"]:
        one["cmp_from"], one["cmp_to"] = one["cmp_to"], one["cmp_from"]


@SHELF.data(READ, ids=("F-RD-04",), by=BY)
def every_company_has_one_name(data: dict[str, Any]) -> None:
    """All companies are called alike."""
    for one in data["invoices"]:
        one["cmp_from"] = one["cmp_to"] = "MMC"


@SHELF.data(READ, ids=("F-RD-06", "R-73"), by=BY)
def a_header_amount_is_another(data: dict[str, Any]) -> None:
    """`ini_amount2` of the header is `ini_amount`: what is after excise is told as before it."""
    for one in data["invoices"]:
        one["ini_amount2"] = one["ini_amount"]


@SHELF.data(READ, ids=("R-34",), by=BY)
def quantities_are_rounded(data: dict[str, Any]) -> None:
    """Quantities of lines have 2 decimals."""
    for line in _lines(data):
        line["unit_qty"] = Decimal(line["unit_qty"]).quantize(_CENT, ROUND_HALF_UP)


@SHELF.data(READ, ids=("R-34",), by=BY)
def amounts_of_lines_are_rounded(data: dict[str, Any]) -> None:
    """Prices and amounts of lines have 2 decimals."""
    for line in _lines(data):
        for key in ("unit_price", "ini_amount", "net_amount"):
            line[key] = Decimal(line[key]).quantize(_CENT, ROUND_HALF_UP)


@SHELF.data(READ, ids=("F-RD-05", "R-73"), by=BY)
def amounts_of_lines_are_others(data: dict[str, Any]) -> None:
    """`net_amount` of a line is what it was before VAT."""
    for line in _lines(data):
        line["net_amount"] = line["ini_amount2"]


@SHELF.data(READ, ids=("F-ENV-02",), by=BY)
def names_of_goods_lose_letters(data: dict[str, Any]) -> None:
    """Azerbaijani letters in the names and units of lines become question marks."""
    for line in _lines(data):
        for key in ("prod_name", "unit_name"):
            line[key] = line[key].encode("latin-1", "replace").decode("latin-1")


@SHELF.data(READ, ids=("F-RD-05", "R-73"), by=BY)
def codes_of_goods_are_lost(data: dict[str, Any]) -> None:
    """`prod_code` and `barcode` of lines are those of nothing."""
    for line in _lines(data):
        line |= {"prod_code": "0000000000", "barcode": "0"}


@SHELF.data(READ, ids=("F-RD-05", "R-73"), by=BY)
def lines_are_in_another_order(data: dict[str, Any]) -> None:
    """The items of an invoice come back in another order."""
    for one in data["invoices"]:
        one["lines"].reverse()
        for place, line in enumerate(one["lines"], 1):
            line["line"] = place
