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
Happening = Literal["confirm", "refuse", "stall", "release", "step", "finish", "fail", "objection"]
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
    """Something that happened to the process. It counts only for what is not over yet.

    - `confirm`, `refuse`: a person answers the question that is put.
    - `stall`, `release`: its time stands still until released; `release` also lets a held stage begin.
    - `step`: the current stage is over now, a question confirmed.
    - `finish`: so are all that are left; what e-taxes objects to, it objects to now.
    - `fail`: the process ends now, because of `text`.
    - `objection`: what the stage should have caused could not be done because of `text`; met while settling.

    `stage` is the place of the stage it is meant for: in another one it does nothing. -1: whichever it is in.
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
        approval: how long after signing the counterparty approves by itself, if it does; `approves` names the
            invoices by ERP id, none for all.
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
    approves: tuple[str, ...] = ()
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
    """What is to be done at an instant; `stage` is the place of the stage that causes it."""

    at: int
    name: EffectName
    stage: int = -1


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
        begun: whether the current stage has begun; one that is held has not.
    """

    ended: bool
    failures: tuple[str, ...]
    current: Stage | None
    done: frozenset[str]
    asked: dict[int, str]
    waiting: int
    busy: bool
    begun: bool


_decoder = msgspec.json.Decoder(Record)
_REMEMBERED_LENGTH = 8192
"""Longer records name thousands of invoices; thousands of them remembered would fill the memory."""


def read(text: str) -> tuple[Record, Timeline]:
    """A stored record with its timeline."""
    return _remembered(text) if len(text) <= _REMEMBERED_LENGTH else _read(text)


def _read(text: str) -> tuple[Record, Timeline]:
    record = _decoder.decode(text)
    return record, timeline(record)


_remembered = lru_cache(maxsize=4096)(_read)


def written(record: Record) -> str:
    return msgspec.json.encode(record).decode()


def timeline(record: Record) -> Timeline:
    """When each stage is over, how the process ends, and what it causes; no instant goes in."""
    return _followed(record).line()


def look(line: Timeline, now: int) -> Snapshot:
    """The process at an instant of world time."""
    ended = line.ended is not None and line.ended <= now
    done: set[str] = set()
    asked: dict[int, str] = {}
    current: Stage | None = None
    waiting = 0
    current_begun = False
    for stage, start, end in line.marks:
        begun = start is not None and start <= now
        if stage.pin and begun:
            asked[stage.pin] = stage.code
        if end is not None and end <= now:
            if not stage.busy:
                done.add(stage.name)
        elif current is None and not ended:
            current = stage
            waiting = stage.pin if begun else 0
            current_begun = begun
    busy = current is not None and current.busy
    return Snapshot(
        ended, line.failures if ended else (), current, frozenset(done), asked, waiting, busy, current_begun
    )


def stalled(record: Record) -> bool:
    """Whether somebody stalled the process and nobody has released it."""
    return _followed(record).stalled


def unconfirmed(line: Timeline) -> Literal["refused", "expired"] | None:
    """How the last question of a failed process ended, if that is why it failed."""
    stage = line.marks[-1].stage if line.marks else None
    if stage is None or not stage.pin:
        return None
    if line.failures == (exception_text("pin_refused", pin=stage.pin),):
        return "refused"
    return "expired" if line.failures == (exception_text("pin_timeout", pin=stage.pin),) else None


def next_due(line: Timeline, applied: int) -> int | None:
    """The instant of the first effect not applied yet, if it can be foreseen."""
    return line.effects[applied].at if applied < len(line.effects) else None


def _followed(record: Record) -> "_Course":
    course = _Course(record)
    for event in record.events:
        course.run(event.at)
        course.take(event)
    course.run()
    return course


