"""Who may call: token or password, phones, the right to delete, and whose data it is."""

import json
from pathlib import Path
from typing import Any

import pytest

from fixtures.builders import invoice
from mock_server import Settings
from mock_server.rulebook.operations import BY_NAME
from tests.client import ACCOUNTS, JSON, Portal, dumped
from tests.http.valid_requests import BODIES, PHONE, WITH_CREDENTIALS, asked, code_of, right_code
from tests.live import LiveServer, Servers, fresh_world

DEMO = {"username": "demo", "password": "demo"}


def with_members(portal: Portal, name: str, token: str | bytes | None = None, **members: Any) -> int:
    """The code of the valid request with these members, and this token, for credentials."""
    operation = BY_NAME[name]
    headers: dict[str, str | bytes] = {"Content-Type": JSON}
    if token is not None:
        headers["X-VatpApiKey"] = token
    return portal.send(operation.method, operation.path, dumped({**BODIES[name], **members}), headers).code


@pytest.mark.parametrize("name", WITH_CREDENTIALS)
@pytest.mark.proves("F-AUTH-01")
def test_by_password_or_by_token(servers: Servers, name: str) -> None:
    port = servers.get().port
    assert with_members(Portal(port, fresh_world()), name, **DEMO) == 0
    assert with_members(Portal(port, fresh_world()), name, "demo-token") == 0


@pytest.mark.parametrize("name", ["reset_start", "reset_confirm"])
@pytest.mark.parametrize(
    "credentials", [{}, {"username": "", "password": ""}, {"username": "demo", "password": "no"}]
)
@pytest.mark.proves("F-AUTH-01")
def test_renewal_needs_neither(portal: Portal, name: str, credentials: dict[str, Any]) -> None:
    assert code_of(asked(portal, name, **credentials)) == right_code(name)
    assert code_of(asked(portal, name, token="no-token", **credentials)) == right_code(name)


EMPTY: list[dict[str, Any]] = [
    {"username": ""},
    {"password": ""},
    {"username": None},
    {"password": None},
    {"username": None, "password": None},
]


@pytest.mark.parametrize("name", WITH_CREDENTIALS)
@pytest.mark.proves("F-AUTH-02", "R-48", "R-49", "R-44", "F-ERR-04")
def test_empty_or_absent_credentials_are_4(portal: Portal, name: str) -> None:
    for members in EMPTY:
        assert with_members(portal, name, **{**DEMO, **members}) == 4, members
    assert with_members(portal, name) == 4
    assert with_members(portal, name, "") == 4
    assert with_members(portal, name, "  ") == 4


WRONG = [
    {"password": "Demo"},
    {"password": "demo "},
    {"password": "dem"},
    {"password": "demodemo"},
    {"password": "demo\x00"},
    {"password": "ə"},
    {"password": "demo-token"},
    {"password": "buyer"},
    {"username": "DEMO"},
    {"username": "demo "},
    {"username": "nobody"},
    {"username": "' OR 1=1 --"},
]


@pytest.mark.parametrize("name", WITH_CREDENTIALS)
@pytest.mark.proves("F-AUTH-02", "F-ERR-04")
def test_wrong_credentials_are_5(portal: Portal, name: str) -> None:
    for members in WRONG:
        assert with_members(portal, name, **{**DEMO, **members}) == 5, members


TOKENS: list[str | bytes] = [
    "demo",
    "no-token",
    "Demo-token",
    "demo-token2",
    b"demo-t\xc3\xb6ken",
    b"\xff",
    "x" * 5000,
]


@pytest.mark.parametrize("name", WITH_CREDENTIALS)
@pytest.mark.proves("F-AUTH-02", "R-25", "R-49")
def test_wrong_token_is_5_even_beside_right_credentials(portal: Portal, name: str) -> None:
    for token in TOKENS:
        assert with_members(portal, name, token) == 5, token
        assert with_members(portal, name, token, **DEMO) == 5, token


@pytest.mark.parametrize(
    "credentials", [{"username": "", "password": ""}, {"username": "demo", "password": "no"}, {}]
)
@pytest.mark.proves("R-25")
def test_right_token_decides(portal: Portal, credentials: dict[str, Any]) -> None:
    assert asked(portal, "read_proc_status", token="demo-token", **credentials).code == 0


@pytest.mark.proves("R-25", "R-52")
def test_token_decides_whose_data_it_is(portal: Portal) -> None:
    buyers = asked(portal, "inv_read_invoices", token="buyer-token", ids=["ALICI-YENI-01", "DEMO-YENI-01"], **DEMO)
    assert [row["id"] for row in buyers.data["invoices"]] == ["ALICI-YENI-01"]


