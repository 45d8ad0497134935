"""Strategies for requests that are nearly right: a good body with something odd put into it."""

from copy import deepcopy
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

Place = tuple[str | int, ...]


def _nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


TEXTS = (
    "",
    " ",
    "\n",
    "\0",
    "x",
    "\ufeff\u3000",
    "1",
    "0",
    "-1",
    "1e999999999",
    "9" * 400,
    "NaN",
    "true",
    "null",
    "1234567890",
    "1234567890\n",
    "١٢٣٤٥٦٧٨٩٠",
    "0987654321",
    "9000000001",
    "9000000002",
    "994501234567",
    "994500000002",
    "994501234567\n",
    "01.01.2025",
    "31.12.2099 23:59",
    "31.02.2025",
    "00.00.0000",
    "01.01.0001",
    "31.12.9999",
    "01.01.2025 24:00",
    "07.08.2025 14:30\n",
    "AA2401 10000001",
    "MT2412 25000100",
    "AA24070000000",
    "XX9999 99999999",
    "INV-2024-001",
    "default",
    "avans",
    "goodsTransfer",
    "advanceInvoice",
    "approved,onApproval",
    ",, ,",
    "x" * 256,
    "x" * 10_001,
)
NUMBERS: tuple[int | Decimal, ...] = (
    0,
    1,
    2,
    -1,
    123,
    5001,
    10**15,
    10**16,
    2**53,
    2**63,
    2**64,
    10**400,
    Decimal("0.5"),
    Decimal("-0.0"),
    Decimal("1.0"),
    Decimal("123.00"),
    Decimal("0.00001"),
    Decimal("1E+2"),
    Decimal("1E+999999999"),
    Decimal("1E-999999999"),
    Decimal("0E+999999999"),
)
OTHERS: tuple[Any, ...] = (
    None,
    True,
    False,
    [],
    {},
    [None],
    [[]],
    ["x", "x"],
    ["\0"],
    ["AA2401 10000001", "AA2401 10000001"],
    {"": None},
    {"id": "x"},
    _nested(60),
    _nested(70),
)

ODD: st.SearchStrategy[Any] = (
    st.sampled_from(TEXTS) | st.sampled_from(NUMBERS) | st.sampled_from(OTHERS).map(deepcopy) | st.text(max_size=20)
)
"""Anything at all, most of it what somebody might send."""


def places(value: Any, here: Place = ()) -> list[Place]:
    """Where something else could stand: every member and every entry, at any depth."""
    inside: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        inside = list(value.items())
    elif isinstance(value, list):
        inside = list(enumerate(value))
    return [place for key, inner in inside for place in ((*here, key), *places(inner, (*here, key)))]


@st.composite
def mutated(draw: st.DrawFn, body: Any, most: int = 3) -> Any:
    """The body with up to `most` changes: a value replaced, or removed, or a key added."""
    changed = deepcopy(body)
    for _ in range(draw(st.integers(0, most))):
        place = draw(st.sampled_from([("x",), *places(changed)]))
        holder = changed
        for key in place[:-1]:
            holder = holder[key]
        match draw(st.integers(0, 5)):
            case 0 if place != ("x",):
                del holder[place[-1]]
            case 1 if isinstance(holder, dict):
                holder[draw(st.text(max_size=3))] = draw(ODD)
            case _:
                holder[place[-1]] = draw(ODD)
    return changed
