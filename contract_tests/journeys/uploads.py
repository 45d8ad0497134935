"""Journeys of clients that upload invoices."""

from typing import Any

from contract_tests.builders import invoice
from contract_tests.journeys.journey import Journey, Stage
from contract_tests.journeys.listing import lister
from contract_tests.journeys.portal import Portal, account

LIST: list[Journey] = []
journey = lister(LIST, "upload")

BUYER = "0987654321"
SLOW_PIN_SECONDS = 3.0
PATIENCE_SECONDS = 12
FAST_CLOCK = 40
"""So that five minutes of the portal's pass within the patience that a client is given here."""

LETTERS = "Şəkərbura, İğdır çayı, ığğı, Ağdam “qənd” – 1 ədəd"


def upload(portal: Portal, *buyers: str, **changes: Any) -> dict[str, Any]:
    """Invoices to upload, one for each buyer."""
    return {
        "invoices": [
            {**invoice(portal.seed * 100 + place, erp_id=f"YOL-{portal.seed:03d}-{place}", buyer=buyer), **changes}
            for place, buyer in enumerate(buyers)
        ]
    }


@journey(
    "upload",
    "Upload an invoice and get its qaime.",
    "Qaiməni yüklə və nömrəsini al.",
    "F-IMP-11",
    "F-IMP-14",
)
def _upload(portal: Portal) -> Stage:
    return Stage(upload(portal, BUYER))


@journey(
    "slow-pins",
    "The user takes his time with both PINs.",
    "İstifadəçi hər iki PIN-i gec təsdiqləyir.",
    "F-PROC-08",
    "F-PROC-09",
)
def _slow_pins(portal: Portal) -> Stage:
    portal.control("PUT", "readings", {"R-31": "manual"})

    def confirm(portal: Portal) -> None:
        while not portal.over.wait(SLOW_PIN_SECONDS):
            for each in portal.control("GET", "confirmations")["confirmations"]:
                if each["state"] == "pending":
                    portal.control("POST", f"confirmations/{each['id']}/confirm")

    return Stage(upload(portal, BUYER), meanwhile=confirm)


@journey(
    "pin-refused",
    "The user refuses PIN2: nothing is signed.",
    "İstifadəçi PIN2-dən imtina edir: heç nə imzalanmır.",
    "F-PROC-02",
    "F-PROC-08",
)
def _pin_refused(portal: Portal) -> Stage:
    return Stage(upload(portal, "9000000006"), succeeds=False)


@journey(
    "one-of-three-rejected",
    "e-taxes objects to one of three: none is signed.",
    "e-taxes üçündən birini rədd edir: heç biri imzalanmır.",
    "F-ERR-02",
    "F-PROC-02",
)
def _one_of_three(portal: Portal) -> Stage:
    return Stage(upload(portal, BUYER, "9000000001", BUYER), succeeds=False)


@journey(
    "busy",
    "e-taxes is busy; the portal tries again by itself (NEED RETRY).",
    "e-taxes məşğuldur; portal özü təkrarlayır (NEED RETRY).",
    "F-PROC-05",
)
def _busy(portal: Portal) -> Stage:
    return Stage(upload(portal, "9000000002"))


@journey(
    "stalled",
    "The process stands still: give up, not at once and not never.",
    "Proses dayanıb: dərhal yox, amma haçansa əl çəkmək lazımdır.",
    "F-PROC-06",
    "F-PROC-08",
    "F-PROC-09",
    seconds=120,
)
def _stalled(portal: Portal) -> Stage:
    portal.control("PUT", "clock", {"speed": FAST_CLOCK})
    return Stage(upload(portal, "9000000003"), succeeds=False, patience=PATIENCE_SECONDS)


@journey(
    "invalid",
    "The second of two invoices is wrong: tell which, and do not send it again.",
    "İki qaimədən ikincisi səhvdir: hansı olduğunu de və təkrar göndərmə.",
    "F-ERR-01",
    "F-ERR-03",
)
def _invalid(portal: Portal) -> Stage:
    asked = upload(portal, BUYER, BUYER)
    asked["invoices"][1]["buyer"] = "12345"
    return Stage(asked, succeeds=False, blamed=(asked["invoices"][1]["id"],))


@journey(
    "lost-answer",
    "The answer to the import is lost; the retry meets error 17, and all is well.",
    "İdxalın cavabı itir; təkrar sorğu 17 xətası alır, əslində hər şey qaydasındadır.",
    "F-IMP-06",
    "F-ERR-03",
)
def _lost_answer(portal: Portal) -> Stage:
    portal.fault(operation="import_upload_invoices", connection="lose_answer", times=1)
    return Stage(upload(portal, BUYER))


