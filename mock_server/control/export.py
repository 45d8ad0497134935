"""A world as a file: all that it is but for its journal, so that one founded on the file is the same world.

Secrets are in it only if asked for. What the portal would write anew from the rest is not: texts of invoices are
made by the code that made them first (`qaime.parts`), downloaded copies from them and the status they had.
"""

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from mock_server.control.desk import Change, Desk, Problem
from mock_server.portal import processes
from mock_server.portal.moments import exact
from mock_server.portal.records import entry_of
from mock_server.portal.world_file import (
    AccountEntry,
    AuditEntry,
    ChallengeEntry,
    ClockEntry,
    CompanyEntry,
    CountersEntry,
    CustomerEntry,
    DownloadEntry,
    FaultEntry,
    NumberEntry,
    OutcomeEntry,
    PortalEntry,
    ProcessEntry,
    RegistryEntry,
    SeenEntry,
    SettingsEntry,
    WarehouseEntry,
    WorldFile,
)
from mock_server.portal.worlds import Account
from mock_server.rulebook.constants import INVOICE_AS_DOWNLOADED
from mock_server.store.processes import ProcessRow
from mock_server.store.registry import QaimeRow
from mock_server.store.stores import Store
from mock_server.store.whole import DownloadRow, PortalRow, StandingRow

MAX_ROWS = 200_000
"""Rows of e-taxes, portals and downloads that an export has at most; beyond, keep the database itself."""


class _Names(msgspec.Struct):
    serial: str
    number: str


_PARTIES = ("main_subject", "add_subject", "cmp_from", "cmp_to", "tin_from", "tin_to")
_INVOICE = dict.fromkeys((*_PARTIES, *INVOICE_AS_DOWNLOADED, "lines"), msgspec.Raw)
_names = msgspec.json.Decoder(_Names)
_invoice = msgspec.json.Decoder(msgspec.defstruct("Invoice", list(_INVOICE.items())))
_outcomes = msgspec.json.Decoder(tuple[OutcomeEntry, ...])
_texts = msgspec.json.Decoder(tuple[str, ...])
_encoder = msgspec.json.Encoder(decimal_format="number")


def export(desk: Desk, secrets: bool) -> bytes:
    """The world as it is now, as a world file in JSON; the journal stays behind.

    Raises:
        Problem: 409 for a world too large to be written into one file.
    """
    with desk.change() as change:
        rows = desk.store.whole.size(change.row.id)
        if rows > MAX_ROWS:
            detail = f"the world has {rows} rows, a file at most {MAX_ROWS}: take a snapshot, or keep the database"
            raise Problem(409, "too large for a file", detail, given=f"{rows} rows", allowed=[f"{MAX_ROWS} rows"])
        file = _file(desk, change, secrets)
    return _written(file)


def _written(file: WorldFile) -> bytes:
    """The file as JSON, an entry of a list on each line: to be looked at, compared, and not twice as long."""
    sections = []
    for name in file.__struct_fields__:
        value = getattr(file, name)
        if value in (None, ()):
            continue
        text = _encoder.encode(value)
        if isinstance(value, tuple):
            text = b"[\n    " + b",\n    ".join(map(_encoder.encode, value)) + b"\n  ]"
        sections.append(f'  "{name}": '.encode() + text)
    return b"{\n" + b",\n".join(sections) + b"\n}\n"


