"""Waiting until clients have sent what a test waits for; in real time, in the way of nobody."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from mock_server import Settings, create_app
from tests.client import Portal, dumped, hang_up
from tests.control.steer import Reply, Steer
from tests.http.valid_requests import asked
from tests.live import LiveServer
from tests.test_serve import Served, both_answer
from tests.timed import Timed

LONG = "20s"
"""Longer than any wait here takes that ends for another reason, short of the time-out of the test's client."""


class Waits:
    """Waits on connections of their own, in threads, and how often the server has looked for them."""

    def __init__(self, server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
        self.looks = 0
        self._port = server.port
        self._pool = ThreadPoolExecutor(40)
        newest = server.app.store.journal.newest

        def counted(world: int) -> int:
            self.looks += 1
            return newest(world)

        monkeypatch.setattr(server.app.store.journal, "newest", counted)

    def begin(self, world: str = "x", **wanted: Any) -> "Future[Reply]":
        """A wait that has begun, unless others look so often that nobody can tell."""
        before = self.looks
        steer = Steer(self._port, world)
        reply = self._pool.submit(steer.send, "POST", "requests/wait", {"timeout": LONG, **wanted})
        for _ in range(1000):
            if self.looks > before:
                return reply
            time.sleep(0.01)
        raise AssertionError("the server does not look")

    def over(self) -> bool:
        """Whether the server soon looks no more."""
        for _ in range(100):
            before = self.looks
            time.sleep(0.2)  # four looks of one wait
            if self.looks == before:
                return True
        return False


@pytest.fixture
def waits(alone: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Waits]:
    yield Waits(alone, monkeypatch)
    hang_up()


def test_what_came_before_counts(portal: Portal, steer: Steer) -> None:
    for process in (1, 2, 3):
        asked(portal, "read_proc_status", procId=process)
    asked(portal, "inv_delete")
    answer = steer.post("requests/wait", operation="read_proc_status", count=2)
    assert answer["total"] == 3
    assert answer["requests"] == steer.post("requests/find", operation="read_proc_status")["requests"]
    assert steer.post("requests/wait")["total"] == 4


def test_it_ends_with_the_request_that_was_missing(alone: LiveServer, waits: Waits) -> None:
    portal = Portal(alone.port, "x")
    asked(portal, "read_proc_status")
    reply = waits.begin(operation="inv_delete", err_code=20, count=2)
    asked(portal, "inv_delete", ids=["NO-1"])
    asked(portal, "inv_delete")
    asked(Portal(alone.port, "y"), "inv_delete", ids=["NO-2"])
    asked(portal, "read_proc_status", procId=1)
    assert not reply.done()
    asked(portal, "inv_delete", ids=["NO-3"])
    assert reply.result().http == 200
    found = reply.result().json["requests"]
    assert [("NO-1" in row["request"]["text"], "NO-3" in row["request"]["text"]) for row in found] == [
        (True, False),
        (False, True),
    ]
    assert waits.over()


def test_an_invoice_is_waited_for(alone: LiveServer, waits: Waits) -> None:
    portal = Portal(alone.port, "x")
    reply = waits.begin(invoice="NO-12")
    asked(portal, "inv_delete", ids=["NO-1", "NO-123"])
    asked(portal, "inv_read_invoices", ids=["NO-12"])
    assert [row["operation"] for row in reply.result().json["requests"]] == ["inv_read_invoices"]


def test_since_leaves_out_what_came_before(alone: LiveServer, waits: Waits) -> None:
    portal = Portal(alone.port, "x")
    asked(portal, "read_proc_status")
    seq = Steer(alone.port, "x").get("requests")["requests"][0]["seq"]
    reply = waits.begin(since=seq)
    asked(portal, "inv_delete")
    assert [row["operation"] for row in reply.result().json["requests"]] == ["inv_delete"]


def test_too_few_in_time_are_refused_with_the_nearest_misses(portal: Portal, steer: Steer) -> None:
    asked(portal, "inv_delete", ids=["ISCI-00010"])
    asked(portal, "read_proc_status")
    asked(portal, "inv_delete")
    body = {"operation": "inv_delete", "err_code": 20, "invoice": "ISCI-00011", "account": "demo", "timeout": "0.2s"}
    problem = steer.refused(408, "POST", "requests/wait", body)
    assert (problem["matched"], problem["wanted"]) == (0, 1)
    first, second, third = problem["misses"]
    assert first["why"] == ['invoice "ISCI-00011" is not in it']
    assert first["nearest"] == "ISCI-00010"
    assert (second["operation"], second["err_code"]) == ("inv_delete", 0)
    assert second["why"] == ["err_code is 0, not 20", 'invoice "ISCI-00011" is not in it']
    assert third["why"][0] == 'operation is "read_proc_status", not "inv_delete"'
    assert 'invoice "ISCI-00011" is not in it' in problem["detail"]


def test_a_miss_by_time_or_account_says_so(portal: Portal, steer: Steer) -> None:
    asked(portal, "read_proc_status", password="wrong")
    asked(portal, "read_proc_status")
    newest = steer.get("requests")["requests"][0]["seq"]
    problem = steer.refused(408, "POST", "requests/wait", {"since": newest, "account": "demo", "timeout": 0})
    assert [miss["seq"] for miss in problem["misses"]] == [newest, newest - 1]
    assert problem["misses"][0]["why"] == [f"it came before the one after {newest}"]
    assert problem["misses"][1]["why"][0] == 'account is null, not "demo"'
    problem = steer.refused(408, "POST", "requests/wait", {"since": "2099-01-01T00:00:00Z", "timeout": 0})
    assert "before 2099-01-01T04:00:00.000+04:00" in problem["misses"][0]["why"][0]


def test_what_did_match_is_no_miss(portal: Portal, steer: Steer) -> None:
    asked(portal, "read_proc_status")
    problem = steer.refused(408, "POST", "requests/wait", {"count": 2, "timeout": 0.1})
    assert (problem["matched"], problem["wanted"], problem["misses"]) == (1, 2, [])
    assert "1 of 2" in problem["detail"]


def test_a_world_without_requests_says_so(steer: Steer) -> None:
    assert "no request has come" in steer.refused(408, "POST", "requests/wait", {"timeout": 0})["detail"]


def test_neither_world_time_nor_a_standing_clock_rules_a_wait(realistic: Timed) -> None:
    steer = Steer(realistic.server.port, "still")
    steer.put("clock", frozen=True)
    began = time.monotonic()
    steer.refused(408, "POST", "requests/wait", {"timeout": "0.3s"})
    assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize(
    "body",
    [
        {"timeout": "121s"},
        {"timeout": 120.5},
        {"timeout": "-1s"},
        {"timeout": "soon"},
        {"timeout": None},
        {"count": 0},
        {"count": 1001},
        {"count": "1"},
    ],
)
def test_what_cannot_be_waited_for_is_refused(steer: Steer, body: dict[str, Any]) -> None:
    steer.refused(400, "POST", "requests/wait", body)


def test_waits_delay_nobody(alone: LiveServer, waits: Waits) -> None:
    replies = [waits.begin(operation="inv_delete") for _ in range(30)]
    portal = Portal(alone.port, "x")
    for _ in range(50):
        assert asked(portal, "read_proc_status").code == 0
        assert asked(portal, "inv_read_invoices").code == 0
    Steer(alone.port, "x").put("clock", frozen=True)
    assert not any(reply.done() for reply in replies)
    asked(portal, "inv_delete")
    assert {reply.result().http for reply in replies} == {200}


def test_a_reset_ends_a_wait(alone: LiveServer, waits: Waits) -> None:
    asked(Portal(alone.port, "x"), "inv_delete")
    replies = [waits.begin(count=2), waits.begin(operation="inv_delete", count=2)]
    other = waits.begin("y")
    Steer(alone.port, "x").post("reset")
    for reply in replies:
        assert reply.result().http == 409
        assert "reset" in reply.result().json["detail"]
    assert not other.done()
    asked(Portal(alone.port, "y"), "read_proc_status")
    assert other.result().http == 200


@pytest.mark.parametrize("end", ["restore", "remove"])
def test_a_world_that_is_restored_or_removed_ends_a_wait(alone: LiveServer, waits: Waits, end: str) -> None:
    steer = Steer(alone.port, "x")
    steer.post("snapshots", name="before")
    reply = waits.begin()
    if end == "restore":
        steer.post("snapshots/before/restore")
    else:
        Steer(alone.port).delete("worlds/x")
    assert reply.result().http == 409


def test_a_caller_who_hangs_up_is_waited_for_no_more(alone: LiveServer, waits: Waits) -> None:
    body = dumped({"timeout": "120s"})
    with socket.create_connection(("127.0.0.1", alone.port), timeout=30) as plug:
        plug.sendall(b"POST /w/x/__admin/requests/wait HTTP/1.1\r\nHost: localhost\r\n")
        plug.sendall(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        for _ in range(1000):
            if waits.looks:
                break
            time.sleep(0.01)
    assert waits.looks
    assert waits.over()


def test_the_application_ends_a_wait_whose_caller_is_gone() -> None:
    app = create_app(Settings(pace="instant"))
    body = dumped({"timeout": "120s"})
    messages: Iterator[dict[str, Any]] = iter([{"type": "http.request", "body": body, "more_body": False}])
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/__admin/requests/wait",
        "raw_path": b"/__admin/requests/wait",
        "query_string": b"",
        "headers": [],
    }

    async def receive() -> dict[str, Any]:
        return next(messages, {"type": "http.disconnect"})

    async def send(_: object) -> None:
        pass

    asyncio.run(asyncio.wait_for(app(scope, receive, send), 30))
    app.close()


def test_a_server_that_is_stopped_does_not_wait_on() -> None:
    with Served() as served:
        wait = served.connection()
        wait.request("POST", "/__admin/requests/wait", dumped({"operation": "etx_delete", "timeout": "100s"}))
        for _ in range(3):
            served.answered("GET", "/job/read_proc_status", {"procId": 123})
        stopped = ThreadPoolExecutor(1).submit(served.stop)
        answer = wait.getresponse()
        assert (answer.status, json.loads(answer.read())["title"]) == (503, "the server stops")
        wait.close()
        assert stopped.result() == ""


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Served]:
    with Served("--workers", "2", "--database", f"sqlite:///{tmp_path / 'portal.db'}", "--pace", "instant") as served:
        yield served


