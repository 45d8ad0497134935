"""Two server processes on one database file steer as one."""

import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.control.steer import Steer
from tests.control.test_reset import until
from tests.test_serve import Served

REQUESTS = 120


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    with Served("--workers", "2", "--database", f"sqlite:///{tmp_path / 'portal.db'}", "--pace", "instant") as served:
        assert served.url.port is not None
        yield served.url.port


def poll(port: int) -> int:
    """The error code of a poll on a connection of its own, which either process may take."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        headers = {"x-vatpapikey": "demo-token", "Content-Type": "application/json"}
        connection.request("POST", "/w/shared/api/job/read_proc_status", b'{"procId": 123}', headers)
        code: int = json.loads(connection.getresponse().read())["err_code"]
        return code
    finally:
        connection.close()


def polls(port: int) -> list[int]:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda _: poll(port), range(REQUESTS)))


def test_what_one_is_told_both_do(port: int) -> None:
    steer = Steer(port, "shared")
    assert polls(port) == [0] * REQUESTS
    steer.fault(err_code=11, times=30)
    assert polls(port).count(11) == 30
    (row,) = steer.get("faults")["faults"]
    assert (row["used"], row["met"]) == (30, 30)
    steer.fault(err_code=12)
    assert polls(port) == [12] * REQUESTS
    steer.put("clock", frozen=True)
    now = steer.get("clock")
    assert {json.dumps(steer.get("clock")) for _ in range(20)} == {json.dumps(now)}
    assert steer.post("reset")["generation"] == 2
    assert polls(port) == [0] * REQUESTS
    assert {steer.get("faults")["total"] for _ in range(20)} == {0}


def test_a_world_that_is_removed_begins_anew_on_both(port: int) -> None:
    for _ in range(3):
        Steer(port, "shared").fault(err_code=11)
        assert polls(port) == [11] * REQUESTS
        Steer(port).delete("worlds/shared")
        assert polls(port) == [0] * REQUESTS
        Steer(port).delete("worlds/shared")


def test_requests_held_up_on_both_are_cut_off_by_one_reset(port: int) -> None:
    steer = Steer(port, "shared")
    steer.fault(delay="2s")
    with ThreadPoolExecutor(8) as pool:
        held = [pool.submit(poll, port) for _ in range(8)]
        until(lambda: steer.get("faults")["faults"][0]["used"] == 8)
        steer.post("reset")
        assert [type(each.exception()) for each in held] == [http.client.RemoteDisconnected] * 8
    assert steer.post("requests/count") == {"count": 0}


def test_resets_and_removals_among_requests_break_none(port: int) -> None:
    with ThreadPoolExecutor(6) as pool:
        codes = [pool.submit(poll, port) for _ in range(REQUESTS)]
        for number in range(15):
            if number % 3:
                Steer(port, "shared").post("reset")
            else:
                Steer(port).send("DELETE", "worlds/shared")
        assert {each.result() for each in codes} == {0}