class _Course:
    """A process on its way, event by event.

    Whatever is due by the instant of an event is over before the event counts, the same instant included.
    So nothing that happens changes what was seen or applied before, under a clock that stands still too.
    """

    def __init__(self, record: Record) -> None:
        self._record = record
        self._objections = {event.stage: event.text for event in record.events if event.what == "objection"}
        self._marks: list[Mark] = []
        self._effects: list[Effect] = []
        self._failures: tuple[str, ...] = ()
        self._ended: int | None = None
        self._stalled: int | None = None  # since when the current stage's time stands still
        self._begun: int | None = None
        self._due: int | None = None  # when the current stage is over, if nothing happens
        self._enter(record.began)

    def run(self, until: int | None = None) -> None:
        """All that comes by itself up to an instant, or ever."""
        while self._due is not None and self._stalled is None and (until is None or self._due <= until):
            self._over(self._due, _outcome(self._stage))

    def take(self, event: Event) -> None:
        """What happens to the process now."""
        if self._ended is not None or event.stage not in (-1, len(self._marks)):
            return
        match event.what:
            case "confirm" if self._asking:
                self._over(event.at, self._stage.fails)
            case "refuse" if self._asking:
                self._over(event.at, _refused(self._stage))
            case "stall" if self._stalled is None:
                self._stalled = event.at
            case "release":
                self._release(event.at)
            case "step":
                self._release(event.at)
                self._over(event.at, self._stage.fails)
            case "finish":
                self._finish(event.at)
            case "fail":
                self._end(event.at, (event.text or exception_text("stopped"),))

    @property
    def stalled(self) -> bool:
        return self._stalled is not None

    def line(self) -> Timeline:
        """The whole story, as far as it can be told; the stage that failed is the last of it."""
        marks = list(self._marks)
        if len(marks) < len(self._record.stages):
            marks.append(Mark(self._stage, self._begun, None))
        if self._ended is None:
            marks.extend(Mark(stage, None, None) for stage in self._record.stages[len(marks) :])
        effects = sorted(self._effects, key=lambda effect: effect.at)
        return Timeline(tuple(marks), self._ended, self._failures, tuple(effects))

    @property
    def _stage(self) -> Stage:
        return self._record.stages[len(self._marks)]

    @property
    def _asking(self) -> bool:
        return self._stage.pin > 0 and self._begun is not None

    def _enter(self, instant: int) -> None:
        """The next stage, if there is one, begins unless it is held."""
        self._begun = self._due = None
        if len(self._marks) == len(self._record.stages):
            self._end(instant, ())
        elif not self._stage.held:
            self._begin(instant)

    def _begin(self, instant: int) -> None:
        lasts = _lasts(self._stage)
        self._begun = instant
        self._due = None if lasts is None else instant + lasts
        if self._stalled is not None:
            self._stalled = instant

    def _release(self, instant: int) -> None:
        if self._stalled is not None and self._due is not None:
            self._due += instant - self._stalled
        self._stalled = None
        if self._begun is None:
            self._begin(instant)

    def _over(self, instant: int, failures: tuple[str, ...]) -> None:
        """The current stage is over: on to the next one, or the process ends badly."""
        place, stage = len(self._marks), self._stage
        if place in self._objections:
            failures = (self._objections[place],)
        if failures:
            self._end(instant, failures)
            return
        self._marks.append(Mark(stage, self._begun, instant))
        name = None if stage.busy else EFFECT_OF_STAGE.get(stage.name)
        if name is not None:
            self._effects.append(Effect(instant, name, place))
        if name == "signed" and self._record.approval is not None:
            self._effects.append(Effect(instant + self._record.approval, "approved", place))
        self._enter(instant)

    def _finish(self, instant: int) -> None:
        self._stalled = None
        while self._ended is None:
            if self._begun is None:
                self._begin(instant)
            self._over(instant, self._stage.fails)

    def _end(self, instant: int, failures: tuple[str, ...]) -> None:
        self._ended, self._failures, self._due = instant, failures, None
        self._effects.append(Effect(instant, "ended"))


def _lasts(stage: Stage) -> int | None:
    """How long a stage takes if nothing happens; `None` for ever."""
    if stage.answer == "none":
        return stage.expires
    return stage.lasts if stage.expires is None else min(stage.lasts, stage.expires)


def _outcome(stage: Stage) -> tuple[str, ...]:
    """The texts of failure of a stage to which nothing happens."""
    if stage.expires is not None and (stage.answer == "none" or stage.expires <= stage.lasts):
        return (exception_text("pin_timeout", pin=stage.pin),)
    return _refused(stage) if stage.answer == "refuse" else stage.fails


def _refused(stage: Stage) -> tuple[str, ...]:
    return (exception_text("pin_refused", pin=stage.pin),)
