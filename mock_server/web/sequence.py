"""One request from its bytes to its answer, in the order of R-19.

Method, content type, JSON, credentials, partner, phone, form, and only then what the operation itself finds.
The first thing wrong is answered alone. Everything here is synchronous: between the start of a transaction
and its end nothing else happens in this process.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from mock_server import wire
from mock_server.clock import Clock
from mock_server.portal import accounts, deletions, downloads, imports, reading, renewal, status
from mock_server.portal.accounts import NOBODY, Caller, Proof
from mock_server.portal.settling import settle
from mock_server.portal.visits import Visit, refuse
from mock_server.portal.worlds import World, Worlds
from mock_server.refusals import Refusal
from mock_server.rulebook.constants import BODY_BYTES
from mock_server.rulebook.forms import Note
from mock_server.rulebook.operations import Operation
from mock_server.store.coverage import Seen
from mock_server.store.journal import JournalRow
from mock_server.store.stores import Store
from mock_server.store.worlds import Lifetime, WorldGone, WorldRow
from mock_server.web.envelope import Answer, Envelope
from mock_server.web.journal import Exchange, Recorder, row_of
from mock_server.web.requests import Request, body_of, demand_json, demand_method, with_query
from mock_server.web.troubles import NO_TROUBLE, Trouble, instead

log = logging.getLogger("vatportal_mock")


class Handler(NamedTuple):
    """What an operation does.

    Attributes:
        perform: the work, inside a transaction; `data` as an object or as finished JSON.
        writes: whether the transaction may change anything.
        prepare: what needs no transaction of its own and comes before it.
        right: what the caller must be allowed, asked before the form (R-19).
        bare: whether the answer goes without an envelope (R-24).
    """

    perform: Callable[..., Any]
    writes: bool = False
    prepare: Callable[[Visit], Any] | None = None
    bare: bool = False
    right: Callable[[Visit], None] | None = None


HANDLERS: Mapping[str, Handler] = {
    "import_upload_invoices": Handler(imports.import_, writes=True, prepare=imports.check_invoices),
    "inv_read_invoices": Handler(reading.inv_read_invoices),
    "inv_delete": Handler(deletions.inv_delete, writes=True, right=deletions.demand_right),
    "read_proc_status": Handler(status.read_proc_status),
    "read_proc_data": Handler(status.read_proc_data),
    "etx_import": Handler(downloads.etx_import, writes=True),
    "etx_read_invoices": Handler(downloads.etx_read_invoices),
    "etx_delete": Handler(deletions.etx_delete, writes=True, right=deletions.demand_right),
    "reset_start": Handler(renewal.reset_start, writes=True, bare=True),
    "reset_confirm": Handler(renewal.reset_confirm, writes=True, prepare=renewal.spend, bare=True),
}


class MayStrike(Exception):
    """The world has faults: somebody must ask which of them this request meets."""

    def __init__(self, view: World) -> None:
        super().__init__(view.name)
        self.view = view


class Overtaken(Exception):
    """The world was reset, restored or removed while the request was held up; it must not touch the new one."""


class _Outdated(Exception):
    """Another server process changed the world between the look at it and the lock."""


class Answered(NamedTuple):
    """An answer, and its journal row unless that went with the change it made; `lifetime` is the row's."""

    answer: Answer
    row: JournalRow | None
    lifetime: Lifetime


class _Progress:
    """How far a request has come; what the journal will say of it."""

    __slots__ = ("account", "notes", "readable", "visit", "way")

    def __init__(self) -> None:
        self.account: str | None = None
        self.way = "none"
        self.readable = False
        self.notes: list[Note] = []
        self.visit: Visit | None = None


