"""Many clients at once get the answers that one after the other would have got, in the order of the journal."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from mock_server import Settings
from tests.client import Portal, hang_up
from tests.concurrency.schedules import Row, Step, asked, begun, journal, run, schedules
from tests.control.steer import Steer
from tests.live import LiveServer, Servers, fresh_world
from tests.test_serve import Served

CLIENTS = 64
STEPS = 6
CHANGES = frozenset({"import_upload_invoices", "inv_delete", "etx_import", "etx_delete", "reset_start"})
BEFORE = "before"
COMMIT = 20_000
"""Microseconds that a commit may take after the answer was ready, and to which instants are shown."""

CUT = "\ufffd"
"""Stands in a body that is kept in part where a letter was cut in two."""


class Asked(NamedTuple):
    """A request as the journal has it, and what its client was told."""

    row: Row
    step: Step
    answer: str

    @property
    def changed(self) -> bool:
        """Whether it changed anything: then its row went with the change, and its place is the very order."""
        return self.step.operation in CHANGES and succeeded(self.answer)


def succeeded(answer: str) -> bool:
    code: int = msgspec.json.decode(answer).get("err_code", 0)
    return code == 0


class Serial:
    """A world in which one thing is asked after another, on a server that nobody else uses."""

    def __init__(self, server: LiveServer) -> None:
        world = fresh_world()
        self._steer = begun(server.port, world)
        self._portal = Portal(server.port, world)

    def does(self, request: Asked) -> str:
        return asked(self._portal, request.step, request.row.mark)

    def would_answer(self, request: Asked) -> str:
        """The answer in this state, which stays as it is."""
        if request.step.operation not in CHANGES:
            return self.does(request)
        self._steer.post("snapshots", name=BEFORE)
        answer = self.does(request)
        if succeeded(answer):
            self._steer.post("reset", to=BEFORE)
        return answer


def earliest(requests: Sequence[Asked], place: int) -> int:
    """The first place in the journal at which a request that changed nothing may have been looked at.

    Its row is written with others a moment after it was looked at, and so may stand behind changes that it has not
    seen: those that were not over yet.
    """
    first = place
    for before in range(place - 1, -1, -1):
        if requests[before].changed:
            if requests[before].row.over + COMMIT < requests[place].row.looked:
                break
            first = before
    return first


def wrong(serial: Serial, requests: Sequence[Asked]) -> list[tuple[Asked, set[str]]]:
    """Requests that no serial run in the order of the journal would have answered so, and what it would have."""
    found: list[tuple[Asked, set[str]]] = []
    open_: dict[int, set[str]] = {}
    first = {place: earliest(requests, place) for place, request in enumerate(requests) if not request.changed}
    for now, request in enumerate(requests):
        for place in [place for place, start in first.items() if start <= now <= place]:
            answers = open_.setdefault(place, set())
            answers.add(serial.would_answer(requests[place]))
            if requests[place].answer in answers:
                del first[place]
            elif place == now:
                found.append((requests[place], answers))
        if request.changed:
            answer = serial.does(request)
            if answer != request.answer:
                found.append((request, {answer}))
    return found


def played(port: int, schedule: Sequence[Sequence[Step]]) -> list[Asked]:
    """Every request of all clients, in the order of the journal."""
    world = fresh_world()
    steer = begun(port, world)
    told = run(port, world, schedule)
    rows = journal(steer)
    assert sorted(row.mark for row in rows) == sorted(told), "the journal has every request once"
    requests = [Asked(row, *told[row.mark]) for row in rows]
    assert all(request.answer.startswith(request.row.answer.rstrip(CUT)) for request in requests)
    return requests


@pytest.fixture(scope="module")
def alone() -> Iterator[LiveServer]:
    """A server that is asked one thing after another."""
    server = LiveServer(Settings())
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
def test_several_processes_answer_as_if_all_had_come_one_by_one(
    tmp_path: Path, alone: LiveServer, count: int
) -> None:
    with Served("--workers", "2", "--database", f"sqlite:///{tmp_path}/portal.db", "--pace", "instant") as served:
        assert served.url.port is not None
        hold(alone, served.url.port, count)
        assert Steer(served.url.port).get("health")["status"]
