"""What processes cause, applied when it is due (F-IMP-11, F-RD, F-DEL-06).

Effects apply in the order (due instant, process id) and are stamped with their due instant, so results do not
depend on who asked when. Everything here runs inside the caller's write transaction.
"""

from collections.abc import Sequence

import msgspec

from mock_server import wire
from mock_server.portal import processes, qaime
from mock_server.portal.moments import year_month
from mock_server.portal.stages import Effect, Event, Record
from mock_server.portal.worlds import World
from mock_server.rulebook.constants import RUNNING_NUMBER_DIGITS, company_name, exception_text
from mock_server.rulebook.vocabulary import (
    APPROVED,
    DELETABLE,
    DELETED,
    DRAFT,
    KIND_OF_TYPE,
    ON_APPROVAL,
)
from mock_server.store.invoices import IMPORTED, SIGNED, UPLOADING
from mock_server.store.journal import AuditRow
from mock_server.store.processes import ProcessRow
from mock_server.store.registry import QaimeRow, QaimeState
from mock_server.store.stores import Store

REFUSED = "refused"
"""What e-taxes objected to; what it did not is `draft`, then `signed`, and before that what it is in the portal."""


class Outcome(msgspec.Struct, omit_defaults=False):
    """What became of one submitted invoice (R-38)."""

    id: str
    qaime: str
    status: str
    errors: list[str]
    registry: int | None = None


_outcomes = msgspec.json.Decoder(list[Outcome])


def outcomes_of(store: Store, world: int, process: int) -> list[Outcome]:
    """The submitted invoices of a process, in the order they were sent."""
    return _outcomes.decode(store.processes.invoices(world, process))


def outcomes_text(outcomes: Sequence[Outcome]) -> str:
    return msgspec.json.encode(outcomes).decode()


def settle(store: Store, world: World, now: int) -> None:
    """Apply every effect due by `now`, and note when the next one is."""
    while (row := store.processes.first_due(world.id, now)) is not None:
        _settle_one(store, world, row)
    store.worlds.set_due(world.id, store.processes.earliest(world.id))


def _settle_one(store: Store, world: World, row: ProcessRow) -> None:
    record, line = processes.read(row.record)
    if row.applied >= len(line.effects):  # an earlier version settled ends that change nothing
        store.processes.save(world.id, row.id, row.record, row.applied, None)
        return
    effect = line.effects[row.applied]
    objection = _apply(store, world, row, record, effect, line.failures)
    if objection is not None:
        record = record.with_event(Event(effect.at, "objection", effect.stage, objection))
        line = processes.timeline(record)
        applied = row.applied
    else:
        applied = row.applied + 1
    store.processes.save(world.id, row.id, processes.written(record), applied, processes.next_due(line, applied))


def _apply(
    store: Store, world: World, row: ProcessRow, record: Record, effect: Effect, failures: Sequence[str]
) -> str | None:
    """Apply one effect; the text with which the process fails instead, if it cannot be."""
    match effect.name:
        case "drafts":
            return _make_drafts(store, world, row, record, effect.at)
        case "signed":
            return _sign(store, world, row)
        case "approved":
            _approve(store, world, row, record)
        case "store":
            _store_download(store, world, row, record)
        case "delete":
            return _delete(store, world, row, record)
        case "ended":
            _end(store, world, row, record, effect.at, failures)
    return None


def _make_drafts(store: Store, world: World, row: ProcessRow, record: Record, at: int) -> str | None:
    """Uploaded invoices become drafts in e-taxes, with their numbers (R-33, R-40)."""
    outcomes = outcomes_of(store, world.id, row.id)
    for outcome in outcomes:
        if outcome.id in record.refused:
            outcome.status, outcome.errors = REFUSED, [record.refused[outcome.id]]
    wanted = {outcome.id: outcome for outcome in outcomes if outcome.status != REFUSED}
    contents = store.invoices.of_process(world.id, row.company, row.id, list(wanted))
    number = store.worlds.take(world.id, "registry", len(contents))
    rows = []
    for registry, (erp_id, content), qaime_number in zip(
        range(number, number + len(contents)),
        contents,
        _numbers(store, world, at, len(contents)),
        strict=True,
    ):
        rows.append(_draft(world, row.company, registry, qaime_number, content, at))
        outcome = wanted[erp_id]
        outcome.status, outcome.qaime, outcome.registry = DRAFT, rows[-1].qaime, registry
    store.registry.add(world.id, rows)
    store.invoices.drafted(
        world.id, row.company, [(made.id, erp_id) for made, (erp_id, _) in zip(rows, contents, strict=True)]
    )
    store.processes.set_invoices(world.id, row.id, outcomes_text(outcomes))
    return None


