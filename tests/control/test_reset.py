"""A reset is really clean: everything back, for one world only, whatever is in flight."""

import http.client
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from fixtures.builders import invoice
from tests.client import Portal, hang_up
from tests.control.plain import answered
from tests.control.steer import Steer, dump
from tests.live import LiveServer

pytestmark = pytest.mark.engines

PHONE = "994501234567"
DATES = {"date_from": "01.01.2020", "date_to": "31.12.2030"}


class InFlight:
    """A request in a thread of its own; what became of it."""

    def __init__(self, request: Callable[[], Any]) -> None:
        self.outcome: Any = None
        self._thread = threading.Thread(target=self._run, args=[request])
        self._thread.start()

    def _run(self, request: Callable[[], Any]) -> None:
        try:
            self.outcome = request()
        except (OSError, http.client.HTTPException) as error:
            self.outcome = error

    def over(self) -> Any:
        self._thread.join(timeout=60)
        assert not self._thread.is_alive()
        return self.outcome


def until(met: Callable[[], bool]) -> None:
    """Poll until it is so, for a minute at most."""
    end = time.monotonic() + 60
    while not met():
        assert time.monotonic() < end


def trouble(portal: Portal, steer: Steer) -> None:
    """Leave traces in every table, and change whatever can be changed."""
    portal.uploaded(invoice(1, erp_id="TRACE-001"))
    portal.started("import_upload_invoices", invoices=[invoice(2)], upload=False)
    portal.started("etx_import", phone=PHONE, dir=1, **DATES)
    portal.started("etx_delete", serialNumbers=["AA2401 10000001"])
    assert portal.call("inv_delete", ids=["ERP-INV-001"]).data == {"deleted": 1}
    portal.call("reset_start", login="demo")
    steer.post("invoices", count=3)
    steer.put("readings", **{"R-23": "omitted", "R-01": "mapped"})
    steer.put("settings", pace="manual", page_size=3)
    portal.started("etx_import", phone=PHONE, **DATES)
    steer.fault(err_code=11, operation="reset_confirm")
    steer.put("clock", frozen=True, speed=60)
    steer.post("clock/advance", by="400d")
    portal.call("read_proc_status", procId=123)


def test_everything_is_back(alone: LiveServer) -> None:
    portal, steer = Portal(alone.port, "mine"), Steer(alone.port, "mine")
    other = Portal(alone.port, "other")
    other.uploaded(invoice(1, erp_id="TRACE-001"))
    Steer(alone.port, "other").fault(err_code=11)
    now = "2030-01-01T00:00:00.000+04:00"
    for each in (steer, Steer(alone.port, "fresh")):
        each.put("clock", frozen=True)
        each.put("clock", now=now)
    untouched = dump(alone, "other")
    trouble(portal, steer)
    before = dump(alone, "mine")
    assert [table for table, rows in before.items() if not rows] == []
    assert steer.post("reset") == {"name": "mine", "generation": 2}
    assert dump(alone, "other") == untouched
    clock = steer.get("clock")
    assert (clock["frozen"], clock["speed"], clock["now"] < now) == (False, 1, True)
    assert steer.get("faults")["total"] == 0
    fresh = Steer(alone.port, "fresh")
    for path in ("readings", "settings", "processes", "confirmations"):
        assert _undated(steer.get(path)) == _undated(fresh.get(path)), path
    mine = dump(alone, "mine")
    for table in ("journal", "faults", "coverage", "audit", "numbers", "seedings"):
        assert mine[table] == [], table
    for table, rows in dump(alone, "fresh").items():
        assert len(mine[table]) == len(rows), table
    for table in ("companies", "warehouses", "accounts", "download_lists"):
        assert mine[table] == dump(alone, "fresh")[table], table
    hang_up()


def _undated(value: Any) -> Any:
    if isinstance(value, list):
        return [_undated(inner) for inner in value]
    if isinstance(value, dict):
        return {key: _undated(inner) for key, inner in value.items() if key not in ("began", "ended")}
    return value


def test_the_same_world_begins_again(portal: Portal, steer: Steer) -> None:
    """With the same draws too: numbers, PIN codes and challenges."""

    def told() -> list[Any]:
        process = portal.started("import_upload_invoices", invoices=[invoice(1)], upload=True)
        return [process, portal.finished(process), portal.call("reset_start", login="demo").json]

    first = told()
    for generation in (2, 3):
        assert steer.post("reset", to="start")["generation"] == generation
        assert told() == first


