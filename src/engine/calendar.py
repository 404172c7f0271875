"""When the market is open: the XNYS sessions of 2005 to 2030.

Expiring SPXW options stop at these closes, 16:00 New York and 13:00 on half days, and not at the
16:15 of the options exchange's own calendar.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count

from engine.session_table import CLOSED, EARLY_CLOSES, FIRST_SESSION, LAST_SESSION

OPEN_TIME, CLOSE_TIME, EARLY_CLOSE_TIME = time(9, 30), time(16), time(13)


@dataclass(frozen=True, slots=True)
class SessionBounds:
    """One session: its New York date, and its open and close in UTC."""

    date: date
    open_at: datetime
    close_at: datetime

    @property
    def close_second(self) -> int:
        return (self.close_at - self.open_at) // timedelta(seconds=1)


def _dates(table: dict[int, str]) -> frozenset[date]:
    return frozenset(
        date(year, int(day[:2]), int(day[2:])) for year, days in table.items() for day in days.split()
    )


_CLOSED = _dates(CLOSED)
_EARLY_CLOSES = _dates(EARLY_CLOSES)


def is_session(day: date) -> bool:
    return FIRST_SESSION <= day <= LAST_SESSION and day.weekday() < 5 and day not in _CLOSED


def session_of(day: date) -> SessionBounds | None:
    """The session of a New York date; None without one, and outside the table."""
    if not is_session(day):
        return None
    close = EARLY_CLOSE_TIME if day in _EARLY_CLOSES else CLOSE_TIME
    return SessionBounds(day, new_york_to_utc(day, OPEN_TIME), new_york_to_utc(day, close))


def sessions_between(first: date, last: date) -> tuple[SessionBounds, ...]:
    """The sessions of the table from ``first`` to ``last``, both included, ascending."""
    first, last = max(first, FIRST_SESSION), min(last, LAST_SESSION)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return tuple(bounds for day in days if (bounds := session_of(day)))


def session_before(day: date) -> date | None:
    """The date of the last session before a day; None outside the table."""
    if not FIRST_SESSION < day <= LAST_SESSION:
        return None
    return next(before for n in count(1) if is_session(before := day - timedelta(days=n)))


def new_york_to_utc(day: date, wall: time) -> datetime:
    """A New York time of day, at an hour when no clock is changed (02:00 is), as UTC.

    Computed from the rule of the law and not from the machine's time zone files, so that the
    engine reads nothing: the Energy Policy Act of 2005 moved the bounds of summer time from 2007.
    """
    if day.year < 2007:
        summer = _sunday(day.year, 4, 1) <= day < _sunday(day.year, 10, 25)
    else:
        summer = _sunday(day.year, 3, 8) <= day < _sunday(day.year, 11, 1)
    return datetime.combine(day, wall, UTC) + timedelta(hours=4 if summer else 5)


def _sunday(year: int, month: int, day: int) -> date:
    """The first Sunday on or after a day."""
    start = date(year, month, day)
    return start + timedelta(days=6 - start.weekday())
