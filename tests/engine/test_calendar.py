"""Every session and close, beside exchange_calendars' XNYS."""

import subprocess
import sys
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from exchange_calendars import get_calendar
from hypothesis import given
from hypothesis import strategies as st

from engine.calendar import (
    SessionBounds,
    is_session,
    new_york_to_utc,
    session_before,
    session_of,
    sessions_between,
)

REPOSITORY = Path(__file__).resolve().parents[2]


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.filterwarnings("ignore:Series.values:DeprecationWarning")
def test_every_session_and_close_is_the_exchanges() -> None:
    xnys = get_calendar("XNYS", start="2005-01-01", end="2030-12-31")
    expected = tuple(
        SessionBounds(session.date(), opens.to_pydatetime(), closes.to_pydatetime())
        for session, opens, closes in zip(xnys.sessions, xnys.opens, xnys.closes, strict=True)
    )
    assert sessions_between(date(2005, 1, 1), date(2030, 12, 31)) == expected


def test_the_session_before_is_found_over_weekends_and_holidays() -> None:
    tuesday_after_a_holiday, friday = date(2025, 1, 21), date(2025, 1, 17)
    assert session_before(tuesday_after_a_holiday) == session_before(date(2025, 1, 18)) == friday
    assert session_before(friday) == date(2025, 1, 16)
    assert session_before(date(2005, 1, 3)) is None
    assert session_before(date(2031, 1, 2)) is None


def test_table_is_what_its_script_prints() -> None:
    printed = subprocess.run(
        [sys.executable, REPOSITORY / "infra" / "session_table.py"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert printed == (REPOSITORY / "src" / "engine" / "session_table.py").read_text()


def test_winter_session_opens_at_1430_utc() -> None:
    assert session_of(date(2025, 1, 15)) == SessionBounds(
        date(2025, 1, 15), utc(2025, 1, 15, 14, 30), utc(2025, 1, 15, 21)
    )


def test_summer_session_lasts_23400_seconds() -> None:
    bounds = session_of(date(2026, 7, 1))
    assert bounds == SessionBounds(date(2026, 7, 1), utc(2026, 7, 1, 13, 30), utc(2026, 7, 1, 20))
    assert bounds.close_second == 23_400


def test_half_day_closes_at_1300_new_york() -> None:
    bounds = session_of(date(2026, 11, 27))
    assert bounds == SessionBounds(date(2026, 11, 27), utc(2026, 11, 27, 14, 30), utc(2026, 11, 27, 18))
    assert bounds.close_second == 12_600


def test_day_of_mourning_has_no_session() -> None:
    assert session_of(date(2025, 1, 9)) is None


def test_dates_outside_the_table_have_no_session() -> None:
    assert [session_of(day) for day in (date(2004, 12, 31), date(2031, 1, 2))] == [None, None]
    assert sessions_between(date(2031, 1, 1), date(2031, 12, 31)) == ()


@given(st.dates(date(2005, 1, 1), date(2030, 12, 31)), st.times(time(3), time(23, 59)))
def test_new_york_time_agrees_with_the_zone_files(day: date, wall: time) -> None:
    wall = wall.replace(fold=0)
    expected = datetime.combine(day, wall, ZoneInfo("America/New_York")).astimezone(UTC)
    assert new_york_to_utc(day, wall) == expected


@given(st.dates(date(2005, 1, 1), date(2030, 12, 31)))
def test_a_date_is_a_session_where_it_has_bounds(day: date) -> None:
    assert is_session(day) is (session_of(day) is not None)
