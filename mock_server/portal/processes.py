"""Background processes, with nothing in the background (F-PROC).

A process is a record: when it began, its stages, and what happened to it. Its whole timeline is a pure
function of that record, its state at an instant a look at the timeline. So a clock can be stopped, advanced
or sped up, a server can be killed and started again, and several servers agree, without a single timer.
What a stage *causes* when it is over is an `Effect`; `settle` applies those that are due.
"""

from functools import lru_cache
from typing import Literal, NamedTuple

import msgspec

from mock_server.rulebook.constants import exception_text
from mock_server.store.registry import Wanted

Kind = Literal["import", "import_only", "download", "deletion"]
Answer = Literal["confirm", "refuse", "none"]
Happening = Literal["confirm", "refuse", "stall", "release", "step", "finish", "fail"]
EffectName = Literal["drafts", "signed", "approved", "store", "delete", "ended"]

QUEUE = "queue"
EFFECT_OF_STAGE: dict[str, EffectName] = {
    "upload": "drafts",
    "sign": "signed",
    "store": "store",
    "delete": "delete",
}


class Stage(msgspec.Struct, frozen=True, omit_defaults=True):
    """One stretch of a process; durations in microseconds of world time.

    Attributes:
        lasts: how long it takes, or how long the phone takes to answer.
        pin: 1 or 2 when the stage is a question to the phone, else 0; `code` is what the phone shows.
        answer: what the simulated phone does after `lasts`; `none` leaves it to a person.
        expires: how long the question stands; `None` for ever.
        held: waits for a release (or a step) before it begins.
        busy: e-taxes is busy and the portal will try again (F-PROC-05).
        fails: the texts with which the process ends when the stage is over.
    """

    name: str
    lasts: int
    pin: int = 0
    code: str = ""
    answer: Answer = "confirm"
    expires: int | None = None
    held: bool = False
    busy: bool = False
    fails: tuple[str, ...] = ()


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that happened to the process from outside, or a refusal met while it settled.

    `stage` is the place of the stage that an answer or a release is for; `text` says why it failed.
    """

    at: int
    what: Happening
    stage: int = -1
    text: str = ""


class Deletion(msgspec.Struct, frozen=True):
    """What a deletion deletes: rows of e-taxes with their numbers, all of one folder (F-DEL-02)."""

    ids: tuple[int, ...]
    qaimes: tuple[str, ...]
    signed: bool


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that is known of a process.

    Attributes:
        count: invoices submitted, or invoices to delete.
        approval: how long after signing the counterparty approves by itself, if it does.
        refused: texts of e-taxes by ERP id, for invoices it objects to (R-62).
        download, deletion: what it is about, if it is one.
    """

    kind: Kind
    began: int
    stages: tuple[Stage, ...]
    count: int = 0
    phone: str = ""
    events: tuple[Event, ...] = ()
    approval: int | None = None
    refused: dict[str, str] = {}
    download: Wanted | None = None
    deletion: Deletion | None = None

    def with_event(self, event: Event) -> "Record":
        return msgspec.structs.replace(self, events=(*self.events, event))


class Mark(NamedTuple):
    """When a stage began and was over; `None` where that hangs on something yet to happen."""

    stage: Stage
    start: int | None
    end: int | None


class Effect(NamedTuple):
    at: int
    name: EffectName


class Timeline(NamedTuple):
    """The past and the foreseeable future of a process."""

    marks: tuple[Mark, ...]
    ended: int | None
    failures: tuple[str, ...]
    effects: tuple[Effect, ...]


class Snapshot(NamedTuple):
    """A process at an instant.

    Attributes:
        current: the stage it is in; `None` once it has ended.
        done: stages that are over.
        asked: PIN codes by number, of every question put so far; `waiting` is the one not answered yet.
        failures: texts of its failure, empty unless it has ended badly.
    """

    ended: bool
    failures: tuple[str, ...]
    current: Stage | None
    done: frozenset[str]
    asked: dict[int, str]
    waiting: int
    busy: bool


_decoder = msgspec.json.Decoder(Record)


@lru_cache(maxsize=4096)
def read(text: str) -> tuple[Record, Timeline]:
    """A stored record with its timeline."""
    record = _decoder.decode(text)
    return record, timeline(record)


def written(record: Record) -> str:
    return msgspec.json.encode(record).decode()


