"""Snapshots: a whole world saved under a name, and everything as it was when it comes back."""

from typing import Any

import pytest

from fixtures.builders import invoice
from mock_server.control import worlds
from tests.client import Portal, hang_up
from tests.control.steer import Steer, dump, names_of_worlds
from tests.control.test_reset import trouble
from tests.live import LiveServer

pytestmark = pytest.mark.engines

TOLD = (
    "requests?limit=1000",
    "audit",
    "coverage",
    "confirmations",
    "seedings",
    "portal-invoices",
    "invoices?size=500",
)


@pytest.fixture
def mine(alone: LiveServer) -> tuple[Portal, Steer]:
    return Portal(alone.port, "mine"), Steer(alone.port, "mine")


@pytest.mark.parametrize("how", ["restore", "reset"])
def test_everything_comes_back_exactly(how: str, alone: LiveServer, mine: tuple[Portal, Steer]) -> None:
    portal, steer = mine
    trouble(portal, steer)
    before, clock, faults = dump(alone, "mine"), steer.get("clock"), steer.get("faults")
    told = [steer.send("GET", path).raw for path in TOLD]
    readings, processes, settings = steer.get("readings"), steer.get("processes"), steer.get("settings")
    assert [table for table, rows in before.items() if not rows] == []
    seq = steer.get("requests")["requests"][1]["seq"]
    assert steer.post("snapshots", name="before") == {"name": "before", "now": clock["now"]}
    assert dump(alone, "mine") == before
    for _ in range(2):
        steer.post("clock/advance", by="1h")
        steer.delete("faults")
        steer.put("readings", **{"R-23": "null"})
        steer.put("settings", pace="instant", page_size=7)
        portal.uploaded(invoice(8, erp_id="AFTER-001"))
        portal.call("reset_start", login="demo")
        assert dump(alone, "mine") != before
        if how == "restore":
            assert steer.post("snapshots/before/restore")["now"] == clock["now"]
        else:
            steer.post("reset", to="before")
        assert dump(alone, "mine") == before
        assert (steer.get("clock"), steer.get("faults")) == (clock, faults)
        assert [steer.send("GET", path).raw for path in TOLD] == told
        assert steer.get(f"requests/{seq}")["seq"] == seq
        assert (steer.get("readings"), steer.get("processes")) == (readings, processes)
        assert steer.get("settings") == settings
    assert portal.call("inv_read_invoices", ids=["AFTER-001"]).data["invoices"] == []
    hang_up()


def test_a_restored_world_is_of_a_new_generation_and_tells_the_same_story(mine: tuple[Portal, Steer]) -> None:
    portal, steer = mine

    def told() -> list[Any]:
        process = portal.started("import_upload_invoices", invoices=[invoice(3, erp_id="TOLD-0001")], upload=True)
        return [process, portal.finished(process), portal.call("inv_read_invoices", ids=["TOLD-0001"]).json]

    portal.uploaded(invoice(1))
    steer.put("clock", frozen=True)
    steer.post("snapshots", name="here")
    story = told()
    assert steer.post("snapshots/here/restore")["generation"] == 2
    assert told() == story
    steer.post("reset")
    assert steer.post("snapshots/here/restore")["generation"] == 4
    assert told() == story
    hang_up()


def test_a_process_under_way_goes_on_from_where_it_was(mine: tuple[Portal, Steer]) -> None:
    portal, steer = mine
    steer.put("settings", pace="realistic")
    steer.put("clock", frozen=True)
    process = portal.started("import_upload_invoices", invoices=[invoice(1)], upload=True)
    steer.post("clock/advance", by="100s")
    steer.post("snapshots", name="midway")
    midway = portal.call("read_proc_data", procId=process).raw
    steer.post("clock/advance", by="5m")
    end = portal.call("read_proc_data", procId=process).raw
    steer.post("snapshots/midway/restore")
    assert portal.call("read_proc_data", procId=process).raw == midway
    steer.post("clock/advance", by="5m")
    assert portal.call("read_proc_data", procId=process).raw == end
    hang_up()


def test_a_running_clock_runs_on_from_the_moment_of_the_snapshot(mine: tuple[Portal, Steer]) -> None:
    _, steer = mine
    saved = steer.post("snapshots", name="now")["now"]
    steer.post("clock/advance", by="10d")
    restored = steer.post("snapshots/now/restore")
    assert restored["now"] == saved
    later = steer.get("clock")
    assert saved <= later["now"]
    assert (later["now"][:13], later["frozen"]) == (saved[:13], False) or later["now"] > saved
    steer.put("clock", frozen=True)
    steer.post("snapshots", name="still")
    steer.put("clock", frozen=False)
    steer.post("snapshots/still/restore")
    assert steer.get("clock")["frozen"] is True


def test_a_snapshot_of_the_same_name_is_replaced(alone: LiveServer, mine: tuple[Portal, Steer]) -> None:
    portal, steer = mine
    steer.post("snapshots", name="one")
    portal.uploaded(invoice(1, erp_id="SECOND-01"))
    steer.post("snapshots", name="one")
    steer.post("snapshots", name="two")
    assert [row["name"] for row in steer.get("snapshots")["snapshots"]] == ["one", "two"]
    assert len(names_of_worlds(alone)) == 4
    steer.post("reset", to="one")
    assert len(portal.call("inv_read_invoices", ids=["SECOND-01"]).data["invoices"]) == 1
    assert steer.get("snapshots")["total"] == 2
    steer.post("reset")
    assert steer.get("snapshots")["total"] == 2
    hang_up()


def test_there_are_so_many_at_most(mine: tuple[Portal, Steer], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worlds, "MAX_SNAPSHOTS", 2)
    _, steer = mine
    for name in ("a", "b", "a"):
        steer.post("snapshots", name=name)
    assert "at most 2" in steer.refused(409, "POST", "snapshots", {"name": "c"})["detail"]


@pytest.mark.parametrize("name", ["", "A", "a b", "../a", "a/b", "-a", "x" * 65, "start", 5, None])
def test_what_can_be_no_name(name: Any, steer: Steer) -> None:
    steer.refused(400, "POST", "snapshots", {"name": name})
    steer.refused(400, "POST", "snapshots", {})


def test_snapshots_belong_to_their_world(alone: LiveServer, mine: tuple[Portal, Steer]) -> None:
    _, steer = mine
    other = Steer(alone.port, "mine.2")
    steer.post("snapshots", name="here")
    assert other.get("snapshots")["total"] == 0
    problem = other.refused(404, "POST", "snapshots/here/restore", {})
    assert (problem["given"], problem["allowed"]) == ("here", [])
    other.post("snapshots", name="there")
    Steer(alone.port).delete("worlds/mine")
    assert names_of_worlds(alone) == ["default", "mine.2", "snapshot/mine.2/there"]
    assert [row["name"] for row in Steer(alone.port).get("worlds")["worlds"]] == ["default", "mine.2"]
    hang_up()
