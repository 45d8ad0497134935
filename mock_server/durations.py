"""Durations as people write them: `90s`, `5m`, `2h`, `35d4h10m`; in the program, microseconds."""

import re

from mock_server.clock import SECOND

LONGEST = 36500 * 86400 * SECOND
"""A hundred years: what is longer would leave the range of dates."""

_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_FORM = re.compile(r"(?:([0-9]{1,9}(?:\.[0-9]{1,6})?)([dhms]))+")
_PART = re.compile(r"([0-9.]+)([dhms])")


def microseconds(text: str) -> int:
    """The length of a duration.

    >>> microseconds("1m30s")
    90000000

    Raises:
        ValueError: the text is no duration, or one of more than 36500 days; it says what one looks like.
    """
    if _FORM.fullmatch(text) is not None:
        length = round(sum(float(count) * _UNITS[unit] for count, unit in _PART.findall(text)) * SECOND)
        if length <= LONGEST:
            return length
    raise ValueError(f"{text!r} is no duration up to 36500d: write it like 90s, 5m, 2h or 1d12h")
