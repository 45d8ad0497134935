"""Durations as people write them: `90s`, `5m`, `2h`, `35d4h10m`; in the program, microseconds."""

import re

from mock_server.clock import SECOND

_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_FORM = re.compile(r"(?:([0-9]{1,9}(?:\.[0-9]{1,6})?)([dhms]))+")
_PART = re.compile(r"([0-9.]+)([dhms])")


def microseconds(text: str) -> int:
    """The length of a duration.

    >>> microseconds("1m30s")
    90000000

    Raises:
        ValueError: the text is no duration; it says what one looks like.
    """
    if _FORM.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no duration: write it like 90s, 5m, 2h or 1d12h")
    return round(sum(float(count) * _UNITS[unit] for count, unit in _PART.findall(text)) * SECOND)
