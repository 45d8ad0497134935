"""Baku's wall clock, and durations as people write them."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server import durations
from mock_server.portal.moments import DAY, MINUTE, date_time, iso, span, year_month

_BAKU = timezone(timedelta(hours=4))

NEW_YEAR = 1_735_675_200_000_000
"""2025-01-01T00:00+04:00, which is 20:00 of the day before in UTC."""


@pytest.mark.parametrize(
    ("text", "start", "length"),
    [
        ("01.01.2025", NEW_YEAR, DAY),
        ("01.01.2025 00:00", NEW_YEAR, MINUTE),
        ("31.12.2024", NEW_YEAR - 86_400_000_000, 86_400_000_000),
        ("31.12.2024 23:59", NEW_YEAR - 60_000_000, 60_000_000),
        ("01.01.1970 04:00", 0, MINUTE),
        ("29.02.2024 04:00", 1_709_164_800_000_000, MINUTE),
        ("01.07.2025", 1_751_313_600_000_000, DAY),  # no summer time
        ("01.01.0001", -62_135_611_200_000_000, DAY),
        ("31.12.9999 23:59", 253_402_286_340_000_000, MINUTE),
    ],
)
@pytest.mark.proves("F-ENV-06", "R-13", "R-36")
def test_date_names_a_day_or_a_minute_in_baku(text: str, start: int, length: int) -> None:
    assert span(text) == (start, start + length)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2025-01-01",
        "1.1.2025",
        "01.01.25",
        "01.1.2025",
        "29.02.2025",
        "31.04.2025",
        "32.01.2025",
        "00.01.2025",
        "01.00.2025",
        "01.13.2025",
        "01.01.0000",
        "01.01.2025 24:00",
        "01.01.2025 12:60",
        "01.01.2025 1:00",
        "01.01.2025 01:00:00",
        "01.01.2025 01.00",
        "01.01.2025  01:00",
        "01.01.2025 ",
        " 01.01.2025",
        "01.01.2025\n",
        "01.01.2025 01:00\n",
        "01/01/2025",
        "01.01.20251",
        "٠١.٠١.٢٠٢٥",
        "01.01.2025\u00a001:00",
    ],
)
@pytest.mark.proves("F-ENV-06", "R-13")
def test_what_names_no_date(text: str) -> None:
    assert span(text) is None


@given(st.integers(0, 100 * 366 * 24 * 60))
@pytest.mark.proves("F-ENV-06", "R-36")
def test_dates_and_instants_are_each_others_inverse(minutes: int) -> None:
    moment = datetime(1990, 1, 1, tzinfo=_BAKU) + timedelta(minutes=minutes)
    text = f"{moment:%d.%m.%Y %H:%M}"
    found = span(text)
    assert found is not None
    start, end = found
    assert start == round(moment.timestamp()) * 1_000_000
    assert date_time(start) == date_time(end - 1) == text != date_time(end)
    day = span(text[:10])
    assert day is not None
    assert day[0] <= start < end <= day[1]


@pytest.mark.parametrize(
    ("instant", "written", "month"),
    [
        (NEW_YEAR - 1, "31.12.2024 23:59", "2412"),
        (NEW_YEAR, "01.01.2025 00:00", "2501"),
        (0, "01.01.1970 04:00", "7001"),
    ],
)
@pytest.mark.proves("F-ENV-06", "R-36", "R-33")
def test_instant_on_a_wall_in_baku(instant: int, written: str, month: str) -> None:
    assert date_time(instant) == written
    assert year_month(instant) == month


@pytest.mark.proves("R-36")
def test_instant_for_journals_carries_its_offset() -> None:
    assert iso(NEW_YEAR + 1_500) == "2025-01-01T00:00:00.001+04:00"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0s", 0),
        ("90s", 90_000_000),
        ("5m", 300_000_000),
        ("2h", 7_200_000_000),
        ("1d12h", 129_600_000_000),
        ("35d4h10m", 3_039_000_000_000),
        ("1.5s", 1_500_000),
        ("0.000001s", 1),
        ("1.1s", 1_100_000),
        ("36500d", 3_153_600_000_000_000),
    ],
)
def test_duration(text: str, expected: int) -> None:
    assert durations.microseconds(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "90", "s", "5 m", " 5m", "5m\n", "-5m", "+5m", "1e3s", "5M", "5w", ".5s", "5.s", "1..5s", "٥m", "36501d"],
)
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="90s, 5m, 2h or 1d12h"):
        durations.microseconds(text)
