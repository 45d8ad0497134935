"""An invoice as e-taxes gives it back: names, and amounts digit by digit."""

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.builders import invoice
from mock_server.portal.qaime import Heading, as_downloaded, parts
from mock_server.rulebook.constants import INVOICE_AS_DOWNLOADED, LINE_AS_DOWNLOADED
from tests.client import exact

HEADING = Heading(
    7, "AA", "25010000123", 1_735_675_200_000_000, "agent", "1111111111", "0987654321", "Satıcı MMC", "Alıcı «B»"
)
AMOUNTS = {**dict.fromkeys(INVOICE_AS_DOWNLOADED, 1), "main_subject": "Müqavilə № 5", "add_subject": ""}
LINE = {
    **dict.fromkeys(LINE_AS_DOWNLOADED, 1),
    "prod_code": "0901",
    "prod_name": 'Çay \\ "qara"',
    "barcode": "0901000",
    "unit_name": "kq",
}


def _text(amounts: dict[str, Any] | None = None, *lines: dict[str, Any]) -> str:
    head, tail = parts(HEADING, {**AMOUNTS, **(amounts or {})}, [{**LINE, **line} for line in lines])
    return head + "approved" + tail


@pytest.mark.proves("F-RD-04", "F-RD-05")
def test_two_parts_and_the_status_between_them_are_the_invoice() -> None:
    got = json.loads(_text(None, {}, {"id": 99}))
    amounts = dict.fromkeys(
        [
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
        ],
        1,
    )
    first, second = got.pop("lines")
    assert got == {
        "id": 7,
        "main_subject": "Müqavilə № 5",
        "add_subject": "",
        "serial": "AA",
        "number": "25010000123",
        "qaime": "AA25010000123",
        "cmp_from": "Satıcı MMC",
        "cmp_to": "Alıcı «B»",
        "tin_from": "1111111111",
        "tin_to": "0987654321",
        "datetime": "01.01.2025 00:00",
        **amounts,
        "status": "approved",
        "type": "agent",
    }
    assert (first["line"], second["line"], second["id"]) == (1, 2, 99)
    assert type(first["id"]) is int
    assert first["prod_name"] == 'Çay \\ "qara"'


HEADER_FORMS = [
    (0, "0.00"),
    (1000, "1000.00"),
    (Decimal("1180.5"), "1180.50"),
    (Decimal("0.005"), "0.01"),
    (Decimal("0.00499"), "0.00"),
    (Decimal("2.675"), "2.68"),
    (Decimal("1E+3"), "1000.00"),
    (Decimal("1E-7"), "0.00"),
    (10**15, "1000000000000000.00"),
    (Decimal("999999999999999.99"), "999999999999999.99"),
]
LINE_FORMS = [
    (0, "0"),
    (100, "100"),
    (10**15, "1000000000000000"),
    (Decimal("1E+3"), "1000"),
    (Decimal("10.00"), "10"),
    (Decimal("10.50"), "10.5"),
    (Decimal("0.12345"), "0.12345"),
    (Decimal("0.123455"), "0.12346"),
    (Decimal("0.00001"), "0.00001"),
    (Decimal("0.000004"), "0"),
    (Decimal("1E-5"), "0.00001"),
    (Decimal("1E-30"), "0"),
    (Decimal("999999999999999.99999"), "999999999999999.99999"),
]


@pytest.mark.parametrize(("amount", "written"), HEADER_FORMS, ids=str)
@pytest.mark.proves("R-34")
def test_header_amount_has_2_decimals(amount: Decimal | int, written: str) -> None:
    assert f'"net_amount":{written},' in _text({"net_amount": amount})


@pytest.mark.parametrize(("amount", "written"), LINE_FORMS, ids=str)
@pytest.mark.proves("R-34")
def test_line_amount_has_5_decimals_at_most(amount: Decimal | int, written: str) -> None:
    assert f'"unit_price":{written},' in _text(None, {"unit_price": amount})


_amounts = st.decimals(0, 10**15, allow_nan=False) | st.integers(0, 10**15)


@given(_amounts, _amounts)
@pytest.mark.proves("R-34", "F-RD-06")
def test_no_amount_is_ever_in_exponent_form(header: Decimal | int, line: Decimal | int) -> None:
    text = _text({"net_amount": header}, {"unit_qty": line})
    got = exact(text.encode())
    assert re.search(r'"net_amount":[0-9]+\.[0-9]{2}[,}]', text)
    assert re.search(r'"unit_qty":[0-9]+(\.[0-9]{0,4}[1-9])?[,}]', text)
    assert abs(got["net_amount"] - header) <= Decimal("0.005")
    assert abs(got["lines"][0]["unit_qty"] - line) <= Decimal("0.000005")


@pytest.mark.proves("R-73")
def test_upload_under_the_names_of_etaxes() -> None:
    sent = invoice(3, items=2, taxation="everything")
    header, lines = as_downloaded(sent)
    assert header == {
        "main_subject": sent["main_info"],
        "add_subject": sent["add_info"],
        "ini_amount": sent["sum_subtotal1"],
        "ini_amount1": sent["sum_subtotal1"],
        "ini_amount2": sent["sum_subtotal2"],
        "excise_amount": sent["sum_aksiz"],
        "apply_amount": sent["sum_apply_vat_amount"],
        "skip_amount": sent["sum_skip_vat_amount"],
        "zero_amount": sent["sum_vat_zero"],
        "free_amount": sent["sum_vat_free"],
        "vat_amount": sent["sum_vat_amount"],
        "transp_amount": sent["sum_ttax"],
        "net_amount": sent["sum_total"],
    }
    assert lines == [
        {
            "prod_code": item["id"],
            "prod_name": item["name"],
            "barcode": item["barcode"],
            "unit_name": item["unit"],
            "unit_price": item["unit_price"],
            "unit_qty": item["quantity"],
            "ini_amount": item["subtotal1"],
            "ini_amount2": item["subtotal2"],
            "grade": item["aksizgrade"],
            "total_excise": item["aksiz"],
            "apply_amount": item["apply_vat_amount"],
            "skip_amount": item["skip_vat_amount"],
            "zero_amount": item["vat_zero"],
            "free_amount": item["vat_free"],
            "vat_amount": item["vat_amount"],
            "transp_amount": item["transport_tax"],
            "net_amount": item["total"],
        }
        for item in sent["items"]
    ]


@pytest.mark.proves("R-73")
def test_what_an_upload_leaves_out_is_0_or_empty() -> None:
    header, (line,) = as_downloaded({"main_info": "x", "items": [{"id": "1"}]})
    assert set(header) == set(INVOICE_AS_DOWNLOADED)
    assert set(line) == set(LINE_AS_DOWNLOADED)
    assert (header["add_subject"], header["net_amount"]) == ("", 0)
    assert (line["unit_name"], line["grade"]) == ("", 0)


@pytest.mark.proves("R-73", "F-RD-05")
def test_lines_of_all_invoices_have_ids_of_their_own() -> None:
    ids = set()
    for number in (1, 2):
        _, tail = parts(HEADING._replace(id=number), AMOUNTS, [LINE] * 10_000)
        ids |= {line["id"] for line in json.loads("{" + tail.removeprefix('",'))["lines"]}
    assert len(ids) == 20_000