def _draft(world: World, company: str, registry: int, number: str, content: str, at: int) -> QaimeRow:
    invoice = wire.parse(content.encode())
    seller, buyer = invoice["seller"], invoice["buyer"]
    heading = qaime.Heading(
        registry,
        world.series,
        number,
        at,
        KIND_OF_TYPE[invoice.get("type", "default")],
        seller,
        buyer,
        world.companies.get(seller) or company_name(seller),
        world.companies.get(buyer) or company_name(buyer),
    )
    head, tail = qaime.parts(heading, *qaime.as_downloaded(invoice))
    return QaimeRow(registry, heading.qaime, heading.kind, DRAFT, company, seller, buyer, at, head, tail)


def _numbers(store: Store, world: World, at: int, count: int) -> list[str]:
    """Running numbers of the month, never given before; those the world already holds are passed over."""
    month = year_month(at)
    last = store.registry.last_number(world.id, world.series, month)
    numbers: list[str] = []
    while len(numbers) < count:
        last += 1
        number = f"{month}{last:0{RUNNING_NUMBER_DIGITS}d}"
        if not store.registry.has(world.id, world.series + number):
            numbers.append(number)
    if count:
        store.registry.set_last_number(world.id, world.series, month, last)
    return numbers


def _sign(store: Store, world: World, row: ProcessRow) -> str | None:
    """PIN2 moves the drafts to the sent folder, waiting for the counterparty; all of them or none."""
    outcomes = outcomes_of(store, world.id, row.id)
    drafts = {outcome.registry: outcome for outcome in outcomes if outcome.registry is not None}
    states = store.registry.by_ids(world.id, list(drafts))
    for number, outcome in drafts.items():
        if number not in states or states[number].status != DRAFT:
            return exception_text("draft_gone", qaime=outcome.qaime)
    store.registry.set_status(world.id, list(drafts), ON_APPROVAL)
    store.invoices.sign(world.id, list(drafts))
    for outcome in drafts.values():
        outcome.status = SIGNED
    store.processes.set_invoices(world.id, row.id, outcomes_text(outcomes))
    return None


def _approve(store: Store, world: World, row: ProcessRow, record: Record) -> None:
    """The counterparty approves what waits for it; a scenario of one buyer is about his invoices alone."""
    signed = [
        outcome.registry
        for outcome in outcomes_of(store, world.id, row.id)
        if outcome.status == SIGNED
        and outcome.registry is not None
        and (not record.approves or outcome.id in record.approves)
    ]
    store.registry.set_status(world.id, signed, APPROVED, only_from=ON_APPROVAL)


def _store_download(store: Store, world: World, row: ProcessRow, record: Record) -> None:
    """What e-taxes holds at this instant of what was asked for comes into the portal."""
    assert record.download is not None
    count = store.registry.download(world.id, row.id, record.download, store.worlds.next(world.id, "arrival"))
    store.worlds.take(world.id, "arrival", count)
    store.processes.brought(world.id, row.id, count)
    store.processes.join_list(world.id, row.id)


def deletable(state: QaimeState | None, company: str, signed: bool) -> bool:
    """Whether this company may delete this qaime from the folder it names (F-DEL-02, F-DEL-04, R-77)."""
    if state is None or state.uploader != company:
        return False
    return state.status in DELETABLE if signed else state.status == DRAFT


def _delete(store: Store, world: World, row: ProcessRow, record: Record) -> str | None:
    """All named qaimes go from e-taxes and from the portal, or none does (F-DEL-03, F-DEL-07, R-78)."""
    assert record.deletion is not None
    ids, qaimes, signed = record.deletion.ids, record.deletion.qaimes, record.deletion.signed
    states = store.registry.by_ids(world.id, ids)
    for number, name in zip(ids, qaimes, strict=True):
        if not deletable(states.get(number), row.company, signed):
            return exception_text("not_deletable", qaime=name)
    store.invoices.remove_registered(world.id, ids)
    store.processes.forget_listed(world.id, row.company, ids)
    store.arrivals.forget(world.id, row.company, ids)
    if signed:
        store.registry.set_status(world.id, ids, DELETED)
    else:
        store.registry.remove(world.id, ids)
    return None


def _end(store: Store, world: World, row: ProcessRow, record: Record, at: int, failures: Sequence[str]) -> None:
    if record.kind == "import":
        store.invoices.settle(world.id, row.company, row.id, UPLOADING, IMPORTED)
        if record.refused and tuple(failures) == tuple(record.refused.values()):
            _note_refusals(store, world, row, record)
    elif record.deletion is not None:
        result = "failed: " + "; ".join(failures) if failures else "deleted"
        invoices = msgspec.json.encode(record.deletion.qaimes).decode()
        store.journal.audit(world.id, AuditRow(at, row.username, row.company, "etx_delete", row.id, invoices, result))


def _note_refusals(store: Store, world: World, row: ProcessRow, record: Record) -> None:
    outcomes = outcomes_of(store, world.id, row.id)
    for outcome in outcomes:
        if outcome.id in record.refused and outcome.status == IMPORTED:
            outcome.status, outcome.errors = REFUSED, [record.refused[outcome.id]]
    store.processes.set_invoices(world.id, row.id, outcomes_text(outcomes))
