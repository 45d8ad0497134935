"""Filling a new world from a world file."""

from collections.abc import Sequence

import msgspec

from mock_server import durations
from mock_server.portal import processes, qaime
from mock_server.portal.moments import span
from mock_server.portal.world_file import AccountEntry, PortalEntry, ProcessEntry, RegistryEntry, Time, WorldFile
from mock_server.store.invoices import NewInvoice
from mock_server.store.processes import ProcessRow
from mock_server.store.registry import QaimeRow
from mock_server.store.stores import Store
from mock_server.store.worlds import AccountRow


def found(store: Store, world: int, file: WorldFile, now: int) -> None:
    """Write everything the file names, inside the caller's transaction; relative times count back from `now`."""
    for company in file.companies:
        store.worlds.add_company(world, company.tin, company.name)
        store.worlds.add_warehouses(world, company.tin, [(w.code, w.name) for w in company.warehouses])
    for account in file.accounts:
        store.worlds.add_account(world, _account(account))
    rows = _registry_rows(file.registry, now)
    store.registry.add(world, rows)
    by_qaime = {row.qaime: row for row in rows}
    store.worlds.take(world, "registry", max((row.id for row in rows), default=0))
    _add_portal(store, world, file.portal, by_qaime, now)
    for entry in file.processes:
        _add_process(store, world, entry, by_qaime, now)


def _account(entry: AccountEntry) -> AccountRow:
    return AccountRow(
        entry.username,
        entry.company,
        entry.password,
        entry.token,
        entry.secret,
        msgspec.json.encode(entry.phones).decode(),
        int(entry.disabled),
        int(entry.may_delete),
        int(entry.partner),
        msgspec.json.encode(entry.customers).decode(),
    )


def _instant(time: Time, now: int) -> int:
    if not isinstance(time, str):
        return now - durations.microseconds(time["ago"])
    found = span(time)
    assert found is not None  # `read_world` knows
    return found[0]


def _registry_rows(entries: Sequence[RegistryEntry], now: int) -> list[QaimeRow]:
    dated = sorted(((_instant(entry.created, now), place) for place, entry in enumerate(entries)))
    taken = {entry.id for entry in entries if entry.id is not None}
    rows: list[QaimeRow] = []
    free = 0
    for created, place in dated:
        entry = entries[place]
        if entry.id is None:
            free += 1
            while free in taken:
                free += 1
        rows.append(_registry_row(entry, entry.id or free, created))
    return rows


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


def _add_portal(
    store: Store, world: int, entries: Sequence[PortalEntry], by_qaime: dict[str, QaimeRow], now: int
) -> None:
    dated = sorted(((_instant(entry.imported, now), place) for place, entry in enumerate(entries)))
    first = store.worlds.take(world, "arrival", len(entries))
    for arrival, (imported, place) in enumerate(dated, first):
        entry = entries[place]
        registered = None if entry.qaime is None else by_qaime[entry.qaime].id
        row = NewInvoice(
            entry.invoice["id"],
            arrival,
            0,
            entry.invoice.get("type", "default"),
            entry.state,
            registered,
            imported,
            msgspec.json.Encoder(decimal_format="number").encode(entry.invoice).decode(),
        )
        store.invoices.add(world, entry.company, [row])


def _add_process(store: Store, world: int, entry: ProcessEntry, by_qaime: dict[str, QaimeRow], now: int) -> None:
    """A process that finished well long ago."""
    brought = [by_qaime[name] for name in entry.brought]
    record = processes.Record(
        kind=entry.kind, began=_instant(entry.began, now), stages=(), count=len(brought) or entry.deleted
    )
    row = ProcessRow(
        entry.id,
        entry.company,
        entry.username,
        processes.written(record),
        1,
        None,
        entry.dir,
        len(brought),
        0,
    )
    store.processes.add(world, row)
    if entry.dir is not None:
        ids = [row.id for row in brought]
        store.processes.list_ids(world, entry.id, ids)
        first = store.worlds.take(world, "arrival", len(ids))
        store.registry.copy_listed(world, entry.id, entry.company, entry.dir, first)
