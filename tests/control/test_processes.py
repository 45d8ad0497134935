"""Processes from outside: look at them, push them on, stop them, make them fail."""

from typing import Any

import pytest

from fixtures.builders import invoice
from mock_server.control import steering
from tests.client import Portal
from tests.control.steer import Steer

PHONE = "994501234567"
STAGES = ["import", "packet", "login", "upload", "sign", "complete"]


@pytest.fixture
def by_hand(steer: Steer) -> Steer:
    steer.put("settings", pace="manual")
    return steer


@pytest.fixture
def slow(steer: Steer) -> Steer:
    """Processes take minutes of a time that stands still."""
    steer.put("settings", pace="realistic")
    steer.put("clock", frozen=True)
    return steer


def uploads(portal: Portal, *buyers: str | None, upload: bool = True) -> int:
    batch = [invoice(seed, erp_id=f"STEER-{seed:03}", buyer=buyer) for seed, buyer in enumerate(buyers or (None,), 1)]
    return portal.started("import_upload_invoices", invoices=batch, upload=upload)


def status(portal: Portal, process: int) -> Any:
    return portal.call("read_proc_status", procId=process).data


def outcomes(portal: Portal, process: int) -> list[tuple[str, list[str]]]:
    data = portal.call("read_proc_data", procId=process).data
    return [(row["status"], row["errors"]) for row in data["invoices"]]


