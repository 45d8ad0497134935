"""The order in which requests were done, as the journal has it, and whether their answers fit one."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import msgspec

from tests.concurrency.schedules import Row, Step, begun, journal, run
from tests.live import fresh_world

CHANGES = frozenset({"import_upload_invoices", "inv_delete", "etx_import", "etx_delete", "reset_start"})
COMMIT = 100_000
"""Microseconds that a commit may take after the answer was ready, on a crowded machine."""

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


class Judge(Protocol):
    """Knows what a request is answered when all come one by one; each returns what is wrong, if anything."""

    def would(self, request: Asked) -> str:
        """What is wrong with the answer in this state, which stays as it is."""

    def does(self, request: Asked) -> str:
        """What is wrong with the answer of a change, which is made."""


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


def wrong(judge: Judge, requests: Sequence[Asked]) -> list[tuple[Asked, set[str]]]:
    """Requests that no serial run in the order of the journal would have answered so, and what is wrong with them."""
    found: list[tuple[Asked, set[str]]] = []
    open_: dict[int, set[str]] = {}
    first = {place: earliest(requests, place) for place, request in enumerate(requests) if not request.changed}
    for now, request in enumerate(requests):
        for place in [place for place, start in first.items() if start <= now <= place]:
            said = judge.would(requests[place])
            open_.setdefault(place, set()).add(said)
            if not said:
                del first[place]
            elif place == now:
                found.append((requests[place], open_[place]))
        if request.changed and (said := judge.does(request)):
            found.append((request, {said}))
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
