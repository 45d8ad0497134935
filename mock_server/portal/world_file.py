"""World files: what a world may start from, and what one may not say (`schemas/world.json` describes one)."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Literal

import msgspec

from mock_server import durations, wire
from mock_server.portal.moments import span
from mock_server.rulebook import world_form

MAX_NUMBER = 10**15
"""The magnitude that numbers have at most, as in requests (R-47)."""

Time = str | dict[Literal["ago"], str]


class BadWorldFile(Exception):
    """A world file says something that cannot be; the text says where."""


class WarehouseEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    name: str


class CompanyEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tin: str
    name: str
    warehouses: tuple[WarehouseEntry, ...] = ()


class CustomerEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    company: str
    phones: tuple[str, ...]


class AccountEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    username: str
    password: str
    token: str
    secret: str
    company: str
    phones: tuple[str, ...] = ()
    disabled: bool = False
    may_delete: bool = True
    partner: bool = False
    customers: tuple[CustomerEntry, ...] = ()


class RegistryEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    serial: str
    number: str
    kind: str
    status: str
    uploader: str | None
    created: Time
    invoice: dict[str, Any]
    id: int | None = None
    erp_id: str | None = None


class PortalEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    company: str
    imported: Time
    state: Literal["imported", "signed"]
    invoice: dict[str, Any]
    qaime: str | None = None


class ProcessEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: int
    kind: Literal["download", "deletion"]
    company: str
    username: str
    began: Time
    dir: int | None = None
    brought: tuple[str, ...] = ()
    deleted: int = 0


class WorldFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole world as it starts. Times are Baku time, or `{"ago": "35d4h"}` before the start."""

    format: Literal[1]
    name: str
    series: str
    next_process: int
    companies: tuple[CompanyEntry, ...]
    accounts: tuple[AccountEntry, ...]
    registry: tuple[RegistryEntry, ...] = ()
    portal: tuple[PortalEntry, ...] = ()
    processes: tuple[ProcessEntry, ...] = ()


def read_world(raw: bytes, origin: str) -> WorldFile:
    """The world file in `raw`; a world can be founded on whatever this returns.

    Raises:
        BadWorldFile: it is no JSON, not of the form described, or contradicts itself; the text names `origin`
            and the place.
    """
    try:
        value = wire.parse(raw)
    except wire.Unreadable as error:
        raise BadWorldFile(f"{origin}: no JSON: {error}") from None
    wrong = _too_wide(value) or world_form.complaint(value)
    if wrong is not None:
        raise BadWorldFile(f"{origin}: {wrong}")
    file = msgspec.convert(value, WorldFile)
    for wrong in _contradictions(file):
        raise BadWorldFile(f"{origin}: {wrong}")
    return file


def _too_wide(value: Any) -> str | None:
    """What a schema could say, but those of e-taxes do not: the documents know no bound."""
    ahead = [value]
    while ahead:
        inner: Any = ahead.pop()
        if isinstance(inner, dict | list):
            ahead.extend(inner.values() if isinstance(inner, dict) else inner)
        elif isinstance(inner, int | Decimal) and not -MAX_NUMBER <= inner <= MAX_NUMBER:
            return f"the number {str(inner)[:40]} is beyond {MAX_NUMBER}"
    return None


def _contradictions(file: WorldFile) -> Iterator[str]:
    """What no schema can say: names that stand twice, names of what is not there, dates of no calendar."""
    for what, names in _unique(file):
        yield from (f"{what} {name} stands {count} times" for name, count in Counter(names).items() if count > 1)
    yield from _strangers(file)
    for what, time in _times(file):
        if isinstance(time, str):
            if span(time) is None:
                yield f"{what}: {time} is in no calendar"
            continue
        try:
            durations.microseconds(time["ago"])
        except ValueError as error:
            yield f"{what}: {error}"


def _unique(file: WorldFile) -> Iterator[tuple[str, list[str]]]:
    yield "the company", [entry.tin for entry in file.companies]
    for company in file.companies:
        yield f"at {company.tin} the warehouse", [entry.code for entry in company.warehouses]
    yield "the user", [entry.username for entry in file.accounts]
    yield "the token", [entry.token for entry in file.accounts]
    yield "the qaime", [entry.serial + entry.number for entry in file.registry]
    yield "the id in registry", [str(entry.id) for entry in file.registry if entry.id is not None]
    yield "the invoice in portal", [f"{entry.invoice['id']} of {entry.company}" for entry in file.portal]
    yield "in portal the qaime", [entry.qaime for entry in file.portal if entry.qaime is not None]
    yield "the process", [str(entry.id) for entry in file.processes]


def _strangers(file: WorldFile) -> Iterator[str]:
    companies = {entry.tin for entry in file.companies}
    users = {(entry.username, entry.company) for entry in file.accounts}
    uploaders = {entry.serial + entry.number: entry.uploader for entry in file.registry}
    for what, tin in _employers(file):
        if tin not in companies:
            yield f"{what} is of the company {tin}, which companies does not have"
    for kept in file.portal:
        if kept.qaime is not None and (kept.qaime, kept.company) not in uploaders.items():
            yield f"{kept.invoice['id']} in portal has {kept.qaime}, which {kept.company} has not in registry"
    for process in file.processes:
        if (process.username, process.company) not in users:
            yield f"the process {process.id} is of the user {process.username}, whom {process.company} does not have"
        for name in process.brought:
            if name not in uploaders:
                yield f"the process {process.id} brought {name}, which registry does not have"


def _employers(file: WorldFile) -> Iterator[tuple[str, str]]:
    for account in file.accounts:
        yield f"the user {account.username}", account.company
        for customer in account.customers:
            yield f"a customer of the user {account.username}", customer.company
    for registered in file.registry:
        if registered.uploader is not None:
            yield f"the uploader of {registered.serial}{registered.number}", registered.uploader
    for kept in file.portal:
        yield f"{kept.invoice['id']} in portal", kept.company


def _times(file: WorldFile) -> Iterator[tuple[str, Time]]:
    for registered in file.registry:
        yield f"created of {registered.serial}{registered.number}", registered.created
    for kept in file.portal:
        yield f"imported of {kept.invoice['id']}", kept.imported
    for process in file.processes:
        yield f"began of the process {process.id}", process.began
