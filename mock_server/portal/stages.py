"""What a process is made of: its stages, what happens to it, and the timeline that follows (F-PROC)."""

from typing import Literal, NamedTuple

import msgspec

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

ENDING_MATTERS: frozenset[Kind] = frozenset({"import", "deletion"})
"""Kinds whose end changes rows; the others are over without anybody having to write it down."""


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
