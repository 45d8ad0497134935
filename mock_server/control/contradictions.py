"""What no schema can say of a world file: what stands twice, names of what is not there, dates of no calendar."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from mock_server.durations import LONGEST
from mock_server.portal import processes
from mock_server.portal.records import RecordEntry, record_of
from mock_server.portal.world_file import Time, WorldFile, instant_of
from mock_server.refusals import ConfigurationError
from mock_server.rulebook.ledger import Ledger
from mock_server.rulebook.world_form import Complaint, Path, place_of

MAX_NUMBER = 10**15
"""The magnitude that numbers have at most, as in requests (R-47)."""

_OWN_BOUNDS = "record"
"""Instants in microseconds are larger; the schema bounds them."""

_TOKEN = "the token"
"""A secret, so the place where it stands first is told in its stead."""

_NEEDS: dict[str, str] = {"store": "download", "delete": "deletion"}


def contradictions(file: WorldFile, value: Any) -> Iterator[Complaint]:
    """Everything in a file of the right form (and in the value it was read from) that cannot be."""
    yield from _too_wide(value, ())
    yield from _doubles(file)
    yield from _strangers(file)
    yield from _calendar(file)
    yield from _settings(file)
    yield from _records(file)


def _too_wide(value: Any, path: Path) -> Iterator[Complaint]:
    """What a schema could say, but those of e-taxes do not: the documents know no bound."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key != _OWN_BOUNDS:
                yield from _too_wide(inner, (*path, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _too_wide(inner, (*path, place))
    elif isinstance(value, int | Decimal) and not -MAX_NUMBER <= value <= MAX_NUMBER:
        yield Complaint(path, f"the number {str(value)[:40]} is beyond {MAX_NUMBER}")


Named = Iterable[tuple[Path, str]]


def _doubles(file: WorldFile) -> Iterator[Complaint]:
    for what, names in _names(file):
        places: dict[str, list[Path]] = {}
        for path, name in names:
            places.setdefault(name, []).append(path)
        for name, paths in places.items():
            if len(paths) > 1:
                said = f" at {place_of(paths[0])}" if what == _TOKEN else f" {name}"
                yield Complaint(paths[1], f"{what}{said} stands {len(paths)} times")


def _names(file: WorldFile) -> Iterator[tuple[str, Named]]:
    yield "the company", ((("companies", n, "tin"), one.tin) for n, one in enumerate(file.companies))
    for place, company in enumerate(file.companies):
        where: Path = ("companies", place, "warehouses")
        codes = (((*where, n, "code"), one.code) for n, one in enumerate(company.warehouses))
        yield f"at {company.tin} the warehouse", codes
    accounts = list(enumerate(file.accounts))
    yield "the user", ((("accounts", n, "username"), one.username) for n, one in accounts)
    yield _TOKEN, ((("accounts", n, "token"), one.token) for n, one in accounts if one.token)
    registry = list(enumerate(file.registry))
    yield "the qaime", ((("registry", n, "number"), one.qaime) for n, one in registry)
    yield "the id in registry", ((("registry", n, "id"), str(one.id)) for n, one in registry if one.id is not None)
    portal = list(enumerate(file.portal))
    yield "the invoice in portal", ((("portal", n), f"{one.invoice['id']} of {one.company}") for n, one in portal)
    yield "in portal the qaime", ((("portal", n, "qaime"), one.qaime) for n, one in portal if one.qaime is not None)
    yield "the process", ((("processes", n, "id"), str(one.id)) for n, one in enumerate(file.processes))
    downloads = enumerate(file.downloads)
    yield "the download", ((("downloads", n), f"{one.qaime} in {one.dir} of {one.company}") for n, one in downloads)
    yield "the number", ((("numbers", n), one.series + one.month) for n, one in enumerate(file.numbers))
    yield "the fault", ((("faults", n, "id"), str(one.id)) for n, one in enumerate(file.faults))


def _strangers(file: WorldFile) -> Iterator[Complaint]:
    companies = [entry.tin for entry in file.companies]
    known = set(companies)
    for path, what, tin in _employers(file):
        if tin not in known:
            yield Complaint(path, f"{what} is of the company {tin}, which companies does not have", tin, companies)
    uploaders = {entry.qaime: entry.uploader for entry in file.registry}
    for place, kept in enumerate(file.portal):
        if kept.qaime is not None and uploaders.get(kept.qaime, "") != kept.company:
            text = f"{kept.invoice['id']} in portal has {kept.qaime}, which {kept.company} has not in registry"
            own = [name for name, uploader in uploaders.items() if uploader == kept.company]
            yield Complaint(("portal", place, "qaime"), text, kept.qaime, own[:SUGGESTIONS])
    users = {(entry.username, entry.company) for entry in file.accounts}
    for place, process in enumerate(file.processes):
        if process.record is None and (process.username, process.company) not in users:
            text = f"the process {process.id} is of the user {process.username}, whom {process.company} does not have"
            of_company = [entry.username for entry in file.accounts if entry.company == process.company]
            yield Complaint(("processes", place, "username"), text, process.username, of_company)
        for ordinal, name in enumerate(process.brought):
            if name is not None and name not in uploaders:
                text = f"the process {process.id} brought {name}, which registry does not have"
                yield Complaint(("processes", place, "brought", ordinal), text, name, list(uploaders)[:SUGGESTIONS])
    for place, download in enumerate(file.downloads):
        if download.qaime not in uploaders:
            text = f"downloads has {download.qaime}, which registry does not have"
            yield Complaint(("downloads", place, "qaime"), text, download.qaime, list(uploaders)[:SUGGESTIONS])


SUGGESTIONS = 5_000
"""Among how many names the one that was meant is looked for."""


def _employers(file: WorldFile) -> Iterator[tuple[Path, str, str]]:
    for place, account in enumerate(file.accounts):
        yield ("accounts", place, "company"), f"the user {account.username}", account.company
        for n, customer in enumerate(account.customers):
            path: Path = ("accounts", place, "customers", n, "company")
            yield path, f"a customer of the user {account.username}", customer.company
    for place, row in enumerate(file.registry):
        if row.uploader is not None:
            yield ("registry", place, "uploader"), f"the uploader of {row.qaime}", row.uploader
    for place, kept in enumerate(file.portal):
        yield ("portal", place, "company"), f"{kept.invoice['id']} in portal", kept.company
    for place, process in enumerate(file.processes):
        if process.record is not None:
            yield ("processes", place, "company"), f"the process {process.id}", process.company
    for place, download in enumerate(file.downloads):
        yield ("downloads", place, "company"), f"the download of {download.qaime}", download.company


def _calendar(file: WorldFile) -> Iterator[Complaint]:
    for path, what, time in _times(file):
        try:
            found = instant_of(time, 0)
        except ValueError as error:
            yield Complaint((*path, "ago"), f"{what}: {error}")
            continue
        if found is None or not _EARLIEST <= found <= _LATEST:
            yield Complaint(path, f"{what}: {time} is in no calendar")


_EARLIEST, _LATEST = -19 * LONGEST, 75 * LONGEST
"""From the first century to the middle of the last that has four digits: what comes of it is in the calendar too."""


def _times(file: WorldFile) -> Iterator[tuple[Path, str, Time]]:
    if file.clock is not None:
        yield ("clock", "now"), "now", file.clock.now
    for place, account in enumerate(file.accounts):
        if account.challenge is not None:
            path: Path = ("accounts", place, "challenge", "until")
            yield path, f"the challenge of {account.username}", account.challenge.until
    for place, row in enumerate(file.registry):
        yield ("registry", place, "created"), f"created of {row.qaime}", row.created
    for place, kept in enumerate(file.portal):
        yield ("portal", place, "imported"), f"imported of {kept.invoice['id']}", kept.imported
    for place, process in enumerate(file.processes):
        if process.began is not None:
            yield ("processes", place, "began"), f"began of the process {process.id}", process.began
        if process.record is not None:
            where: Path = ("processes", place, "record")
            yield (*where, "began"), f"began of the process {process.id}", process.record.began
            for n, event in enumerate(process.record.events):
                yield (*where, "events", n, "at"), f"an event of the process {process.id}", event.at
    for place, deletion in enumerate(file.audit):
        yield ("audit", place, "at"), "a deletion", deletion.at


def _settings(file: WorldFile) -> Iterator[Complaint]:
    ledger = Ledger.load()
    for name, answer in file.settings.readings.items():
        path: Path = ("settings", "readings", name)
        if name not in ledger.readings:
            yield Complaint(path, f"there is no reading {name[:100]}", name, list(ledger.readings))
            continue
        try:
            ledger.readings[name].check(answer)
        except ConfigurationError:
            yield Complaint(path, f"{name} has no such answer", answer, list(ledger.readings[name].answers))


def _records(file: WorldFile) -> Iterator[Complaint]:
    """A process that the simulator could never have begun would trip it up later."""
    for place, process in enumerate(file.processes):
        if process.record is not None:
            for text in _unsound(process.record, process.applied):
                yield Complaint(("processes", place, "record"), f"the process {process.id} {text}")


def _unsound(entry: RecordEntry, applied: int) -> Iterator[str]:
    try:
        effects = processes.timeline(record_of(entry)).effects
    except (AssertionError, LookupError, ValueError, OverflowError):
        return  # its calendar has been spoken of
    if applied > len(effects):
        yield f"has {len(effects)} effects, of which {applied} cannot be applied"
    for effect in effects[applied:]:
        needed = _NEEDS.get(effect.name)
        if needed is not None and getattr(entry, needed) is None:
            yield f"has a stage that needs {needed}, which its record does not have"
