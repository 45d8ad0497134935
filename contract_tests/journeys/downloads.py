"""Journeys of clients that download invoices."""

from typing import Any

from contract_tests.journeys.journey import Journey, Stage
from contract_tests.journeys.listing import lister
from contract_tests.journeys.portal import PHONE, Portal

LIST: list[Journey] = []
journey = lister(LIST, "download")

APRIL = {"date_from": "01.04.2024", "date_to": "30.04.2024"}


def seeded(portal: Portal, count: int, **more: Any) -> Stage:
    """A download of so many invoices."""
    portal.control("POST", "invoices", {"count": count, "dir": 0, **APRIL, **more})
    expected = portal.lying(dir=0, **APRIL)
    return Stage({"download": {**APRIL, "dir": 0}}, expected=expected)


@journey(
    "download-12001",
    "12,001 invoices: all three pages, each once.",
    "12 001 qaimə: hər üç səhifə, hər biri bir dəfə.",
    "F-RD-02",
    "F-RD-03",
)
def _download(portal: Portal) -> Stage:
    return seeded(portal, 12_001)


@journey(
    "download-5000",
    "Exactly one full page: nothing lost, no endless paging.",
    "Düz bir dolu səhifə: heç nə itmir, sonsuz vərəqləmə yoxdur.",
    "F-RD-02",
    "F-RD-03",
)
def _full_page(portal: Portal) -> Stage:
    return seeded(portal, 5_000)


@journey(
    "page-appears",
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
    "page-breaks",
    "Half of a page arrives: read it again, and lose or double nothing.",
    "Səhifənin yarısı gəlir: onu yenidən oxu, heç nə itməsin və təkrarlanmasın.",
    "F-RD-02",
    "F-RD-03",
    "F-PROC-09",
)
def _page_breaks(portal: Portal) -> Stage:
    portal.fault(operation="etx_read_invoices", connection="truncate", times=1)
    return seeded(portal, 5_001)


@journey(
    "filters",
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
