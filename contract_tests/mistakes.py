"""What is wrong with an invoice: each way to have exactly one code of the error table (F-ERR-05).

`broken(invoice(7), 52)` has the single fault that code 52 stands for, and no other.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from decimal import Decimal
from typing import Any, TypeAlias

from contract_tests.builders import SUMS, Invoice, Item

# A relation of R-11 is looked at only when its fields are there and well-formed, so a missing or malformed field has
# no other consequence; a wrong sum must be balanced.

Change: TypeAlias = Callable[[Invoice], None]
"""Alters an invoice in place."""


def broken(valid: Invoice, code: int, way: str | None = None) -> Invoice:
    """A copy of a built invoice with the one fault that `code` (scope invoice) stands for, and no other.

    That holds under the default readings. Under R-11 `exact` the ways called `sum` of 25, 27, 30, 35 and 36
    have further codes: exact sums leave no room for a single wrong one.

    Args:
        way: one of `WAYS[code]`; the first unless given.
    """
    result = deepcopy(valid)
    ways = WAYS[code]
    ways[next(iter(ways)) if way is None else way](result)
    return result


def _drop(field: str) -> Change:
    def change(target: Invoice) -> None:
        del target[field]

    return change


def _put(field: str, value: object) -> Change:
    def change(target: Invoice) -> None:
        target[field] = value

    return change


def _in_first_item(change: Change) -> Change:
    def change_item(target: Invoice) -> None:
        change(target["items"][0])

    return change_item


def _one_more(target: Invoice) -> None:
    item = target["items"][0]
    item["quantity"] += 1


def _unbalanced(field: str) -> Change:
    """Two items whose `field` is off by 1, one up and one down, so that the header still fits."""

    def change(target: Invoice) -> None:
        first, last = target["items"][0], _plain_item()
        target["items"].append(last)
        for total in ("sum_subtotal1", "sum_subtotal2", "sum_total"):
            target[total] += last["total"]
        first[field] += 1
        last[field] -= 1
        for item in (first, last):
            item.update(unit_price=item["subtotal1"], quantity=1)

    return change


def _plain_item() -> Item:
    """An item of round amounts and no tax: it joins any invoice and leaves the rounding of its sums alone."""
    hundred = Decimal("100.00")
    amounts = dict.fromkeys(("subtotal1", "subtotal2", "total"), hundred)
    texts = {"id": "9900000090", "name": "Çatdırılma xidməti", "unit": "xidmət", "barcode": "9900000090000"}
    return {**texts, "unit_price": hundred, "quantity": 1, **amounts}


def _too_large_base(target: Invoice) -> None:
    item = target["items"][0]
    excess = int(item["subtotal2"]) + 2  # by more than 1, whether or not there were bases before
    _raise(item, "skip_vat_amount", excess)
    _raise(target, "sum_skip_vat_amount", excess)


def _too_much_vat(target: Invoice) -> None:
    item = target["items"][0]
    for holder, fields in ((item, ("vat_amount", "total")), (target, ("sum_vat_amount", "sum_total"))):
        for field in fields:
            _raise(holder, field, 1)


def _raise(holder: dict[str, Any], field: str, by: Decimal | int) -> None:
    holder[field] = holder.get(field, 0) + by


def _one_off(total: str) -> Change:
    """A header sum off by 1 for each item, for those that no second relation ties."""

    def change(target: Invoice) -> None:
        target[total] = target.get(total, 0) + len(target["items"])

    return change


def _just_off(total: str, *, eased_by: str) -> Change:
    """A header sum one and a half tolerances off.

    It stands in a relation with others, which would break too; so `eased_by`, another of them, moves half as
    far: within its own tolerance, and taking the relation back into its (0.01 an item, R-11).
    """

    def change(target: Invoice) -> None:
        lines = target["items"]
        for name, field in SUMS.items():
            if name in target:
                target[name] = sum((line.get(field, 0) for line in lines), Decimal(0))
        target[total] = target.get(total, 0) + Decimal("0.015") * len(lines)
        target[eased_by] += Decimal("0.0075") * len(lines)

    return change


def _required_sum(total: str, off: Change) -> tuple[dict[str, Change], dict[str, Change]]:
    return {"absent": _drop(total)}, {"zero": _put(total, 0), "negative": _put(total, -1), "sum": off}


def _optional_sum(total: str, off: Change) -> dict[str, Change]:
    return {"negative": _put(total, -1), "sum": off}


def _required_amount(field: str, relation: Change) -> dict[str, Change]:
    changes = {"absent": _drop(field), "zero": _put(field, 0), "negative": _put(field, -1)}
    return {**{name: _in_first_item(change) for name, change in changes.items()}, "relation": relation}


def _item_text(field: str) -> tuple[dict[str, Change], dict[str, Change]]:
    wrong = {"empty": _put(field, ""), "blank": _put(field, " \t")}
    return {"absent": _in_first_item(_drop(field))}, {name: _in_first_item(to) for name, to in wrong.items()}


def _item_number(field: str) -> tuple[dict[str, Change], dict[str, Change]]:
    wrong = {"zero": _put(field, 0), "negative": _put(field, -1)}
    return {"absent": _in_first_item(_drop(field))}, {name: _in_first_item(to) for name, to in wrong.items()}


def _negative(field: str) -> dict[str, Change]:
    return {f"negative-{field}": _in_first_item(_put(field, -1))}


def _ways() -> dict[int, dict[str, Change]]:
    ways: dict[int, dict[str, Change]] = {
        20: {"no-seller": _drop("seller"), "no-buyer": _drop("buyer")},
        21: {"short-seller": _put("seller", "123456789"), "lettered-buyer": _put("buyer", "12345ABCDE")},
        22: {"absent": _drop("main_info")},
        23: {"empty": _put("main_info", ""), "blank": _put("main_info", " \t")},
        30: _optional_sum("sum_aksiz", _just_off("sum_aksiz", eased_by="sum_subtotal2")),
        31: _optional_sum("sum_apply_vat_amount", _one_off("sum_apply_vat_amount")),
        32: _optional_sum("sum_skip_vat_amount", _one_off("sum_skip_vat_amount")),
        33: _optional_sum("sum_vat_zero", _one_off("sum_vat_zero")),
        34: _optional_sum("sum_vat_free", _one_off("sum_vat_free")),
        35: _optional_sum("sum_vat_amount", _just_off("sum_vat_amount", eased_by="sum_total")),
        36: _optional_sum("sum_ttax", _just_off("sum_ttax", eased_by="sum_total")),
        37: {"absent": _drop("id")},
        38: {"short": _put("id", "INV-01"), "empty": _put("id", "")},
        39: {"absent": _drop("items"), "empty": _put("items", [])},
        40: {"absent": _in_first_item(_drop("id"))},
        41: {
            "odd-characters": _in_first_item(_put("id", "12345 7890")),
            "empty": _in_first_item(_put("id", "")),
        },
        50: {"absent": _in_first_item(_drop("barcode")), "empty": _in_first_item(_put("barcode", ""))},
        51: {"odd-characters": _in_first_item(_put("barcode", "1234567890_000"))},
        52: _required_amount("subtotal1", _one_more),
        53: _negative("aksiz"),
        54: _required_amount("subtotal2", _unbalanced("subtotal1")),
        55: {**_negative("apply_vat_amount"), "relation": _too_large_base},
        56: _negative("skip_vat_amount"),
        57: _negative("vat_zero"),
        58: _negative("vat_free"),
        59: {**_negative("vat_amount"), "relation": _too_much_vat},
        60: {
            **_required_amount("total", _unbalanced("total")),
            **_negative("transport_tax"),
            **_negative("aksizgrade"),
        },
        61: {"unknown": _put("type", "proforma"), "empty": _put("type", "")},
    }
    ways[24], ways[25] = _required_sum("sum_subtotal1", _just_off("sum_subtotal1", eased_by="sum_subtotal2"))
    ways[26], ways[27] = _required_sum("sum_subtotal2", _just_off("sum_subtotal2", eased_by="sum_total"))
    ways[28], ways[29] = _required_sum("sum_total", _one_off("sum_total"))
    ways[42], ways[43] = _item_text("name")
    ways[44], ways[45] = _item_text("unit")
    ways[46], ways[47] = _item_number("unit_price")
    ways[48], ways[49] = _item_number("quantity")
    return dict(sorted(ways.items()))


WAYS: Mapping[int, Mapping[str, Change]] = _ways()
"""Code -> name of a way to provoke it -> what does so (R-53, R-11b, R-11c); 62 to 64 hang on the world."""
