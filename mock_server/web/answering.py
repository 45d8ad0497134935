"""One request from its bytes to its answer: faults, time that has passed, work, and the journal.

Everything here is synchronous: between the start of a transaction and its end nothing else happens in this
process. What another server process changes in between is met by trying again.
"""

import logging
from typing import Any, NamedTuple

from mock_server import wire
from mock_server.clock import Clock
from mock_server.control.faults import may_strike, strike
from mock_server.portal.settling import settle
from mock_server.portal.visits import Visit, refuse
from mock_server.portal.worlds import World, Worlds
from mock_server.refusals import Refusal
from mock_server.rulebook.constants import BODY_BYTES
from mock_server.rulebook.forms import Note
from mock_server.rulebook.operations import Operation
from mock_server.store.coverage import Seen
from mock_server.store.engine import Group, Unavailable
from mock_server.store.stores import Store
from mock_server.store.worlds import Lifetime, WorldGone, WorldRow
from mock_server.web.envelope import Answer, Envelope
from mock_server.web.handlers import HANDLERS, Handler
from mock_server.web.journal import Entry, Exchange, Recorder, audit_of, row_of
from mock_server.web.polls import Poll, Polls
from mock_server.web.requests import Request
from mock_server.web.sequence import admit
from mock_server.web.troubles import NO_TROUBLE, Trouble, instead, of_fault

log = logging.getLogger("vatportal_mock")


_OF_DUE = WorldRow._fields.index("next_due")


class MayStrike(Exception):
    """A fault is in force that the request may meet: somebody must ask `met`, and wait if it delays."""


class Overtaken(Exception):
    """The world was reset, restored or removed while the request was held up; it must not touch the new one."""


class _Outdated(Exception):
    """Another server process changed the world between the look at it and the lock."""


class Answered(NamedTuple):
    """An answer, and its entry in the journal unless that went with the change it made, as one of a group."""

    answer: Answer
    entry: Entry | None
    group: Group | None = None


