"""The checks that no schema can say: sums, warehouses (F-IMP-08, F-IMP-10, R-11, R-11b, R-11c, R-20).

One table of named rules; their codes and sources stand in `schemas/rules.json` under the same names. A relation
is looked at only when each field in it is well-formed and each required one is there.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, NamedTuple

from mock_server.rulebook.documents import load
from mock_server.rulebook.vocabulary import GOODS_TRANSFER

Item = Mapping[str, Any]
Number = Decimal | int

_RULES: dict[str, Any] = load("rules.json")
CODES: dict[str, int] = {rule["name"]: rule["code"] for rule in _RULES["rules"]}
_TOLERANCE = Decimal(_RULES["tolerance"]["amount"])
_ROUNDING = Decimal(_RULES["tolerance"]["rounding"])
_VAT_RATE = Decimal(_RULES["vat_rate"])
_CENT = Decimal("0.01")
_WIDE = Context(prec=64)
"""Room for the cents of a product of two amounts, each as large as the schemas let it be."""

_REQUIRED = frozenset({"unit_price", "quantity", "subtotal1", "subtotal2", "total"})


class Relation(NamedTuple):
    """An equation over the fields of an item or of a header: `sides` gives its two sides.

    `slack` widens the tolerance by what the rounding of the factors can make.
    """

    name: str
    fields: tuple[str, ...]
    sides: Callable[..., tuple[Number, Number]]
    slack: Callable[..., Number] | None = None


ITEM_RELATIONS = (
    Relation(
        "item-subtotal1",
        ("unit_price", "quantity", "subtotal1"),
        lambda price, quantity, subtotal1: (price * quantity, subtotal1),
        lambda price, quantity, _: _ROUNDING * (price + quantity),
    ),
    Relation(
        "item-subtotal2",
        ("subtotal1", "aksiz", "subtotal2"),
        lambda subtotal1, aksiz, subtotal2: (subtotal1 + aksiz, subtotal2),
    ),
    Relation(
        "item-vat-bases",
        ("apply_vat_amount", "skip_vat_amount", "vat_zero", "vat_free", "subtotal2"),
        lambda apply, skip, zero, free, subtotal2: (
            (apply + skip + zero + free, subtotal2) if apply or skip or zero or free else (0, 0)
        ),
    ),
    Relation(
        "item-vat-amount",
        ("apply_vat_amount", "vat_amount"),
        lambda base, vat: (base * _VAT_RATE, vat),
    ),
    Relation(
        "item-total",
        ("subtotal2", "vat_amount", "transport_tax", "total"),
        lambda subtotal2, vat, tax, total: (subtotal2 + vat + tax, total),
    ),
)

HEADER_SUMS = (
    ("header-sum-subtotal1", "sum_subtotal1", "subtotal1"),
    ("header-sum-subtotal2", "sum_subtotal2", "subtotal2"),
    ("header-sum-total", "sum_total", "total"),
    ("header-sum-aksiz", "sum_aksiz", "aksiz"),
    ("header-sum-apply-vat", "sum_apply_vat_amount", "apply_vat_amount"),
    ("header-sum-skip-vat", "sum_skip_vat_amount", "skip_vat_amount"),
    ("header-sum-vat-zero", "sum_vat_zero", "vat_zero"),
    ("header-sum-vat-free", "sum_vat_free", "vat_free"),
    ("header-sum-vat-amount", "sum_vat_amount", "vat_amount"),
    ("header-sum-ttax", "sum_ttax", "transport_tax"),
)

HEADER_RELATIONS = (
    Relation(
        "header-excise",
        ("sum_subtotal1", "sum_aksiz", "sum_subtotal2"),
        lambda subtotal1, aksiz, subtotal2: (subtotal1 + aksiz, subtotal2),
    ),
    Relation(
        "header-total",
        ("sum_subtotal2", "sum_vat_amount", "sum_ttax", "sum_total"),
        lambda subtotal2, vat, tax, total: (subtotal2 + vat + tax, total),
    ),
)
_HEADER_REQUIRED = frozenset({"sum_subtotal1", "sum_subtotal2", "sum_total"})

NAMES = frozenset(
    {relation.name for relation in (*ITEM_RELATIONS, *HEADER_RELATIONS)}
    | {name for name, _, _ in HEADER_SUMS}
    | {"main-qaime", "from-warehouse", "to-warehouse", "duplicate-invoice"}
)
if set(CODES) != NAMES:
    raise ValueError(f"rules.json and the table of rules differ: {sorted(set(CODES) ^ NAMES)}")


def broken_sums(invoice: Item, items: Sequence[Item], wrong: Set[tuple[str | int, ...]], mode: str) -> set[str]:
    """Names of the arithmetic rules that an invoice breaks.

    Args:
        wrong: paths of fields that are not well-formed, such as `("items", 0, "total")`.
        mode: the answer to R-11: `tolerant`, `exact` or `off`.
    """
    if mode == "off":
        return set()
    equal = _exactly if mode == "exact" else _nearly
    names = set(_item_breaches(items, wrong, equal))
    names.update(_header_breaches(invoice, items, wrong, equal))
    return names


def _item_breaches(items: Sequence[Item], wrong: Set[tuple[str | int, ...]], equal: "Equality") -> Iterator[str]:
    wrong_in: dict[str | int, set[str | int]] = {}
    for path in wrong:
        if len(path) > 2:  # only items are that deep
            wrong_in.setdefault(path[1], set()).add(path[2])
    for place, item in enumerate(items):
        bad: Set[str | int] = wrong_in.get(place, frozenset())
        for name, fields, sides, slack in ITEM_RELATIONS:
            values = _values(item, fields, bad, _REQUIRED)
            if values is None:
                continue
            left, right = sides(*values)
            if left != right and not equal(left, right, _TOLERANCE + (slack(*values) if slack else 0)):
                yield name


def _header_breaches(
    invoice: Item, items: Sequence[Item], wrong: Set[tuple[str | int, ...]], equal: "Equality"
) -> Iterator[str]:
    bad = {path[0] for path in wrong if len(path) == 1}
    bad_inside = {path[2] for path in wrong if len(path) == 3}
    tolerance = _TOLERANCE * len(items)
    for name, field, inner in HEADER_SUMS if items else ():
        said = invoice.get(field, None if field in _HEADER_REQUIRED else 0)
        if said is None or field in bad or inner in bad_inside:
            continue
        parts = [item.get(inner) for item in items]
        if inner in _REQUIRED and None in parts:
            continue
        summed: Number = sum([part for part in parts if part])
        if summed != said and not equal(said, summed, tolerance):
            yield name
    for name, fields, sides, _ in HEADER_RELATIONS:
        values = _values(invoice, fields, bad, _HEADER_REQUIRED)
        if values is not None:
            left, right = sides(*values)
            if left != right and not equal(left, right, tolerance):
                yield name


Equality = Callable[[Number, Number, Number], bool]


def _nearly(left: Number, right: Number, tolerance: Number) -> bool:
    return -tolerance <= left - right <= tolerance


def _exactly(left: Number, right: Number, _: Number) -> bool:
    return _cents(left) == _cents(right)


def _cents(amount: Number) -> Decimal:
    return Decimal(amount).quantize(_CENT, ROUND_HALF_UP, _WIDE)


def _values(row: Item, fields: Sequence[str], bad: Set[str | int], required: Set[str]) -> list[Number] | None:
    """The fields' amounts, absent optional ones as 0; `None` when the relation is not to be looked at."""
    values: list[Number] = []
    for field in fields:
        value = row.get(field)
        if field in bad or (value is None and field in required):
            return None
        values.append(0 if value is None else value)
    return values


def broken_warehouses(invoice: Item, warehouses: Sequence[tuple[str, str]], field: int | None) -> set[str]:
    """Names of the warehouse rules that a goods transfer breaks (F-IMP-08, R-20, R-53).

    Args:
        warehouses: codes and names of the company's warehouses.
        field: 1 to look up by code, 2 by name, `None` when `wh_field` says neither.
    """
    if invoice.get("type") != GOODS_TRANSFER:
        return set()
    known = set() if field is None else {row[field - 1] for row in warehouses}
    sides = (("from-warehouse", "from_wh"), ("to-warehouse", "to_wh"))
    return {name for name, key in sides if invoice.get(key) not in known}