def _file(desk: Desk, change: Change, secrets: bool) -> WorldFile:
    store, world, view = desk.store, change.row.id, change.view
    lists = store.whole.lists(world)
    return WorldFile(
        format=1,
        name=desk.name,
        series=view.series,
        next_process=store.worlds.next(world, "process"),
        clock=ClockEntry(exact(change.now), view.settings.speed, change.row.clock_speed == 0),
        settings=SettingsEntry(view.readings.in_force(), view.pace, view.page_size),
        counters=CountersEntry(store.worlds.next(world, "arrival"), store.worlds.next(world, "registry")),
        secret=store.worlds.secret_and_settings(world)[0].hex() if secrets else None,
        companies=_companies(change),
        accounts=_accounts(store, change, secrets),
        registry=tuple(map(_registered, store.whole.registry(world))),
        portal=tuple(map(_kept, store.whole.portal(world))),
        processes=tuple(
            _process(row, outcomes, lists.get(row.id, {})) for row, outcomes in store.whole.processes(world)
        ),
        downloads=tuple(map(_downloaded, store.whole.downloads(world))),
        numbers=tuple(NumberEntry(*row) for row in store.whole.numbers(world)),
        faults=tuple(
            FaultEntry(row.id, row.met, row.used, cast(Any, msgspec.Raw(row.spec.encode())))
            for row in store.faults.all(world)
        ),
        audit=tuple(
            AuditEntry(exact(row.at), *row[1:5], _texts.decode(row.invoices), row.result)
            for row in store.journal.audits(world)
        ),
        coverage=tuple(SeenEntry(*row) for row in store.coverage.all(world)),
    )


def _companies(change: Change) -> tuple[CompanyEntry, ...]:
    """The one that is meant where none is named comes first."""
    view = change.view
    first = view.settings.company
    return tuple(
        CompanyEntry(
            tin,
            view.companies[tin],
            tuple(WarehouseEntry(code, name) for code, name in sorted(view.warehouses(tin))),
        )
        for tin in sorted(view.companies, key=lambda tin: (tin != first, tin))
    )


def _accounts(store: Store, change: Change, secrets: bool) -> tuple[AccountEntry, ...]:
    standings = {row.username: row for row in store.whole.standings(change.row.id)}
    accounts = change.view.accounts
    return tuple(_account(accounts[name], standings[name], secrets) for name in sorted(accounts))


def _account(account: Account, standing: StandingRow, secrets: bool) -> AccountEntry:
    entry = AccountEntry(
        account.username,
        account.company,
        phones=account.phones,
        disabled=account.disabled,
        may_delete=account.may_delete,
        partner=account.partner,
        customers=tuple(CustomerEntry(one.company, one.phones) for one in account.customers),
        challenges=standing.challenges,
        tokens=standing.tokens,
    )
    if not secrets:
        return entry
    challenge = None
    if standing.challenge is not None and standing.challenge_until is not None:
        challenge = ChallengeEntry(standing.challenge, exact(standing.challenge_until))
    return msgspec.structs.replace(
        entry,
        password=account.password,
        token=account.token or None,
        secret=account.secret,
        challenge=challenge,
    )


def _registered(row: QaimeRow) -> RegistryEntry:
    text = row.head + row.status + row.tail
    names = _names.decode(text)
    return RegistryEntry(
        names.serial,
        names.number,
        row.kind,
        row.status,
        row.uploader,
        exact(row.created),
        cast(Any, _invoice.decode(text)),  # encoded as it was written, amount by amount
        row.id,
    )


def _kept(row: PortalRow) -> PortalEntry:
    return PortalEntry(
        row.company,
        exact(row.imported),
        cast(Any, row.state),
        cast(Any, msgspec.Raw(row.content.encode())),
        row.qaime,
        row.process,
        row.arrival,
    )


def _process(row: ProcessRow, outcomes: str, brought: Mapping[int, str]) -> ProcessEntry:
    record, _ = processes.read(row.record)
    return ProcessEntry(
        row.id,
        row.company,
        row.username,
        dir=row.dir,
        brought=tuple(brought.get(ordinal) for ordinal in range(1, row.listed + 1)),
        record=entry_of(record),
        applied=row.applied,
        outcomes=_outcomes.decode(outcomes),
    )


def _downloaded(row: DownloadRow) -> DownloadEntry:
    status = row.text[len(row.head) : len(row.text) - len(row.tail)]
    return DownloadEntry(row.company, row.qaime, row.dir, row.arrival, status)
