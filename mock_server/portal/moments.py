"""The portal's wall clock: Baku time in `dd.mm.yyyy` and `dd.mm.yyyy hh:mm` (F-ENV-06, R-13, R-36).

Instants are microseconds since 1970 UTC, as everywhere.
"""

import re
from datetime import UTC, datetime, timedelta, timezone

from mock_server.clock import SECOND
from mock_server.rulebook import constants

MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE

BAKU = timezone(timedelta(hours=constants.UTC_OFFSET_HOURS), "Asia/Baku")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FORM = re.compile(r"([0-9]{2})\.([0-9]{2})\.([0-9]{4})(?: ([0-9]{2}):([0-9]{2}))?")


def span(text: str) -> tuple[int, int] | None:
    """First instant of the day or minute named, and the first one after it; `None` if it names none.

    >>> start, end = span("07.08.2025")
    >>> (end - start) == DAY
    True
    """
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    day, month, year, hour, minute = match.groups(default="0")
    try:
        moment = datetime(int(year), int(month), int(day), int(hour), int(minute), tzinfo=BAKU)
    except ValueError:
        return None
    start = instant(moment)
    return start, start + (DAY if match[4] is None else MINUTE)


def date_time(instant: int) -> str:
    """The instant as `dd.mm.yyyy hh:mm` on a wall in Baku.

    >>> date_time(span("07.08.2025 14:30")[0])
    '07.08.2025 14:30'
    """
    return _local(instant).strftime("%d.%m.%Y %H:%M")


def year_month(instant: int) -> str:
    """The four digits of year and month in a qaime number (F-IMP-14): `2501` for January 2025."""
    return _local(instant).strftime("%y%m")


def instant(moment: datetime) -> int:
    """Microseconds since 1970 UTC of a moment that knows its time zone."""
    return (moment - _EPOCH) // _MICROSECOND


def iso(instant: int) -> str:
    """The instant in ISO 8601 with Baku's offset, for journals and reports."""
    return _local(instant).isoformat(timespec="milliseconds")


def exact(instant: int) -> str:
    """The instant to the microsecond in ISO 8601, as world files have it."""
    return _local(instant).isoformat()


def from_exact(text: str) -> int | None:
    """What `exact` wrote, with any offset; `None` if the calendar has no such moment.

    >>> exact(from_exact("2025-08-07T10:30:00.000001Z"))
    '2025-08-07T14:30:00.000001+04:00'
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else instant(moment)


def _local(instant: int) -> datetime:
    return (_EPOCH + instant * _MICROSECOND).astimezone(BAKU)
