"""Many clients at once get the answers that one after the other would have got, in the order of the journal.

Two say what those are: the simulator itself, asked one by one, and the reference model of the contract kit.
"""

import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from mock_server import Settings
from tests.client import Portal, hang_up
from tests.concurrency.foretold import Foretold
from tests.concurrency.order import CHANGES, Asked, played, succeeded, wrong
from tests.concurrency.schedules import Step, asked, begun, schedules
from tests.control.steer import Steer
from tests.databases import ENGINES
from tests.live import LiveServer, Servers, fresh_world
from tests.test_serve import Served

CLIENTS = 64
STEPS = 6
BEFORE = "before"


class Serial:
    """A world in which one thing is asked after another, on a server of its own; it wants the very bytes."""

    def __init__(self, server: LiveServer) -> None:
        world = fresh_world()
        self._steer = begun(server.port, world)
        self._portal = Portal(server.port, world)

    def does(self, request: Asked) -> str:
        answer = self._answer(request)
        return "" if answer == request.answer else answer

    def would(self, request: Asked) -> str:
        if request.step.operation not in CHANGES:
            return self.does(request)
        self._steer.post("snapshots", name=BEFORE)
        answer = self._answer(request)
        if succeeded(answer):
            self._steer.post("reset", to=BEFORE)
        return "" if answer == request.answer else answer

    def _answer(self, request: Asked) -> str:
        return asked(self._portal, request.step, request.row.mark)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server that is asked one thing after another; on SQLite, whatever the engine is under test."""
    server = LiveServer(Settings(database=f"sqlite:///{tmp_path_factory.mktemp('alone')}/portal.db"))
    yield server
    hang_up()
    server.stop()


def hold(alone: LiveServer, port: int, examples: int) -> None:
    """So many schedules, each played and then held against a serial run."""
    slow = list(HealthCheck)
    limits = settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=slow,
        phases=[Phase.generate],
    )
    changes = 0

    @limits
    @given(schedules(CLIENTS, STEPS))
    def check(schedule: list[list[Step]]) -> None:
        nonlocal changes
        requests = played(port, schedule)
        changes += sum(request.changed for request in requests)
        assert wrong(Serial(alone), requests) == []
        assert wrong(Foretold(alone), requests) == []

    check()
    assert changes > examples * 3


COUNTS = [2, pytest.param(60, marks=pytest.mark.deep)]


@pytest.mark.engines
@pytest.mark.proves("F-DEL-03", "R-17", "R-21", "R-33")
@pytest.mark.parametrize("count", COUNTS)
def test_one_process_answers_as_if_all_had_come_one_by_one(servers: Servers, alone: LiveServer, count: int) -> None:
    hold(alone, servers.get().port, count)


@pytest.mark.proves("F-DEL-03", "R-17", "R-21", "R-33")
@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("database", ENGINES, indirect=True)
def test_several_processes_answer_as_if_all_had_come_one_by_one(database: str, alone: LiveServer, count: int) -> None:
    with Served("--workers", "2", "--database", database, "--pace", "instant") as served:
        assert served.url.port is not None
        hold(alone, served.url.port, count)
        assert Steer(served.url.port).get("health")["status"]


def spoilt(requests: list[Asked], operation: str, code: int, old: str, new: str) -> list[Asked]:
    """The same requests, one answer of which is another."""
    for place, request in enumerate(requests):
        told = request.step.operation == operation and f'"err_code":{code},' in request.answer
        if told and re.search(old, request.answer):
            other = request._replace(answer=re.sub(old, new, request.answer, count=1))
            return [*requests[:place], other, *requests[place + 1 :]]
    raise AssertionError(f"no {operation} was answered with {code} and {old}")


WRONG = {
    "an id is taken twice": (
        "import_upload_invoices",
        17,
        r'"res":0,"err_code":17,.*',
        '"res":1,"err_code":0,"data":{"id":5099}}',
    ),
    "a new id is refused": ("import_upload_invoices", 0, r'"err_code":0,', '"err_code":17,'),
    "a number is another": ("inv_read_invoices", 0, r'"AA2705[0-9]{7}"', '"AA27050099999"'),
    "one more is deleted": (
        "etx_delete",
        20,
        r'"res":0,"err_code":20,.*',
        '"res":1,"err_code":0,"data":{"id":5099}}',
    ),
    "a process id is left out": ("etx_import", 0, r'"id":5', '"id":6'),
    "a download lacks one": ("etx_read_invoices", 0, r'"qaime":"[A-Z]+', '"qaime":"ZZ'),
    "a process goes back": ("read_proc_status", 0, r'"status":2', '"status":1'),
}


@pytest.mark.proves("F-IMP-06", "F-DEL-03", "F-PROC-02", "F-IMP-14")
def test_the_model_notices_one_wrong_answer_of_all(servers: Servers, alone: LiveServer) -> None:
    requests: list[Asked] = []

    @settings(max_examples=3, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(schedules(CLIENTS, STEPS))
    def play(schedule: list[list[Step]]) -> None:
        requests[:] = played(servers.get().port, schedule)  # the first is the simplest, and as good as empty

    play()
    assert wrong(Foretold(alone), requests) == []
    for says, how in WRONG.items():
        assert wrong(Foretold(alone), spoilt(requests, *how)), says
