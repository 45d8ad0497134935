"""Invoices written out beforehand, with gaps for what is an invoice's own: what seeding fills e-taxes with.

`fixtures/seeding.json` says which goods there are. The texts come from the code that writes every invoice
(`qaime.parts`), so a seeded one looks like any other; amounts satisfy R-11, `exact` included.
"""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any, Literal, NamedTuple

import msgspec

from mock_server.portal import qaime
from mock_server.portal.moments import date_time
from mock_server.rulebook.documents import fixture, load

BASKETS = 240
"""How many different ones there are; what differs is what is in them, and so every amount."""

_CENT = Decimal("0.01")
_VAT_RATE = Decimal(load("rules.json")["vat_rate"])
_GAP = 900_000_000_001
"""Stands for the number of the invoice in e-taxes, and begins those of its lines."""


class Outsider(msgspec.Struct, frozen=True):
    """A company of no world."""

    tin: str
    name: str


class Basket(NamedTuple):
    """The text of an invoice.

    Attributes:
        head: up to its status, to be formatted with number in e-taxes, number, qaime, names and VOENs of seller
            and buyer, and date; names as JSON.
        tails: what follows the status, by kind, to be joined by its number in e-taxes.
    """

    head: str
    tails: Mapping[str, tuple[str, ...]]


class _Good(msgspec.Struct, frozen=True):
    code: str
    name: str
    unit: str
    price: Decimal
    taxation: Literal["vat", "simplified", "excise", "road-tax", "exempt", "zero-rated", "not-taxable"]


class _Stock(msgspec.Struct, frozen=True):
    series: tuple[str, str]
    subject: str
    remark: str
    quantities: tuple[int, ...]
    excise_percent: int
    road_tax: Decimal
    goods: tuple[_Good, ...]
    outsiders: tuple[Outsider, ...]


_BASES = {"vat": "apply", "excise": "apply", "road-tax": "apply", "exempt": "free", "zero-rated": "zero"}
_BASES |= {"not-taxable": "skip"}
_SUMS = ("apply_amount", "skip_amount", "zero_amount", "free_amount", "vat_amount", "transp_amount", "net_amount")


def series_beside(own: str) -> str:
    """The series of seeded invoices; another one where a world numbers its own uploads in that."""
    first, second = _stock().series
    return second if own == first else first


def outsiders() -> tuple[Outsider, ...]:
    """Who trades with the companies of a world."""
    return _stock().outsiders


@cache
def baskets(series: str, kinds: frozenset[str]) -> tuple[Basket, ...]:
    """All baskets, for invoices of this series and these kinds."""
    return tuple(_basket(place, series, kinds) for place in range(BASKETS))


@cache
def _stock() -> _Stock:
    return msgspec.json.decode(fixture("seeding.json"), type=_Stock)


def _basket(place: int, series: str, kinds: Iterable[str]) -> Basket:
    stock = _stock()
    lines = [_line(stock, place, line) for line in range((1, 1, 2, 1, 3, 2)[place % 6])]
    sums = {name: sum(line[name] for line in lines) for name in _SUMS}
    before = sum(line["ini_amount"] for line in lines)
    invoice = {
        "main_subject": stock.subject.format(number=place + 1),
        "add_subject": stock.remark,
        "ini_amount": before,
        "ini_amount1": before,
        "ini_amount2": sum(line["ini_amount2"] for line in lines),
        "excise_amount": sum(line["total_excise"] for line in lines),
        **sums,
    }
    heading = qaime.Heading(_GAP, series, "N", 0, "K", "S", "B", "SN", "BN")
    head, tail = qaime.parts(heading, invoice, lines)
    pieces = tail.split(str(_GAP))
    tails = {kind: (pieces[0].replace('"K"', f'"{kind}"'), *pieces[1:]) for kind in kinds}
    return Basket(_with_gaps(head, heading), tails)


def _with_gaps(head: str, heading: qaime.Heading) -> str:
    head = head.replace("%", "%%")
    for name, value, gap in (
        ("id", str(heading.id), "%s"),
        ("number", '"N"', '"%s"'),
        ("qaime", f'"{heading.qaime}"', '"%s"'),
        ("cmp_from", '"SN"', "%s"),
        ("cmp_to", '"BN"', "%s"),
        ("tin_from", '"S"', '"%s"'),
        ("tin_to", '"B"', '"%s"'),
        ("datetime", f'"{date_time(heading.created)}"', '"%s"'),
    ):
        before = f'"{name}":{value},'
        assert head.count(before) == 1
        head = head.replace(before, f'"{name}":{gap},')
    return head


def _line(stock: _Stock, place: int, line: int) -> dict[str, Any]:
    """A line of a basket: which good and how many of it follow from the places of both."""
    good = stock.goods[(place + 5 * line) % len(stock.goods)]
    quantity = stock.quantities[(place // len(stock.goods) + 3 * line) % len(stock.quantities)] + place // 100
    before = good.price * quantity
    excise = _rounded(before * stock.excise_percent / 100) if good.taxation == "excise" else Decimal(0)
    after = before + excise
    base = _BASES.get(good.taxation)
    vat = _rounded(after * _VAT_RATE) if base == "apply" else Decimal(0)
    tax = quantity * stock.road_tax if good.taxation == "road-tax" else Decimal(0)
    return {
        "prod_code": good.code,
        "prod_name": good.name,
        "barcode": f"{good.code}000",
        "unit_name": good.unit,
        "unit_price": good.price,
        "unit_qty": quantity,
        "ini_amount": before,
        "ini_amount2": after,
        "grade": stock.excise_percent if excise else 0,
        "total_excise": excise,
        **{f"{name}_amount": after if name == base else 0 for name in ("apply", "skip", "zero", "free")},
        "vat_amount": vat,
        "transp_amount": tax,
        "net_amount": after + vat + tax,
    }


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)
