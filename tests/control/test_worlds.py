"""Worlds from outside: they are made on first use, listed, removed, and bounded."""

import http.client
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest

from fixtures.builders import invoice
from mock_server import Settings, create_app
from mock_server.clock import SECOND
from mock_server.portal import worlds
from tests.client import Portal, hang_up
from tests.control.steer import Steer, dump, names_of_worlds
from tests.live import LiveServer
from tests.timed import timed


def names(server: LiveServer) -> list[str]:
    return [row["name"] for row in Steer(server.port).get("worlds")["worlds"]]


def test_a_world_is_made_on_first_use(alone: LiveServer) -> None:
    assert names(alone) == ["default"]
    Portal(alone.port, "by-portal").call("read_proc_status", procId=123)
    Steer(alone.port, "by-control").get("clock")
    listed = Steer(alone.port).get("worlds")
    assert [row["name"] for row in listed["worlds"]] == ["default", "by-portal", "by-control"]
    assert listed["total"] == 3
    assert {row["generation"] for row in listed["worlds"]} == {1}
    hang_up()


def test_what_is_removed_begins_anew_when_it_is_used_again(alone: LiveServer) -> None:
    portal, server = Portal(alone.port, "mine"), Steer(alone.port)
    portal.uploaded(invoice(1))
    steer = Steer(alone.port, "mine")
    steer.post("snapshots", name="before")
    steer.fault(err_code=11)
    Portal(alone.port, "other").uploaded(invoice(2))
    other = dump(alone, "other")
    assert server.delete("worlds/mine") == {"deleted": "mine"}
    assert names_of_worlds(alone) == ["default", "other"]
    assert dump(alone, "other") == other
    steer.get("clock")
    assert {table: rows for table, rows in dump(alone, "mine").items() if table in ("journal", "faults")} == {
        "journal": [],
        "faults": [],
    }
    assert steer.get("snapshots") == {"snapshots": [], "total": 0}
    assert portal.call("inv_read_invoices", ids=[invoice(1)["id"]]).data["invoices"] == []
    hang_up()


def test_a_row_of_a_removed_world_is_never_anothers(alone: LiveServer) -> None:
    seen = set()
    for _ in range(3):
        Steer(alone.port, "again").get("clock")
        row = alone.app.store.worlds.find("again")
        assert row is not None
        seen.add(row.id)
        Steer(alone.port).delete("worlds/again")
    assert len(seen) == 3


def test_an_unknown_world_cannot_be_removed(alone: LiveServer) -> None:
    Steer(alone.port, "team-blue").get("clock")
    problem = Steer(alone.port).refused(404, "DELETE", "worlds/team-bleu")
    assert (problem["given"], problem["nearest"]) == ("team-bleu", "team-blue")
    assert "team-blue" in problem["allowed"]


def test_one_world_too_many_is_refused(alone: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worlds, "MAX_WORLDS", 3)
    for name in ("one", "two"):
        Steer(alone.port, name).get("clock")
    assert "at most 3 worlds" in Steer(alone.port, "three").refused(409, "GET", "clock")["detail"]
    connection = http.client.HTTPConnection("127.0.0.1", alone.port, timeout=30)
    for headers in ({}, {"x-mock-scenario": "err-11"}, {"x-mock-scenario": "slow-5s"}):
        connection.request("GET", "/w/three/api/job/read_proc_status", headers=headers)
        answer = connection.getresponse()
        assert (answer.status, b"at most 3 worlds" in answer.read()) == (503, True)
    connection.close()
    Steer(alone.port).delete("worlds/one")
    Steer(alone.port, "three").get("clock")
    assert Portal(alone.port, "two").call("read_proc_status", procId=123).code == 0
    hang_up()


@pytest.mark.parametrize("name", ["UPPER", "a b", "-a", "a-", "x" * 65, "%C3%A4", "a%2Fb"])
def test_what_can_be_no_name_is_no_world(name: str, alone: LiveServer) -> None:
    for path in ("__admin/clock", "api/job/read_proc_status"):
        connection = http.client.HTTPConnection("127.0.0.1", alone.port, timeout=30)
        connection.request("GET", f"/w/{name.replace(' ', '%20')}/{path}")
        assert connection.getresponse().status == 404
        connection.close()
    assert names(alone) == ["default"]


