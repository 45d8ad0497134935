"""Partner accounts of the later edition: a phone in every call names the customer worked for (F-PART)."""

import json
from pathlib import Path
from typing import Any

import pytest

from fixtures.builders import BUYER, invoice
from mock_server import Settings
from tests.client import Portal, Reply
from tests.http.test_renewal import challenge, signature
from tests.http.valid_requests import TEN, WITH_CREDENTIALS, asked, code_of, right_code
from tests.live import LiveServer, Servers, fresh_world

DEMOS_PHONE = "994501234567"
BUYERS_PHONE = "994507654321"


@pytest.fixture
def partner(servers: Servers) -> Portal:
    """A fresh world of the later edition, called as `partner`."""
    return Portal(servers.get(edition="2025-12").port, fresh_world(), "partner")


def by(partner: Portal, name: str, phone: Any, **more: Any) -> Reply:
    """The valid request of a partner who names this phone; `reset_start` has it in its query string."""
    if name == "reset_start":
        query = "" if phone is None else f"&phone={phone}"
        return partner.send("GET", f"/auth/reset_start.php?login=partner{query}")
    login = {"login": "partner"} if name == "reset_confirm" else {}
    return asked(partner, name, **{**login, "phone": phone, **more})


@pytest.mark.parametrize("name", TEN)
@pytest.mark.proves("F-PART-01", "F-PART-04")
def test_partner_works_for_the_customer_whose_phone_he_names(partner: Portal, name: str) -> None:
    assert code_of(by(partner, name, DEMOS_PHONE)) == right_code(name)


@pytest.mark.parametrize("name", WITH_CREDENTIALS)
@pytest.mark.proves("F-PART-01", "F-PART-04", "F-AUTH-01")
def test_partner_may_log_in_by_token(partner: Portal, name: str) -> None:
    assert asked(partner, name, token="partner-token", phone=DEMOS_PHONE).code == 0
    assert asked(partner, name, token="partner-token", phone=None).code == 15


REFUSED = [
    (None, 15, "Phone number required for partner accounts"),
    ("", 15, "Phone number required for partner accounts"),
    ("994559999999", 16, "Phone number not found or not authorized for this partner"),
    ("994500000002", 16, "Phone number not found or not authorized for this partner"),
    ("0501234567", 17, "Invalid phone number format. Use 994XXXXXXXXX"),
    ("%2B994501234567", 17, "Invalid phone number format. Use 994XXXXXXXXX"),
    ("99450123456", 17, "Invalid phone number format. Use 994XXXXXXXXX"),
    ("9945012345678", 17, "Invalid phone number format. Use 994XXXXXXXXX"),
    ("994501234567%0A", 17, "Invalid phone number format. Use 994XXXXXXXXX"),
    ("99450123456X", 17, "Invalid phone number format. Use 994XXXXXXXXX"),
]


@pytest.mark.parametrize(("phone", "code", "text"), REFUSED)
@pytest.mark.parametrize("name", TEN)
@pytest.mark.proves("F-PART-01", "F-PART-02", "F-ERR-05")
def test_phone_of_no_customer(partner: Portal, name: str, phone: str | None, code: int, text: str) -> None:
    reply = by(partner, name, phone)
    assert reply.json == {"res": 0, "err_code": code, "err_msg": text, "data": None}


@pytest.mark.parametrize("name", WITH_CREDENTIALS)
@pytest.mark.proves("F-PART-02", "R-42")
def test_phone_that_is_no_text(servers: Servers, name: str) -> None:
    for answer, code in (("refused", 17), ("coerce", 0)):
        server = servers.get(edition="2025-12", readings={"R-42": answer})
        partner = Portal(server.port, fresh_world(), "partner")
        assert by(partner, name, int(DEMOS_PHONE)).code == code
        assert by(partner, name, [DEMOS_PHONE]).code == 17


@pytest.mark.parametrize("name", WITH_CREDENTIALS)
@pytest.mark.proves("F-PART-01", "R-12")
def test_phone_is_of_partners_whatever_r_12_says(servers: Servers, name: str) -> None:
    for answer in ("required", "optional"):
        server = servers.get(edition="2025-12", readings={"R-12": answer})
        partner = Portal(server.port, fresh_world(), "partner")
        codes = [by(partner, name, phone).code for phone in (None, "994559999999", "994", DEMOS_PHONE)]
        assert codes == [15, 16, 17, 0], answer


