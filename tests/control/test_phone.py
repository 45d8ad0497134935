"""The simulated ASAN phone: what it was asked, and what a person answers."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from fixtures.builders import invoice
from tests.client import Portal
from tests.control.steer import Steer

pytestmark = pytest.mark.engines

PHONE = "994501234567"


@pytest.fixture
def asked(steer: Steer) -> Steer:
    """Nobody answers but the test, and time stands still."""
    steer.put("settings", pace="realistic")
    steer.put("readings", **{"R-31": "manual"})
    steer.put("clock", frozen=True)
    return steer


def uploads(portal: Portal, buyer: str | None = None) -> int:
    return portal.started(
        "import_upload_invoices", invoices=[invoice(1, erp_id="PHONE-001", buyer=buyer)], upload=True
    )


def status(portal: Portal, process: int) -> Any:
    return portal.call("read_proc_status", procId=process).data


def later(instant: str, seconds: int) -> str:
    return (datetime.fromisoformat(instant) + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def test_a_question_that_the_phone_answers_itself_would_stand_as_long(portal: Portal, steer: Steer) -> None:
    steer.put("settings", pace="realistic")
    steer.put("clock", frozen=True)
    uploads(portal)
    steer.post("clock/advance", by="5m")
    for row in steer.get("confirmations")["confirmations"]:
        assert (row["state"], row["expires_at"]) == ("confirmed", later(row["asked_at"], 120))


def pending(steer: Steer) -> list[str]:
    return [row["id"] for row in steer.get("confirmations")["confirmations"] if row["state"] == "pending"]


@pytest.mark.proves("R-31", "F-IMP-11", "R-64")
def test_both_pins_are_confirmed_by_hand(portal: Portal, asked: Steer) -> None:
    process = uploads(portal)
    assert asked.get("confirmations") == {"confirmations": [], "total": 0}
    asked.post("clock/advance", by="80s")
    (entry,) = asked.get("confirmations")["confirmations"]
    stats = status(portal, process)["stats"]
    begins = asked.get(f"processes/{process}")["stages"][2]["begins"]
    assert entry == {
        "id": f"{process}-1",
        "process": process,
        "pin": 1,
        "code": stats["pin1_code"],
        "phone": PHONE,
        "company": "1234567890",
        "company_name": "Demo Ticarət MMC",
        "kind": "import",
        "count": 1,
        "asked_at": begins,
        "expires_at": entry["expires_at"],
        "state": "pending",
    }
    assert entry["expires_at"] == later(begins, 120)
    assert asked.post(f"confirmations/{process}-1/confirm") == {**entry, "state": "confirmed"}
    assert status(portal, process)["stats"]["login_done"] is True
    asked.post("clock/advance", by="80s")
    second, first = asked.get("confirmations")["confirmations"]
    assert (first["state"], second["state"], second["pin"]) == ("confirmed", "pending", 2)
    assert second["code"] == status(portal, process)["stats"]["pin2_code"]
    assert asked.post(f"confirmations/{process}-2/confirm")["state"] == "confirmed"
    asked.post("clock/advance", by="80s")
    assert status(portal, process)["status"] == 2
    assert pending(asked) == []


@pytest.mark.proves("R-31", "R-40", "R-66")
@pytest.mark.parametrize("pin", [1, 2])
@pytest.mark.parametrize("how", ["refuse", "wait"])
def test_a_question_that_is_not_confirmed_ends_the_process(pin: int, how: str, portal: Portal, asked: Steer) -> None:
    process = uploads(portal)
    asked.post("clock/advance", by="80s")
    if pin == 2:
        asked.post(f"confirmations/{process}-1/confirm")
        asked.post("clock/advance", by="80s")
    question = f"confirmations/{process}-{pin}"
    if how == "refuse":
        assert asked.post(f"{question}/refuse")["state"] == "refused"
        text, state = f"PIN{pin} refused by the user", "refused"
    else:
        asked.post("clock/advance", by="121s")
        text, state = f"PIN{pin} not confirmed in time", "expired"
    before = status(portal, process)
    assert (before["status"], before["stats"]["etx_exception"]) == (3, [text])
    for late in ("confirm", "refuse"):
        problem = asked.refused(409, "POST", f"{question}/{late}", {})
        assert problem["title"] == "too late"
        assert "no effect" in problem["detail"]
        assert (problem["given"], problem["confirmation"]["state"]) == (late, state)
    asked.post("clock/advance", by="1h")
    assert status(portal, process) == before
    assert portal.call("inv_read_invoices", ids=["PHONE-001"]).data["invoices"][0]["qaime"] == ""


@pytest.mark.proves("R-31")
def test_a_question_is_answered_once(portal: Portal, asked: Steer) -> None:
    process = uploads(portal)
    asked.post("clock/advance", by="80s")
    asked.post(f"confirmations/{process}-1/confirm")
    assert asked.refused(409, "POST", f"confirmations/{process}-1/refuse")["confirmation"]["state"] == "confirmed"
    asked.post("clock/advance", by="80s")
    assert pending(asked) == [f"{process}-2"]


@pytest.mark.parametrize(
    "unknown", ["{0}-2", "{0}-3", "{0}-", "{0}", "{1}-1", "x-1", "-1", "9" * 5000 + "-1", "%D9%A1-1"]
)
@pytest.mark.parametrize("what", ["confirm", "refuse"])
def test_a_question_that_was_not_put_has_no_answer(what: str, unknown: str, portal: Portal, asked: Steer) -> None:
    process = uploads(portal)
    asked.post("clock/advance", by="80s")
    asked.refused(404, "POST", f"confirmations/{unknown.format(process, process + 1)}/{what}")
    assert pending(asked) == [f"{process}-1"]


@pytest.mark.proves("F-ETX-04", "R-31")
def test_a_download_asks_the_phone_that_is_named(portal: Portal, asked: Steer) -> None:
    named = {"date_from": "01.01.2025", "date_to": "31.01.2025"}
    process = portal.started("etx_import", phone="994500000002", **named)
    stranger = portal.as_("buyer").started("etx_import", phone="994507654321", **named)
    found = {row["process"]: row for row in asked.get("confirmations")["confirmations"]}
    assert (found[process]["phone"], found[stranger]["phone"]) == ("994500000002", "994507654321")
    assert (found[process]["kind"], found[stranger]["company_name"]) == ("download", "Alıcı MMC")
    asked.post(f"confirmations/{stranger}-1/confirm")
    assert pending(asked) == [f"{process}-1"]


@pytest.mark.proves("R-31")
def test_by_hand_a_question_never_expires(portal: Portal, steer: Steer) -> None:
    steer.put("settings", pace="manual")
    steer.put("clock", frozen=True)
    process = uploads(portal)
    steer.post(f"processes/{process}/step")
    steer.post(f"processes/{process}/step")
    (entry,) = steer.get("confirmations")["confirmations"]
    assert (entry["state"], entry["expires_at"]) == ("pending", None)
    steer.post("clock/advance", by="1000d")
    assert steer.post(f"confirmations/{process}-1/confirm")["state"] == "confirmed"


@pytest.mark.proves("R-31")
def test_a_person_may_be_quicker_than_the_simulated_one(portal: Portal, asked: Steer) -> None:
    asked.put("readings", **{"R-31": "auto"})
    process = uploads(portal)
    while not pending(asked):
        asked.post("clock/advance", by="1s")
    assert asked.post(f"confirmations/{process}-1/confirm")["state"] == "confirmed"
    assert status(portal, process)["stats"]["login_done"] is True


def test_a_process_that_ends_otherwise_withdraws_its_question(portal: Portal, asked: Steer) -> None:
    process = uploads(portal)
    asked.post("clock/advance", by="80s")
    asked.post(f"processes/{process}/fail", text="stopped from outside")
    problem = asked.refused(409, "POST", f"confirmations/{process}-1/confirm")
    assert problem["confirmation"]["state"] == "withdrawn"


def test_a_question_of_a_stalled_process_expires_the_later(portal: Portal, asked: Steer) -> None:
    process = uploads(portal)
    asked.post("clock/advance", by="80s")

    def question() -> dict[str, Any]:
        row: dict[str, Any] = asked.get("confirmations")["confirmations"][0]
        return row

    before = question()["expires_at"]
    asked.post(f"processes/{process}/stall")
    asked.post("clock/advance", by="1h")
    assert (question()["state"], question()["expires_at"]) == ("pending", None)
    asked.post(f"processes/{process}/release")
    assert question()["expires_at"] == later(before, 3600)
    asked.put("clock", now=later(before, 3599))
    assert question()["state"] == "pending"
    asked.put("clock", now=later(before, 3601))
    assert question()["state"] == "expired"
