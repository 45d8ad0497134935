"""What the dashboard lives on: the pulse, lists without bodies, the documents as data."""

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from mock_server import Settings, create_app
from tests.client import Portal
from tests.control.steer import Steer

RANGE = {"date_from": "01.01.2025", "date_to": "31.01.2025"}


def started(portal: Portal) -> int:
    return portal.started("etx_import", phone=portal.account.phone, **RANGE)


def test_the_pulse_tells_that_nothing_has_happened(steer: Steer) -> None:
    first, second = steer.get("pulse"), steer.get("pulse")
    assert first.pop("clock")["now"] <= second.pop("clock")["now"]
    assert first == second
    assert (first["generation"], first["confirmations"], first["processes"]["running"]) == (1, [], 0)


def test_the_pulse_changes_with_requests_processes_and_settings(portal: Portal, steer: Steer) -> None:
    steer.put("readings", **{"R-31": "manual"})
    before = steer.get("pulse")
    process = started(portal)
    asked = steer.get("pulse")
    assert asked["requests"]["newest"] > before["requests"]["newest"]
    assert asked["processes"]["running"] == 1
    assert asked["processes"]["mark"] != before["processes"]["mark"]
    assert asked["confirmations"] == steer.get("confirmations")["confirmations"][:1]
    steer.post(f"confirmations/{process}-1/confirm")
    done = steer.get("pulse")
    assert (done["processes"]["running"], done["confirmations"]) == (0, [])
    assert done["processes"]["mark"] != asked["processes"]["mark"]
    steer.fault(err_code=11)
    assert steer.get("pulse")["version"] > done["version"]
    steer.post("reset")
    assert steer.get("pulse")["generation"] == 2


def test_every_way_to_steer_a_process_changes_the_mark(portal: Portal, steer: Steer) -> None:
    steer.put("settings", pace="realistic")
    process = started(portal)
    marks = [steer.get("pulse")["processes"]["mark"]]
    for what in ("stall", "release", "step", "fail"):
        steer.post(f"processes/{process}/{what}")
        marks.append(steer.get("pulse")["processes"]["mark"])
    assert len(set(marks)) == len(marks)


def test_requests_by_outcome_without_their_bodies(portal: Portal, steer: Steer) -> None:
    portal.call("read_proc_status", procId=123)
    portal.call("read_proc_status", procId=123, nobody_asked=1)
    portal.call("read_proc_status", procId=99)
    numbers = {
        outcome: [row["err_code"] for row in steer.get(f"requests?outcome={outcome}")["requests"]]
        for outcome in ("fine", "failed", "warned")
    }
    assert numbers == {"fine": [0, 0], "failed": [3], "warned": [0]}
    whole, bare = steer.get("requests")["requests"], steer.get("requests?bodies=omit")["requests"]
    assert bare == [{key: value for key, value in row.items() if key not in ("request", "answer")} for row in whole]
    assert steer.get("requests?outcome=failed&bodies=omit")["total"] == 1
    assert steer.refused(400, "GET", "requests?outcome=bad")["allowed"]
    assert steer.refused(400, "GET", "requests?bodies=none")["allowed"]


@pytest.mark.parametrize("name", ["errors", "facts", "operations", "readings", "scenarios", "vocabulary"])
def test_the_documents_are_there_as_data(name: str, steer: Steer) -> None:
    assert steer.get(f"reference/{name}")["format"] == 1


def test_another_document_is_not_there(steer: Steer) -> None:
    assert steer.refused(404, "GET", "reference/reading")["nearest"] == "readings"


def test_the_pulse_names_the_life_of_the_world(portal: Portal, steer: Steer) -> None:
    lives = [steer.get("pulse")["life"]]
    portal.call("read_proc_status", procId=123)
    assert steer.get("pulse")["life"] == lives[0]
    steer.post("reset")
    lives.append(steer.get("pulse")["life"])
    steer.delete(f"worlds/{steer.world}")
    assert steer.refused(404, "GET", "pulse?missing=refuse")["given"] == steer.world
    lives.append(steer.get("pulse")["life"])
    assert steer.get("pulse?missing=refuse")["life"] == lives[-1]
    assert len(set(lives)) == len(lives)


def test_a_server_that_keeps_nothing_names_each_start(tmp_path: Path) -> None:
    def life(**settings: Any) -> str:
        with TestClient(create_app(Settings(seed=1, **settings)), base_url="http://127.0.0.1") as client:
            return str(client.get("/__admin/pulse").json()["life"])

    file = f"sqlite:///{tmp_path / 'kept.db'}"
    assert life() != life()
    assert life(database=file) == life(database=file)
