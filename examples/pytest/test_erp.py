"""How the tests of an ERP connector look with the `vatportal` fixture: `pytest examples/pytest`."""

import asyncio
from typing import Any

import pytest
from erp import Connector, Refused

from mock_server.pytest_plugin import AsyncVatportal, ControlError, Vatportal

INVOICE: dict[str, Any] = {
    "id": "ERP-2026-001",
    "main_info": "Müqavilə A-17",
    "seller": "1234567890",
    "buyer": "0987654321",
    "sum_subtotal1": 100,
    "sum_subtotal2": 100,
    "sum_apply_vat_amount": 100,
    "sum_vat_amount": 18,
    "sum_total": 118,
    "items": [
        {
            "id": "1234567890",
            "name": "Çay",
            "unit": "ədəd",
            "unit_price": 1,
            "quantity": 100,
            "barcode": "1234567890000",
            "subtotal1": 100,
            "subtotal2": 100,
            "apply_vat_amount": 100,
            "vat_amount": 18,
            "total": 118,
        }
    ],
}


def test_an_upload_gets_its_qaime(vatportal: Vatportal) -> None:
    assert Connector(vatportal.url, vatportal.token).upload(INVOICE).startswith("AA")


def test_every_page_is_read_once(vatportal: Vatportal) -> None:
    vatportal.control("PUT", "settings", {"page_size": 3})
    vatportal.seed(10, dir=0, date_from="01.03.2020", date_to="31.03.2020")
    read = Connector(vatportal.url, vatportal.token).download(vatportal.phone, "01.03.2020", "31.03.2020")
    assert len({invoice["qaime"] for invoice in read}) == 10


def test_an_internal_error_is_tried_again(vatportal: Vatportal) -> None:
    vatportal.fault(operation="import_upload_invoices", err_code=11, times=2)
    assert Connector(vatportal.url, vatportal.token).upload(INVOICE)
    assert len(vatportal.requests(operation="import_upload_invoices")) == 3


def test_a_wrong_token_is_not_tried_again(vatportal: Vatportal) -> None:
    with pytest.raises(Refused, match="5"):
        Connector(vatportal.url, "wrong").upload(INVOICE)
    assert len(vatportal.wait_for(err_code=5)) == 1


def test_five_minutes_pass_at_once(vatportal: Vatportal) -> None:
    vatportal.control("PUT", "settings", {"pace": "realistic"})
    vatportal.control("PUT", "clock", {"speed": 10_000})
    assert Connector(vatportal.url, vatportal.token).upload(INVOICE)


def test_the_control_api_explains_itself(vatportal: Vatportal) -> None:
    with pytest.raises(ControlError, match="err_code"):
        vatportal.fault(errcode=11)


def test_asynchronous_tests_have_a_handle_too(vatportal_async: AsyncVatportal) -> None:
    async def steer() -> int:
        await vatportal_async.advance("1h")
        await asyncio.to_thread(Connector(vatportal_async.url, vatportal_async.token).upload, INVOICE)
        return len(await vatportal_async.wait_for(operation="inv_read_invoices"))

    assert asyncio.run(steer()) == 1
