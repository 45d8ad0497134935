"""`/inv/read_invoices`: which qaime an ERP's invoices got."""

import re
from typing import Any

import pytest

from fixtures.builders import invoice
from tests.client import Portal
from tests.live import Servers, fresh_world

SIGNED = {"id": "AVANS-2025-01", "qaime": "AA25010000123"}
UNSUBMITTED = "INV-2024-001"
DRAFT = "QARALAMA-AA2501-10000001"
"""Of the default world: signed; imported only; a draft in e-taxes that was never signed."""


def read(portal: Portal, **body: Any) -> list[dict[str, Any]]:
    reply = portal.call("inv_read_invoices", **body)
    assert reply.code == 0, reply.json
    assert reply.data["total"] == len(reply.data["invoices"])
    found: list[dict[str, Any]] = reply.data["invoices"]
    return found


def ids(portal: Portal, **body: Any) -> list[str]:
    return [row["id"] for row in read(portal, **body)]


@pytest.mark.proves("F-INV-01", "F-IMP-14")
def test_ids_are_answered_with_their_qaimes(portal: Portal) -> None:
    assert portal.call("inv_read_invoices", ids=["AVANS-2025-01"]).data == {"invoices": [SIGNED], "total": 1}
    (qaime,) = portal.uploaded(invoice(1))
    assert re.fullmatch("AA[0-9]{11}", qaime)
    assert read(portal, ids=[invoice(1)["id"], "AVANS-2025-01"]) == [{"id": invoice(1)["id"], "qaime": qaime}, SIGNED]


@pytest.mark.proves("R-23", "F-INV-01", "R-40")
@pytest.mark.parametrize(
    ("answer", "rest"),
    [
        ("empty", [{"id": UNSUBMITTED, "qaime": ""}, {"id": DRAFT, "qaime": ""}]),
        ("null", [{"id": UNSUBMITTED, "qaime": None}, {"id": DRAFT, "qaime": None}]),
        ("omitted", []),
    ],
)
def test_an_invoice_without_a_number(servers: Servers, answer: str, rest: list[dict[str, Any]]) -> None:
    portal = Portal(servers.get(readings={"R-23": answer}).port, fresh_world())
    assert read(portal, ids=["AVANS-2025-01", UNSUBMITTED, DRAFT]) == [SIGNED, *rest]
    assert read(portal, ids=[], date_from="10.01.2025", date_to="14.01.2025") == [
        *({**row, "id": f"QARALAMA-AA2501-1000000{n}"} for n in (1, 2) for row in rest[1:]),
        SIGNED,
    ]


@pytest.mark.proves("R-23b", "F-INV-01", "R-52")
def test_ids_that_the_portal_does_not_have_are_left_out(portal: Portal) -> None:
    asked = ["INV-001", "AVANS-2025-01", "ALICI-000035", "", "AVANS-2025-01 ", "avans-2025-01", "' OR 1=1 --", "%"]
    assert ids(portal, ids=asked) == ["AVANS-2025-01"]
    assert read(portal.as_("buyer"), ids=["AVANS-2025-01"]) == []


@pytest.mark.proves("F-INV-02", "R-70")
@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"ids": [], "date_from": "18.12.2024", "date_to": "18.12.2024"}, ["INV-2024-001", "INV-2024-002"]),
        ({"date_from": "18.12.2024", "date_to": "18.12.2024"}, ["INV-2024-001", "INV-2024-002"]),
        ({"ids": None, "date_from": "18.12.2024", "date_to": "18.12.2024"}, ["INV-2024-001", "INV-2024-002"]),
        ({"date_from": "18.12.2024 09:41", "date_to": "19.12.2024"}, ["INV-2024-002"]),
        ({"date_from": "18.12.2024 09:40", "date_to": "18.12.2024 09:40"}, ["INV-2024-001"]),
        ({"date_from": "19.12.2024", "date_to": "19.12.2024"}, []),
        (
            {
                "ids": ["INV-2024-002", "AVANS-2025-01", "INV-2024-001"],
                "date_from": "01.12.2024",
                "date_to": "31.12.2024",
            },
            ["INV-2024-002", "INV-2024-001"],
        ),
        ({"ids": ["AVANS-2025-01"], "date_from": "18.12.2024", "date_to": "18.12.2024"}, []),
        ({"ids": ["AVANS-2025-01", "INV-2024-001", "AVANS-2025-01"]}, ["AVANS-2025-01", "INV-2024-001"]),
        ({"ids": []}, []),
    ],
)
def test_ids_and_dates_both_hold(portal: Portal, body: dict[str, Any], found: list[str]) -> None:
    """In the order asked, else of import."""
    assert ids(portal, **body) == found


@pytest.mark.proves("R-70")
@pytest.mark.parametrize(
    "body", [{}, {"date_from": "18.12.2024"}, {"ids": ["INV-2024-001"], "date_to": "18.12.2024"}]
)
def test_neither_or_one_date_only_is_refused(portal: Portal, body: dict[str, Any]) -> None:
    assert portal.call("inv_read_invoices", **body).code == 3


@pytest.mark.proves("R-70")
def test_there_are_no_pages(portal: Portal) -> None:
    """1200 at once: more than one statement of the database names."""
    built = invoice(1)
    many = [{**built, "id": f"MANY-{number:05d}"} for number in range(1200)]
    portal.started("import_upload_invoices", invoices=many)
    asked = [row["id"] for row in reversed(many)]
    assert ids(portal, ids=asked) == asked
    assert ids(portal, ids=asked, date_from="01.01.2020", date_to="31.12.2099") == asked
    assert ids(portal, ids=[], date_from="01.01.2020", date_to="31.12.2099")[-1200:] == asked[::-1]


@pytest.mark.proves("R-70", "F-INV-02")
def test_the_order_is_that_of_import(portal: Portal) -> None:
    for erp_id in ("LATER-ONE", "EARLY-ONE", "AFTERWARDS"):
        portal.started("import_upload_invoices", invoices=[invoice(1, erp_id=erp_id)])
    everything = ids(portal, date_from="01.01.2020", date_to="31.12.2099")
    assert everything[-3:] == ["LATER-ONE", "EARLY-ONE", "AFTERWARDS"]
