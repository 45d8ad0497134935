"""What lies in e-taxes and in the portals, as the control API lists it."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from fixtures.builders import invoice
from tests.client import Portal, exact
from tests.control.steer import Steer

WORLD: dict[str, Any] = json.loads((Path(__file__).parents[2] / "fixtures/worlds/default.json").read_bytes())
REGISTRY: list[dict[str, Any]] = WORLD["registry"]
DEMO, BUYER = "1234567890", "0987654321"
COMPANIES = (DEMO, BUYER, "5555555555")


def listed(steer: Steer, **query: object) -> list[dict[str, Any]]:
    """Every row that fits, page by page; no row is listed twice, and the total is right."""
    text = "&".join(f"{name}={quote(str(value))}" for name, value in query.items())
    found: list[dict[str, Any]] = []
    for page in range(1, 10):
        answer = steer.get(f"invoices?size=100&page={page}&{text}")
        assert (answer["page"], answer["size"]) == (page, 100)
        found += answer["invoices"]
        if len(found) == answer["total"]:
            assert len({row["qaime"] for row in found}) == len(found)
            return found
        assert len(answer["invoices"]) == 100
    raise AssertionError("there is no end to it")


def names(rows: list[dict[str, Any]]) -> set[str]:
    return {row["qaime"] for row in rows}


def expected(**wanted: Any) -> set[str]:
    """Qaimes of the file with these values."""
    rows = (row for row in REGISTRY if all(row[name] in values for name, values in wanted.items()))
    return {row["serial"] + row["number"] for row in rows}


def test_all_of_etaxes_the_latest_first(steer: Steer) -> None:
    rows = listed(steer)
    assert names(rows) == expected()
    assert [row["created"] for row in rows] == sorted((row["created"] for row in rows), reverse=True)
    (sample,) = listed(steer, qaime="AA 24080000001")
    assert sample == {
        "id": 12345,
        "qaime": "AA24080000001",
        "kind": "defaultInvoice",
        "status": "approved",
        "uploader": DEMO,
        "seller": "1111111111",
        "seller_name": "Company LLC",
        "buyer": "0000000000",
        "buyer_name": "Buyer Company",
        "created": "2025-08-07T14:30:00.000+04:00",
        "net_amount": 1180,
    }


@pytest.mark.proves("R-74")
def test_folders(steer: Steer) -> None:
    signed = [row for row in REGISTRY if row["status"] != "draft"]

    def of(rows: list[dict[str, Any]], field: str, tins: tuple[str | None, ...]) -> set[str]:
        values = [(row, row["uploader"] if field == "uploader" else row["invoice"][field]) for row in rows]
        return {row["serial"] + row["number"] for row, value in values if value in tins}

    drafts = [row for row in REGISTRY if row["status"] == "draft"]
    received = [row for row in signed if row["kind"] != "goodsTransfer"]
    for company in (DEMO, BUYER):
        assert names(listed(steer, company=company, folder="draft")) == of(drafts, "uploader", (company,))
        assert names(listed(steer, company=company, dir=1, folder="draft")) == of(drafts, "uploader", (company,))
        sent = of(signed, "uploader", (company,))
        incoming = of(received, "tin_to", (company,))
        assert names(listed(steer, company=company, dir=1)) == names(listed(steer, company=company, folder="sent"))
        assert names(listed(steer, company=company, dir=1)) == sent
        assert names(listed(steer, company=company, dir=0)) == incoming
        assert names(listed(steer, company=company)) == sent | incoming | of(drafts, "uploader", (company,)) | of(
            REGISTRY, "tin_from", (company,)
        ) | of(REGISTRY, "tin_to", (company,))
    assert names(listed(steer, folder="sent")) == of(signed, "uploader", COMPANIES)
    assert names(listed(steer, folder="incoming")) == of(received, "tin_to", COMPANIES)
    assert names(listed(steer, folder="draft")) == expected(status=["draft"])


def test_filters_of_words_and_dates(steer: Steer) -> None:
    assert names(listed(steer, status="canceled")) == expected(status=["canceled"])
    assert names(listed(steer, status="draft, onApproval")) == expected(status=["draft", "onApproval"])
    assert names(listed(steer, kind="agent,resale", status="approved")) == expected(
        kind=["agent", "resale"], status=["approved"]
    )
    august = {row["serial"] + row["number"] for row in REGISTRY if "08.2025" in str(row["created"])}
    assert names(listed(steer, date_from="01.08.2025", date_to="31.08.2025")) == august
    of_minute = listed(steer, date_from="07.08.2025 14:30", date_to="07.08.2025 14:30")
    assert names(of_minute) == {"AA24080000001"}
    later = names(listed(steer, date_from="07.08.2025 14:31"))
    assert later | names(listed(steer, date_to="07.08.2025 14:30")) == expected()
    assert not later & names(listed(steer, date_to="07.08.2025 14:30"))
    assert listed(steer, qaime="AA24080000002") == []


@pytest.mark.parametrize(
    ("query", "nearest"),
    [
        ("status=aproved", "approved"),
        ("kind=defaultinvoic", "defaultInvoice"),
        ("folder=sentt", "sent"),
        ("dir=2", None),
        ("dir=0&folder=sent", None),
        ("dir=0&folder=draft", None),
        ("date_from=2025-08-01", None),
        ("date_from=02.08.2025&date_to=01.08.2025", None),
        ("size=501", None),
        ("size=0", None),
        ("page=0", None),
        ("page=-1", None),
        ("page=x", None),
        ("pag=1", "page"),
    ],
)
def test_a_filter_that_names_nothing_is_refused(query: str, nearest: str | None, steer: Steer) -> None:
    problem = steer.refused(400, "GET", f"invoices?{query}")
    assert problem["given"]
    assert problem.get("nearest") == nearest


@pytest.mark.proves("F-RD-04")
def test_one_invoice_whole(portal: Portal, steer: Steer) -> None:
    (qaime,) = portal.uploaded(invoice(5))
    reply = steer.send("GET", f"invoices/{qaime}")
    found = exact(reply.raw)
    assert found["portal"]["id"] == invoice(5)["id"]
    assert (found["portal"]["company"], found["portal"]["state"]) == (DEMO, "signed")
    assert (found["status"], found["next"]) == ("onApproval", ["approved", "approvedBySystem"])
    assert found["net_amount"] == invoice(5)["sum_total"]
    process = portal.started("etx_import", dir=1, phone="994501234567", date_from="01.01.2020", date_to="31.12.2099")
    portal.finished(process)
    page = exact(portal.call("etx_read_invoices", procId=process, dir=1, phone="994501234567").raw)
    (downloaded,) = [row for row in page["data"]["invoices"] if row["qaime"] == qaime]
    assert found["invoice"] == downloaded
    assert isinstance(found["invoice"]["net_amount"], Decimal)
    assert steer.get(f"invoices/{qaime[:2]}%20{qaime[2:]}")["qaime"] == qaime
    outside = steer.get("invoices/AA24080000001")
    assert (outside["portal"], outside["next"]) == (None, ["updateRequested", "cancelRequested"])
    assert steer.refused(404, "GET", "invoices/AA24080000002")["given"] == "AA24080000002"


def test_what_the_portals_hold(portal: Portal, steer: Steer) -> None:
    before = steer.get("portal-invoices?size=500")
    assert before["total"] == len(WORLD["portal"])
    process = portal.started("import_upload_invoices", invoices=[invoice(1), invoice(2)])
    portal.finished(process)
    (qaime,) = portal.uploaded(invoice(3))
    first, second, third, *rest = steer.get("portal-invoices?size=500")["invoices"]
    assert rest == before["invoices"]
    assert [row["id"] for row in (third, second, first)] == [invoice(n)["id"] for n in (1, 2, 3)]
    assert (third["state"], third["qaime"], third["process"]) == ("imported", None, process)
    assert (first["state"], first["qaime"], first["company"], first["type"]) == ("signed", qaime, DEMO, "default")
    assert steer.get(f"portal-invoices?id={invoice(3)['id']}")["invoices"] == [first]
    assert {row["company"] for row in steer.get(f"portal-invoices?company={BUYER}")["invoices"]} == {BUYER}
    assert {row["state"] for row in steer.get("portal-invoices?state=imported")["invoices"]} == {"imported"}
    paged = [steer.get(f"portal-invoices?size=1&page={page}")["invoices"][0] for page in (1, 2, 3)]
    assert paged == [first, second, third]
    assert steer.refused(400, "GET", "portal-invoices?state=sined")["nearest"] == "signed"


def test_an_invoice_on_its_way_is_uploading(portal: Portal, steer: Steer) -> None:
    steer.put("settings", pace="manual")
    process = portal.started("import_upload_invoices", invoices=[invoice(1)], upload=True)
    (row,) = steer.get("portal-invoices?state=uploading")["invoices"]
    assert (row["id"], row["process"], row["qaime"]) == (invoice(1)["id"], process, None)
