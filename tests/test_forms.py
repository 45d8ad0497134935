"""Schemas become forms: which code a violation has, what a reading changes, what is only noted."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.builders import invoice
from mock_server import wire
from mock_server.rulebook import forms
from mock_server.rulebook.forms import Form, UnknownAnnotation, check_annotations, resolved, without_nulls
from mock_server.rulebook.ledger import Ledger, Readings
from mock_server.rulebook.operations import OPERATIONS
from tests.mutations import mutated

Node = dict[str, Any]

TOY: dict[str, Node] = {
    "toy.json": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:vatportal:toy",
        "type": "object",
        "x-reading": {
            "R-12": {
                "required": {"required": ["phone"]},
                "optional": {"properties": {"phone": {"maxLength": 3}, "extra": {"type": "string"}}},
            }
        },
        "properties": {
            "phone": {
                "type": "string",
                "pattern": "^[0-9]+$",
                "x-error": {"required": 1, "pattern": 2, "invalid": 3},
            },
            "plain": {"type": "string", "x-error": {"invalid": None}},
            "flag": {"type": "boolean", "default": False, "x-error": {"invalid": 4}},
            "count": {"type": "integer", "minimum": 1, "default": 1, "x-error": {"required": 5, "invalid": 6}},
            "price": {"type": "number", "x-error": {"invalid": 7}},
            "names": {
                "type": "array",
                "minItems": 1,
                "items": {"type": "string"},
                "x-error": {"minItems": 8, "invalid": 9},
            },
            "lines": {"type": "array", "items": {"$ref": "urn:vatportal:line"}, "x-error": {"invalid": 10}},
            "apart": {"type": "array", "x-items": "urn:vatportal:line", "x-error": {"invalid": 14}},
        },
        "required": ["count"],
    },
    "line.json": {
        "$id": "urn:vatportal:line",
        "type": "object",
        "properties": {
            "id": {
                "type": "string",
                "x-error": {"required": 11, "invalid": 12},
                "x-reading": {
                    "R-09": {
                        "lenient": {"x-warn": [{"maxLength": 4, "reading": "R-09", "says": "longer than 4"}]},
                        "strict": {"maxLength": 4},
                        "2025-12": {"maxLength": 2, "x-error": {"required": 11, "invalid": 13}},
                    }
                },
            }
        },
        "required": ["id"],
    },
}


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Form]:
    """The toy schema under readings such as `R_09="strict"`."""
    monkeypatch.setattr(forms, "load", TOY.__getitem__)

    def form(**chosen: str) -> Form:
        return Form("urn:vatportal:toy", readings(**{"R_12": "optional", **chosen}))

    return form


def readings(**chosen: str) -> Readings:
    return Ledger.load().choose_all("2025-08", {name.replace("_", "-"): answer for name, answer in chosen.items()})


GOOD = {"count": 1, "lines": [{"id": "abc"}]}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (GOOD, []),
        ({}, [(("count",), "required", 5)]),
        ({"count": 0}, [(("count",), "minimum", 6)]),
        ({"count": "1"}, [(("count",), "type", 6)]),
        ({"count": wire.TOO_WIDE}, [(("count",), "type", 6)]),
        ({**GOOD, "phone": "x"}, [(("phone",), "pattern", 2)]),
        ({**GOOD, "phone": "1234"}, [(("phone",), "maxLength", 3)]),
        ({**GOOD, "phone": 1}, [(("phone",), "type", 3)]),
        ({**GOOD, "plain": 1}, [(("plain",), "type", None)]),
        ({**GOOD, "flag": 1}, [(("flag",), "type", 4)]),
        ({**GOOD, "price": Decimal("0.5")}, []),
        ({**GOOD, "price": wire.TOO_WIDE}, [(("price",), "type", 7)]),
        ({**GOOD, "names": []}, [(("names",), "minItems", 8)]),
        ({**GOOD, "names": ["a", 1]}, [(("names", 1), "type", 9)]),
        ({**GOOD, "lines": {}}, [(("lines",), "type", 10)]),
        ({**GOOD, "apart": {}}, [(("apart",), "type", 14)]),
        ({**GOOD, "apart": [{}, 7]}, []),
        ({**GOOD, "lines": [{"id": "a"}, {}]}, [(("lines", 1, "id"), "required", 11)]),
        ({**GOOD, "lines": [{"id": 7}, 7]}, [(("lines", 0, "id"), "type", 12), (("lines", 1), "type", 10)]),
    ],
)
def test_a_violation_has_the_code_of_the_annotation_beside_it(
    toy: Callable[..., Form], body: Any, found: list[tuple[Any, ...]]
) -> None:
    """Of the nearest one above, where a keyword has none of its own."""
    assert sorted(violation[:3] for violation in toy().violations(body)) == found


@pytest.mark.parametrize(
    ("chosen", "text", "code", "noted"),
    [
        ({}, "abcde", None, ["longer than 4"]),
        ({"R_09": "strict"}, "abcd", None, []),
        ({"R_09": "strict"}, "abcde", 12, []),
        ({"R_09": "2025-12"}, "abc", 13, []),
    ],
)
def test_a_reading_brings_keywords_codes_and_warnings(
    toy: Callable[..., Form], chosen: dict[str, str], text: str, code: int | None, noted: list[str]
) -> None:
    body = {"count": 1, "lines": [{"id": text}]}
    assert [violation.code for violation in toy(**chosen).violations(body)] == ([] if code is None else [code])
    assert [(note.path, note.reading, note.text) for note in toy(**chosen).notes(body)] == [
        (("lines", 0, "id"), "R-09", says) for says in noted
    ]


def test_a_reading_adds_to_what_is_required_and_to_properties(toy: Callable[..., Form]) -> None:
    asking = toy(R_12="required")
    assert asking.schema["required"] == ["count", "phone"]
    assert {violation.code for violation in asking.violations({})} == {1, 5}
    assert toy().schema["properties"]["phone"]["pattern"] == "^[0-9]+$"
    assert "extra" in toy().schema["properties"]
    assert TOY["toy.json"]["required"] == ["count"]


@pytest.mark.proves("R-43")
def test_keys_nobody_asked_for_are_noted_and_can_be_left_behind(toy: Callable[..., Form]) -> None:
    body = {**GOOD, "odd": wire.TOO_WIDE, "lines": [{"id": "a"}, {"id": "b", "also odd": {"x": 1}}]}
    form = toy()
    assert not form.violations(body)
    noted = sorted((note.path, note.reading) for note in form.notes(body))
    assert noted == [(("lines", 1, "also odd"), "R-43"), (("odd",), "R-43")]
    assert form.known(body) == {**GOOD, "lines": [{"id": "a"}, {"id": "b"}]}
    assert form.known([1]) == [1]


def test_defaults_are_those_of_the_schema(toy: Callable[..., Form]) -> None:
    assert toy().defaults == {"flag": False, "count": 1}


@pytest.mark.proves("R-42")
@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ({"count": "12"}, {"count": 12}),
        ({"count": " 12 "}, {"count": 12}),
        ({"count": "12.0"}, {"count": 12}),
        ({"count": True}, {"count": 1}),
        ({"count": "twelve"}, {"count": "twelve"}),
        ({"count": "١٢"}, {"count": "١٢"}),
        ({"count": "1e999"}, {"count": wire.TOO_WIDE}),
        ({"count": "NaN"}, {"count": "NaN"}),
        ({"count": "[" * 100_000}, {"count": "[" * 100_000}),
        ({"price": "0.10"}, {"price": Decimal("0.10")}),
        ({"price": ""}, {"price": ""}),
        ({"price": "true"}, {"price": "true"}),
        ({"flag": "true"}, {"flag": True}),
        ({"flag": "False"}, {"flag": False}),
        ({"flag": 1}, {"flag": True}),
        ({"flag": "0"}, {"flag": False}),
        ({"flag": 2}, {"flag": 2}),
        ({"flag": "yes"}, {"flag": "yes"}),
        ({"phone": 994501234567}, {"phone": "994501234567"}),
        ({"phone": Decimal("0.5")}, {"phone": "0.5"}),
        ({"phone": 10**30}, {"phone": "1" + "0" * 30}),
        ({"phone": wire.TOO_WIDE}, {"phone": wire.TOO_WIDE}),
        ({"phone": True}, {"phone": True}),
        ({"phone": ["1"]}, {"phone": ["1"]}),
        ({"names": [1, "b"]}, {"names": ["1", "b"]}),
        ({"names": "a"}, {"names": "a"}),
        ({"lines": [{"id": 7, "odd": "8"}, 9]}, {"lines": [{"id": "7", "odd": "8"}, 9]}),
        ({"apart": [{"id": 7}, 9]}, {"apart": [{"id": "7"}, 9]}),
        ([], []),
    ],
)
def test_values_are_taken_for_what_they_say(toy: Callable[..., Form], given: Any, taken: Any) -> None:
    found = toy().coerced(given)
    assert (found, repr(found)) == (taken, repr(taken))


@pytest.mark.proves("R-44")
def test_null_is_left_out_of_objects() -> None:
    assert without_nulls({"a": None, "b": [None, {"c": None, "d": 0}]}) == {"b": [None, {"d": 0}]}


@pytest.mark.parametrize(
    "schema",
    [
        {"x-eror": {}},
        {"properties": {"a": {"items": {"x-errors": {}}}}},
        {"x-reading": {"R-09": {"strict": {"x-worn": []}}}},
        {"allOf": [{"x-": 1}]},
    ],
)
def test_an_annotation_that_nothing_understands_is_refused(schema: Node) -> None:
    with pytest.raises(UnknownAnnotation, match='toy: unknown annotation "x-'):
        check_annotations("toy", schema)


# -- two validators

URNS = ("urn:vatportal:invoice", *(operation.request for operation in OPERATIONS))
CHOICES: tuple[dict[str, str], ...] = (
    {},
    {"R_09": "strict", "R_10": "strict", "R_12": "optional", "R_14c": "synonym"},
    {"R_09": "2025-12"},
)
BODIES: dict[str, tuple[Any, ...]] = {
    "urn:vatportal:invoice": (invoice(1, taxation="everything", items=2), invoice(2, type="goodsTransfer")),
    "urn:vatportal:requests/import_upload_invoices": ({"invoices": [{}], "upload": True, "use_old_sys": False},),
}
MEMBERS = {
    "phone": "994501234567",
    "date_from": "01.08.2025",
    "date_to": "07.08.2025",
    "dir": 1,
    "from": 1,
    "procId": 123,
    "ids": ["INV-2024-001"],
    "serialNumbers": ["AA2401 10000001"],
    "is_signed": False,
    "inc_kinds": "agent",
    "login": "demo",
    "key": "0a",
}
ODD_SPACE = "\ufeff\x1c\x1d\x1e\x1f\x85"
"""Blank to one of the two only: the first to ECMAScript, the others to Python."""


def verdicts(schema: Node, body: Any) -> tuple[bool, bool]:
    """Of jsonschema-rs, which the simulator uses, and of jsonschema."""
    fast, slow = jsonschema_rs.validator_for(schema), jsonschema.Draft202012Validator(schema)
    return fast.is_valid(body), slow.is_valid(body)


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts(inner)


@pytest.mark.parametrize("urn", URNS)
@pytest.mark.parametrize("chosen", CHOICES)
def test_two_validators_agree(urn: str, chosen: dict[str, str]) -> None:
    """But for what the next test knows of."""
    schema = resolved(urn, readings(**chosen))
    fast, slow = jsonschema_rs.validator_for(schema), jsonschema.Draft202012Validator(schema)
    bodies = st.sampled_from(BODIES.get(urn, (MEMBERS,))).flatmap(mutated)

    @settings(max_examples=60, deadline=None, derandomize=True, database=None)
    @given(bodies)
    def check(body: Any) -> None:
        agreed = fast.is_valid(body) == slow.is_valid(body)
        assert agreed or any(text.endswith("\n") or set(text) & set(ODD_SPACE) for text in texts(body))

    check()


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"pattern": "^[0-9]{10}$"}, "1234567890\n", (False, True)),
        ({"pattern": r"^\d{3}$"}, "١٢٣", (False, True)),
        ({"pattern": r"\S"}, "\ufeff", (False, True)),
        ({"pattern": r"\S"}, "\x85", (True, False)),
        ({"pattern": r"\S"}, "\u3000\u2028\t", (False, False)),
        ({"multipleOf": 0.01}, 0.07, (True, False)),
        ({"type": "number"}, wire.TOO_WIDE, (False, True)),
    ],
    ids=["line break", "digits", "byte order mark", "next line", "blanks", "multiples", "too wide"],
)
def test_where_two_validators_differ(schema: Node, value: Any, expected: tuple[bool, bool]) -> None:
    """Why the simulator relies on one of them: it reads patterns as the documents' own ECMAScript would.

    Our schemas keep away from `\\\\d` and `multipleOf`; another tool may be used with them.
    """
    assert verdicts(schema, value) == expected


def test_schemas_keep_away_from_what_validators_differ_in() -> None:
    found = [str(resolved(urn, readings(**chosen))) for urn in URNS for chosen in CHOICES]
    assert not [text for text in found if r"\d" in text or r"\w" in text or "multipleOf" in text]
