"""Records of processes as world files have them: with names for everything, and instants that can be read."""

from typing import Any, Literal

import msgspec

from mock_server.portal.moments import exact, from_exact
from mock_server.portal.stages import Deletion, Event, Kind, Record, Stage
from mock_server.store.registry import Wanted


class EventEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Something that happened to a process."""

    at: str
    what: Literal["confirm", "refuse", "stall", "release", "step", "finish", "fail", "objection"]
    stage: int = -1
    text: str = ""


class WantedEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a download asks for; instants in microseconds, since any year can be asked for."""

    company: str
    dir: int
    start: int
    end: int
    kinds: tuple[str, ...] | None
    without_kinds: bool
    statuses: tuple[str, ...] | None
    without_statuses: bool


class RecordEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """All that is known of a process (`stages.Record`)."""

    kind: Kind
    began: str
    stages: tuple[Stage, ...]
    count: int = 0
    phone: str = ""
    events: tuple[EventEntry, ...] = ()
    approval: int | None = None
    approves: tuple[str, ...] = ()
    refused: dict[str, str] = {}
    download: WantedEntry | None = None
    deletion: Deletion | None = None


def entry_of(record: Record) -> RecordEntry:
    """The record as a world file has it."""
    fields = msgspec.structs.asdict(record)
    fields |= {
        "began": exact(record.began),
        "events": tuple(EventEntry(exact(event.at), event.what, event.stage, event.text) for event in record.events),
        "download": None if record.download is None else WantedEntry(*record.download),
    }
    return RecordEntry(**fields)


def record_of(entry: RecordEntry) -> Record:
    """The record that a world file names; its instants are of the calendar."""
    fields: dict[str, Any] = msgspec.structs.asdict(entry)
    fields |= {
        "began": _instant(entry.began),
        "events": tuple(Event(_instant(event.at), event.what, event.stage, event.text) for event in entry.events),
        "download": None if entry.download is None else Wanted(*msgspec.structs.astuple(entry.download)),
    }
    return Record(**fields)


def _instant(text: str) -> int:
    found = from_exact(text)
    assert found is not None  # whoever checked the file knows
    return found
