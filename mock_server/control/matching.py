"""Which requests are meant: by operation, code, account, invoice and time; and why another one is not."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any
from urllib.parse import parse_qsl

import msgspec

from mock_server import wire
from mock_server.control.clocks import instant_named
from mock_server.control.desk import Problem
from mock_server.portal.moments import iso
from mock_server.refusals import nearest
from mock_server.rulebook.operations import BY_NAME
from mock_server.store.journal import JournalRow, Numbered, Sought

LONGEST = 300
"""Characters of an ERP id or qaime; no portal takes more than 255."""

NAMED_KEPT = 500_000
"""Characters of the invoices that are noted of one body."""

WORDS_SOUGHT = 200
"""Words of a request among which a similar one is sought: comparing takes long."""

_LISTS = ("ids", "serialNumbers")
_OF_INVOICE = ("id", "main_qaime")


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    """What a request must be; what is left out may be anything.

    `invoice`: an ERP id or a qaime that stands in the request. `since`: the number of a request, which those
    wanted follow, or an instant of real time in ISO 8601.
    """

    operation: str | None = None
    err_code: Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31)] | None = None
    account: str | None = None
    invoice: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST)] | None = None
    since: Annotated[int, msgspec.Meta(ge=0, le=2**62)] | str | None = None


def sought_of(wanted: Wanted) -> Sought:
    """What the store can look for by itself: all but the invoice.

    Raises:
        Problem: 400 for an unknown operation, with the nearest one, or for no instant.
    """
    if wanted.operation is not None and wanted.operation not in BY_NAME:
        raise Problem.unknown("operation", wanted.operation[:100], BY_NAME)
    after, instant = 0, None
    if isinstance(wanted.since, int):
        after = wanted.since
    elif wanted.since is not None and re.fullmatch("[0-9]{1,18}", wanted.since):
        after = int(wanted.since)
    elif wanted.since is not None:
        instant = instant_named(re.sub(r" (?=\d\d:\d\d$)", "+", wanted.since))  # a `+` in a query string says ` `
    return Sought(wanted.operation, wanted.err_code, wanted.account, instant, after)


def matches(row: JournalRow, wanted: Wanted) -> bool:
    """Whether a row that the store has found is meant."""
    return wanted.invoice is None or _names(row, wanted.invoice)


def misses(row: Numbered, wanted: Wanted) -> list[str]:
    """Why a request is not meant; nothing if it is."""
    seq, kept = row
    sought = sought_of(wanted)
    why = [
        f"{name} is {wire.text(given).decode()}, not {wire.text(asked).decode()}"
        for name, given, asked in (
            ("operation", kept.operation, sought.operation),
            ("err_code", kept.code, sought.code),
            ("account", kept.account, sought.account),
        )
        if asked is not None and given != asked
    ]
    if wanted.invoice is not None and not _names(kept, wanted.invoice):
        why.append(f"invoice {wire.text(wanted.invoice).decode()} is not in it")
    if seq <= sought.after:
        why.append(f"it came before the one after {sought.after}")
    if sought.since is not None and kept.at_real < sought.since:
        why.append(f"it came at {iso(kept.at_real)}, before {iso(sought.since)}")
    return why


def nearest_invoice(row: JournalRow, invoice: str) -> str | None:
    """What stands in the request and is most like the invoice."""
    return nearest(invoice, islice(_noted(row) if row.named else _words(row), WORDS_SOUGHT))


def named_in(body: Any) -> list[str]:
    """The invoices that a body names, where the documents have them, each once."""
    found: dict[str, None] = {}
    size = 0
    for value in _places(body):
        if isinstance(value, (str, int)) and not isinstance(value, bool):
            text = str(value)[:LONGEST]
            size += len(text)
            if size > NAMED_KEPT:
                break
            found[text] = None
    return list(found)


def _places(body: Any) -> Iterator[Any]:
    if not isinstance(body, dict):
        return
    for name in _LISTS:
        value = body.get(name)
        yield from value if isinstance(value, list) else [value]
    invoices = body.get("invoices")
    for invoice in invoices if isinstance(invoices, list) else []:
        if isinstance(invoice, dict):
            yield from map(invoice.get, _OF_INVOICE)


def _names(row: JournalRow, invoice: str) -> bool:
    """Whether the invoice stands in the request: in the places for it, as any other text, or in the query string.

    A qaime is the same with or without a space between serie and number (R-08).
    """
    wanted = _close(invoice)
    if row.named:
        return wanted.encode() in row.named.encode().replace(b" ", b"") and wanted in map(_close, _noted(row))
    body = row.request
    if wanted.encode() not in body.replace(b" ", b"") and b"\\" not in body and "?" not in row.path:
        return False
    return wanted in map(_close, _words(row)) or (not _is_json(body) and _stands_in(wanted, body))


def _words(row: JournalRow) -> Iterator[str]:
    """Texts of the query string and of the body, and numbers where an invoice is named."""
    query = row.path.partition("?")[2]
    yield from (value for _, value in parse_qsl(query, max_num_fields=None))
    try:
        body = wire.parse(row.request) if row.request else None
    except wire.Unreadable:
        return
    yield from named_in(body)
    yield from _texts(body)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def _noted(row: JournalRow) -> list[str]:
    return msgspec.json.decode(row.named, type=list[str])


def _is_json(body: bytes) -> bool:
    try:
        wire.parse(body)
    except wire.Unreadable:
        return False
    return True


def _stands_in(wanted: str, body: bytes) -> bool:
    """Whether it stands by itself in what is no JSON."""
    spaced = " ?".join(map(re.escape, wanted))
    return re.search(rf"(?<![\w-]){spaced}(?![\w-])", body.decode("utf-8", "replace")) is not None


def _close(text: str) -> str:
    return text.replace(" ", "")