@pytest.mark.parametrize("name", WITH_CREDENTIALS)
@pytest.mark.proves("F-AUTH-02", "F-ERR-04")
def test_disabled_account_is_7_if_it_is_his_password(portal: Portal, name: str) -> None:
    assert with_members(portal, name, username="disabled", password="disabled") == 7
    assert with_members(portal, name, "disabled-token") == 7
    assert with_members(portal, name, username="disabled", password="demo") == 5


@pytest.fixture
def typed_token(tmp_path: Path) -> Path:
    """A world file whose user has typed in a token of his own."""
    accounts = [{**DEMO, "token": "Menim 1-ci = token!", "secret": "s", "company": "1234567890"}]
    world = {
        "format": 1,
        "name": "typed",
        "series": "AA",
        "next_process": 1,
        "companies": [{"tin": "1234567890", "name": "Demo"}],
        "accounts": accounts,
    }
    file = tmp_path / "world.json"
    file.write_text(json.dumps(world), encoding="utf-8")
    return file


@pytest.mark.proves("F-AUTH-09")
def test_token_typed_in_by_the_user(typed_token: Path) -> None:
    server = LiveServer(Settings(world=typed_token))
    try:
        portal = Portal(server.port, fresh_world())
        assert portal.call("inv_read_invoices", token="Menim 1-ci = token!", ids=[]).code == 0
        assert portal.call("inv_read_invoices", token="demo-token", ids=[]).code == 5
        assert portal.call("inv_read_invoices", ids=[]).code == 0
    finally:
        server.stop()


ASKS_PHONE = {
    "etx_import": {},
    "etx_read_invoices": {},
    "etx_delete": {},
    "import_upload_invoices": {"upload": True},
}


@pytest.mark.parametrize("name", ASKS_PHONE)
@pytest.mark.parametrize("edition", ["2025-08", "2025-12"])
@pytest.mark.proves("F-AUTH-07", "R-68", "R-69", "F-ERR-04")
def test_user_without_a_phone_is_15(servers: Servers, name: str, edition: str) -> None:
    portal = Portal(servers.get(edition=edition).port, fresh_world(), "nophone")
    assert asked(portal, name).code == 15
    assert asked(portal, name, phone=None).code == 15


@pytest.mark.parametrize("name", [name for name in WITH_CREDENTIALS if name not in ASKS_PHONE])
@pytest.mark.proves("F-AUTH-07", "R-69")
def test_user_without_a_phone_may_do_the_rest(portal: Portal, name: str) -> None:
    assert asked(portal.as_("nophone"), name).code == 0


@pytest.mark.parametrize("upload", [False, None])
@pytest.mark.proves("F-AUTH-07", "R-69")
def test_import_without_upload_asks_no_phone(portal: Portal, upload: bool | None) -> None:
    assert asked(portal.as_("nophone"), "import_upload_invoices", upload=upload).code == 0


FOREIGN = "994507654321"
PHONES: list[tuple[Any, int, int]] = [
    (PHONE, 0, 0),
    ("994500000002", 0, 0),
    (None, 3, 0),
    ("", 3, 3),
    ("+994501234567", 3, 3),
    ("0501234567", 3, 3),
    ("99450123456", 3, 3),
    ("9945012345678", 3, 3),
    ("994501234567\n", 3, 3),
    ("99450123456٧", 3, 3),
    (FOREIGN, 15, 15),
    ("994559999999", 15, 15),
]


@pytest.mark.parametrize("name", ["etx_import", "etx_read_invoices"])
@pytest.mark.parametrize("edition", ["2025-08", "2025-12"])
@pytest.mark.proves("R-12", "F-AUTH-07", "F-PART-04")
def test_phone_of_an_enterprise_user(servers: Servers, name: str, edition: str) -> None:
    for answer, place in (("required", 1), ("optional", 2)):
        portal = Portal(servers.get(edition=edition, readings={"R-12": answer}).port, fresh_world())
        for row in PHONES:
            assert asked(portal, name, phone=row[0]).code == row[place], (answer, row)


@pytest.mark.parametrize("name", ["import_upload_invoices", "inv_read_invoices", "inv_delete", "etx_delete"])
@pytest.mark.proves("R-12", "F-PART-04")
def test_phone_means_nothing_where_only_partners_name_one(portal: Portal, name: str) -> None:
    assert asked(portal, name, phone="no phone").code == 0


@pytest.mark.proves("F-PART-04", "R-12")
def test_enterprise_user_of_the_later_edition_sends_no_phone(servers: Servers) -> None:
    for name in WITH_CREDENTIALS:
        portal = Portal(servers.get(edition="2025-12").port, fresh_world())
        assert asked(portal, name, phone=None).code == 0, name


