"""The header `x-mock-scenario`: each name does what the table of scenarios says of it."""

import http.client
import json
import time
from typing import Any

import pytest

from fixtures.builders import invoice
from mock_server.portal.plans import SCENARIOS
from tests.client import Portal, dumped
from tests.control.plain import answered
from tests.control.steer import PROBLEM, Steer
from tests.live import fresh_world

PHONE = "994501234567"
UPLOAD, DOWNLOAD, DELETION = "import_upload_invoices", "etx_import", "etx_delete"
ANSWERS = ["err-7", "err-10", "err-11", "err-12", "err-16", "http-502", "drop", "lose-answer", "slow-5s"]
UPLOADS = ["unknown-voen", "pin2-refused", "pin2-timeout", "partial", "fast-approval"]
PROCESSES = ["need-retry", "stall", "pin1-refused", "pin1-timeout", *UPLOADS]


def bodies(count: int = 1) -> dict[str, dict[str, Any]]:
    return {
        UPLOAD: {
            "invoices": [invoice(seed, erp_id=f"HEADER-{seed}") for seed in range(1, count + 1)],
            "upload": True,
        },
        DOWNLOAD: {"phone": PHONE, "dir": 1, "date_from": "01.01.2020", "date_to": "31.12.2030"},
        DELETION: {"serialNumbers": ["AA2401 10000001"]},
    }


@pytest.fixture
def slow(steer: Steer) -> Steer:
    steer.put("settings", pace="realistic")
    steer.put("clock", frozen=True)
    return steer


def story(portal: Portal, steer: Steer, scenario: str, kind: str = UPLOAD, count: int = 1) -> tuple[Any, set[str]]:
    """The details of a process that met a scenario, an hour later, and the texts seen on the way."""
    answer = json.loads(answered(portal, kind, scenario, **bodies(count)[kind]).body)
    assert answer["err_code"] == 0, answer
    process, seen = answer["data"]["id"], set()
    for _ in range(120):
        data = portal.call("read_proc_data", procId=process).data
        seen.update(data["stats"].get("etx_exception", []))
        steer.post("clock/advance", by="5s")
    return portal.call("read_proc_data", procId=process).data, seen


def test_the_names_are_those_that_were_promised() -> None:
    assert {scenario.name for scenario in SCENARIOS} == {*ANSWERS, *PROCESSES}


@pytest.mark.proves("F-ERR-03", "F-ERR-04")
@pytest.mark.parametrize("code", [7, 10, 11, 12, 16])
def test_errors(code: int, portal: Portal) -> None:
    for name in ("read_proc_status", UPLOAD, "reset_start"):
        answer = answered(portal, name, f"err-{code}", **bodies().get(name, {}))
        assert (answer.http, json.loads(answer.body)["err_code"]) == (200, code)
    assert portal.call("inv_read_invoices", ids=["HEADER-1"]).data["invoices"] == []
    assert portal.call("read_proc_status", procId=123).code == 0


def test_a_gateway_fails(portal: Portal) -> None:
    answer = answered(portal, UPLOAD, "http-502", **bodies()[UPLOAD])
    assert answer[:2] == (502, "text/html")
    assert portal.call("inv_read_invoices", ids=["HEADER-1"]).data["invoices"] == []


@pytest.mark.proves("F-IMP-06", "F-PROC-09")
@pytest.mark.parametrize(("scenario", "code"), [("drop", 0), ("lose-answer", 17)])
def test_connections(scenario: str, code: int, portal: Portal) -> None:
    with pytest.raises(http.client.RemoteDisconnected):
        answered(portal, UPLOAD, scenario, **bodies()[UPLOAD])
    assert portal.call(UPLOAD, **bodies()[UPLOAD]).code == code


def test_a_slow_answer(portal: Portal, steer: Steer) -> None:
    steer.put("clock", frozen=True)
    began = time.monotonic()
    answer = answered(portal, scenario="slow-5s")
    assert time.monotonic() - began >= 5
    assert json.loads(answer.body)["err_code"] == 0


@pytest.mark.proves("F-PROC-05", "R-66")
@pytest.mark.parametrize("kind", [UPLOAD, DOWNLOAD, DELETION])
def test_need_retry(kind: str, portal: Portal, slow: Steer) -> None:
    data, seen = story(portal, slow, "need-retry", kind)
    assert (data["status"], seen) == (2, {"NEED RETRY"})


@pytest.mark.proves("F-PROC-02")
@pytest.mark.parametrize("kind", [UPLOAD, DOWNLOAD, DELETION])
def test_stall(kind: str, portal: Portal, slow: Steer) -> None:
    data, _ = story(portal, slow, "stall", kind)
    assert data["status"] == 1
    slow.post("processes/5001/release")
    slow.post("clock/advance", by="5m")
    assert portal.call("read_proc_status", procId=5001).data["status"] == 2


