"""What happens to an upload to a magic VOEN, and to a download with a magic phone."""

from collections.abc import Iterator
from typing import Any

import pytest

from fixtures.builders import invoice
from tests.client import Portal
from tests.timed import Timed, timed

DAY = 86_400
DATES = {"date_from": "01.01.2024", "date_to": "31.12.2026"}


@pytest.fixture(scope="module")
def realistic() -> Iterator[Timed]:
    with timed(pace="realistic") as server:
        yield server


def uploaded(portal: Portal, *buyers: str) -> int:
    """An upload of an invoice to each buyer, called SCENARIO-1, SCENARIO-2, ..."""
    batch = [invoice(seed, erp_id=f"SCENARIO-{seed}", buyer=buyer) for seed, buyer in enumerate(buyers, 1)]
    return portal.started("import_upload_invoices", invoices=batch, upload=True)


def downloaded(portal: Portal, phone: str) -> int:
    return portal.started("etx_import", phone=phone, dir=1, **DATES)


def status(portal: Portal, process: int) -> Any:
    return portal.call("read_proc_status", procId=process).data


def details(portal: Portal, process: int) -> Any:
    return portal.call("read_proc_data", procId=process).data


def states(portal: Portal, process: int) -> tuple[list[str], list[str]]:
    """What became of the invoices: in the portal, and in e-taxes."""
    data = details(portal, process)
    return [row["status"] for row in data["invoices"]], [row["status"] for row in data["etax_invoices"]]


@pytest.mark.proves("F-ERR-02", "R-61", "R-62", "R-66", "R-40", "R-31")
@pytest.mark.parametrize(
    ("buyer", "text", "stats", "left"),
    [
        ("9000000001", "Invalid VOEN: 9000000001", {"login_done": True}, (["refused"], [])),
        ("9000000004", "PIN1 refused by the user", {"login_done": False}, (["imported"], [])),
        ("9000000005", "PIN1 not confirmed in time", {"login_done": False}, (["imported"], [])),
        ("9000000006", "PIN2 refused by the user", {"login_done": True}, (["draft"], ["draft"])),
        ("9000000007", "PIN2 not confirmed in time", {"login_done": True}, (["draft"], ["draft"])),
        ("9000000008", "Invalid VOEN: 9000000008", {"login_done": True}, (["refused"], [])),
    ],
)
def test_an_upload_that_ends_badly(
    buyer: str, text: str, stats: dict[str, Any], left: tuple[list[str], list[str]], realistic: Timed
) -> None:
    portal = realistic.portal(f"bad-{buyer}")
    process = uploaded(portal, buyer)
    running = status(portal, process)
    assert (running["status"], "etx_exception" in running["stats"]) == (1, False)
    realistic.wait(600)
    data = status(portal, process)
    assert (data["status"], data["stats"]["etx_exception"]) == (3, [text])
    assert {"imported": 1, "packet_created": 1, "invoice_signed": False, **stats}.items() <= data["stats"].items()
    assert ("pin1_code" in data["stats"], "pin2_code" in data["stats"]) == (True, "PIN2" in text)
    assert states(portal, process) == left
    assert portal.call("inv_read_invoices", ids=["SCENARIO-1"]).data["invoices"] == [
        {"id": "SCENARIO-1", "qaime": ""}
    ]
    assert portal.call("inv_delete", ids=["SCENARIO-1"]).data == {"deleted": 1}


@pytest.mark.proves("R-31")
@pytest.mark.parametrize(("buyer", "stage"), [("9000000005", "packet"), ("9000000007", "upload")])
def test_a_silent_phone_is_waited_for(buyer: str, stage: str, realistic: Timed) -> None:
    portal = realistic.portal(f"silent-{buyer}")
    process = uploaded(portal, buyer)
    realistic.until(realistic.over(portal, process, stage))
    realistic.wait(119.999)
    assert status(portal, process)["status"] == 1
    realistic.wait(0.001)
    assert status(portal, process)["status"] == 3


