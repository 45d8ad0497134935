"""Background processes, with nothing in the background (F-PROC).

A process is a record: when it began, its stages, and what happened to it. Its whole timeline is a pure
function of that record, its state at an instant a look at the timeline. So a clock can be stopped, advanced
or sped up, a server can be killed and started again, and several servers agree, without a single timer.
What a stage *causes* when it is over is an `Effect`; `settle` applies those that are due.
"""

from functools import lru_cache
from math import inf
from typing import Literal, NamedTuple

import msgspec

from mock_server.portal.course import followed
from mock_server.portal.stages import Record, Stage, Timeline
from mock_server.rulebook.constants import exception_text


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
    return followed(record).line()


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


def lasting(line: Timeline, now: int) -> tuple[float, float]:
    """From which instant on, and before which, a look at the process shows what it shows now."""
    turns = [at for _, start, end in line.marks for at in (start, end) if at is not None]
    if line.ended is not None:
        turns.append(line.ended)
    return max((at for at in turns if at <= now), default=-inf), min((at for at in turns if at > now), default=inf)


def stalled(record: Record) -> bool:
    """Whether somebody stalled the process and nobody has released it."""
    return followed(record).stalled


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
