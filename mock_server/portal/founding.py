"""Filling a new world from a world file."""

from collections.abc import Mapping, Sequence
from itertools import count

import msgspec

from mock_server import wire
from mock_server.portal import processes, qaime
from mock_server.portal.records import record_of
from mock_server.portal.stages import Record
from mock_server.portal.world_file import (
    AccountEntry,
    PortalEntry,
    ProcessEntry,
    RegistryEntry,
    Time,
    WorldFile,
    instant_of,
)
from mock_server.store.coverage import Seen
from mock_server.store.faults import FaultRow
from mock_server.store.invoices import NewInvoice
from mock_server.store.journal import AuditRow
from mock_server.store.processes import ProcessRow
from mock_server.store.registry import QaimeRow
from mock_server.store.stores import Store
from mock_server.store.whole import NewDownload, StandingRow
from mock_server.store.worlds import AccountRow

Registered = Mapping[str, QaimeRow]
"""What is in e-taxes, by qaime."""


def found(store: Store, world: int, file: WorldFile, now: int) -> None:
    """Write everything the file names, inside the caller's transaction; relative times count back from `now`."""
    for company in file.companies:
        store.worlds.add_company(world, company.tin, company.name)
        store.worlds.add_warehouses(world, company.tin, [(w.code, w.name) for w in company.warehouses])
    for account in file.accounts:
        store.worlds.add_account(world, _account(account))
        store.whole.set_standing(world, _standing(account, now))
    rows = _registry_rows(file.registry, now)
    store.registry.add(world, rows)
    registered = {row.qaime: row for row in rows}
    _set_counters(store, world, file, rows)
    _add_portal(store, world, file.portal, registered, now)
    for entry in file.processes:
        _add_process(store, world, entry, registered, now)
    store.worlds.set_due(world, store.processes.earliest(world))
    _add_state(store, world, file, registered, now)
    store.arrivals.recount(world)
    for entry in file.processes:
        store.processes.join_list(world, entry.id)


def _account(entry: AccountEntry) -> AccountRow:
    return AccountRow(
        entry.username,
        entry.company,
        entry.password,
        entry.token or "",
        entry.secret,
        msgspec.json.encode(entry.phones).decode(),
        int(entry.disabled),
        int(entry.may_delete),
        int(entry.partner),
        msgspec.json.encode(entry.customers).decode(),
    )


def _standing(entry: AccountEntry, now: int) -> StandingRow:
    challenge = entry.challenge
    value, until = (None, None) if challenge is None else (challenge.value, _instant(challenge.until, now))
    return StandingRow(entry.username, value, until, entry.challenges, entry.tokens)


def _instant(time: Time, now: int) -> int:
    found = instant_of(time, now)
    assert found is not None  # whoever checked the file knows
    return found


def _registry_rows(entries: Sequence[RegistryEntry], now: int) -> list[QaimeRow]:
    dated = sorted(((_instant(entry.created, now), place) for place, entry in enumerate(entries)))
    taken = {entry.id for entry in entries if entry.id is not None}
    free = (number for number in count(1) if number not in taken)
    return [_registry_row(entries[place], entries[place].id or next(free), created) for created, place in dated]


def _registry_row(entry: RegistryEntry, number: int, created: int) -> QaimeRow:
    invoice = entry.invoice
    heading = qaime.Heading(
        number,
        entry.serial,
        entry.number,
        created,
        entry.kind,
        invoice["tin_from"],
        invoice["tin_to"],
        invoice["cmp_from"],
        invoice["cmp_to"],
    )
    head, tail = qaime.parts(heading, invoice, invoice["lines"])
    return QaimeRow(
        number,
        heading.qaime,
        entry.kind,
        entry.status,
        entry.uploader,
        heading.seller,
        heading.buyer,
        created,
        head,
        tail,
    )


def _set_counters(store: Store, world: int, file: WorldFile, rows: Sequence[QaimeRow]) -> None:
    """Numbers that are taken are never given again, whatever the file says."""
    arrivals = [kept.arrival for kept in file.portal if kept.arrival is not None]
    arrivals += [download.arrival for download in file.downloads]
    arrival, registry = (1, 1) if file.counters is None else (file.counters.arrival, file.counters.registry)
    store.worlds.set_counter(world, "arrival", max(arrival, 1 + max(arrivals, default=0)))
    store.worlds.set_counter(world, "registry", max(registry, 1 + max((row.id for row in rows), default=0)))


def _add_portal(store: Store, world: int, entries: Sequence[PortalEntry], registered: Registered, now: int) -> None:
    dated = sorted(((_instant(entry.imported, now), place) for place, entry in enumerate(entries)))
    first = store.worlds.take(world, "arrival", sum(entry.arrival is None for entry in entries))
    free = count(first)
    rows: dict[str, list[NewInvoice]] = {}
    for imported, place in dated:
        entry = entries[place]
        row = NewInvoice(
            entry.invoice["id"],
            entry.arrival or next(free),
            entry.process,
            entry.invoice.get("type", "default"),
            entry.state,
            None if entry.qaime is None else registered[entry.qaime].id,
            imported,
            wire.text(wire.parse(wire.text(entry.invoice))).decode(),  # as if it had come over the wire
        )
        rows.setdefault(entry.company, []).append(row)
    for company, its in rows.items():
        store.invoices.add(world, company, its)


def _add_process(store: Store, world: int, entry: ProcessEntry, registered: Registered, now: int) -> None:
    brought = [(place, registered[name].id) for place, name in enumerate(entry.brought, 1) if name is not None]
    if entry.record is not None:
        record, applied = record_of(entry.record), entry.applied
    else:
        record = _ended_well(entry, now)
        applied = len(processes.timeline(record).effects)
    row = ProcessRow(
        entry.id,
        entry.company,
        entry.username,
        processes.written(record),
        applied,
        processes.next_due(processes.timeline(record), applied),
        entry.dir,
        len(entry.brought),
        len(entry.brought) - len(brought),
    )
    store.processes.add(world, row, msgspec.json.encode(entry.outcomes).decode())
    store.whole.add_list(world, entry.id, brought)
    if entry.record is None and entry.dir is not None:
        first = store.worlds.take(world, "arrival", len(brought))
        store.registry.copy_listed(world, entry.id, entry.company, entry.dir, first)


def _ended_well(entry: ProcessEntry, now: int) -> Record:
    """The record of a process that finished well long ago."""
    assert entry.kind is not None
    assert entry.began is not None
    return Record(
        kind=entry.kind, began=_instant(entry.began, now), stages=(), count=len(entry.brought) or entry.deleted
    )


def _add_state(store: Store, world: int, file: WorldFile, registered: Registered, now: int) -> None:
    """What only an export names."""
    store.whole.add_downloads(
        world,
        [
            NewDownload(entry.company, registered[entry.qaime].id, entry.dir, entry.arrival, entry.status)
            for entry in file.downloads
        ],
    )
    for number in file.numbers:
        store.registry.set_last_number(world, number.series, number.month, number.last)
    store.whole.add_faults(
        world, [FaultRow(one.id, wire.text(one.fault).decode(), one.met, one.used) for one in file.faults]
    )
    for row in file.audit:
        invoices = msgspec.json.encode(row.invoices).decode()
        at = _instant(row.at, now)
        store.journal.audit(
            world, AuditRow(at, row.username, row.company, row.operation, row.process, invoices, row.result)
        )
    store.coverage.add(world, [Seen(*msgspec.structs.astuple(seen)) for seen in file.coverage])