@pytest.mark.proves("F-PROC-02", "F-IMP-11")
def test_step_by_step_through_the_whole_life(portal: Portal, by_hand: Steer) -> None:
    process = uploads(portal)
    seen = []
    for step in range(6):
        shown = by_hand.get(f"processes/{process}")
        asks = step in (2, 4)  # a question is put at once, everything else waits to be let begin
        assert (shown["state"], shown["ended"]) == ("running", None)
        assert (shown["stalled"], shown["waiting_for_pin"]) == (not asks, step // 2 if asks else None)
        assert [stage["ends"] is not None for stage in shown["stages"]] == [True] * step + [False] * (6 - step)
        seen.append(shown["stage"])
        assert status(portal, process)["status"] == 1
        shown = by_hand.post(f"processes/{process}/step")
    assert seen == [stage["name"] for stage in shown["stages"]] == STAGES
    assert (shown["state"], shown["stage"], shown["failures"]) == ("finished", None, [])
    assert [event["what"] for event in shown["events"]] == ["step"] * 6
    assert status(portal, process)["status"] == 2
    assert portal.call("inv_read_invoices", ids=["STEER-001"]).data["invoices"][0]["qaime"] != ""
    assert by_hand.refused(409, "POST", f"processes/{process}/step")["title"] == "it has ended"


def test_what_a_list_tells(portal: Portal, slow: Steer) -> None:
    upload, alone = uploads(portal), portal.started("import_upload_invoices", invoices=[invoice(9)], upload=False)
    listed = slow.get("processes")
    assert listed["total"] == len(listed["processes"]) == 4  # two more are in the default world
    found = {row["id"]: row for row in listed["processes"]}
    assert found[upload] == slow.get(f"processes/{upload}")
    assert {key: found[upload][key] for key in ("kind", "company", "account", "count", "state", "stage")} == {
        "kind": "import",
        "company": "1234567890",
        "account": "demo",
        "count": 1,
        "state": "running",
        "stage": "import",
    }
    assert found[alone]["kind"] == "import_only"
    assert (found[123]["kind"], found[123]["state"]) == ("download", "finished")
    now = slow.get("clock")["now"]
    assert found[upload]["began"] == found[upload]["stages"][0]["begins"] == now
    assert found[upload]["stages"][-1]["ends"] > now


def test_a_list_is_bounded_and_says_how_many_there_are(portal: Portal, steer: Steer) -> None:
    for _ in range(4):
        portal.started("etx_import", phone=PHONE, date_from="01.01.2025", date_to="01.01.2025")
    listed = steer.get("processes?limit=3")
    assert (len(listed["processes"]), listed["total"]) == (3, 6)
    assert listed["processes"] == steer.get("processes")["processes"][:3]
    for limit in ("0", "201", "many"):
        assert limit in steer.refused(400, "GET", f"processes?limit={limit}")["given"]


@pytest.mark.proves("F-PROC-02")
def test_finish_passes_everything_that_is_left(portal: Portal, slow: Steer) -> None:
    process = uploads(portal)
    slow.post(f"processes/{process}/step")
    shown = slow.post(f"processes/{process}/finish")
    assert (shown["state"], shown["ended"]) == ("finished", slow.get("clock")["now"])
    assert status(portal, process)["stats"]["invoice_signed"] is True


@pytest.mark.proves("F-PROC-04", "F-ERR-02")
@pytest.mark.parametrize("steps", range(6))
@pytest.mark.parametrize("text", [None, "", "İmza xidməti işləmir"])
def test_fail_ends_it_with_a_text(steps: int, text: str | None, portal: Portal, by_hand: Steer) -> None:
    process = uploads(portal)
    for _ in range(steps):
        by_hand.post(f"processes/{process}/step")
    shown = by_hand.post(f"processes/{process}/fail", **({} if text is None else {"text": text}))
    data = status(portal, process)
    assert (data["status"], data["stats"]["etx_exception"]) == (3, shown["failures"])
    assert shown["failures"] == [text] if text else shown["failures"][0]
    assert shown["state"] == "failed"


def test_a_text_is_bounded(portal: Portal, by_hand: Steer) -> None:
    process = uploads(portal)
    by_hand.refused(400, "POST", f"processes/{process}/fail", {"text": "x" * 1001})
    by_hand.refused(400, "POST", f"processes/{process}/fail", {"text": 5})
    assert "text" in by_hand.refused(400, "POST", f"processes/{process}/fail", {"txt": "x"})["allowed"]
    assert status(portal, process)["status"] == 1
    assert by_hand.post(f"processes/{process}/fail", text="x" * 1000)["failures"] == ["x" * 1000]


@pytest.mark.proves("F-PROC-02")
def test_a_stalled_process_stands_still_until_it_is_released(portal: Portal, slow: Steer) -> None:
    process = uploads(portal)
    slow.post("clock/advance", by="20s")
    before = slow.get(f"processes/{process}")
    assert slow.post(f"processes/{process}/stall")["stalled"] is True
    slow.post("clock/advance", by="1d")
    stuck = slow.get(f"processes/{process}")
    assert (stuck["state"], stuck["stage"]) == ("running", before["stage"])
    assert status(portal, process)["status"] == 1
    assert slow.refused(409, "POST", f"processes/{process}/stall")["title"] == "it is stalled"
    assert slow.post(f"processes/{process}/release")["stalled"] is False
    assert slow.refused(409, "POST", f"processes/{process}/release")["title"] == "it is not stalled"
    slow.post("clock/advance", by="2m")
    assert status(portal, process)["status"] == 1
    slow.post("clock/advance", by="3m")
    assert status(portal, process)["status"] == 2


def test_stalling_and_releasing_has_an_end(portal: Portal, slow: Steer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steering, "MAX_EVENTS", 4)
    process = uploads(portal)
    for what in ("stall", "release") * 2:
        slow.post(f"processes/{process}/{what}")
    assert slow.refused(409, "POST", f"processes/{process}/stall")["title"] == "too much"
    assert slow.post(f"processes/{process}/finish")["state"] == "finished"


@pytest.mark.parametrize("what", ["step", "finish", "fail", "stall", "release"])
def test_nothing_happens_to_what_is_not_there_or_over(what: str, portal: Portal, steer: Steer) -> None:
    process = uploads(portal)
    problem = steer.refused(409, "POST", f"processes/{process}/{what}")
    assert problem["title"] == "it has ended"
    for unknown in (f"{process + 1}", "0", "-1", "x", "9" * 18, "9" * 5000, "%D9%A1", "1.0"):
        problem = steer.refused(404, "POST", f"processes/{unknown}/{what}")
        assert problem["given"]
        steer.refused(404, "GET", f"processes/{unknown}")
    assert steer.get(f"processes/{process}")["events"] == []


@pytest.mark.proves("F-PROC-05", "R-66")
def test_a_busy_etaxes_is_seen_on_both_sides(portal: Portal, slow: Steer) -> None:
    process = uploads(portal, "9000000002")
    seen: list[tuple[Any, ...]] = []
    while not seen or seen[-1][1] == 1:
        data, shown = status(portal, process), slow.get(f"processes/{process}")
        now = shown["busy"], data["status"], data["stats"].get("etx_exception")
        if seen[-1:] != [now]:
            seen.append(now)
        slow.post("clock/advance", by="5s")
    assert seen == [(False, 1, None), (True, 1, ["NEED RETRY"]), (False, 1, None), (False, 2, None)]
    assert [stage["busy"] for stage in shown["stages"]] == [False] * 3 + [True] * 2 + [False] * 3


@pytest.mark.proves("F-ERR-02", "R-62")
def test_of_a_batch_one_may_fail_alone(portal: Portal, slow: Steer) -> None:
    process = uploads(portal, None, "9000000008", None)
    shown = slow.post(f"processes/{process}/finish")
    text = "Invalid VOEN: 9000000008"
    assert (shown["state"], shown["failures"]) == ("failed", [text])
    assert outcomes(portal, process) == [("signed", []), ("refused", [text]), ("signed", [])]
    numbers = portal.call("inv_read_invoices", ids=["STEER-001", "STEER-002", "STEER-003"]).data["invoices"]
    assert [bool(row["qaime"]) for row in numbers] == [True, False, True]


def test_worlds_do_not_share_processes(portal: Portal, slow: Steer) -> None:
    process = uploads(portal)
    Steer(slow.port, f"{slow.world}-other").refused(404, "POST", f"processes/{process}/fail")
    assert status(portal, process)["status"] == 1
