"""The named rules: one table in Python, one in `schemas/rules.json`, and the arithmetic of each."""

from decimal import Decimal
from typing import Any

import pytest

from fixtures.builders import WAYS, broken, invoice
from mock_server.portal import rules
from mock_server.rulebook.documents import load

CODES = {
    "item-subtotal1": 52,
    "item-subtotal2": 54,
    "item-vat-bases": 55,
    "item-vat-amount": 59,
    "item-total": 60,
    "header-sum-subtotal1": 25,
    "header-sum-subtotal2": 27,
    "header-sum-total": 29,
    "header-sum-aksiz": 30,
    "header-sum-apply-vat": 31,
    "header-sum-skip-vat": 32,
    "header-sum-vat-zero": 33,
    "header-sum-vat-free": 34,
    "header-sum-vat-amount": 35,
    "header-sum-ttax": 36,
    "header-excise": 27,
    "header-total": 29,
    "main-qaime": 62,
    "from-warehouse": 63,
    "to-warehouse": 64,
    "duplicate-invoice": 17,
}
WAREHOUSES = [("WH1", "Bakı"), ("WH2", "Gəncə")]


def judged(
    built: dict[str, Any], mode: str = "tolerant", wrong: frozenset[tuple[str | int, ...]] = frozenset()
) -> set[str]:
    return rules.broken_sums(built, built["items"], wrong, mode)


@pytest.mark.proves("R-11b", "R-11c", "F-ERR-05")
def test_the_table_of_rules_is_the_file() -> None:
    assert {rule["name"]: rule["code"] for rule in load("rules.json")["rules"]} == CODES
    assert set(CODES) == rules.NAMES
    assert rules.CODES == CODES


@pytest.mark.proves("R-11", "F-IMP-10")
def test_numbers_are_those_of_the_ledger() -> None:
    file = load("rules.json")
    assert (file["tolerance"], file["vat_rate"]) == ({"amount": "0.01", "rounding": "0.000005"}, "0.18")


@pytest.mark.proves("R-11", "R-11b", "R-11c")
@pytest.mark.parametrize(
    ("code", "way", "name"),
    [
        (52, "relation", "item-subtotal1"),
        (54, "relation", "item-subtotal2"),
        (55, "relation", "item-vat-bases"),
        (59, "relation", "item-vat-amount"),
        (60, "relation", "item-total"),
        *((code, "sum", name) for name, code in CODES.items() if name.startswith("header-sum")),
    ],
)
@pytest.mark.parametrize("seed", range(5))
def test_a_rule_answers_for_its_own_relation(seed: int, code: int, way: str, name: str) -> None:
    built = invoice(seed, items=3, taxation="everything")
    assert judged(built) == judged(built, "exact") == set()
    found = judged(broken(built, code, way))
    assert name in found
    assert {CODES[each] for each in found} == {code}
    assert name in judged(broken(built, code, way), "exact")
    assert judged(broken(built, code, way), "off") == set()


def test_every_way_with_a_sum_is_a_rule() -> None:
    assert {code for code, ways in WAYS.items() if {"sum", "relation"} & set(ways)} == {
        code for name, code in CODES.items() if name.startswith(("item-", "header-sum"))
    }


@pytest.mark.proves("R-11")
def test_a_wrong_field_takes_its_relations_out() -> None:
    built = invoice(1, items=2, taxation="everything")
    built["items"][1]["subtotal2"] = Decimal(1)
    assert judged(built) == {"item-subtotal2", "item-vat-bases", "item-total", "header-sum-subtotal2"}
    assert judged(built, wrong=frozenset({("items", 1, "subtotal2")})) == set()
    built["sum_total"] = Decimal(1)
    wrong: set[tuple[str | int, ...]] = {("items", 1, "subtotal2"), ("sum_total",)}
    assert judged(built, wrong=frozenset(wrong)) == set()
    assert judged({**built, "items": []}) == {"header-total"}


@pytest.mark.proves("R-20", "F-IMP-08")
@pytest.mark.parametrize(
    ("row", "field", "names"),
    [
        ({"from_wh": "WH1", "to_wh": "WH2"}, 1, set()),
        ({"from_wh": "Bakı", "to_wh": "Gəncə"}, 2, set()),
        ({"from_wh": "Bakı", "to_wh": "WH2"}, 1, {"from-warehouse"}),
        ({"from_wh": "WH1", "to_wh": "WH2"}, 2, {"from-warehouse", "to-warehouse"}),
        ({"from_wh": "WH1"}, 1, {"to-warehouse"}),
        ({"from_wh": "WH1", "to_wh": "WH1"}, 1, set()),
        ({"from_wh": "WH1", "to_wh": "WH2"}, None, {"from-warehouse", "to-warehouse"}),
        ({"type": "default"}, 1, set()),
    ],
)
def test_warehouses(row: dict[str, str], field: int | None, names: set[str]) -> None:
    assert rules.broken_warehouses({"type": "goodsTransfer", **row}, WAREHOUSES, field) == names
