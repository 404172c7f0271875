"""Rows gathered by date while files stream by."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from engine.calendar import OPEN_TIME, new_york_to_utc, session_of
from marketdata.decoding import SECONDS_A_DAY, UNIX_EPOCH, UNREADABLE
from marketdata.reports import Finding, Tally
from marketdata.rows import DayRows, Integers, Prints, QuoteRows, Stated

OPEN_SECOND = 9 * 3600 + 30 * 60  # of New York's clock
UNIX_SECONDS_MAX = 4_102_444_800


@dataclass(slots=True)
class Gathered:
    """Batches of quotes and of index rows (seconds, values in 0.0001) of one date, and what it states."""

    quotes: list[QuoteRows] = field(default_factory=list)
    spx: list[tuple[Integers, Integers]] = field(default_factory=list)
    vix: list[tuple[Integers, Integers]] = field(default_factory=list)
    stated: Stated = field(default_factory=Stated)


@dataclass(slots=True)
class Gathering:
    """What was gathered so far, by the ordinal of its New York date."""

    days: dict[int, Gathered] = field(default_factory=dict)

    def at(self, ordinal: int) -> Gathered:
        return self.days.setdefault(ordinal, Gathered())

    def add(self, ordinals: Integers, quotes: QuoteRows, levels_e4: Integers) -> None:
        """Quotes, and the level of SPX that stands beside each, to the dates they are of."""
        for ordinal in np.unique(ordinals):
            chosen = ordinals == ordinal
            day = self.at(int(ordinal))
            day.quotes.append(quotes.where(chosen))
            day.spx.append((quotes.seconds[chosen], levels_e4[chosen]))

    def day_rows(self, tally: Tally) -> Iterator[DayRows]:
        """The days in order of their dates. Dates without quotes, or without a session, give none."""
        for ordinal, gathered in sorted(self.days.items()):
            bounds = session_of(date.fromordinal(ordinal))
            if bounds is None:
                for quotes in gathered.quotes:
                    tally.note(Finding.NO_SESSION, quotes.origins)
            elif gathered.quotes:
                quotes = QuoteRows.joined(gathered.quotes)
                prints = _prints(gathered.spx), _prints(gathered.vix)
                yield DayRows(bounds, quotes, *prints, gathered.stated)


@dataclass(frozen=True, slots=True)
class Identities:
    """What rows say they are. ``stamps`` as ``decoding.wall_clock`` gives them, ``expiries`` ordinals."""

    origins: Integers
    stamps: Integers
    expiries: Integers
    is_ours: NDArray[np.bool_]

    def expiring(self, tally: Tally) -> NDArray[np.bool_]:
        """Which are SPXW options that expire on the day; all others are counted."""
        malformed = (self.stamps == UNREADABLE) | (self.expiries == UNREADABLE)
        ours = ~malformed & self.is_ours
        expiring: NDArray[np.bool_] = ours & (self.stamps // SECONDS_A_DAY == self.expiries)
        tally.note(Finding.MALFORMED, self.origins[malformed])
        tally.note(Finding.OTHER_ROOT, self.origins[~malformed & ~ours])
        tally.note(Finding.OTHER_EXPIRY, self.origins[ours & ~expiring])
        return expiring


def new_york_stamps(unix_seconds: Integers) -> Integers:
    """Unix seconds as ``decoding.wall_clock`` would give them; what is no time of 1970 to 2099 is unreadable.

    The UTC date decides about summer time. It is New York's too from 04:00 there to the evening.
    """
    readable = (unix_seconds >= 0) & (unix_seconds < UNIX_SECONDS_MAX)
    days = np.where(readable, unix_seconds, 0) // SECONDS_A_DAY + UNIX_EPOCH.toordinal()
    distinct, place = np.unique(days, return_inverse=True)
    opens = np.array([_open_at(int(ordinal)) for ordinal in distinct], np.int64)[place]
    return np.where(readable, days * SECONDS_A_DAY + OPEN_SECOND + unix_seconds - opens, UNREADABLE)


def _open_at(ordinal: int) -> int:
    return int(new_york_to_utc(date.fromordinal(ordinal), OPEN_TIME).timestamp())


def _prints(parts: list[tuple[Integers, Integers]]) -> Prints:
    if not parts:
        return Prints.none()
    return Prints.of(*(np.concatenate(column) for column in zip(*parts, strict=True)))
