"""The journeys, each a function that sets the stage in a fresh world."""

import time
from collections.abc import Callable
from typing import Any

from contract_tests.builders import invoice
from contract_tests.journeys.journey import Journey, Stage, Task, Text
from contract_tests.journeys.portal import PHONE, Portal

LIST: list[Journey] = []
OURS = "1234567890"
BUYER = "0987654321"
SLOW_PIN_SECONDS = 3.0
PATIENCE_SECONDS = 12
FAST_CLOCK = 40
"""So that five minutes of the portal's pass within the patience that a client is given here."""

APRIL = {"date_from": "01.04.2024", "date_to": "30.04.2024"}
DELETABLE = ("MT2412 25000100", "MT2412 25000101")
DRAFTS = ("AA2501 10000001", "AA2501 10000002")
APPROVED = "AA 24080000001"
LETTERS = "Şəkərbura, İğdır çayı, ığğı, Ağdam “qənd” – 1 ədəd"


def journey(
    name: str, task: Task, en: str, az: str, *facts: str, seconds: float = 60.0
) -> Callable[[Callable[[Portal], Stage]], Callable[[Portal], Stage]]:
    """Make a function a journey of the list."""

    def add(set_: Callable[[Portal], Stage]) -> Callable[[Portal], Stage]:
        LIST.append(Journey(name, task, Text(en, az), facts, set_, seconds))
        return set_

    return add


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
    "upload",
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
    "upload",
    "The user refuses PIN2: nothing is signed.",
    "İstifadəçi PIN2-dən imtina edir: heç nə imzalanmır.",
    "F-PROC-02",
    "F-PROC-08",
)
def _pin_refused(portal: Portal) -> Stage:
    return Stage(upload(portal, "9000000006"), succeeds=False)


@journey(
    "one-of-three-rejected",
    "upload",
    "e-taxes objects to one of three: none is signed.",
    "e-taxes üçündən birini rədd edir: heç biri imzalanmır.",
    "F-ERR-02",
    "F-PROC-02",
)
def _one_of_three(portal: Portal) -> Stage:
    return Stage(upload(portal, BUYER, "9000000001", BUYER), succeeds=False)


@journey(
    "busy",
    "upload",
    "e-taxes is busy; the portal tries again by itself (NEED RETRY).",
    "e-taxes məşğuldur; portal özü təkrarlayır (NEED RETRY).",
    "F-PROC-05",
)
def _busy(portal: Portal) -> Stage:
    return Stage(upload(portal, "9000000002"))


@journey(
    "stalled",
    "upload",
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
    "upload",
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
    "upload",
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
    "upload",
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
    "upload",
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
    "upload",
    "The password is wrong: stop at once.",
    "Parol səhvdir: dərhal dayan.",
    "F-ERR-03",
    "F-AUTH-02",
)
def _wrong_password(portal: Portal) -> Stage:
    wrong = {"VATPORTAL_PASSWORD": "not-the-password", "VATPORTAL_TOKEN": "", "VATPORTAL_SECRET": ""}
    return Stage(upload(portal, BUYER), succeeds=False, environ=wrong)


