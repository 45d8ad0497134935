"""Error 14: which code each mistake in an invoice has, and that the schemas alone say so."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.builders import TAXATIONS, WAYS, Invoice, broken, invoice
from mock_server.settings import PREFIX
from mock_server.store.stores import Store
from tests.client import Portal, hang_up
from tests.http.imports import codes, sent
from tests.inprocess import DirectPortal, InProcess, rows
from tests.live import LiveServer, Servers, fresh_world

ROOT = Path(__file__).parents[2]
TYPES = ("default", "avans", "goodsTransfer")


def notes(store: Store, world: str) -> list[dict[str, Any]]:
    """What the journal says of the last request of a world."""
    rows = store.engine.all(
        "SELECT notes FROM journal WHERE world = (SELECT id FROM worlds WHERE name = ?) ORDER BY seq DESC LIMIT 1",
        (world,),
    )
    noted: list[dict[str, Any]] = msgspec.json.decode(rows[0][0])
    return noted


# -- the form of the answer


@pytest.mark.proves("F-ERR-01", "R-18", "F-ERR-05")
def test_the_second_of_three_has_five_mistakes_and_nothing_is_stored(servers: Servers, portal: Portal) -> None:
    portal.call("read_proc_status", procId=123)  # the world comes to be on first use
    before = rows(servers.get().app)
    wrong = invoice(2, items=3, taxation="everything")
    del wrong["seller"]
    wrong["main_info"] = "  "
    wrong["sum_total"] = "100"
    wrong["items"][1]["name"] = ""
    del wrong["items"][2]["quantity"]
    reply = sent(portal, invoice(1), wrong, invoice(3))
    assert reply.code == 14
    first, second, third = reply.data["invoices"]
    assert (first, set(second), len(second), third) == ([], {20, 23, 29, 43, 48}, 5, [])
    assert rows(servers.get().app) == before
    found = portal.call("inv_read_invoices", ids=[invoice(seed)["id"] for seed in (1, 2, 3)])
    assert found.data == {"invoices": [], "total": 0}


@pytest.mark.proves("R-54")
def test_a_code_stands_once_however_many_places_have_it(portal: Portal) -> None:
    wrong = invoice(1, items=3)
    del wrong["seller"], wrong["buyer"]
    for item in wrong["items"]:
        item["name"] = ""
    assert sorted(codes(sent(portal, wrong))[0]) == [20, 43]


# -- one code, and several


@pytest.fixture(scope="module")
def direct() -> Iterator[InProcess]:
    with InProcess() as simulator:
        yield simulator


@pytest.fixture(scope="module")
def fast(direct: InProcess) -> DirectPortal:
    return direct.portal()


BUILT = st.builds(
    invoice,
    st.integers(0, 10**6),
    items=st.integers(1, 3),
    taxation=st.sampled_from(TAXATIONS),
    type=st.sampled_from(TYPES),
    places=st.sampled_from([2, 5]),
)


@pytest.mark.proves("F-ERR-05", "F-ERR-01", "R-53", "R-11b", "R-11c")
@settings(max_examples=600, deadline=None, derandomize=True, database=None)
@given(built=BUILT, way=st.sampled_from([(code, way) for code, ways in WAYS.items() for way in ways]))
def test_one_mistake_gives_its_code_and_no_other(fast: DirectPortal, built: Invoice, way: tuple[int, str]) -> None:
    assert codes(sent(fast, broken(built, *way))) == [[way[0]]]


FIELDS = (
    (20, 21),
    (22, 23),
    (24, 25),
    (26, 27),
    (28, 29),
    (37, 38),
    (40, 41),
    (42, 43),
    (44, 45),
    (46, 47),
    (48, 49),
)
SINGLE = (*range(30, 37), *range(52, 62))
APART = [
    [(code, way) for code in field for way in WAYS[code] if way not in ("sum", "relation")]
    for field in (*FIELDS, (50, 51), *((code,) for code in SINGLE))
]
"""Ways to break an invoice, those of one field together; a sum that does not add up would touch other fields."""


@pytest.mark.proves("F-ERR-05", "F-ERR-01", "R-18", "R-53")
@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(built=BUILT, fields=st.lists(st.sampled_from(APART), min_size=2, unique_by=id), data=st.data())
def test_several_mistakes_give_their_codes_and_no_others(
    fast: DirectPortal, built: Invoice, fields: list[list[tuple[int, str]]], data: st.DataObject
) -> None:
    ways = [data.draw(st.sampled_from(field)) for field in fields]
    wrong = built
    for way in ways:
        wrong = broken(wrong, *way)
    first, second = codes(sent(fast, invoice(1), wrong))
    assert (first, set(second), len(second)) == ([], {code for code, _ in ways}, len(ways))


# -- what is there and wrong

JUNK: tuple[Any, ...] = (True, 7, -1, "", "x", [], ["x"], {}, {"a": 1})
WRONG_IN_HEADER = {
    "id": 38,
    "type": 61,
    "main_info": 23,
    "seller": 21,
    "buyer": 21,
    "sum_subtotal1": 25,
    "sum_subtotal2": 27,
    "sum_total": 29,
    "sum_aksiz": 30,
    "sum_apply_vat_amount": 31,
    "sum_skip_vat_amount": 32,
    "sum_vat_zero": 33,
    "sum_vat_free": 34,
    "sum_vat_amount": 35,
    "sum_ttax": 36,
    "items": 39,
}
WRONG_IN_ITEM = {
    "id": 41,
    "name": 43,
    "unit": 45,
    "unit_price": 47,
    "quantity": 49,
    "barcode": 50,
    "subtotal1": 52,
    "aksiz": 53,
    "subtotal2": 54,
    "apply_vat_amount": 55,
    "skip_vat_amount": 56,
    "vat_zero": 57,
    "vat_free": 58,
    "vat_amount": 59,
    "total": 60,
    "transport_tax": 60,
    "aksizgrade": 60,
}
FITTING: dict[str, tuple[Any, ...]] = {
    "main_info": ("x",),
    "name": ("x",),
    "unit": ("x",),
    "items": (["x"],),
    "barcode": ("x",),
}
"""Junk that has another code there, or none."""


def wrong_values(field: str, code: int, in_item: bool) -> Iterator[tuple[Any, int]]:
    for value in JUNK:
        fits = value in FITTING.get(field, ()) or (field == "id" and in_item and value == "x")
        number = value == 7 and field not in ("id", "type", "main_info", "name", "unit", "seller", "buyer", "barcode")
        if not fits and not (number and field != "items"):
            yield value, code


@pytest.mark.proves("F-ERR-05", "R-53", "R-10", "R-11b")
@pytest.mark.parametrize("field", WRONG_IN_HEADER)
def test_wrong_values_of_the_header(fast: DirectPortal, field: str) -> None:
    for value, code in wrong_values(field, WRONG_IN_HEADER[field], in_item=False):
        assert codes(sent(fast, {**invoice(1, taxation="everything"), field: value})) == [[code]], value


@pytest.mark.proves("F-ERR-05", "R-53", "R-10", "R-11b")
@pytest.mark.parametrize("field", WRONG_IN_ITEM)
def test_wrong_values_of_an_item(fast: DirectPortal, field: str) -> None:
    for value, code in wrong_values(field, WRONG_IN_ITEM[field], in_item=True):
        built = invoice(1, taxation="everything", items=2)
        built["items"][1][field] = value
        assert codes(sent(fast, built)) == [[code]], value


@pytest.mark.proves("R-53", "R-57")
@pytest.mark.parametrize("value", [None, "x", 7, [], {}, True])
def test_what_is_no_object_counts_as_an_empty_one(fast: DirectPortal, value: Any) -> None:
    assert codes(sent(fast, invoice(1), value)) == [[], [20, 22, 24, 26, 28, 37, 39]]
    items = [*invoice(1)["items"], value]
    found = codes(sent(fast, {**invoice(1), "items": items}))
    assert found == [[40, 42, 44, 46, 48, 50, 52, 54, 60]]


@pytest.mark.proves("R-53", "R-60")
@pytest.mark.parametrize("field", ["with_agent", "add_info", "transp_reg_number", "from_wh", "to_wh", "wh_field"])
def test_a_wrong_type_in_a_field_without_code_is_ignored_with_a_warning(direct: InProcess, field: str) -> None:
    portal = direct.portal()
    assert codes(sent(portal, {**invoice(1), field: {"odd": 1}})) == [[]]
    warned = [(note["path"], note["reading"]) for note in notes(direct.app.store, portal.world)]
    assert (["invoices", 0, field], "R-53") in warned


# -- product codes and barcodes


def with_item(**fields: Any) -> Invoice:
    built = invoice(1)
    built["items"][0].update(fields)
    return built


def configured(servers: Servers, **readings: str) -> tuple[LiveServer, Portal]:
    """A server under these readings (`R_09` for R-09), and a fresh portal there."""
    server = servers.get(readings={name.replace("_", "-"): answer for name, answer in readings.items()})
    return server, Portal(server.port, fresh_world())


ITEM_IDS = {
    "1234567890": (True, True, True),
    "PROD001": (True, False, False),
    "PROD-001": (True, False, False),
    "FURNITURE-001": (True, False, False),
    "PROD-00001": (True, False, True),
    "prod-00001": (True, False, False),
    "X": (True, False, False),
    "X" * 20: (True, False, False),
    "X" * 21: (False, False, False),
    "": (False, False, False),
    "ƏLMA000001": (False, False, False),
    "PROD_00001": (False, False, False),
    "123456789": (True, False, False),
    "12345678901": (True, False, False),
    "1234567890\n": (False, False, False),
    "١٢٣٤٥٦٧٨٩٠": (False, False, False),
}


@pytest.mark.proves("R-09", "F-SMP-07", "F-ERR-05")
@pytest.mark.parametrize("place", [0, 1, 2], ids=["lenient", "strict", "2025-12"])
def test_product_codes(servers: Servers, place: int) -> None:
    server, portal = configured(servers, R_09=("lenient", "strict", "2025-12")[place])
    for number, (text, fits) in enumerate(ITEM_IDS.items()):
        found = codes(sent(portal, {**with_item(id=text), "id": f"PRODUCT-{number}"}))
        assert found == ([[]] if fits[place] else [[41]]), text
        warned = [note["path"] for note in notes(server.app.store, portal.world) if note["reading"] == "R-09"]
        assert bool(warned) == (place == 0 and text != "1234567890"), text


BARCODES: dict[Any, tuple[int | None, int | None, bool]] = {
    "1234567890000": (None, None, False),
    "0": (None, None, False),
    "PROD-001000": (None, 51, True),
    "FURNITURE-001000": (None, 51, True),
    "X" * 30: (None, 51, True),
    "X" * 31: (51, 51, True),
    "12 34": (51, 51, True),
    "1234567890\n": (51, 51, True),
    "١٢٣": (51, 51, True),
    "": (50, 50, True),
    None: (50, 50, False),
    12345: (50, 50, False),
}
"""Barcode -> its code under `lenient`, under `strict`, and whether `lenient` warns of it."""


@pytest.mark.proves("R-10", "F-SMP-07", "F-ERR-05")
@pytest.mark.parametrize("answer", ["lenient", "strict"])
def test_barcodes(servers: Servers, answer: str) -> None:
    server, portal = configured(servers, R_10=answer)
    for number, (text, (lenient, strict, warned)) in enumerate(BARCODES.items()):
        code = lenient if answer == "lenient" else strict
        found = codes(sent(portal, {**with_item(barcode=text), "id": f"BARCODE-{number}"}))
        assert found == ([[]] if code is None else [[code]]), text
        readings = {note["reading"] for note in notes(server.app.store, portal.world)}
        assert ("R-10" in readings) == (warned and answer == "lenient"), text


# -- sums

ITEM = {
    "id": "1234567890",
    "name": "Product Name",
    "unit": "pcs",
    "unit_price": "10",
    "quantity": "100",
    "barcode": "1234567890000",
    "subtotal1": "1000",
    "subtotal2": "1000",
    "apply_vat_amount": "1000",
    "vat_amount": "180",
    "total": "1180",
}
HEADER = {
    "id": "INV-2025-001",
    "main_info": "Contract A001",
    "seller": "1111111111",
    "buyer": "0000000000",
    "sum_subtotal1": "1000",
    "sum_subtotal2": "1000",
    "sum_apply_vat_amount": "1000",
    "sum_vat_amount": "180",
    "sum_total": "1180",
}
TEXTS = ("id", "name", "unit", "barcode", "main_info", "seller", "buyer")


def amounts(row: Mapping[str, str]) -> dict[str, Any]:
    return {name: text if name in TEXTS else Decimal(text) for name, text in row.items()}


def summed(item: Mapping[str, str], header: Mapping[str, str]) -> Invoice:
    """1000 and 180 of VAT, but for these amounts."""
    return {**amounts({**HEADER, **header}), "items": [amounts({**ITEM, **item})]}


TOLERANT: list[tuple[dict[str, str], dict[str, str], list[int]]] = [
    # unit_price × quantity = subtotal1 within 0.01 + 0.000005 × (unit_price + quantity): here 0.01055
    ({"unit_price": "10.0001055"}, {}, []),
    ({"unit_price": "9.9998946"}, {}, []),
    ({"unit_price": "10.0001056"}, {}, [52]),
    ({"unit_price": "9.9998944"}, {}, [52]),
    # subtotal1 + aksiz = subtotal2
    ({"aksiz": "0.01"}, {"sum_aksiz": "0.01"}, []),
    ({"aksiz": "0.010001"}, {"sum_aksiz": "0.005"}, [54]),
    # the four bases, unless all are 0
    ({"skip_vat_amount": "0.01"}, {"sum_skip_vat_amount": "0.01"}, []),
    ({"skip_vat_amount": "0.010001"}, {"sum_skip_vat_amount": "0.010001"}, [55]),
    ({"vat_zero": "0.010001"}, {"sum_vat_zero": "0.010001"}, [55]),
    ({"vat_free": "0.010001"}, {"sum_vat_free": "0.010001"}, [55]),
    ({"apply_vat_amount": "999.989", "skip_vat_amount": "0.011"}, {"sum_skip_vat_amount": "0.011"}, [31]),
    (
        {"apply_vat_amount": "0", "vat_amount": "0", "total": "1000"},
        {"sum_apply_vat_amount": "0", "sum_vat_amount": "0", "sum_total": "1000"},
        [],
    ),
    # vat_amount = 18 % of apply_vat_amount
    ({"vat_amount": "180.01"}, {"sum_vat_amount": "180.01"}, []),
    ({"vat_amount": "180.010001", "total": "1180.005"}, {"sum_vat_amount": "180.005", "sum_total": "1180.005"}, [59]),
    ({"vat_amount": "179.989999", "total": "1179.995"}, {"sum_vat_amount": "179.995", "sum_total": "1179.995"}, [59]),
    # total = subtotal2 + vat_amount + transport_tax
    ({"total": "1180.01"}, {"sum_total": "1180.01"}, []),
    ({"total": "1180.010001"}, {"sum_total": "1180.005"}, [60]),
    ({"transport_tax": "0.010001"}, {"sum_ttax": "0.005"}, [60]),
    ({"transport_tax": "5", "total": "1185"}, {"sum_ttax": "5", "sum_total": "1185"}, []),
    # each header sum is that of the items, within 0.01 for each of them
    ({}, {"sum_subtotal1": "1000.01"}, []),
    ({}, {"sum_subtotal1": "1000.010001", "sum_subtotal2": "1000.005"}, [25]),
    ({}, {"sum_subtotal2": "1000.010001", "sum_total": "1180.005"}, [27]),
    ({}, {"sum_total": "1180.01"}, []),
    ({}, {"sum_total": "1180.010001"}, [29]),
    ({}, {"sum_aksiz": "0.010001", "sum_subtotal2": "1000.005"}, [30]),
    ({}, {"sum_apply_vat_amount": "1000.01"}, []),
    ({}, {"sum_apply_vat_amount": "1000.010001"}, [31]),
    ({}, {"sum_skip_vat_amount": "0.010001"}, [32]),
    ({}, {"sum_vat_zero": "0.010001"}, [33]),
    ({}, {"sum_vat_free": "0.010001"}, [34]),
    ({}, {"sum_vat_amount": "180.010001", "sum_total": "1180.005"}, [35]),
    ({}, {"sum_ttax": "0.010001", "sum_total": "1180.005"}, [36]),
    # sum_subtotal1 + sum_aksiz = sum_subtotal2; sum_total = sum_subtotal2 + sum_vat_amount + sum_ttax
    ({}, {"sum_subtotal1": "999.995", "sum_subtotal2": "1000.005"}, []),
    ({}, {"sum_subtotal1": "999.995", "sum_subtotal2": "1000.005001"}, [27]),
    ({}, {"sum_subtotal2": "1000.005", "sum_total": "1179.995"}, []),
    ({}, {"sum_subtotal2": "1000.005001", "sum_total": "1179.995"}, [29]),
    # VAT is on the amount after excise
    (
        {"aksiz": "100", "subtotal2": "1100", "apply_vat_amount": "1100", "vat_amount": "198", "total": "1298"},
        {
            "sum_aksiz": "100",
            "sum_subtotal2": "1100",
            "sum_apply_vat_amount": "1100",
            "sum_vat_amount": "198",
            "sum_total": "1298",
        },
        [],
    ),
    (
        {"aksiz": "100", "subtotal2": "1100", "total": "1280"},
        {"sum_aksiz": "100", "sum_subtotal2": "1100", "sum_total": "1280"},
        [55],
    ),
    # never compared: the rate of excise with anything
    ({"aksizgrade": "99"}, {}, []),
]


@pytest.mark.proves("R-11", "R-11b", "R-11c", "F-IMP-10")
@pytest.mark.parametrize(("item", "header", "expected"), TOLERANT)
def test_sums_within_a_tolerance(
    fast: DirectPortal, item: dict[str, str], header: dict[str, str], expected: list[int]
) -> None:
    sums = {**summed(item, header), "id": fresh_world() + "-sums"}
    assert codes(sent(fast, sums)) == [expected]


EXACT: list[tuple[dict[str, str], dict[str, str], list[int]]] = [
    ({"unit_price": "10.0000499"}, {}, []),
    ({"unit_price": "10.00005"}, {}, [52]),
    ({"aksiz": "0.0049"}, {}, []),
    ({"aksiz": "0.01"}, {"sum_aksiz": "0.01"}, [27, 54]),
    ({"skip_vat_amount": "0.01"}, {"sum_skip_vat_amount": "0.01"}, [55]),
    ({"vat_amount": "180.0049"}, {}, []),
    ({"vat_amount": "180.005", "total": "1180.005"}, {"sum_vat_amount": "180.01", "sum_total": "1180.01"}, [59]),
    ({"total": "1180.0049"}, {}, []),
    ({"total": "1180.005"}, {}, [29, 60]),
    ({}, {"sum_subtotal1": "1000.0049"}, []),
    ({}, {"sum_subtotal1": "1000.01"}, [25, 27]),
    ({}, {"sum_subtotal2": "1000.01"}, [27, 29]),
    ({}, {"sum_total": "1180.005"}, [29]),
    ({}, {"sum_aksiz": "0.01"}, [27, 30]),
    ({}, {"sum_apply_vat_amount": "1000.01"}, [31]),
    ({}, {"sum_skip_vat_amount": "0.01"}, [32]),
    ({}, {"sum_vat_zero": "0.01"}, [33]),
    ({}, {"sum_vat_free": "0.01"}, [34]),
    ({}, {"sum_vat_amount": "180.01"}, [29, 35]),
    ({}, {"sum_ttax": "0.01"}, [29, 36]),
    ({"unit_price": "1000000000000000", "quantity": "1000000000000000"}, {}, [52]),
    ({"unit_price": "99999999999999.99999", "quantity": "999999999999999"}, {}, [52]),
]


@pytest.mark.proves("R-11", "R-11b", "R-11c")
@pytest.mark.parametrize(("item", "header", "expected"), EXACT)
def test_sums_to_the_cent(
    servers: Servers, item: dict[str, str], header: dict[str, str], expected: list[int]
) -> None:
    _, portal = configured(servers, R_11="exact")
    assert codes(sent(portal, summed(item, header))) == [expected]


@pytest.mark.proves("R-11")
def test_sums_of_no_interest(servers: Servers) -> None:
    _, portal = configured(servers, R_11="off")
    odd = summed({"total": "1", "vat_amount": "2", "subtotal1": "3"}, {"sum_total": "4", "sum_aksiz": "5"})
    assert codes(sent(portal, odd)) == [[]]
    assert codes(sent(portal, {**odd, "id": "INV-2025-002", "sum_total": 0})) == [[29]]


@pytest.mark.proves("R-11")
def test_tolerance_of_header_sums_grows_with_the_items(fast: DirectPortal) -> None:
    def three(total: str) -> Invoice:
        built = summed({}, {"sum_total": total})
        for name in ("sum_subtotal1", "sum_subtotal2", "sum_apply_vat_amount", "sum_vat_amount"):
            built[name] *= 3
        return {**built, "items": built["items"] * 3, "id": fresh_world() + "-three"}

    assert codes(sent(fast, three("3540.03"))) == [[]]
    assert codes(sent(fast, three("3540.030001"))) == [[29]]


@pytest.mark.proves("R-11")
@pytest.mark.parametrize(
    ("item", "header", "expected"),
    [
        ({"vat_amount": "x", "total": Decimal(1200)}, {"sum_vat_amount": "200", "sum_total": "1200"}, [59]),
        (
            {"aksiz": Decimal(3910), "subtotal2": None, "total": Decimal(5000)},
            {"sum_aksiz": "3910", "sum_subtotal2": "4910", "sum_vat_amount": "90", "sum_total": "5000"},
            [35, 54],
        ),
        ({"unit_price": None, "quantity": 3}, {}, [46]),
    ],
)
def test_a_relation_is_looked_at_only_when_its_fields_can_be(
    fast: DirectPortal, item: dict[str, Any], header: dict[str, str], expected: list[int]
) -> None:
    built = summed({}, header)
    built["items"][0].update(item)
    assert codes(sent(fast, built)) == [expected]


@pytest.mark.proves("F-SMP-08", "R-11")
@pytest.mark.parametrize("answer", ["tolerant", "exact"])
@pytest.mark.parametrize(
    ("item", "header"),
    [
        (
            {
                "unit_price": "2008.4745",
                "quantity": "1",
                "subtotal1": "2008.4745",
                "subtotal2": "2008.4745",
                "apply_vat_amount": "2008.4745",
                "vat_amount": "361.52541",
                "total": "2370",
            },
            {
                "sum_subtotal1": "2008.47",
                "sum_subtotal2": "2008.47",
                "sum_apply_vat_amount": "2008.47",
                "sum_vat_amount": "361.53",
                "sum_total": "2370",
            },
        ),
        (
            {
                "unit_price": "816.6102",
                "quantity": "0.4",
                "subtotal1": "326.6441",
                "subtotal2": "326.6441",
                "apply_vat_amount": "0",
                "vat_amount": "0",
                "total": "326.6441",
            },
            {
                "sum_subtotal1": "326.64",
                "sum_subtotal2": "326.64",
                "sum_apply_vat_amount": "0",
                "sum_vat_amount": "0",
                "sum_total": "326.64",
            },
        ),
    ],
    ids=["total", "product"],
)
def test_inexact_sums_of_the_samples_pass(
    servers: Servers, answer: str, item: dict[str, str], header: dict[str, str]
) -> None:
    _, portal = configured(servers, R_11=answer)
    sample = summed(item, header)
    (row,) = sample["items"]
    off = row["unit_price"] * row["quantity"] - row["subtotal1"], row["subtotal2"] + row["vat_amount"] - row["total"]
    assert any(off)
    assert codes(sent(portal, sample)) == [[]]


# -- two scopes of one number


@pytest.mark.proves("F-ERR-05")
def test_20_inside_14_is_another_20(portal: Portal) -> None:
    assert codes(sent(portal, broken(invoice(1), 20))) == [[20]]
    reply = portal.call("inv_delete", ids=["NO-SUCH-INVOICE"])
    assert (reply.code, reply.json["err_msg"]) == (20, "Qaime not found or not in specified folder")


# -- codes are data


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The program and its data, to be changed at will."""
    for folder in ("mock_server", "schemas", "fixtures"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "*.py[co]"))
    shutil.rmtree(tmp_path / "mock_server" / "schemas", ignore_errors=True)
    return tmp_path


