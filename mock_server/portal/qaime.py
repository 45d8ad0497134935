"""An invoice as e-taxes gives it back: one JSON text, made when the invoice comes to be (F-RD-04, R-73).

Only its status changes afterwards, so the text is kept in two parts, before and after the status; reading
a page of thousands is then a join of texts.
"""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from mock_server import wire
from mock_server.portal.moments import date_time
from mock_server.rulebook.constants import (
    HEADER_DECIMALS,
    INVOICE_AS_DOWNLOADED,
    LINE_AS_DOWNLOADED,
    LINE_DECIMALS,
)

_HEADER = Decimal(1).scaleb(-HEADER_DECIMALS)
_LINE = Decimal(1).scaleb(-LINE_DECIMALS)
_TEXT_FIELDS = frozenset({"main_subject", "add_subject", "prod_code", "prod_name", "barcode", "unit_name"})
_LINES_PER_INVOICE = 100_000
_AMOUNTS_KEPT = 10_000
"""How many amounts are known as they were rounded: worlds are founded, and prices repeated, by the same few."""


class Heading(NamedTuple):
    """What identifies an invoice in e-taxes; `created` in microseconds since 1970 UTC."""

    id: int
    serial: str
    number: str
    created: int
    kind: str
    seller: str
    buyer: str
    seller_name: str
    buyer_name: str

    @property
    def qaime(self) -> str:
        return self.serial + self.number


def parts(heading: Heading, amounts: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """The JSON text before and after the status; amounts and lines by their names in e-taxes."""
    before: dict[str, Any] = {
        "id": heading.id,
        "main_subject": amounts["main_subject"],
        "add_subject": amounts["add_subject"],
        "serial": heading.serial,
        "number": heading.number,
        "qaime": heading.qaime,
        "cmp_from": heading.seller_name,
        "cmp_to": heading.buyer_name,
        "tin_from": heading.seller,
        "tin_to": heading.buyer,
        "datetime": date_time(heading.created),
    }
    for name in INVOICE_AS_DOWNLOADED:
        if name not in before:
            before[name] = _of_header(amounts[name])
    head = wire.text(before)[:-1] + b',"status":"'
    after = [_line(heading.id, place, line) for place, line in enumerate(lines, 1)]
    tail = b'","type":' + wire.text(heading.kind) + b',"lines":' + wire.text(after) + b"}"
    return head.decode(), tail.decode()


def as_downloaded(invoice: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """An uploaded invoice under the names of e-taxes: header, lines. Absent amounts are 0, texts empty."""
    header = _renamed(invoice, INVOICE_AS_DOWNLOADED)
    return header, [_renamed(item, LINE_AS_DOWNLOADED) for item in invoice["items"]]


def _renamed(source: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {name: source.get(sent, "" if name in _TEXT_FIELDS else 0) for name, sent in names.items()}


def _line(invoice: int, place: int, line: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {"id": line.get("id", invoice * _LINES_PER_INVOICE + place), "line": place}
    for name in LINE_AS_DOWNLOADED:
        row[name] = line[name] if name in _TEXT_FIELDS else _of_line(line[name])
    return row


@lru_cache(_AMOUNTS_KEPT)
def _of_header(amount: Decimal | int) -> Decimal:
    return Decimal(amount).quantize(_HEADER, ROUND_HALF_UP)


@lru_cache(_AMOUNTS_KEPT)
def _of_line(amount: Decimal | int) -> Decimal:
    """Without trailing zeros, and never in exponent form (R-34)."""
    short = Decimal(amount).quantize(_LINE, ROUND_HALF_UP).normalize()
    exponent = short.as_tuple().exponent
    return short.quantize(Decimal(1)) if isinstance(exponent, int) and exponent > 0 else short
