"""A poll that has the bytes of an earlier one is known again, and answered as if it were the first."""

import json
from typing import Any

import pytest

from fixtures.builders import invoice
from mock_server.web.journal import POLL_BYTES
from mock_server.web.polls import KEPT
from tests.client import JSON, Portal
from tests.control.steer import Steer
from tests.http.test_process_life import imported
from tests.http.test_renewal import challenge, confirmed
from tests.live import LiveServer, Servers, fresh_world
from tests.timed import timed


@pytest.fixture
def portal(servers: Servers) -> Portal:
    return Portal(servers.get().port, fresh_world())


def asked(portal: Portal, process: int, **how: Any) -> Any:
    return portal.call("read_proc_status", procId=process, **how)


def journal(server: LiveServer, portal: Portal) -> list[dict[str, Any]]:
    store = server.app.store
    world = store.worlds.find(portal.world)
    assert world is not None
    own = ("at_real", "at", "latency")
    return [
        {name: each for name, each in row._asdict().items() if name not in own}
        for row in store.journal.rows(world.id)
    ]


@pytest.mark.parametrize("way", ["token", "password", "both"])
def test_the_journal_shows_the_second_as_the_first(servers: Servers, portal: Portal, way: str) -> None:
    process = imported(portal, "POLLED-01")
    credentials = {"username": "demo", "password": "demo"} if way != "token" else {}
    headers = {"Content-Type": JSON, **({"x-vatpapikey": "demo-token"} if way != "password" else {})}
    for _ in range(3):
        body = json.dumps({**credentials, "procId": process}).encode()
        assert portal.send("GET", "/job/read_proc_status", body, headers).json["err_code"] == 0
    first, second, third = journal(servers.get(), portal)[-3:]
    assert first == second == third
    assert (first["account"], first["way"]) == ("demo", "password" if way == "password" else "token")
    assert b"demo-token" not in first["request"]
    assert [note["reading"] for note in json.loads(first["notes"])] == (["R-25"] if way == "both" else [])


@pytest.mark.proves("F-AUTH-05")
def test_a_token_that_was_renewed_polls_no_more(portal: Portal) -> None:
    process = imported(portal, "POLLED-01")
    assert [asked(portal, process, token="demo-token").code for _ in range(3)] == [0, 0, 0]
    token = confirmed(portal, "demo", challenge(portal, "demo")).json["token"]
    assert asked(portal, process, token="demo-token").code == 5
    assert asked(portal, process, token=token).code == 0


@pytest.mark.proves("R-15", "R-06")
def test_a_reset_and_another_answer_count_at_once(servers: Servers, portal: Portal) -> None:
    steer = Steer(servers.get().port, portal.world)
    process = imported(portal, "POLLED-01", upload=False)
    said = [asked(portal, process).data["status_desc"] for _ in range(2)]
    assert said[0] == said[1] == "Process Finalized Successfully"
    steer.put("readings", **{"R-06": "quickstart"})
    assert asked(portal, process).data["status_desc"] != said[0]
    steer.post("reset")
    assert asked(portal, process).code == 3


@pytest.mark.proves("F-PROC-02", "F-PROC-08")
def test_a_process_goes_on_between_polls_of_the_same_bytes() -> None:
    with timed(pace="realistic") as server:
        portal = server.portal("again")
        process = imported(portal, "POLLED-01")
        told = []
        for seconds in (0, 0, 60, 600, 0):
            server.wait(seconds)
            told.append(asked(portal, process).data)
        assert told[0] == told[1] != told[2] != told[3] == told[4]
        assert told[4]["status"] == 2


def test_a_fault_that_met_the_first_is_not_noted_with_the_second(servers: Servers, portal: Portal) -> None:
    process = imported(portal, "POLLED-01", upload=False)
    Steer(servers.get().port, portal.world).fault(operation="read_proc_status", delay=0.001, times=1)
    for _ in range(2):
        assert asked(portal, process).code == 0
    hit, spared = (json.loads(row["notes"]) for row in journal(servers.get(), portal)[-2:])
    assert [note["text"].startswith("fault ") for note in hit] == [True]
    assert spared == []


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"Content-Encoding": ""}, 3),
        ({"Content-Type": ""}, 2),
        ({"x-vatpapikey": "demo-toke"}, 5),
        ({"x-vatpapikey": "partner-token"}, 3),
        ({"x-vatpapikey": ""}, 4),
    ],
)
def test_a_head_that_differs_is_judged_for_itself(portal: Portal, more: dict[str, str], code: int) -> None:
    body = b'{"procId":%d}' % imported(portal, "POLLED-01", upload=False)
    headers: dict[str, str | bytes] = {"Content-Type": JSON, "x-vatpapikey": "demo-token"}
    codes = [
        portal.send("GET", "/job/read_proc_status", body, {**headers, **each}).code for each in ({}, more, {}, more)
    ]
    assert codes == [0, code, 0, code]


@pytest.mark.engines
def test_the_second_is_not_judged_anew(servers: Servers, portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    def judged(*_: Any) -> None:
        raise AssertionError("it is")

    process = imported(portal, "POLLED-01", upload=False)
    first = asked(portal, process)
    monkeypatch.setattr(servers.get().app.portal.answering, "_perform", judged)
    assert asked(portal, process).raw == first.raw
    assert portal.call("read_proc_data", procId=process).code == 10


def test_no_more_polls_are_remembered_than_there_is_room_for(servers: Servers, portal: Portal) -> None:
    process = imported(portal, "POLLED-01", upload=False)
    polls = servers.get().app.portal.answering.polls
    for blank in range(KEPT + 10):
        body = json.dumps({"procId": process}) + " " * (blank % 300) + "\n" * (blank // 300)
        headers = {"Content-Type": JSON, "x-vatpapikey": "demo-token"}
        assert portal.send("GET", "/job/read_proc_status", body.encode(), headers).json["err_code"] == 0
        assert 0 < len(polls) <= KEPT


def test_what_takes_much_room_is_not_remembered(servers: Servers, portal: Portal) -> None:
    many = [invoice(number, buyer="9000000009") for number in range(600)]
    large = portal.call("import_upload_invoices", upload=True, phone="994501234567", invoices=many).data["id"]
    small = imported(portal, "POLLED-01", upload=False)
    polls = servers.get().app.portal.answering.polls
    for process, kept in ((large, 0), (small, 1)):
        before = len(polls)
        assert [asked(portal, process).code for _ in range(2)] == [0, 0]
        assert len(polls) - before == kept
    headers = {"Content-Type": JSON + "; charset=utf-8" + " " * POLL_BYTES, "x-vatpapikey": "demo-token"}
    before = len(polls)
    assert portal.send("GET", "/job/read_proc_status", b'{"procId":%d}' % small, headers).json["err_code"] == 0
    assert len(polls) == before