def change(file: Path, edit: Callable[[Any], None]) -> None:
    content = json.loads(file.read_text("utf-8"))
    edit(content)
    file.write_text(json.dumps(content, ensure_ascii=False), "utf-8")


def started(folder: Path) -> subprocess.Popen[str]:
    environ = {name: text for name, text in os.environ.items() if not name.startswith(PREFIX)}
    command = [sys.executable, "-m", "mock_server", "serve", "--port", "0", "--pace", "instant"]
    return subprocess.Popen(
        command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_code_changed_in_the_data_changes_the_answer(copied: Path) -> None:
    wrong = invoice(1)
    wrong["main_info"] = ""
    wrong["items"][0]["total"] += 1
    del wrong["items"][0]["unit"]

    def rename(rules: Any) -> None:
        for rule in rules["rules"]:
            rule["code"] = 59 if rule["name"] == "item-total" else rule["code"]

    change(
        copied / "schemas/invoice.json",
        lambda schema: schema["properties"]["main_info"]["x-error"].update(invalid=61),
    )
    change(copied / "schemas/item.json", lambda schema: schema["properties"]["unit"]["x-error"].update(required=63))
    change(copied / "schemas/rules.json", rename)
    server = started(copied)
    try:
        assert server.stdout is not None
        line = next(line for line in server.stdout if "http://127.0.0.1:" in line)
        port = int(line.partition("http://127.0.0.1:")[2].split("/")[0].split()[0])
        assert codes(sent(Portal(port, "default"), deepcopy(wrong))) == [[29, 59, 61, 63]]
    finally:
        hang_up()
        server.terminate()
        server.communicate(timeout=30)


@pytest.mark.parametrize(
    ("file", "edit", "said"),
    [
        (
            "item.json",
            lambda schema: schema["properties"]["unit"].update({"x-eror": {"required": 44}}),
            'schemas/item.json: unknown annotation "x-eror", did you mean "x-error"?',
        ),
        (
            "requests/etx_import.json",
            lambda schema: schema["x-reading"]["R-12"]["optional"].update({"x-": "blue"}),
            'schemas/requests/etx_import.json: unknown annotation "x-"; known are x-error, ',
        ),
        (
            "rules.json",
            lambda rules: rules["rules"].pop(),
            "rules.json and the table of rules differ: ['duplicate-invoice']",
        ),
    ],
    ids=["misspelt", "inside a reading", "a rule less"],
)
def test_data_that_the_program_does_not_understand_stops_it(
    copied: Path, file: str, edit: Callable[[Any], None], said: str
) -> None:
    change(copied / "schemas" / file, edit)
    server = started(copied)
    _, errors = server.communicate(timeout=60)
    assert server.returncode != 0
    assert said in errors
