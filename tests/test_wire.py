"""JSON as it comes and goes: what is read as what, what is no JSON, and the bounds."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server import wire

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.decimals(allow_nan=False, allow_infinity=False, places=5, min_value=-(10**20), max_value=10**20)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def spoilt(parts: tuple[bytes, int, int]) -> bytes:
    """JSON with one byte put in the place of another."""
    raw, place, byte = parts
    place %= len(raw)
    return raw[:place] + bytes([byte]) + raw[place + 1 :]


def is_json(raw: bytes) -> bool:
    """What Python's own parser thinks, held to the letter of RFC 8259."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        json.dumps(json.loads(raw.decode("utf-8"), parse_constant=refuse), ensure_ascii=False).encode("utf-8")
    except ValueError:
        return False
    return True


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(JSON)
def test_what_was_written_is_read_as_it_was(value: Any) -> None:
    assert wire.parse(wire.text(value)) == value


@pytest.mark.proves("R-42")
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", Decimal("0.1")),
        ("361.52541", Decimal("361.52541")),
        ("0.10", Decimal("0.1")),
        ("1e-5", Decimal("0.00001")),
        ("1.5E+3", 1500),
        ("1.0", 1),
        ("100.00", 100),
        ("1e15", 10**15),
        ("-0", 0),
        ("-0.0", 0),
        ("0e999999999", 0),
        ("0.000e-999999999", 0),
        ("9007199254740993", 2**53 + 1),
        ("18446744073709551617", 2**64 + 1),
        ("1e40", 10**40),
        ("1e-40", Decimal("1e-40")),
        ("9" * 400, int("9" * 400)),
    ],
)
def test_numbers_are_exact(text: str, value: int | Decimal) -> None:
    """Whole ones are `int`, however they are written; no other is ever a float."""
    found = wire.parse(text.encode())
    assert (found, type(found)) == (value, type(value))


@pytest.mark.proves("R-47")
@pytest.mark.parametrize(
    "text",
    [
        "1e41",
        "-1e41",
        "1e-41",
        "1e999999999",
        "1e99999999999999999999",
        "1." + "0" * 63,
        "9" * 5000,
        "-" + "9" * 5000,
    ],
)
def test_a_number_too_wide_is_no_number_of_any_schema(text: str) -> None:
    assert wire.parse(b'{"a": %b}' % text.encode()) == {"a": wire.TOO_WIDE}


@pytest.mark.proves("R-82")
@pytest.mark.parametrize("rest", ["", ', "wide": ' + "9" * 5000], ids=["fast", "slow"])
def test_a_key_given_twice_counts_the_last_time(rest: str) -> None:
    assert (
        wire.parse(('{"a": 1, "b": {"c": 1, "c": 2}, "a": [3]' + rest + "}").encode()).items()
        >= {
            "a": [3],
            "b": {"c": 2},
        }.items()
    )


BAD = {
    "empty": b"",
    "blank": b" ",
    "cut short": b'{"a": [1',
    "two values": b"1 2",
    "trailing comma": b"[1,]",
    "comment": b"[1] // one",
    "single quotes": b"{'a': 1}",
    "bare key": b"{a: 1}",
    "leading zero": b"[01]",
    "plus": b"[+1]",
    "no digit": b"[.5]",
    "bare point": b"[1.]",
    "hex": b"[0x1]",
    "NaN": b"[NaN]",
    "Infinity": b"[-Infinity]",
    "control character": b'["\x00"]',
    "unknown escape": b'["\\x41"]',
    "byte order mark": b"\xef\xbb\xbf[]",
    "UTF-16": "[]".encode("utf-16"),
    "no UTF-8": b'["\xff"]',
    "cut UTF-8": b'["\xc9"]',
    "surrogate in UTF-8": b'["\xed\xa0\x80"]',
    "lone surrogate": b'["\\ud800"]',
    "surrogates the wrong way round": b'["\\udc00\\ud800"]',
}


@pytest.mark.proves("F-ERR-04")
@pytest.mark.parametrize("raw", BAD.values(), ids=BAD)
@pytest.mark.parametrize("wide", [b"%b", b"[" + b"9" * 5000 + b", %b]"], ids=["fast", "slow"])
def test_what_is_no_json_is_unreadable(raw: bytes, wide: bytes) -> None:
    """The slow way, for bodies with giants in them, is as strict."""
    with pytest.raises(wire.Unreadable):
        wire.parse(wide % raw)


@pytest.mark.proves("R-47")
@pytest.mark.parametrize("wide", ["", "9" * 5000], ids=["fast", "slow"])
def test_depth_is_bounded(wide: str) -> None:
    def deep(depth: int, opening: str, closing: str) -> bytes:
        return (opening * depth + (wide or "1") + closing * depth).encode()

    for opening, closing in (("[", "]"), ('{"x":', "}")):
        wire.parse(deep(wire.MAX_DEPTH, opening, closing))
        for depth in (wire.MAX_DEPTH + 1, 500, 100_000):
            with pytest.raises(wire.Unreadable):
                wire.parse(deep(depth, opening, closing))


@pytest.mark.proves("R-47")
@pytest.mark.parametrize(
    ("opening", "closing"),
    [('["]",', "]"), ('["[",', "]"), ('{"}":1,"x":', "}"), ('[{"a":', "}]"), ('["\\"]",', "]"), ("[[],{},", "]")],
)
def test_brackets_in_texts_neither_hide_depth_nor_make_it(opening: str, closing: str) -> None:
    for times in (wire.MAX_DEPTH + 1, 300):
        with pytest.raises(wire.Unreadable, match="nested deeper than 64"):
            wire.parse((opening * times + "1" + closing * times).encode())
    wire.parse((opening * 32 + "1" + closing * 32).encode())
    shallow = {"texts": ["[{" * 1000, "}]" * 1000], "lists": [[] for _ in range(1000)]}
    assert wire.parse(wire.text(shallow)) == shallow


@settings(max_examples=500, deadline=None, derandomize=True, database=None)
@given(
    st.binary(max_size=40)
    | st.text(alphabet='{}[]",:0123456789.eE+-\\u truefalsn', max_size=40).map(str.encode)
    | st.tuples(JSON.map(wire.text), st.integers(0, 200), st.sampled_from(b'"\\0e.-[]{},:\xc3u')).map(spoilt)
)
def test_any_bytes_are_a_value_or_unreadable(raw: bytes) -> None:
    try:
        wire.parse(raw)
    except wire.Unreadable:
        assert not is_json(raw)
    else:
        assert is_json(raw)


def test_amounts_are_written_as_numbers() -> None:
    assert wire.text({"a": Decimal("1.50"), "b": [Decimal("361.52541"), 10**30]}) == (
        b'{"a":1.50,"b":[361.52541,1000000000000000000000000000000]}'
    )
