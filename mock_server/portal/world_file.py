"""World files: what a world may start from. `schemas/world.json` describes one, and says what each part means."""

from decimal import Decimal
from typing import Any, Literal

import msgspec

from mock_server import durations
from mock_server.portal.moments import from_exact, span
from mock_server.portal.records import RecordEntry
from mock_server.store.invoices import State

Time = str | dict[Literal["ago"], str]


class WarehouseEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    code: str
    name: str


class CompanyEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    tin: str
    name: str
    warehouses: tuple[WarehouseEntry, ...] = ()


class CustomerEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    company: str
    phones: tuple[str, ...]


class ChallengeEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    value: str
    until: str


class AccountEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A user; a world can only start from one with password and secret, whose token may be null."""

    username: str
    company: str
    password: str = ""
    token: str | None = ""
    secret: str = ""
    phones: tuple[str, ...] = ()
    disabled: bool = False
    may_delete: bool = True
    partner: bool = False
    customers: tuple[CustomerEntry, ...] = ()
    challenge: ChallengeEntry | None = None
    challenges: int = 0
    tokens: int = 0


class RegistryEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    serial: str
    number: str
    kind: str
    status: str
    uploader: str | None
    created: Time
    invoice: dict[str, Any]
    id: int | None = None
    erp_id: str | None = None

    @property
    def qaime(self) -> str:
        return self.serial + self.number


class PortalEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    company: str
    imported: Time
    state: State
    invoice: dict[str, Any]
    qaime: str | None = None
    process: int = 0
    arrival: int | None = None


class OutcomeEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As processes keep it; the order of its fields is that of `settling.Outcome`."""

    id: str
    qaime: str
    status: str
    errors: tuple[str, ...]
    registry: int | None


class ProcessEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A process: with a `record` as it stands, without one it ended well at `began`."""

    id: int
    company: str
    username: str
    kind: Literal["download", "deletion"] | None = None
    began: Time | None = None
    deleted: int = 0
    dir: int | None = None
    brought: tuple[str | None, ...] = ()
    record: RecordEntry | None = None
    applied: int = 0
    outcomes: tuple[OutcomeEntry, ...] = ()


class DownloadEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    company: str
    qaime: str
    dir: int
    arrival: int
    status: str


class NumberEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    series: str
    month: str
    last: int


class FaultEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    id: int
    met: int
    used: int
    fault: dict[str, Any]


class AuditEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    at: str
    username: str
    company: str
    operation: str
    process: int | None
    invoices: tuple[str, ...]
    result: str


class SeenEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    operation: str
    code: int
    state: str
    pin: str
    way: str


class ClockEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    now: str
    speed: float = 1.0
    frozen: bool = False


class SettingsEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    readings: dict[str, str] = {}
    pace: str | None = None
    page_size: int | None = None


class CountersEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    arrival: int
    registry: int


class WorldFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A whole world as it starts."""

    format: Literal[1]
    name: str
    series: str
    next_process: int
    companies: tuple[CompanyEntry, ...]
    accounts: tuple[AccountEntry, ...]
    clock: ClockEntry | None = None
    settings: SettingsEntry = SettingsEntry()
    counters: CountersEntry | None = None
    secret: str | None = None
    registry: tuple[RegistryEntry, ...] = ()
    portal: tuple[PortalEntry, ...] = ()
    processes: tuple[ProcessEntry, ...] = ()
    downloads: tuple[DownloadEntry, ...] = ()
    numbers: tuple[NumberEntry, ...] = ()
    faults: tuple[FaultEntry, ...] = ()
    audit: tuple[AuditEntry, ...] = ()
    coverage: tuple[SeenEntry, ...] = ()


def decode(raw: bytes) -> WorldFile:
    """A world file that is known to be a good one: the committed one, or one that was checked before."""
    return _decoder.decode(raw)


def instant_of(time: Time, now: int) -> int | None:
    """The instant that a world file names, counting back from `now`; `None` if there is none such."""
    if not isinstance(time, str):
        return now - durations.microseconds(time["ago"])
    found = span(time)
    return from_exact(time) if found is None else found[0]


_decoder = msgspec.json.Decoder(WorldFile, float_hook=Decimal)