@pytest.mark.parametrize("name", WITH_CREDENTIALS)
@pytest.mark.proves("F-PART-01")
def test_earlier_edition_knows_no_partners(servers: Servers, name: str) -> None:
    partner = Portal(servers.get(edition="2025-08").port, fresh_world(), "partner")
    for phone in (None, "994559999999", "no phone", DEMOS_PHONE):
        reply = by(partner, name, phone)
        assert reply.code not in (16, 17)
        assert "partner" not in reply.json["err_msg"]


@pytest.mark.proves("F-PART-01")
def test_enterprise_users_are_asked_for_no_customer(partner: Portal) -> None:
    for name in TEN:
        assert code_of(asked(partner.as_("demo"), name, phone=None)) == right_code(name), name


@pytest.mark.proves("F-PART-03", "R-52")
def test_customers_see_nothing_of_each_other(partner: Portal) -> None:
    row = invoice(5, erp_id="SIFARIS-001", buyer=BUYER)
    process = by(partner, "import_upload_invoices", DEMOS_PHONE, invoices=[row]).data["id"]
    for name in ("read_proc_status", "read_proc_data", "etx_read_invoices"):
        for number in (process, 123):
            assert by(partner, name, DEMOS_PHONE, procId=number).code == 0
            assert by(partner, name, BUYERS_PHONE, procId=number).code == 3
    for phone, total in ((DEMOS_PHONE, 1), (BUYERS_PHONE, 0)):
        assert by(partner, "inv_read_invoices", phone, ids=["SIFARIS-001"]).data["total"] == total
    assert by(partner, "inv_delete", BUYERS_PHONE).code == 20
    assert by(partner, "etx_delete", BUYERS_PHONE).code == 20
    assert by(partner, "import_upload_invoices", BUYERS_PHONE, invoices=[row]).code == 0
    assert by(partner, "import_upload_invoices", DEMOS_PHONE, invoices=[row]).code == 17


@pytest.mark.proves("F-PART-03", "R-52")
def test_partner_and_the_customers_own_users_share_everything(partner: Portal) -> None:
    row = invoice(5, erp_id="SIFARIS-001")
    process = by(partner, "import_upload_invoices", DEMOS_PHONE, invoices=[row]).data["id"]
    demo = partner.as_("demo")
    assert demo.call("read_proc_status", procId=process).code == 0
    assert demo.call("inv_read_invoices", ids=["SIFARIS-001"]).data["total"] == 1
    assert demo.call("inv_delete", ids=["INV-2024-001"]).code == 0
    assert by(partner, "inv_read_invoices", DEMOS_PHONE).data["total"] == 0


@pytest.fixture
def two_phones(tmp_path: Path) -> Path:
    """A world file whose partner has one customer with two phones."""
    customer = {"company": "1234567890", "phones": [DEMOS_PHONE, "994552223344"]}
    account = {"username": "partner", "password": "partner", "token": "partner-token", "secret": "s"}
    world = {
        "format": 1,
        "name": "two phones",
        "series": "AA",
        "next_process": 1,
        "companies": [{"tin": "1234567890", "name": "Demo"}, {"tin": "5555555555", "name": "Partner"}],
        "accounts": [{**account, "company": "5555555555", "partner": True, "customers": [customer]}],
    }
    file = tmp_path / "world.json"
    file.write_text(json.dumps(world), encoding="utf-8")
    return file


@pytest.mark.proves("F-PART-03")
def test_customer_may_have_several_phones(two_phones: Path) -> None:
    server = LiveServer(Settings(edition="2025-12", world=two_phones, pace="instant"))
    try:
        partner = Portal(server.port, fresh_world(), "partner")
        process = by(partner, "import_upload_invoices", DEMOS_PHONE).data["id"]
        assert by(partner, "read_proc_status", "994552223344", procId=process).code == 0
        assert by(partner, "read_proc_status", BUYERS_PHONE, procId=process).code == 16
    finally:
        server.stop()


@pytest.mark.proves("F-PART-01", "F-PART-04", "F-AUTH-05")
def test_partner_renews_his_token(partner: Portal) -> None:
    value = challenge(partner, f"partner&phone={DEMOS_PHONE}")
    key = signature("partner-secret", value)
    for phone, code in ((None, 15), ("994559999999", 16), ("994", 17)):
        assert partner.call("reset_confirm", login="partner", key=key, phone=phone).code == code
    token = partner.call("reset_confirm", login="partner", key=key, phone=DEMOS_PHONE).json["token"]
    for each, code in ((token, 0), ("partner-token", 5)):
        assert asked(partner, "inv_read_invoices", token=each, phone=DEMOS_PHONE).code == code