def timeline(record: Record) -> Timeline:
    """When each stage is over, how the process ends, and what it causes; no instant goes in."""
    marks: list[Mark] = []
    effects: list[Effect] = []
    failures: tuple[str, ...] = ()
    time: int | None = record.began
    failed = _first(record, "fail")
    for place, stage in enumerate(record.stages):
        if time is None:
            marks.append(Mark(stage, None, None))
            continue
        start = _beginning(record, place, time)
        end, failures = (None, ()) if start is None else _over(record, place, start)
        if failed is not None and (end is None or failed.at <= end):
            end, failures = failed.at, (failed.text,)
        time = end
        marks.append(Mark(stage, start, None if failures else end))
        if end is not None and not failures:
            failures = () if _finished(record, end) else stage.fails
            if not failures:
                effects.extend(_caused(record, stage, end))
        if failures:
            break
    if time is not None:
        effects.append(Effect(time, "ended"))
    effects.sort(key=lambda effect: effect.at)
    return Timeline(tuple(marks), time, failures, tuple(effects))


def look(line: Timeline, now: int) -> Snapshot:
    """The process at an instant of world time."""
    ended = line.ended is not None and line.ended <= now
    done: set[str] = set()
    asked: dict[int, str] = {}
    current: Stage | None = None
    waiting = 0
    for stage, start, end in line.marks:
        begun = start is not None and start <= now
        if stage.pin and begun:
            asked[stage.pin] = stage.code
        if end is not None and end <= now:
            done.add(stage.name)
        elif current is None and not ended:
            current = stage
            waiting = stage.pin if begun else 0
    busy = current is not None and current.busy
    return Snapshot(ended, line.failures if ended else (), current, frozenset(done), asked, waiting, busy)


def next_due(line: Timeline, applied: int) -> int | None:
    """The instant of the first effect not applied yet, if it can be foreseen."""
    return line.effects[applied].at if applied < len(line.effects) else None


def _caused(record: Record, stage: Stage, end: int) -> list[Effect]:
    name = None if stage.busy else EFFECT_OF_STAGE.get(stage.name)
    if name is None:
        return []
    effects = [Effect(end, name)]
    if name == "signed" and record.approval is not None:
        effects.append(Effect(end + record.approval, "approved"))
    return effects


def _first(record: Record, *what: Happening, since: int = 0, stage: int | None = None) -> Event | None:
    for event in record.events:
        if event.what in what and event.at >= since and (stage is None or event.stage == stage):
            return event
    return None


def _finished(record: Record, instant: int) -> bool:
    """Whether somebody had the process finish by then."""
    event = _first(record, "finish")
    return event is not None and event.at <= instant


def _beginning(record: Record, place: int, ready: int) -> int | None:
    """When a stage that could begin at `ready` does begin."""
    if not record.stages[place].held or _finished(record, ready):
        return ready
    let_go = _first(record, "release", "step", stage=place) or _first(record, "finish")
    return None if let_go is None else max(let_go.at, ready)


def _over(record: Record, place: int, start: int) -> tuple[int | None, tuple[str, ...]]:
    """When a stage is over, and the text of its failure if its question was not confirmed."""
    stage = record.stages[place]
    end, why = _answered(record, place, start) if stage.pin else (_elapsed(record, start, stage.lasts), ())
    finish = _first(record, "finish")
    if finish is not None and (end is None or end > finish.at):
        return max(finish.at, start), ()
    return end, why


def _answered(record: Record, place: int, start: int) -> tuple[int | None, tuple[str, ...]]:
    """A person's answer counts before the simulated phone's; an answer after the question expired does not."""
    stage = record.stages[place]
    limit = None if stage.expires is None else _elapsed(record, start, stage.expires)
    event = _first(record, "confirm", "refuse", "step", since=start, stage=place)
    own = _elapsed(record, start, stage.lasts) if stage.answer != "none" else None
    if event is not None and (own is None or event.at <= own):
        at, refused = event.at, event.what == "refuse"
    elif own is not None:
        at, refused = own, stage.answer == "refuse"
    else:
        return limit, () if limit is None else (exception_text("pin_timeout", pin=stage.pin),)
    if limit is not None and at >= limit:
        return limit, (exception_text("pin_timeout", pin=stage.pin),)
    return at, (exception_text("pin_refused", pin=stage.pin),) if refused else ()


def _elapsed(record: Record, start: int, lasts: int) -> int | None:
    """The instant at which `lasts` of time has passed since `start`, not counting while it was stalled."""
    end = start + lasts
    for stalled, released in _stalls(record):
        if released is not None and released <= start:
            continue
        if stalled > end:
            break
        if released is None:
            return None
        end += released - max(stalled, start)
    return end


def _stalls(record: Record) -> list[tuple[int, int | None]]:
    stalls: list[tuple[int, int | None]] = []
    for event in record.events:
        if event.what == "stall" and (not stalls or stalls[-1][1] is not None):
            stalls.append((event.at, None))
        elif event.what in ("release", "step") and stalls and stalls[-1][1] is None:
            stalls[-1] = (stalls[-1][0], event.at)
    return stalls