@journey(
    "internal-errors",
    "Internal errors 10, 11, 12 and 16 pass by themselves.",
    "10, 11, 12 və 16 daxili xətaları öz-özünə keçir.",
    "F-ERR-03",
    "F-PROC-09",
)
def _internal_errors(portal: Portal) -> Stage:
    for operation, code in (
        ("import_upload_invoices", 10),
        ("import_upload_invoices", 11),
        ("read_proc_status", 12),
        ("inv_read_invoices", 16),
    ):
        portal.fault(operation=operation, err_code=code, times=1)
    return Stage(upload(portal, BUYER))


@journey(
    "internal-error-stays",
    "Internal error 11 does not pass: stop after some tries.",
    "11 daxili xətası keçmir: bir neçə cəhddən sonra dayan.",
    "F-ERR-03",
    "F-PROC-09",
    seconds=120,
)
def _internal_error_stays(portal: Portal) -> Stage:
    portal.fault(operation="import_upload_invoices", err_code=11)
    return Stage(upload(portal, BUYER), succeeds=False)


@journey(
    "wrong-password",
    "The password is wrong: stop at once.",
    "Parol səhvdir: dərhal dayan.",
    "F-ERR-03",
    "F-AUTH-02",
)
def _wrong_password(portal: Portal) -> Stage:
    wrong = {"VATPORTAL_PASSWORD": "not-the-password", "VATPORTAL_TOKEN": "", "VATPORTAL_SECRET": ""}
    return Stage(upload(portal, BUYER), succeeds=False, environ=wrong)


@journey(
    "no-phone",
    "The user has no phone to sign with (15): tell him, and stop.",
    "İstifadəçinin imza üçün telefonu yoxdur (15): ona de və dayan.",
    "F-AUTH-07",
    "F-ERR-03",
)
def _no_phone(portal: Portal) -> Stage:
    return Stage(upload(portal, BUYER), succeeds=False, environ=account("nophone"))


@journey(
    "token-expires",
    "The token dies on the way: renew it by HMAC, and go on.",
    "Token yolda etibarını itirir: HMAC ilə yenilə və davam et.",
    "F-AUTH-03",
    "F-AUTH-04",
    "F-AUTH-05",
)
def _token_expires(portal: Portal) -> Stage:
    def expire(portal: Portal) -> None:
        if portal.waited("read_proc_status"):
            portal.control("POST", "accounts", {"username": "demo", "token": None})

    return Stage(upload(portal, BUYER), environ={"VATPORTAL_PASSWORD": ""}, by_token=True, meanwhile=expire)


@journey("letters", "ə, ş, ğ, ı and İ arrive as they are.", "ə, ş, ğ, ı və İ olduğu kimi çatır.", "F-ENV-02")
def _letters(portal: Portal) -> Stage:
    return Stage(upload(portal, BUYER, main_info=LETTERS))


@journey(
    "other-texts",
    "Texts, unknown fields and the order of keys do not matter.",
    "Mətnlər, naməlum sahələr və açarların sırası fərq etmir.",
    "F-PROC-03",
    "F-ERR-06",
    "F-ENV-03",
)
def _other_texts(portal: Portal) -> Stage:
    portal.control("PUT", "readings", {"R-06": "az", "R-45": "az"})
    portal.fault(mutate=["extra_fields", "key_order", "empty_err_msg"])
    return Stage(upload(portal, BUYER), changed=True)


@journey(
    "dropped",
    "The connection breaks in the middle of an answer, and before one.",
    "Bağlantı cavabın ortasında və cavabdan əvvəl qırılır.",
    "F-PROC-09",
)
def _dropped(portal: Portal) -> Stage:
    portal.fault(operation="read_proc_status", connection="drop_after", times=1)
    portal.fault(operation="inv_read_invoices", connection="drop_before", times=1)
    return Stage(upload(portal, BUYER))


@journey(
    "bad-gateway",
    "The proxy in front of the portal answers 502 with HTML.",
    "Portalın qarşısındakı proksi 502 və HTML qaytarır.",
    "F-ENV-07",
    "F-PROC-09",
)
def _bad_gateway(portal: Portal) -> Stage:
    portal.fault(operation="read_proc_status", http_status=502, body="html", times=2)
    return Stage(upload(portal, BUYER))
