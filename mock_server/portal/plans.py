"""Plans of processes: which stages, how long, what the phone does, what a scenario changes.

All numbers come from `schemas/processes.json`, all scenarios from `schemas/scenarios.json`. One total is drawn
for a process within the range of its pace; each stage lasts its share of it.
"""

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from mock_server import durations
from mock_server.clock import SECOND
from mock_server.portal.stages import QUEUE, Answer, Kind, Record, Stage
from mock_server.portal.worlds import World
from mock_server.rulebook.documents import load

PlanKind = Literal["import", "import_only", "download", "deletion", "deletion_pin1"]


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a scenario changes. A plan knows the second half; the first half is for answers and connections."""

    err_code: int | None = None
    http_status: int | None = None
    connection: Literal["drop_before", "lose_answer"] | None = None
    delay: str | None = None
    objection: str | None = None
    partial: bool = False
    busy: int = 0
    stall: str | None = None
    pin: int = 0
    answer: Answer = "confirm"
    approval: str | None = None


class Scenario(msgspec.Struct, frozen=True):
    """A row of the table of scenarios."""

    name: str
    change: Change
    starts: tuple[str, ...]
    buyers: tuple[str, ...]
    phones: tuple[str, ...]


class _StageRow(msgspec.Struct, frozen=True):
    name: str
    share: float
    pin: int = 0
    etaxes: bool = False


class _Pace(msgspec.Struct, frozen=True):
    manual: bool
    totals: dict[str, tuple[float, float]]
    retry_pause: float
    silence: float
    queue: float


class _Pin(msgspec.Struct, frozen=True):
    digits: int
    expires: str


class _Challenge(msgspec.Struct, frozen=True):
    lasts: str


class _Processes(msgspec.Struct, frozen=True):
    stages: dict[str, tuple[_StageRow, ...]]
    paces: dict[str, _Pace]
    pin: _Pin
    challenge: _Challenge


_TABLE = msgspec.convert(load("processes.json"), _Processes)
SCENARIOS: tuple[Scenario, ...] = msgspec.convert(load("scenarios.json")["scenarios"], tuple[Scenario, ...])
PACES = tuple(_TABLE.paces)
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
BY_BUYER = {buyer: scenario for scenario in SCENARIOS for buyer in scenario.buyers}
BY_PHONE = {phone: scenario for scenario in SCENARIOS for phone in scenario.phones}
CHALLENGE_LASTS = durations.microseconds(_TABLE.challenge.lasts)
PIN_EXPIRES = durations.microseconds(_TABLE.pin.expires)

_KINDS: dict[PlanKind, Kind] = {
    "import": "import",
    "import_only": "import_only",
    "download": "download",
    "deletion": "deletion",
    "deletion_pin1": "deletion",
}
_PIN_ANSWERS: dict[str, Answer] = {"auto": "confirm", "manual": "none", "reject": "refuse", "timeout": "none"}


def plan(world: World, kind: PlanKind, process: int, now: int, changes: Iterable[Change] = ()) -> Record:
    """A process that begins now, as the world's pace, its readings and the scenarios have it."""
    wanted = list(changes)
    pace = _TABLE.paces[world.pace]
    low, high = pace.totals[kind]
    total = world.draws.between(round(low * SECOND), round(high * SECOND), "duration", process)
    stages = [
        stage
        for row in _TABLE.stages[kind]
        for stage in _stages(world, row, pace, process, round(total * row.share), wanted)
    ]
    if world.choose("R-07") == "queued-first":
        stages.insert(0, Stage(QUEUE, round(pace.queue * SECOND), held=pace.manual))
    approval = next((change.approval for change in wanted if change.approval), None)
    return Record(
        kind=_KINDS[kind],
        began=now,
        stages=tuple(stages),
        approval=None if approval is None else durations.microseconds(approval),
    )


def failing(record: Record, stage: str, texts: Iterable[str]) -> Record:
    """The same plan, ending badly when that stage is over."""
    stages = tuple(
        msgspec.structs.replace(row, fails=tuple(texts)) if row.name == stage and not row.busy else row
        for row in record.stages
    )
    return msgspec.structs.replace(record, stages=stages)


def _stages(
    world: World, row: _StageRow, pace: _Pace, process: int, lasts: int, changes: list[Change]
) -> Iterator[Stage]:
    if row.pin:
        yield _question(world, row, pace, process, lasts, changes)
        return
    if row.etaxes:
        for _ in range(max((change.busy for change in changes), default=0)):
            yield Stage(row.name, round(pace.retry_pause * SECOND), busy=True, held=pace.manual)
    stalled = row.etaxes and any(change.stall for change in changes)
    yield Stage(row.name, lasts, held=pace.manual or stalled)


def _question(world: World, row: _StageRow, pace: _Pace, process: int, lasts: int, changes: list[Change]) -> Stage:
    """A question to the phone: a scenario decides first, then the pace, then R-31."""
    policy = "manual" if pace.manual else world.choose("R-31")
    scripted = next((change.answer for change in changes if change.pin == row.pin), None)
    answer = scripted or _PIN_ANSWERS[policy]
    if scripted is None and policy == "manual":
        expires = None if pace.manual else PIN_EXPIRES
    else:
        expires = round(pace.silence * SECOND) if answer == "none" else None
    code = world.draws.digits(_TABLE.pin.digits, "pin", process, row.pin)
    return Stage(row.name, lasts, pin=row.pin, code=code, answer=answer, expires=expires)