def test_a_world_may_have_a_token_of_its_own(alone: LiveServer) -> None:
    Steer(alone.port).post("worlds", name="guarded", admin_token="its-own-token")
    own, stranger = Steer(alone.port, "guarded", "its-own-token"), Steer(alone.port, "guarded", "another-token")
    for steer in (Steer(alone.port, "guarded"), stranger):
        steer.refused(401, "POST", "reset", {})
        steer.refused(401, "GET", "clock")
        steer.refused(401, "DELETE", "worlds/guarded")
    Steer(alone.port).refused(401, "DELETE", "worlds/guarded")
    assert own.post("reset")["generation"] == 2
    assert Portal(alone.port, "guarded").call("read_proc_status", procId=123).code == 0
    assert Steer(alone.port, "open").post("reset")["generation"] == 2
    assert own.post("snapshots", name="kept")["name"] == "kept"
    assert own.post("reset", to="kept")["generation"] == 3
    stranger.refused(401, "GET", "clock")
    assert own.delete("worlds/guarded") == {"deleted": "guarded"}
    hang_up()


def test_idle_worlds_are_dropped_where_that_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worlds, "MAX_WORLDS", 4)
    with timed(drop_idle_worlds=3600 * SECOND) as server:
        steer = Steer(server.server.port)
        server.portal("polled").call("read_proc_status", procId=123)
        Steer(steer.port, "steered").get("clock")
        Steer(steer.port, "idle").post("snapshots", name="of-idle")
        assert steer.get("worlds")["total"] == 4
        server.wait(3000)
        steer.refused(409, "POST", "worlds", {"name": "fifth"})
        server.portal("polled").call("read_proc_status", procId=123)
        Steer(steer.port, "steered").get("clock")
        server.wait(700)
        steer.post("worlds", name="fifth")
        kept = {"default", "polled", "steered", "fifth"}
        assert set(names(server.server)) == set(names_of_worlds(server.server)) == kept
        server.wait(4000)
        server.portal("sixth").call("read_proc_status", procId=123)
        assert set(names_of_worlds(server.server)) == {"default", "sixth"}


def test_no_world_is_dropped_otherwise() -> None:
    with timed() as server:
        Steer(server.server.port, "old").get("clock")
        server.wait(10**8)
        Steer(server.server.port, "new").get("clock")
        assert names(server.server) == ["default", "old", "new"]


@pytest.mark.parametrize("how", ["reset", "restore", "removal"])
def test_a_large_world_goes_in_pieces_and_others_have_their_turn(how: str, alone: LiveServer) -> None:
    steer, other = Steer(alone.port, "large"), Portal(alone.port, "other")
    steer.post("snapshots", name="small")
    steer.post("invoices", count=30_000)
    other.call("read_proc_status", procId=123)
    asked = count()

    def empty() -> None:
        if how == "removal":
            Steer(alone.port).delete("worlds/large")
        else:
            steer.post("reset", to="start" if how == "reset" else "small")

    with ThreadPoolExecutor() as pool:
        emptied = pool.submit(empty)
        while not emptied.done():
            assert other.call("read_proc_status", procId=123).code == 0
            next(asked)
    emptied.result()
    assert next(asked) > 10  # in one piece it would be one or two
    assert len(names_of_worlds(alone)) == (2 if how == "removal" else 4)
    assert steer.get("invoices?size=1")["total"] < 1000
    left = [alone.app.store.engine.one(f"SELECT count(*) FROM {table}") for table in ("registry", "starts")]
    assert all(rows is not None and rows[0] < 3000 for rows in left)
    hang_up()


def test_what_a_killed_process_left_of_a_reset_goes_at_the_next_start(tmp_path: Path) -> None:
    settings = Settings(database=f"sqlite:///{tmp_path / 'portal.db'}")
    app = create_app(settings)
    row = app.worlds.row("mine")
    with app.store.writing():
        app.worlds.reset(row)
    assert app.store.worlds.discarded() == [row.id]
    app.close()
    again = create_app(settings)
    assert again.store.worlds.discarded() == []
    assert again.store.engine.one("SELECT count(*) FROM registry WHERE world = ?", (row.id,)) == (0,)
    assert again.worlds.row("mine").generation == 2
    again.close()