@pytest.mark.parametrize("end", ["reset", "restore", "removal"])
def test_a_request_that_is_held_up_is_cut_off_at_once_and_never_reaches_the_new_generation(
    end: str, alone: LiveServer
) -> None:
    steer, portal = Steer(alone.port, "mine"), Portal(alone.port, "mine")
    steer.post("snapshots", name="clean")
    steer.fault(operation="import_upload_invoices", delay="10m")
    asked: dict[str, Any] = {"invoices": [invoice(1)], "upload": False}
    held = [InFlight(lambda: answered(portal, "import_upload_invoices", **asked)) for _ in range(5)]
    until(lambda: steer.get("faults")["faults"][0]["used"] == 5)
    if end == "removal":
        Steer(alone.port).delete("worlds/mine")
        steer.get("clock")  # the name is used again at once, in its first generation
    else:
        steer.post("reset", to="clean" if end == "restore" else "start")
    clean = dump(alone, "mine")
    assert [type(each.over()) for each in held] == [http.client.RemoteDisconnected] * 5
    assert dump(alone, "mine") == clean
    assert (clean["journal"], clean["coverage"], clean["faults"]) == ([], [], [])
    assert portal.call("import_upload_invoices", **asked).code == 0
    hang_up()


def test_a_request_held_up_in_another_world_goes_on(alone: LiveServer) -> None:
    portal, steer = Portal(alone.port, "other"), Steer(alone.port, "other")
    steer.fault(operation="read_proc_status", delay="0.5s", times=1)
    held = InFlight(lambda: answered(portal))
    until(lambda: steer.get("faults")["faults"][0]["used"] == 1)
    Steer(alone.port, "mine").post("reset")
    assert held.over().http == 200


def test_a_scenario_that_waits_is_cut_off_too(alone: LiveServer) -> None:
    portal, steer = Portal(alone.port, "mine"), Steer(alone.port, "mine")
    steer.get("clock")
    opened = InFlight(
        lambda: answered(portal, "import_upload_invoices", "slow-5s", invoices=[invoice(1)], upload=False)
    )
    generation = 1
    while opened.outcome is None:  # whenever it comes in, a reset follows within its five seconds
        generation = steer.post("reset")["generation"]
        time.sleep(0.2)
    assert generation > 1
    assert isinstance(opened.over(), http.client.RemoteDisconnected)
    assert dump(alone, "mine")["journal"] == []


def test_resets_in_a_storm_of_requests_leave_nothing_behind(alone: LiveServer) -> None:
    """Reads are journalled a turn of the loop after they are answered: the journal of a new life begins empty."""
    steer = Steer(alone.port, "mine")
    over = threading.Event()

    def poll() -> int:
        connection = http.client.HTTPConnection("127.0.0.1", alone.port, timeout=30)
        count = 0
        while not over.is_set():
            connection.request("GET", "/w/mine/api/job/read_proc_status")
            connection.getresponse().read()
            count += 1
        connection.close()
        return count

    clients = [InFlight(poll) for _ in range(4)]
    for _ in range(40):
        steer.post("reset")
    over.set()
    assert all(client.over() > 0 for client in clients)
    steer.post("reset")
    assert (dump(alone, "mine")["journal"], dump(alone, "mine")["coverage"]) == ([], [])


@pytest.mark.parametrize("body", [{"too": "start"}, {"to": 5}, {"to": None}])
def test_a_reset_leads_somewhere(body: dict[str, Any], steer: Steer) -> None:
    steer.refused(400, "POST", "reset", body)


def test_a_reset_to_nowhere_changes_nothing(portal: Portal, steer: Steer) -> None:
    steer.post("snapshots", name="monday")
    portal.uploaded(invoice(1, erp_id="STAYS-001"))
    problem = steer.refused(404, "POST", "reset", {"to": "mondya"})
    assert (problem["given"], problem["nearest"], problem["allowed"]) == ("mondya", "monday", ["monday"])
    assert len(portal.call("inv_read_invoices", ids=["STAYS-001"]).data["invoices"]) == 1