@pytest.mark.proves("R-31", "R-40", "R-66")
@pytest.mark.parametrize("kind", [UPLOAD, DOWNLOAD])
@pytest.mark.parametrize(
    ("scenario", "text"),
    [
        ("pin1-refused", "PIN1 refused by the user"),
        ("pin1-timeout", "PIN1 not confirmed in time"),
        ("pin2-refused", "PIN2 refused by the user"),
        ("pin2-timeout", "PIN2 not confirmed in time"),
    ],
)
def test_pins(scenario: str, text: str, kind: str, portal: Portal, slow: Steer) -> None:
    if scenario in UPLOADS and kind == DOWNLOAD:
        assert answered(portal, kind, scenario, **bodies()[kind]).http == 400
        return
    data, seen = story(portal, slow, scenario, kind)
    assert (data["status"], seen) == (3, {text})
    drafts = [row["status"] for row in data["etax_invoices"]]
    assert drafts == (["draft"] if "PIN2" in text else [])


@pytest.mark.proves("F-ERR-02", "R-62")
@pytest.mark.parametrize(
    ("scenario", "states"), [("unknown-voen", ["refused", "imported"]), ("partial", ["refused", "signed"])]
)
def test_objections_are_to_the_first_invoice(scenario: str, states: list[str], portal: Portal, slow: Steer) -> None:
    data, seen = story(portal, slow, scenario, count=2)
    assert (data["status"], seen) == (3, {"Invalid VOEN: 0987654321"})
    assert [row["status"] for row in data["invoices"]] == states


@pytest.mark.proves("F-LIFE-01")
def test_fast_approval(portal: Portal, slow: Steer) -> None:
    data, _ = story(portal, slow, "fast-approval")
    assert [row["status"] for row in data["etax_invoices"]] == ["approved"]
    slower = Portal(portal.port, fresh_world())
    steer = Steer(portal.port, slower.world)
    steer.put("settings", pace="realistic")
    steer.put("clock", frozen=True)
    answered(slower, UPLOAD, "fast-approval", **bodies()[UPLOAD])
    signed = {}
    for _ in range(320):
        signed[steer.get("clock")["now"]] = [
            row["status"] for row in slower.call("read_proc_data", procId=5001).data["etax_invoices"]
        ]
        steer.post("clock/advance", by="1s")
    waits = [status for status in signed.values() if status == ["onApproval"]]
    assert len(waits) == 10


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("err-17", "err-7"),
        ("ERR-11", "err-11"),
        ("pin1-refuse", "pin1-refused"),
        ("", None),
        ("x" * 5000, None),
        ("şifrə", None),
    ],
)
def test_an_unknown_name_is_refused_with_the_list(name: str, nearest: str | None, portal: Portal) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=30)
    headers: dict[str, str | bytes] = {"x-mock-scenario": name.encode(), "x-vatpapikey": "demo-token"}
    headers["Content-Type"] = "application/json"
    path = f"/w/{portal.world}/api/inv/import_upload_invoices.php"
    connection.request("POST", path, dumped(bodies()[UPLOAD]), headers)
    answer = connection.getresponse()
    problem = json.loads(answer.read())
    connection.close()
    assert (answer.status, answer.headers["content-type"], problem["status"]) == (400, PROBLEM, 400)
    assert problem["allowed"] == sorted([*ANSWERS, *PROCESSES])
    assert problem.get("nearest") == nearest
    assert portal.call("inv_read_invoices", ids=["HEADER-1"]).data["invoices"] == []


@pytest.mark.parametrize(
    ("operation", "refused"),
    [
        ("read_proc_status", PROCESSES),
        ("inv_read_invoices", PROCESSES),
        ("reset_start", PROCESSES),
        (DOWNLOAD, UPLOADS),
        (DELETION, UPLOADS),
    ],
)
def test_a_scenario_of_processes_is_refused_where_none_starts(
    operation: str, refused: list[str], portal: Portal, steer: Steer
) -> None:
    for name in refused:
        answer = answered(portal, operation, name, **bodies().get(operation, {}))
        assert (answer.http, answer.kind) == (400, PROBLEM)
        problem = json.loads(answer.body)
        assert (problem["title"], problem["given"]) == ("the scenario does not fit", name)
        assert operation in problem["detail"]
        assert problem["allowed"] == sorted({*ANSWERS, *PROCESSES} - set(refused))
    assert {row["id"] for row in steer.get("processes")["processes"]} == {123, 12345}


def test_a_request_that_names_its_scenario_meets_no_fault(portal: Portal, steer: Steer) -> None:
    steer.fault(err_code=12)
    assert json.loads(answered(portal, scenario="err-11").body)["err_code"] == 11
    assert steer.get("faults")["faults"][0]["met"] == 0