class Answering:
    """What every request goes through."""

    def __init__(self, store: Store, worlds: Worlds, clock: Clock, recorder: Recorder) -> None:
        self._store = store
        self._worlds = worlds
        self._clock = clock
        self.polls = Polls()
        self.recorder = recorder

    def lifetime(self, world: str) -> Lifetime:
        """The lifetime that a world is in, for a request that is going to be held up."""
        return self._worlds.row(world).lifetime

    def met(self, world: str, request: Request) -> Trouble:
        """The fault that this request meets, counted."""
        while True:
            row = self._worlds.row(world)
            try:
                with self._store.writing():
                    view = self._worlds.view(self._store.worlds.lock(row.id))
                    struck = strike(self._store, view, request.operation.name)
            except WorldGone:
                continue
            return NO_TROUBLE if struck is None else of_fault(view, struck)

    def answer(
        self, world: str, request: Request, trouble: Trouble | None = None, since: Lifetime | None = None
    ) -> Answered:
        """The answer to one request, which arrived in the lifetime `since` if it was held up.

        Raises:
            MayStrike: a fault may strike, and nobody has asked yet whether it does.
            Overtaken: the world is in another lifetime now.
            TooManyWorlds: the request would make one too many.
        """
        done: dict[Lifetime, Any] = {}
        row = self._worlds.glance(world) if since is None else self.lasting(world, since)
        while True:
            try:
                return self._answer(row, request, trouble, done)
            except (_Outdated, WorldGone):  # each change of another server process causes it once
                row = self._worlds.row(world) if since is None else self.lasting(world, since)

    def _answer(
        self, row: WorldRow, request: Request, trouble: Trouble | None, done: dict[Lifetime, Any]
    ) -> Answered:
        lifetime = row.lifetime
        real = self._clock.now()
        now = row.clock.at(real)
        view = self._worlds.view(row)
        if trouble is None:
            if may_strike(view, request.operation.name):
                raise MayStrike
            again = self._again(view, row, request, real, now)
            if again is not None:
                return again
            trouble = NO_TROUBLE
        envelope = Envelope(request.operation, view.readings)
        exchange = Exchange(lifetime, request, real, now)
        exchange.passing = trouble is not NO_TROUBLE
        if trouble.note:
            exchange.notes.append(Note((), "", trouble.note))

        try:
            if row.next_due is not None and row.next_due <= now:
                exchange.now = self._settled(row, row.next_due, exchange)
            try:
                if trouble is not NO_TROUBLE and trouble.instead:
                    self._demand_current(row)
                    answer = instead(trouble, envelope)
                    return Answered(answer, self._entry(view, exchange, answer))
                if request.too_large:
                    raise refuse("missing-elements", f"the body is larger than {BODY_BYTES} bytes")
                return self._perform(row, view, envelope, exchange, trouble, done)
            except Refusal as refusal:
                self._demand_current(row)
                answer = envelope.error(refusal, 413 if request.too_large else None)
                entry = self._entry(view, exchange, answer, refusal.because)
                return Answered(answer, self._after_refusal(exchange, entry))
        except (_Outdated, WorldGone):
            raise
        except Exception as error:
            view.seen.clear()  # what has just been seen may have been rolled back
            if isinstance(error, Unavailable):
                log.error("the database cannot be used for %s: %s", request.operation.name, error)
                exchange.notes.append(Note((), "", f"the database cannot be used: {error}"))
            else:
                log.exception("internal error in %s", request.operation.name)
                exchange.notes.append(Note((), "", "an error of the simulator itself; see its log"))
            answer = envelope.error(Refusal("request", "internal-error"))
            return Answered(answer, self._entry(view, exchange, answer))

    def _again(self, view: World, row: WorldRow, request: Request, real: int, now: int) -> Answered | None:
        """The answer to a poll that has come before, if the process still stands where it stood."""
        poll = self.polls.known(view, request)
        if poll is None or not poll.holds(view, now) or (row.next_due is not None and row.next_due <= now):
            return None
        try:
            if not self._store.processes.are_still(row, poll.process):
                return None
        except Unavailable:
            return None  # whoever asks again says so
        return Answered(poll.answer, poll.entry_at(real, now, self._clock.stopwatch() - request.arrived))

    def broken(self, world: str, operation: Operation) -> Answer:
        """The answer when the database cannot be used, so that there is no row of it either."""
        return Envelope(operation, self._worlds.doubt(world)).error(Refusal("request", "internal-error"))

    def _perform(
        self,
        row: WorldRow,
        view: World,
        envelope: Envelope,
        exchange: Exchange,
        trouble: Trouble,
        done: dict[Lifetime, Any],
    ) -> Answered:
        handler = HANDLERS[exchange.request.operation.name]
        visit = admit(self._store, view, exchange)
        visit.changes = trouble.changes
        prepared: tuple[Any, ...] = ()
        if handler.once is not None:
            if row.lifetime not in done:
                self._demand_current(row)
                done[row.lifetime] = handler.once(visit)
            prepared = (done[row.lifetime],)
        elif handler.prepare is not None:
            prepared = (handler.prepare(visit),)
        if not handler.writes:
            return self._read(row, envelope, exchange, handler, visit)
        with self._store.joining() as group:
            answer = self._change(row, envelope, exchange, handler, visit, prepared)
        return Answered(answer, None, group)

    def _read(
        self, row: WorldRow, envelope: Envelope, exchange: Exchange, handler: Handler, visit: Visit
    ) -> Answered:
        """The answer to a request that only reads; what is due by now is done first, with the world locked."""
        if handler.of_process:
            seen, process = self._store.processes.find_in_world(row.id, visit.body["procId"])
            if self._settled_still(seen, row, exchange.now):
                answer = _answer(envelope, handler, handler.perform(visit, process))
                entry = self._entry(visit.world, exchange, answer)
                if process is not None and visit.stands is not None and not exchange.passing:
                    self.polls.keep(visit.world, exchange.request, Poll(process, *visit.stands, answer, entry))
                return Answered(answer, entry)
        else:
            with self._store.reading():
                if self._settled_still(self._store.worlds.at(row.id), row, exchange.now):
                    answer = _answer(envelope, handler, handler.perform(visit))
                    return Answered(answer, self._entry(visit.world, exchange, answer))
        try:
            with self._store.writing():
                return Answered(self._change(row, envelope, exchange, handler, visit), None)
        except Unavailable as error:
            visit.world.seen.clear()
            with self._store.reading():
                seen = self._store.worlds.at(row.id)
                _demand_same(seen, row)
                if seen is None or seen.next_due is None or seen.next_due > exchange.now:
                    raise
                exchange.now = visit.now = _standing_still(exchange, seen.next_due, error)
                answer = _answer(envelope, handler, handler.perform(visit, *self._asked_about(row, handler, visit)))
                return Answered(answer, self._entry(visit.world, exchange, answer))

    def _change(
        self,
        row: WorldRow,
        envelope: Envelope,
        exchange: Exchange,
        handler: Handler,
        visit: Visit,
        prepared: tuple[Any, ...] = (),
    ) -> Answer:
        """What is done with the world's row locked, inside a transaction; its row of the journal goes with it."""
        locked = self._store.worlds.lock(row.id)
        _demand_same(locked, row)
        self._worlds.saw(locked)
        visit.now = locked.clock.at(self._clock.now())
        if locked.next_due is not None and locked.next_due <= visit.now:
            settle(self._store, visit.world, visit.now)
        data = handler.perform(visit, *prepared, *self._asked_about(row, handler, visit))
        answer = _answer(envelope, handler, data)
        self._write_audits(visit)
        self.recorder.with_change(self._entry(visit.world, exchange, answer))
        return answer

    def _asked_about(self, row: WorldRow, handler: Handler, visit: Visit) -> tuple[Any, ...]:
        """The process that the body names, for whom it is all."""
        return (self._store.processes.find(row.id, visit.body["procId"]),) if handler.of_process else ()

    def _settled_still(self, seen: WorldRow | None, row: WorldRow, now: int) -> bool:
        """Whether the world is as it was looked at, and nobody has begun since what is due by now.

        Else what is read would be half of it. The one who reads then locks the world, so that he is not overtaken
        again and again.
        """
        if seen == row:
            return True
        if seen is None or not _same(seen, row):
            return False
        self._worlds.saw(seen)
        return seen.next_due is None or seen.next_due > now

    def _demand_current(self, row: WorldRow) -> None:
        """Raises _Outdated for a row that is the world's no longer."""
        _demand_same(self._store.worlds.at(row.id), row)

    def lost(self, world: str, operation: Operation) -> Answer:
        """The answer to a change that could not be kept, after all."""
        self._store.journal.lose(self._worlds.glance(world).id)
        return self.broken(world, operation)

    def doubt(self, world: str) -> None:
        """What is kept of rows may be wrong, since some could not be written."""
        self._worlds.doubt(world)

    def _settled(self, row: WorldRow, due: int, exchange: Exchange) -> int:
        """The instant to which the world is settled.

        While nothing can be written, time stands still for those who only read, right before what is due.
        """
        try:
            return self._settle(row)
        except Unavailable as error:
            if HANDLERS[exchange.request.operation.name].writes:
                raise
            return _standing_still(exchange, due, error)

    def _settle(self, row: WorldRow) -> int:
        """Apply what is due; the instant at which it was looked at."""
        with self._store.writing():
            locked = self._store.worlds.lock(row.id)
            _demand_same(locked, row)
            now = locked.clock.at(self._clock.now())
            settle(self._store, self._worlds.view(locked), now)
            settled = self._store.worlds.lock(row.id)
        self._worlds.saw(settled)  # else each glance would find it due
        return now

    def lasting(self, world: str, since: Lifetime) -> WorldRow:
        """The world's row, if it is still in that lifetime; else raises Overtaken."""
        row = self._store.worlds.find(world)
        if row is None or row.lifetime != since:
            raise Overtaken
        return row

    def _entry(self, view: World, exchange: Exchange, answer: Answer, because: str = "") -> Entry:
        """What the journal will say of it, and coverage if the world has not seen this outcome before."""
        exchange.notes += [Note((), name, "this answer rests on an assumption") for name in view.leaned_on()]
        request, visit = exchange.request, exchange.visit
        state, pin = ("", "") if visit is None else (visit.state, visit.pin)
        seen = Seen(request.operation.name, -1 if answer.code is None else answer.code, state, pin, exchange.way)
        new = seen not in view.seen
        view.seen.add(seen)
        row = row_of(view, exchange, answer, because, self._clock.stopwatch() - request.arrived)
        return Entry(exchange.lifetime, row, seen, new)

    def _after_refusal(self, exchange: Exchange, entry: Entry) -> Entry | None:
        """A refusal that the audit trail must tell of is written at once, with its journal row."""
        if exchange.visit is None or not exchange.visit.audits:
            return entry
        with self._store.writing():
            if not self._store.worlds.hold([entry.lifetime]):
                raise _Outdated
            self._write_audits(exchange.visit)
            self.recorder.with_change(entry)
        return None

    def _write_audits(self, visit: Visit) -> None:
        for audit in visit.audits:
            self._store.journal.audit(visit.world.id, audit_of(visit.world, audit))


def _standing_still(exchange: Exchange, due: int, error: Unavailable) -> int:
    """The instant right before what is due."""
    exchange.passing = True
    exchange.notes.append(Note((), "", f"time stands still, for nothing can be written: {error}"))
    return due - 1


def _same(row: WorldRow, other: WorldRow) -> bool:
    """Whether a world is as it was, but for what will be due."""
    return row[:_OF_DUE] == other[:_OF_DUE]


def _demand_same(row: WorldRow | None, other: WorldRow) -> None:
    if row is None or not _same(row, other):
        raise _Outdated


def _answer(envelope: Envelope, handler: Handler, data: Any) -> Answer:
    if isinstance(data, tuple):
        return envelope.success(*data)
    raw = wire.text(data)
    return Answer(200, raw) if handler.bare else envelope.success(raw)