def pause(process: int) -> None:
    """Have a process stand still, and see that it does."""
    os.kill(process, signal.SIGSTOP)
    for _ in range(1000):
        look = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, check=True)
        if look.stdout.startswith(b"T"):
            return
        time.sleep(0.01)
    raise AssertionError("it does not stand still")


def test_requests_that_another_process_got_are_seen(two: Served) -> None:
    """One process stands still while the other one takes what is sent: so it is known who has what."""
    first, second = both_answer(two)
    assert two.url.port is not None
    steer = Steer(two.url.port)
    try:
        for waiting, working in ((first, second), (second, first)):
            newest = steer.get("requests")["requests"][0]["seq"]
            body = {"operation": "read_proc_data", "count": 5, "since": newest, "timeout": LONG}
            pause(working)
            wait = two.connection()
            wait.request("POST", "/__admin/requests/wait", dumped(body))
            steer.get("health")  # on a later connection, so that the wait has been taken too
            pause(waiting)
            os.kill(working, signal.SIGCONT)
            for _ in range(5):
                assert two.answered("GET", "/job/read_proc_data", {"procId": 123})[1]["err_code"] == 0
            os.kill(waiting, signal.SIGCONT)
            answer = wait.getresponse()
            assert answer.status == 200
            assert json.loads(answer.read())["total"] == 5
            wait.close()
    finally:
        for process in (first, second):
            os.kill(process, signal.SIGCONT)