class Sequence:
    """The sequence of checks, work and journal that every request goes through."""

    def __init__(self, store: Store, worlds: Worlds, clock: Clock, recorder: Recorder) -> None:
        self._store = store
        self._worlds = worlds
        self._clock = clock
        self.recorder = recorder
        self._envelopes: dict[tuple[str, int], Envelope] = {}

    def lifetime(self, world: str) -> Lifetime:
        """The lifetime that a world is in, for a request that is going to be held up."""
        return self._worlds.row(world).lifetime

    def answer(
        self, world: str, request: Request, trouble: Trouble | None = None, since: Lifetime | None = None
    ) -> Answered:
        """The answer to one request, which arrived in the lifetime `since` if it was held up.

        Raises:
            MayStrike: the world has faults, and nobody has asked yet which one this request meets.
            Overtaken: the world is in another lifetime now.
            TooManyWorlds: the request would make one too many.
        """
        while True:
            try:
                return self._answer(world, request, trouble, since)
            except (_Outdated, WorldGone):
                continue  # which a change in another server process may cause, and each only once

    def _answer(self, world: str, request: Request, trouble: Trouble | None, since: Lifetime | None) -> Answered:
        started = self._clock.stopwatch()
        row = self._worlds.row(world) if since is None else self._lasting(world, since)
        lifetime = row.lifetime
        real = self._clock.now()
        now = row.clock.at(real)
        if row.next_due is not None and row.next_due <= now:
            now = self._settle(row)
        view = self._worlds.view(row)
        if trouble is None:
            if view.faulty:
                raise MayStrike(view)
            trouble = NO_TROUBLE
        envelope = self._envelope(request.operation, view)
        progress = _Progress()
        if trouble.note:
            progress.notes.append(Note((), "", trouble.note))

        def journal_row(answer: Answer, because: str = "") -> JournalRow:
            progress.notes.extend(Note((), name, "this answer rests on an assumption") for name in view.leaned_on())
            exchange = Exchange(
                row.id,
                real,
                now,
                request.operation.name,
                request.method,
                progress.account,
                progress.way,
                request.raw,
                progress.readable,
                progress.notes,
                because,
            )
            self._note_coverage(view, lifetime, request, answer, progress)
            return row_of(exchange, answer, self._clock.stopwatch() - started)

        try:
            if trouble.instead:
                answer = instead(trouble, envelope)
                return Answered(answer, journal_row(answer), lifetime)
            if request.too_large:
                raise refuse("missing-elements", f"the body is larger than {BODY_BYTES} bytes")
            answer, unwritten = self._perform(row, view, envelope, request, now, progress, journal_row, trouble)
            return Answered(answer, unwritten, lifetime)
        except Refusal as refusal:
            answer = envelope.error(refusal, 413 if request.too_large else None)
            unwritten = self._after_refusal(lifetime, progress, journal_row(answer, refusal.because))
            return Answered(answer, unwritten, lifetime)
        except (_Outdated, WorldGone):
            raise
        except Exception:
            log.exception("internal error in %s", request.operation.name)
            answer = envelope.error(Refusal("request", "internal-error"))
            return Answered(answer, journal_row(answer, "an error of the simulator itself; see its log"), lifetime)

    def _perform(
        self,
        row: WorldRow,
        view: World,
        envelope: Envelope,
        request: Request,
        now: int,
        progress: _Progress,
        journal_row: Callable[[Answer], JournalRow],
        trouble: Trouble,
    ) -> tuple[Answer, JournalRow | None]:
        handler = HANDLERS[request.operation.name]
        visit = self._admit(view, request, now, progress)
        visit.changes = trouble.changes
        prepared = () if handler.prepare is None else (handler.prepare(visit),)
        if not handler.writes:
            with self._store.reading():
                data = handler.perform(visit, *prepared)
            answer = _answer(envelope, handler, data)
            return answer, journal_row(answer)
        with self._store.writing():
            locked = self._store.worlds.lock(row.id)
            if (locked.generation, locked.version) != (row.generation, row.version):
                raise _Outdated
            visit.now = locked.clock.at(self._clock.now())
            if locked.next_due is not None and locked.next_due <= visit.now:
                settle(self._store, view, visit.now)
            data = handler.perform(visit, *prepared)
            answer = _answer(envelope, handler, data)
            self._write_audits(visit)
            self.recorder.with_change(journal_row(answer))
        return answer, None

    def _admit(self, view: World, request: Request, now: int, progress: _Progress) -> Visit:
        """Everything that comes before the operation itself, in the order of R-19."""
        operation, readings = request.operation, view.readings
        # -- method, content type, JSON (1, 2, 3)
        demand_method(request, readings)
        demand_json(request)
        body = body_of(request)
        progress.readable = True
        form = view.form(operation.request)
        body = with_query(request, body, form, readings, progress.notes)
        if readings.choose("R-42") == "coerce":
            body = form.coerced(body)
        # -- who calls (4, 5, 7, and a partner's 15, 16, 17)
        caller = NOBODY
        if operation.credentials:
            proof = Proof(request.token, body.get("username"), body.get("password"))
            progress.way = proof.way
            caller = accounts.identify(view, proof, body)
            progress.account = caller.username
            if proof.way == "token" and proof.password is not None:
                progress.notes.append(Note((), "R-25", "token and password both sent: the token decides"))
        visit = Visit(self._store, view, now, operation.name, caller, body, form.defaults)
        visit.notes = progress.notes
        progress.visit = visit
        right = HANDLERS[operation.name].right
        if right is not None:
            right(visit)
        # -- a phone at all (15), the form (3), the caller's own phone (15), and something to do (6)
        asks_phone = _asks_phone(operation, body)
        if asks_phone and not caller.phones:
            raise refuse("no-asan-phone", "no ASAN phone is configured for the user")
        violations = form.violations(body)
        wrong = [row for row in violations if row.code not in (None, 6)]
        if wrong:
            raise refuse("missing-elements", "; ".join(row.text for row in wrong[:20]))
        for row in violations:
            if row.code is None:
                body.pop(str(row.path[0]), None)
                progress.notes.append(Note(row.path, "R-53", f"{row.text}: ignored"))
        progress.notes.extend(form.notes(body))
        _demand_own_phone(operation, caller, body)
        if violations and any(row.code == 6 for row in violations):
            raise refuse("empty-invoices", "invoices is empty")
        visit.take(body, form.defaults)
        return visit

    def _settle(self, row: WorldRow) -> int:
        """Apply what is due; the instant at which it was looked at."""
        with self._store.writing():
            locked = self._store.worlds.lock(row.id)
            now = locked.clock.at(self._clock.now())
            settle(self._store, self._worlds.view(locked), now)
        return now

    def _lasting(self, world: str, since: Lifetime) -> WorldRow:
        row = self._store.worlds.find(world)
        if row is None or row.lifetime != since:
            raise Overtaken
        return row

    def _after_refusal(self, lifetime: Lifetime, progress: _Progress, row: JournalRow) -> JournalRow | None:
        """A refusal that the audit trail must tell of is written at once, with its journal row."""
        if progress.visit is None or not progress.visit.audits:
            return row
        with self._store.writing():
            if not self._store.worlds.lasts(lifetime):
                raise _Outdated
            self._write_audits(progress.visit)
            self.recorder.with_change(row)
        return None

    def _write_audits(self, visit: Visit) -> None:
        for audit in visit.audits:
            self._store.journal.audit(visit.world.id, audit)

    def _note_coverage(
        self, view: World, lifetime: Lifetime, request: Request, answer: Answer, progress: _Progress
    ) -> None:
        """Which outcome this was, if the world has not seen it before."""
        visit = progress.visit
        state, pin = ("", "") if visit is None else (visit.state, visit.pin)
        seen = Seen(request.operation.name, -1 if answer.code is None else answer.code, state, pin, progress.way)
        if seen not in view.seen:
            view.seen.add(seen)
            self.recorder.saw(lifetime, seen)

    def _envelope(self, operation: Operation, view: World) -> Envelope:
        key = (operation.name, id(view.readings))
        envelope = self._envelopes.get(key)
        if envelope is None or envelope.readings is not view.readings:
            envelope = self._envelopes[key] = Envelope(operation, view.readings)
        return envelope


def _answer(envelope: Envelope, handler: Handler, data: Any) -> Answer:
    raw = data if isinstance(data, bytes) else wire.text(data)
    return Answer(200, raw) if handler.bare else envelope.success(raw)


def _asks_phone(operation: Operation, body: Mapping[str, Any]) -> bool:
    """Whether e-taxes will be reached, which needs a phone (F-AUTH-07, R-68, R-69)."""
    if operation.starts == "import":
        return body.get("upload") is True
    return operation.phone in ("required", "account")


def _demand_own_phone(operation: Operation, caller: Caller, body: Mapping[str, Any]) -> None:
    """A phone that is named is one of the user's (R-12); a partner's was judged with his account."""
    if (
        operation.phone == "required"
        and not caller.partner
        and body.get("phone", caller.phones[0]) not in caller.phones
    ):
        raise refuse("no-asan-phone", "the phone is not one of the user's")
