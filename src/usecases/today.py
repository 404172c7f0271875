"""The unfinished day of the live market, among the published ones."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias

from engine.market import Day
from marketdata.library import DayInfo
from usecases.ports import Ports


@dataclass(frozen=True, slots=True, eq=False)
class Today:
    """What ``marketdata.library.DayInfo`` tells of a published day, told of one that is on air, and its
    market as far as it has come."""

    date: date
    open_at: datetime
    close_at: datetime
    data_start_at: datetime
    data_end_at: datetime
    strikes: tuple[int, ...]
    synthetic: bool
    day: Day


SeenDay: TypeAlias = DayInfo | Today


def seen_days(ports: Ports) -> tuple[SeenDay, ...]:
    """The published days and, where its date has none, today's; by ascending date."""
    days = ports.library.days()
    today = _today(ports)
    if today is None or any(day.date == today.date for day in days):
        return days
    return tuple(sorted((*days, today), key=lambda day: day.date))


def seen_day(ports: Ports, on: date) -> SeenDay | None:
    """The day in force for a date, or today's where it has none."""
    info = ports.library.current(on)
    if info is not None:
        return info
    today = _today(ports)
    return today if today is not None and today.date == on else None


def opened(ports: Ports, seen: SeenDay) -> Day:
    """The market of a day. Raises DayUnavailable where a published one cannot be read."""
    return seen.day if isinstance(seen, Today) else ports.library.open(seen.date, seen.content_hash)


def _today(ports: Ports) -> Today | None:
    on_air = ports.live.on_air()
    if on_air is None or on_air.day is None:
        return None
    day = on_air.day
    return Today(
        date=day.date,
        open_at=day.open_at,
        close_at=day.close_at,
        data_start_at=day.time_of(day.known_from),
        data_end_at=day.time_of(day.known_until),
        strikes=tuple(sorted({contract.strike_points for contract in day.contracts})),
        synthetic=day.synthetic,
        day=day,
    )
