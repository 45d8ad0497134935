"""Journeys of clients that delete invoices."""

import time
from typing import Any

from contract_tests.journeys.journey import Journey, Stage
from contract_tests.journeys.listing import lister
from contract_tests.journeys.portal import Portal, account

LIST: list[Journey] = []
journey = lister(LIST, "delete")

DELETABLE = ("MT2412 25000100", "MT2412 25000101")
DRAFTS = ("AA2501 10000001", "AA2501 10000002")
APPROVED = "AA 24080000001"


def deletion(*named: str) -> dict[str, Any]:
    """Invoices to delete, each with its folder."""
    return {"delete": [{"serialNumber": name, "is_signed": name not in DRAFTS} for name in named]}


@journey(
    "delete-refused",
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
    "Drafts lie in a folder of their own: is_signed is false for them.",
    "Qaralamalar ayrıca qovluqdadır: onlar üçün is_signed false olmalıdır.",
    "F-DEL-02",
    "F-DEL-08",
)
def _delete_drafts(_: Portal) -> Stage:
    return Stage(deletion(*DRAFTS))


@journey(
    "delete-both-folders",
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
    "One folder is refused and the other not: tell what is gone and what is not.",
    "Bir qovluq rədd edilir, o biri yox: nəyin silindiyini və nəyin qaldığını de.",
    "F-DEL-02",
    "F-DEL-03",
    "F-DEL-05",
)
def _delete_one_folder_refused(_: Portal) -> Stage:
    return Stage(deletion(APPROVED, DRAFTS[0], DELETABLE[0]), succeeds=False)


@journey(
    "no-right-to-delete",
    "The user may not delete (7): tell him, and stop.",
    "İstifadəçinin silmək hüququ yoxdur (7): ona de və dayan.",
    "F-AUTH-06",
    "F-ERR-03",
)
def _no_right(_: Portal) -> Stage:
    return Stage(deletion(*DELETABLE), succeeds=False, environ=account("clerk"))


@journey(
    "delete-fails-later",
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