@pytest.mark.proves("F-PROC-05", "R-66", "F-PROC-02")
@pytest.mark.parametrize("kind", ["upload", "download"])
def test_a_busy_etaxes_is_no_failure(kind: str, realistic: Timed) -> None:
    portal = realistic.portal(f"busy-{kind}")
    process = uploaded(portal, "9000000002") if kind == "upload" else downloaded(portal, "994500000002")
    seen: list[Any] = []
    for _ in range(400):
        data = status(portal, process)
        seen.append((data["status"], data["stats"].get("etx_exception")))
        realistic.wait(1)
    assert list(dict.fromkeys((code, str(texts)) for code, texts in seen)) == [
        (1, "None"),
        (1, "['NEED RETRY']"),
        (2, "None"),
    ]
    busy = [place for place, (_, texts) in enumerate(seen) if texts]
    assert busy == list(range(busy[0], busy[0] + 60))
    assert seen[busy[-1] + 1] == (1, None)
    assert data["stats"]["login_done"] is True


@pytest.mark.proves("F-PROC-02")
@pytest.mark.parametrize("kind", ["upload", "download"])
def test_it_stalls_until_released(kind: str, realistic: Timed) -> None:
    portal = realistic.portal(f"stall-{kind}")
    process = uploaded(portal, "9000000003") if kind == "upload" else downloaded(portal, "994500000003")
    realistic.wait(300)
    stuck = status(portal, process)
    assert (stuck["status"], stuck["stats"]["login_done"], "pin2_code" in stuck["stats"]) == (1, True, False)
    assert states(portal, process)[1] == []
    realistic.wait(DAY)
    assert status(portal, process) == stuck
    realistic.happens(portal, process, "release")
    assert status(portal, process)["status"] == 1
    realistic.wait(300)
    assert status(portal, process)["status"] == 2
    assert states(portal, process)[1]


@pytest.mark.proves("R-62", "F-ERR-02", "R-38", "R-40")
def test_one_invoice_of_a_batch_fails_alone(realistic: Timed) -> None:
    portal = realistic.portal("partial")
    process = uploaded(portal, "0987654321", "9000000008", "1111111111")
    realistic.wait(300)
    data = status(portal, process)
    assert (data["status"], data["status_desc"]) == (3, "Process Finalized With Error")
    assert data["stats"]["etx_exception"] == ["Invalid VOEN: 9000000008"]
    assert (data["stats"]["imported"], data["stats"]["invoice_signed"]) == (3, True)
    assert [
        (row["id"], row["status"], row["qaime"], row["errors"]) for row in details(portal, process)["invoices"]
    ] == [
        ("SCENARIO-1", "signed", "AA26110000001", []),
        ("SCENARIO-2", "refused", "", ["Invalid VOEN: 9000000008"]),
        ("SCENARIO-3", "signed", "AA26110000002", []),
    ]
    ids = ["SCENARIO-1", "SCENARIO-2", "SCENARIO-3"]
    numbers = [row["qaime"] for row in portal.call("inv_read_invoices", ids=ids).data["invoices"]]
    assert numbers == ["AA26110000001", "", "AA26110000002"]
    assert portal.call("inv_delete", ids=["SCENARIO-1"]).code == 20
    assert portal.call("inv_delete", ids=["SCENARIO-2"]).code == 0


@pytest.mark.proves("R-62")
@pytest.mark.parametrize("other", ["9000000001", "9000000006"])
def test_any_other_trouble_fails_the_whole_batch(other: str, realistic: Timed) -> None:
    portal = realistic.portal(f"whole-{other}")
    process = uploaded(portal, "0987654321", "9000000008", other)
    realistic.wait(300)
    data = status(portal, process)
    assert (data["status"], data["stats"]["invoice_signed"]) == (3, False)
    assert "signed" not in states(portal, process)[0]


