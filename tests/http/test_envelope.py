"""The form of answers: HTTP status, which keys there are, what `err_msg` and `data` hold."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest

from fixtures.builders import broken, invoice
from mock_server.refusals import Refusal
from mock_server.web import handlers
from tests.client import JSON, Portal, Reply, dumped
from tests.http.valid_requests import PHONE, READS, TEN, asked, right_code
from tests.live import Servers, fresh_world

READINGS_OF_STATUS = ("200", "mapped")


class Cause(NamedTuple):
    """What provokes a code, and the HTTP status it has under R-01 `mapped`."""

    code: int
    mapped: int
    ask: Callable[[Portal], Reply]
    data: Any = None


def refused(name: str, method: str | None = None, account: str = "demo", **more: Any) -> Callable[[Portal], Reply]:
    return lambda portal: asked(portal.as_(account), name, method, **more)


def as_text(portal: Portal) -> Reply:
    return portal.send("POST", "/etx/import", b"{}", {"Content-Type": "text/plain"})


BROKEN = [broken(invoice(1), 37), invoice(2), broken(invoice(3), 22)]
CAUSES = (
    Cause(1, 405, refused("etx_import", "GET")),
    Cause(2, 415, as_text),
    Cause(3, 400, refused("read_proc_data", procId=None)),
    Cause(4, 401, refused("read_proc_status", password="")),
    Cause(5, 401, refused("inv_delete", password="wrong")),
    Cause(6, 400, refused("import_upload_invoices", invoices=[])),
    Cause(7, 401, refused("etx_read_invoices", account="disabled")),
    Cause(14, 400, refused("import_upload_invoices", invoices=BROKEN), {"invoices": [[37], [], [22]]}),
    Cause(15, 400, refused("etx_import", account="nophone")),
    Cause(17, 400, refused("import_upload_invoices", invoices=[invoice(1, erp_id="INV-2024-001")])),
    Cause(20, 400, refused("etx_delete", serialNumbers=["XX9999 99999999"])),
)
PARTNERS = (
    Cause(15, 400, refused("read_proc_status", account="partner")),
    Cause(16, 400, refused("read_proc_status", account="partner", phone="994559999999")),
    Cause(17, 400, refused("read_proc_status", account="partner", phone="0501234567")),
)


def portal_of(servers: Servers, *, edition: str = "2025-08", **readings: str) -> Portal:
    chosen = {reading.replace("_", "-"): answer for reading, answer in readings.items()}
    return Portal(servers.get(edition=edition, readings=chosen).port, fresh_world())


@pytest.mark.parametrize("status", READINGS_OF_STATUS)
@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: f"{cause.code}")
@pytest.mark.proves("R-01", "F-ERR-04", "F-ENV-03")
def test_error_of_each_cause(servers: Servers, cause: Cause, status: str) -> None:
    reply = cause.ask(portal_of(servers, R_01=status))
    assert reply.http == (cause.mapped if status == "mapped" else 200)
    assert (reply.json["res"], reply.code, reply.json.get("data")) == (0, cause.code, cause.data)


@pytest.mark.parametrize("status", READINGS_OF_STATUS)
@pytest.mark.parametrize("cause", PARTNERS, ids=lambda cause: f"{cause.code}")
@pytest.mark.proves("R-01", "F-PART-02", "F-ERR-05")
def test_error_of_each_cause_of_a_partner(servers: Servers, cause: Cause, status: str) -> None:
    reply = cause.ask(portal_of(servers, edition="2025-12", R_01=status))
    assert reply.http == (400 if status == "mapped" else 200)
    assert (reply.json["res"], reply.code, reply.json["data"]) == (0, cause.code, None)


@pytest.mark.proves("R-01")
def test_the_later_edition_maps_and_the_earlier_does_not(servers: Servers) -> None:
    for edition, http in (("2025-08", 200), ("2025-12", 401)):
        assert asked(portal_of(servers, edition=edition), "inv_delete", password="wrong").http == http


@pytest.mark.parametrize("status", READINGS_OF_STATUS)
@pytest.mark.parametrize(
    ("name", "code"),
    [("internal-error", 10), ("internal-error-11", 11), ("internal-error-12", 12), ("internal-error-16", 16)],
)
@pytest.mark.proves("R-01", "F-ERR-04")
def test_internal_error_is_500_where_mapped(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, status: str, name: str, code: int
) -> None:
    def fail(_: object) -> None:
        raise Refusal("request", name)

    monkeypatch.setitem(handlers.HANDLERS, "read_proc_status", handlers.Handler(fail))
    reply = asked(portal_of(servers, R_01=status), "read_proc_status")
    assert (reply.http, reply.code) == (500 if status == "mapped" else 200, code)


@pytest.mark.proves("F-ERR-04")
def test_mistake_of_the_simulator_is_10(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(handlers.HANDLERS, "read_proc_status", handlers.Handler(fail))
    assert asked(portal_of(servers), "read_proc_status").code == 10


ALWAYS = ["res", "err_code", "err_msg", "data"]
SHOWN = {
    "import_upload_invoices": ["err_code", "err_msg", "data"],
    "inv_read_invoices": ["err_code", "data"],
    "inv_delete": ["err_code", "err_msg", "data"],
    "read_proc_status": ["res", "err_code", "data"],
    "read_proc_data": ["res", "err_code", "data"],
    "etx_import": ["err_code", "err_msg", "data"],
    "etx_read_invoices": ["res", "err_code", "err_msg", "data"],
    "etx_delete": ["err_code", "err_msg", "data"],
}


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.proves("R-03", "F-ENV-03")
def test_keys_of_a_success(servers: Servers, name: str) -> None:
    always, shown = (asked(portal_of(servers, R_03=answer), name).json for answer in ("always", "as-shown"))
    assert list(always) == ALWAYS
    assert list(shown) == SHOWN[name]
    assert (always["res"], always["err_code"], always["err_msg"]) == (1, 0, "")
    assert shown == {key: always[key] for key in SHOWN[name]}


@pytest.mark.parametrize("name", TEN)
@pytest.mark.proves("R-03", "R-04", "F-ENV-03")
def test_keys_of_an_error(servers: Servers, name: str) -> None:
    for shown in ("always", "as-shown"):
        for data in ("left-out", "null"):
            reply = asked(portal_of(servers, R_03=shown, R_04=data), name, "PUT")
            keys = ALWAYS if shown == "always" else SHOWN.get(name, ["err_code", "err_msg", "data"])
            expected = [key for key in keys if key != "data" or data == "null"]
            assert list(reply.json) == expected, (shown, data)
            assert reply.json.get("data") is None


@pytest.mark.parametrize("data", ["left-out", "null"])
@pytest.mark.proves("R-04")
def test_details_of_an_error_are_always_there(servers: Servers, data: str) -> None:
    reply = asked(portal_of(servers, R_04=data), "import_upload_invoices", invoices=BROKEN)
    assert reply.data == {"invoices": [[37], [], [22]]}


TEXTS: Mapping[int, tuple[str, str]] = {
    5: ("Invalid username or password", "Yanlış istifadəçi adı və ya parol"),
    6: ("Invoices array is empty", ""),
    7: ("Authentication error", "Autentifikasiya xətası"),
    14: ("", ""),
    20: ("Qaime not found or not in specified folder", "Qaimə tapılmadı və ya göstərilən qovluqda deyil"),
}


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: f"{cause.code}")
@pytest.mark.proves("R-45", "F-ERR-06", "F-ENV-03")
def test_err_msg(servers: Servers, cause: Cause) -> None:
    english, azerbaijani, empty = (
        cause.ask(portal_of(servers, R_45=answer)).json["err_msg"] for answer in ("en", "az", "empty")
    )
    assert empty == ""
    assert (english == "", azerbaijani == "") == (cause.code == 14, cause.code == 14)
    for shown, documented in zip((english, azerbaijani), TEXTS.get(cause.code, ("", "")), strict=True):
        assert shown == documented or not documented
    assert english != azerbaijani or cause.code == 14


@pytest.mark.proves("R-45", "F-PART-02")
def test_err_msg_of_a_partners_errors(servers: Servers) -> None:
    texts = {
        answer: [cause.ask(portal_of(servers, edition="2025-12", R_45=answer)).json["err_msg"] for cause in PARTNERS]
        for answer in ("en", "az", "empty")
    }
    assert texts["en"] == [
        "Phone number required for partner accounts",
        "Phone number not found or not authorized for this partner",
        "Invalid phone number format. Use 994XXXXXXXXX",
    ]
    assert texts["empty"] == ["", "", ""]
    assert all("nömrə" in text for text in texts["az"])


@pytest.mark.proves("F-ERR-05")
def test_a_number_means_something_else_in_another_scope(portal: Portal) -> None:
    unknown = asked(portal, "inv_delete", ids=["NO-SUCH-ID"])
    assert (unknown.code, unknown.json["err_msg"]) == (20, "Qaime not found or not in specified folder")
    without_seller = asked(portal, "import_upload_invoices", invoices=[broken(invoice(1), 20)])
    assert (without_seller.code, without_seller.data) == (14, {"invoices": [[20]]})


@pytest.mark.parametrize("name", ["reset_start", "reset_confirm"])
@pytest.mark.proves("R-24", "R-04")
def test_renewal_has_envelopes_on_errors_only(servers: Servers, name: str) -> None:
    portal = portal_of(servers, R_04="null")
    assert list(asked(portal, name, login="").json) == ALWAYS
    if right_code(name) == 0:
        assert list(asked(portal, name).json) == ["plain_value"]


@pytest.mark.parametrize("name", READS)
@pytest.mark.proves("F-ENV-03", "R-02")
def test_read_answers_get_and_post_alike(portal: Portal, name: str) -> None:
    first, second = asked(portal, name), asked(portal, name, "POST")
    assert (list(first.json), first.json) == (ALWAYS, second.json)


@pytest.mark.proves("R-45", "F-ERR-06")
def test_text_of_a_case_of_its_own_follows_the_reading(servers: Servers) -> None:
    body = dumped({"procId": 999_999, "phone": PHONE})
    headers = {"Content-Type": JSON, "x-vatpapikey": "demo-token"}
    for answer, text in (("en", "Process not found"), ("az", "Proses tapılmadı"), ("empty", "")):
        reply = portal_of(servers, R_45=answer).send("GET", "/job/read_proc_status", body, headers)
        assert (reply.code, reply.json["err_msg"]) == (3, text)