@journey(
    "token-expires",
    "upload",
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

    return Stage(upload(portal, BUYER), environ={"VATPORTAL_PASSWORD": ""}, meanwhile=expire)


def seeded(portal: Portal, count: int, **more: Any) -> Stage:
    """A download of so many invoices."""
    portal.control("POST", "invoices", {"count": count, "dir": 0, **APRIL, **more})
    expected = portal.lying(dir=0, **APRIL)
    return Stage({"download": {**APRIL, "dir": 0}}, expected=expected)


@journey(
    "download-12001",
    "download",
    "12,001 invoices: all three pages, each once.",
    "12 001 qaimə: hər üç səhifə, hər biri bir dəfə.",
    "F-RD-02",
    "F-RD-03",
)
def _download(portal: Portal) -> Stage:
    return seeded(portal, 12_001)


@journey(
    "download-5000",
    "download",
    "Exactly one full page: nothing lost, no endless paging.",
    "Düz bir dolu səhifə: heç nə itmir, sonsuz vərəqləmə yoxdur.",
    "F-RD-02",
    "F-RD-03",
)
def _full_page(portal: Portal) -> Stage:
    return seeded(portal, 5_000)


@journey(
    "page-appears",
    "download",
    "A colleague's download of the same invoices comes in between two pages.",
    "İki səhifə arasında həmkarın eyni qaimələri endirməsi başa çatır.",
    "F-RD-02",
    "F-RD-03",
)
def _page_appears(portal: Portal) -> Stage:
    portal.control("PUT", "settings", {"pace": "fast"})
    stage = seeded(portal, 5_001)
    number = int(portal.call("etx_import", phone=PHONE, dir=0, **APRIL)["data"]["id"])
    portal.control("POST", f"processes/{number}/stall")

    def appear(portal: Portal) -> None:
        if portal.waited("etx_read_invoices"):
            portal.control("POST", f"processes/{number}/finish")

    stage.meanwhile = appear
    return stage


@journey(
    "filters",
    "download",
    "Only what is asked for: approved, and no returns.",
    "Yalnız istənən: təsdiqlənmiş, qaytarma deyil.",
    "F-ETX-02",
    "F-ETX-05",
    "F-ETX-06",
)
def _filters(portal: Portal) -> Stage:
    kinds, statuses = ["defaultInvoice", "agent", "returnInvoice"], ["approved", "onApproval", "canceled"]
    stage = seeded(portal, 60, kinds=kinds, statuses=statuses)
    approved = portal.lying(dir=0, status="approved", **APRIL)
    returns = portal.lying(dir=0, kind="returnInvoice", **APRIL)
    stage.expected = approved - returns
    stage.input["download"] |= {"inc_status": "approved", "exc_kinds": "returnInvoice"}
    return stage


@journey(
    "letters", "upload", "ə, ş, ğ, ı and İ arrive as they are.", "ə, ş, ğ, ı və İ olduğu kimi çatır.", "F-ENV-02"
)
def _letters(portal: Portal) -> Stage:
    return Stage(upload(portal, BUYER, main_info=LETTERS))


@journey(
    "other-texts",
    "upload",
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


def deletion(*named: str) -> dict[str, Any]:
    """Invoices to delete, each with its folder."""
    return {"delete": [{"serialNumber": name, "is_signed": name not in DRAFTS} for name in named]}


@journey(
    "delete-refused",
    "delete",
    "One of three is approved: nothing is deleted, and the user is told.",
    "Üçündən biri təsdiqlənib: heç nə silinmir və istifadəçiyə deyilir.",
    "F-DEL-03",
    "F-DEL-05",
    "F-DEL-08",
)
def _delete_refused(_: Portal) -> Stage:
    return Stage(deletion(*DELETABLE, APPROVED), succeeds=False)


@journey(
    "delete",
    "delete",
    "A deletion is followed to its end.",
    "Silmə sona qədər izlənir.",
    "F-DEL-06",
    "F-DEL-08",
    "F-DEL-09",
)
def _delete(_: Portal) -> Stage:
    return Stage(deletion(*DELETABLE))


@journey(
    "delete-drafts",
    "delete",
    "Drafts lie in a folder of their own: is_signed is false for them.",
    "Qaralamalar ayrıca qovluqdadır: onlar üçün is_signed false olmalıdır.",
    "F-DEL-02",
    "F-DEL-08",
)
def _delete_drafts(_: Portal) -> Stage:
    return Stage(deletion(*DRAFTS))


@journey(
    "delete-both-folders",
    "delete",
    "A draft among signed ones: each folder takes a request of its own.",
    "İmzalanmışlar arasında bir qaralama var: hər qovluq üçün ayrıca sorğu lazımdır.",
    "F-DEL-02",
    "F-DEL-03",
    "F-DEL-08",
)
def _delete_both_folders(_: Portal) -> Stage:
    return Stage(deletion(DELETABLE[0], DRAFTS[0], DELETABLE[1]))


@journey(
    "delete-one-folder-refused",
    "delete",
    "One folder is refused and the other not: tell what is gone and what is not.",
    "Bir qovluq rədd edilir, o biri yox: nəyin silindiyini və nəyin qaldığını de.",
    "F-DEL-02",
    "F-DEL-03",
    "F-DEL-05",
)
def _delete_one_folder_refused(_: Portal) -> Stage:
    return Stage(deletion(APPROVED, DRAFTS[0], DELETABLE[0]), succeeds=False)


@journey(
    "delete-fails-later",
    "delete",
    "An accepted deletion fails on the way: only who follows it knows.",
    "Qəbul edilmiş silmə sonradan uğursuz olur: bunu yalnız izləyən bilir.",
    "F-DEL-09",
    "F-DEL-08",
)
def _delete_fails_later(portal: Portal) -> Stage:
    portal.control("PUT", "settings", {"pace": "fast"})

    def approve(portal: Portal) -> None:
        if portal.waited("etx_delete"):
            time.sleep(0.2)
            portal.control("PATCH", "invoices/MT241225000100", {"status": "approved"})

    return Stage(deletion(*DELETABLE), succeeds=False, meanwhile=approve)


@journey(
    "dropped",
    "upload",
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
    "upload",
    "The proxy in front of the portal answers 502 with HTML.",
    "Portalın qarşısındakı proksi 502 və HTML qaytarır.",
    "F-ENV-07",
    "F-PROC-09",
)
def _bad_gateway(portal: Portal) -> Stage:
    portal.fault(operation="read_proc_status", http_status=502, body="html", times=2)
    return Stage(upload(portal, BUYER))