@pytest.mark.proves("F-LIFE-01", "R-40")
def test_the_counterparty_approves_ten_seconds_after_signing(realistic: Timed) -> None:
    portal = realistic.portal("approval")
    process = uploaded(portal, "9000000009", "9000000009")
    realistic.until(realistic.over(portal, process, "sign"))
    realistic.wait(9.999)
    assert states(portal, process) == (["signed"] * 2, ["onApproval"] * 2)
    realistic.wait(0.001)
    assert states(portal, process)[1] == ["approved", "approved"]
    realistic.wait(60)
    assert status(portal, process)["status"] == 2


@pytest.mark.proves("R-79")
def test_only_the_scenarios_buyer_approves_by_himself(realistic: Timed) -> None:
    portal = realistic.portal("one-of-two-approves")
    process = uploaded(portal, "9000000009", "0987654321")
    realistic.until(realistic.over(portal, process, "sign"))
    realistic.wait(60)
    assert states(portal, process)[1] == ["approved", "onApproval"]


@pytest.mark.proves("R-78", "R-79")
def test_the_counterparty_does_not_approve_what_was_deleted(realistic: Timed) -> None:
    portal = realistic.portal("deleted")
    process = uploaded(portal, "9000000009")
    realistic.until(realistic.over(portal, process, "sign"))
    deletion = portal.started("etx_delete", serialNumbers=["AA 26110000001"], is_signed=True)
    realistic.happens(portal, deletion, "finish")
    realistic.wait(60)
    assert status(portal, deletion)["stats"]["deleted"] == 1
    assert states(portal, process)[1] == ["deleted"]


@pytest.mark.proves("R-31", "R-66", "R-30")
@pytest.mark.parametrize(
    ("phone", "text"),
    [("994500000004", "PIN1 refused by the user"), ("994500000005", "PIN1 not confirmed in time")],
)
def test_a_download_that_ends_badly(phone: str, text: str, realistic: Timed) -> None:
    portal = realistic.portal(f"bad-{phone}")
    process = downloaded(portal, phone)
    assert status(portal, process)["status"] == 1
    realistic.wait(600)
    data = status(portal, process)
    assert (data["status"], data["stats"]["etx_exception"]) == (3, [text])
    assert (data["stats"]["login_done"], data["stats"]["imported"]) == (False, 0)
    assert portal.call("etx_read_invoices", procId=process, phone=phone).data == {"invoices": [], "total": 0}


@pytest.mark.proves("R-31")
@pytest.mark.parametrize("pace", ["instant", "fast"])
def test_each_scenario_comes_out_alike_at_another_pace(pace: str) -> None:
    with timed(pace=pace) as server:
        portals = [server.portal(f"scenario-{place}") for place in range(1, 10)]
        processes = [uploaded(portal, f"900000000{place}") for place, portal in enumerate(portals, 1)]
        server.wait(10)
        ended = [status(portal, process)["status"] for portal, process in zip(portals, processes, strict=True)]
        assert ended == [3, 2, 1, 3, 3, 3, 3, 3, 2]


@pytest.mark.proves("F-ETX-04", "R-12")
def test_the_magic_phones_are_the_demo_users_alone(realistic: Timed) -> None:
    stranger = realistic.portal("alone", "buyer")
    for place in (2, 3, 4, 5):
        assert stranger.call("etx_import", phone=f"99450000000{place}", dir=1, **DATES).code == 15


@pytest.mark.proves("F-IMP-12")
def test_an_import_alone_knows_no_scenarios(realistic: Timed) -> None:
    portal = realistic.portal("import-alone")
    batch = [invoice(place, buyer=f"900000000{place}") for place in range(1, 10)]
    process = portal.started("import_upload_invoices", invoices=batch, upload=False)
    realistic.wait(60)
    data = status(portal, process)
    assert (data["status"], data["stats"]["imported"], "etx_exception" in data["stats"]) == (2, 9, False)