@pytest.mark.parametrize("name", ["inv_delete", "etx_delete"])
@pytest.mark.proves("F-AUTH-06", "R-51")
def test_deletions_are_audited(servers: Servers, name: str) -> None:
    server, world = servers.get(), fresh_world()
    portal = Portal(server.port, world)
    key = "ids" if name == "inv_delete" else "serialNumbers"
    assert asked(portal.as_("clerk"), name).code == 7
    unknown: dict[str, Any] = {key: ["XX9999 99999999"]}
    assert asked(portal, name, **unknown).code == 20
    assert asked(portal, name, password="wrong").code == 5
    done = asked(portal, name)
    assert done.code == 0
    store = server.app.store
    found = store.worlds.find(world)
    assert found is not None
    rows = store.journal.audits(found.id)
    assert [(row.username, row.company, row.operation) for row in rows] == [
        ("clerk", "1234567890", name),
        ("demo", "1234567890", name),
        ("demo", "1234567890", name),
    ]
    asked_for = BODIES[name][key]
    assert [json.loads(row.invoices) for row in rows] == [asked_for, ["XX9999 99999999"], asked_for]
    assert [row.result.startswith("refused") for row in rows] == [True, True, False]
    assert rows[2].process == done.data.get("id")
    assert all(found.clock_world <= row.at for row in rows)


@pytest.mark.proves("R-51")
def test_user_without_the_right_to_delete_may_do_the_rest(servers: Servers) -> None:
    for name in WITH_CREDENTIALS:
        portal = Portal(servers.get().port, fresh_world(), "clerk")
        assert asked(portal, name).code == (7 if name.endswith("delete") else 0), name


@pytest.mark.proves("R-51")
def test_refused_deletion_deletes_nothing(portal: Portal) -> None:
    assert asked(portal.as_("clerk"), "inv_delete").code == 7
    assert asked(portal, "inv_read_invoices").data["total"] == 1


@pytest.mark.proves("R-52")
def test_users_of_a_company_share_everything(portal: Portal) -> None:
    mine = invoice(7, type="goodsTransfer", erp_id="ORTAQ-0001")
    process = portal.started("import_upload_invoices", invoices=[mine], upload=True)
    download = portal.started("etx_import", phone=PHONE, date_from="01.08.2025", date_to="07.08.2025", dir=1)
    status, pages = portal.finished(process), asked(portal, "etx_read_invoices", procId=download)
    assert pages.data["total"] > 0
    for account in ("clerk", "nophone"):
        other = portal.as_(account)
        assert other.call("read_proc_status", procId=process).data == status
        assert other.call("read_proc_data", procId=process).code == 0
        assert other.call("inv_read_invoices", ids=["ORTAQ-0001"]).data["total"] == 1
        again = other.call("import_upload_invoices", invoices=[mine])
        assert again.code == 17
    assert asked(portal.as_("clerk"), "etx_read_invoices", procId=download).json == pages.json
    assert portal.as_("nophone").call("inv_delete", ids=["INV-2024-001"]).data == {"deleted": 1}
    assert portal.call("inv_read_invoices", ids=["INV-2024-001"]).data["total"] == 0


@pytest.mark.parametrize("answer", ["3", "20"])
@pytest.mark.proves("R-52", "R-15")
def test_another_companys_data_is_unknown(servers: Servers, answer: str) -> None:
    portal = Portal(servers.get(readings={"R-15": answer}).port, fresh_world())
    buyer = portal.as_("buyer")
    own = ACCOUNTS["buyer"].phone
    process = portal.started("import_upload_invoices", invoices=[invoice(7, erp_id="BASQA-0001")], upload=True)
    for name in ("read_proc_status", "read_proc_data", "etx_read_invoices"):
        for number in (process, 123):
            theirs = asked(buyer, name, procId=number, phone=own)
            nobodys = asked(buyer, name, procId=999_999, phone=own)
            assert (theirs.code, theirs.json) == (int(answer), nobodys.json)
    assert asked(buyer, "inv_read_invoices", ids=["BASQA-0001", "INV-2024-001"]).data == {"invoices": [], "total": 0}
    assert asked(buyer, "inv_delete").code == 20
    assert asked(buyer, "etx_delete").code == 20
    transfer = invoice(9, type="goodsTransfer", erp_id="ANBAR-0001")
    assert buyer.call("import_upload_invoices", invoices=[transfer]).data == {"invoices": [[63, 64]]}
    same_id = invoice(8, erp_id="BASQA-0001")
    assert buyer.call("import_upload_invoices", invoices=[same_id]).code == 0


@pytest.mark.proves("R-52")
def test_worlds_see_nothing_of_each_other(servers: Servers) -> None:
    port = servers.get().port
    one, other = Portal(port, fresh_world()), Portal(port, fresh_world())
    process = one.started("import_upload_invoices", invoices=[invoice(7, erp_id="TEK-00001")], upload=True)
    assert other.call("read_proc_status", procId=process).code == 3
    assert other.call("inv_read_invoices", ids=["TEK-00001"]).data["total"] == 0
