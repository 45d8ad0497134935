"""Ranges of dates as requests name them (F-ENV-06, R-13, R-13b)."""

from mock_server.portal.moments import span
from mock_server.portal.visits import Visit, refuse

NOTHING = (0, 0)


def given(visit: Visit) -> bool:
    """Whether the request names a range; one date alone is refused with 3 (R-70, R-71)."""
    both = {"date_from", "date_to"} & visit.given
    if len(both) == 1:
        raise refuse("missing-elements", "date_from and date_to go together")
    return bool(both)


def wanted(visit: Visit) -> tuple[int, int]:
    """First instant of the range, and the first one after it.

    Raises:
        Refusal: 3 for a text that is no date or a range that runs backwards; under R-13b `empty` such a range
            holds nothing.
    """
    start, end = span(visit.body["date_from"]), span(visit.body["date_to"])
    if start is not None and end is not None and start[0] < end[1]:
        return start[0], end[1]
    if visit.world.choose("R-13b") == "empty":
        return NOTHING
    raise refuse("missing-elements", "dates are dd.mm.yyyy or dd.mm.yyyy hh:mm, date_from not after date_to")
