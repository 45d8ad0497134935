"""JSON as it comes and goes: bounded, exact numbers, nothing that JSON does not know.

Numbers with a fraction become `Decimal` (money is never a float), all others `int`, however they are written
(`1.0` is an integer, R-42). `NaN` and `Infinity` are no JSON, a key given twice counts the last time (R-82),
and whatever is beyond our bounds is refused (R-47).
"""

import json
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

MAX_DEPTH = 64
"""How deep arrays and objects may be nested (R-47: ours; documented bodies need 5)."""

MAX_NUMBER_TEXT = 64
MAX_EXPONENT = 40

TOO_WIDE = Decimal("Infinity")
"""What a number too wide to be an amount is read as: no JSON Schema takes it for a number (R-47)."""


class Unreadable(ValueError):
    """The bytes are not JSON, or beyond the bounds; the text says which."""


def parse(raw: bytes) -> Any:
    """The value that `raw` (UTF-8 JSON) stands for.

    Raises:
        Unreadable: no JSON, invalid UTF-8, lone surrogates, or nested deeper than `MAX_DEPTH`.
    """
    try:
        value = _decoder.decode(raw)
    except msgspec.ValidationError:
        value = _parse_with_giant_integers(raw)
    except msgspec.DecodeError as error:
        raise Unreadable(str(error)) from None
    except UnicodeDecodeError:
        raise Unreadable("the body is not UTF-8") from None
    except RecursionError:
        raise Unreadable(f"nested deeper than {MAX_DEPTH}") from None
    if _may_be_deep(raw) and isinstance(value, (dict, list)) and _deeper_than(value, MAX_DEPTH):
        raise Unreadable(f"nested deeper than {MAX_DEPTH}")
    return value


def text(value: Any) -> bytes:
    """`value` as JSON bytes; a `Decimal` is printed as the number it is (R-34)."""
    return _encoder.encode(value)


def _number(digits: str) -> Decimal | int:
    if len(digits) > MAX_NUMBER_TEXT:
        return TOO_WIDE
    try:
        number = Decimal(digits)
    except InvalidOperation:
        return TOO_WIDE
    if not number:
        return 0  # whatever its exponent
    if not -MAX_EXPONENT <= number.adjusted() <= MAX_EXPONENT:
        return TOO_WIDE
    return int(number) if number == number.to_integral_value() else number


def _integer(digits: str) -> int | Decimal:
    return int(digits) if len(digits) <= MAX_NUMBER_TEXT else TOO_WIDE


def _no_constant(name: str) -> Any:
    raise Unreadable(f"{name} is no JSON")


def _parse_with_giant_integers(raw: bytes) -> Any:
    """The fast parser refuses a whole body for one integer of thousands of digits; its field alone is wrong."""
    try:
        value = json.loads(raw, parse_float=_number, parse_int=_integer, parse_constant=_no_constant)
        msgspec.json.encode(value)  # lone surrogates cannot be written, so they must not be read
    except (ValueError, RecursionError) as error:
        raise Unreadable(str(error)) from None
    return value


def _may_be_deep(raw: bytes) -> bool:
    """Whether there are brackets enough; those inside texts only make it cautious."""
    return raw.count(b"[") + raw.count(b"{") > MAX_DEPTH


def _deeper_than(value: Any, bound: int) -> bool:
    level = [value]
    for _ in range(bound):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return False
    return True


_decoder = msgspec.json.Decoder(float_hook=_number)
_encoder = msgspec.json.Encoder(decimal_format="number")
