"""Rows gathered by date while files stream by."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from engine.calendar import session_of
from marketdata.reports import Finding, Tally
from marketdata.rows import DayRows, Integers, Prints, QuoteRows


@dataclass(slots=True)
class Gathered:
    """Batches of quotes and of index rows (seconds, values in 0.0001) of one date."""

    quotes: list[QuoteRows] = field(default_factory=list)
    spx: list[tuple[Integers, Integers]] = field(default_factory=list)
    vix: list[tuple[Integers, Integers]] = field(default_factory=list)


@dataclass(slots=True)
class Gathering:
    """What was gathered so far, by the ordinal of its New York date."""

    days: dict[int, Gathered] = field(default_factory=dict)

    def at(self, ordinal: int) -> Gathered:
        return self.days.setdefault(ordinal, Gathered())

    def day_rows(self, tally: Tally) -> Iterator[DayRows]:
        """The days in order of their dates. Dates without quotes, or without a session, give none."""
        for ordinal, gathered in sorted(self.days.items()):
            bounds = session_of(date.fromordinal(ordinal))
            if bounds is None:
                for quotes in gathered.quotes:
                    tally.note(Finding.NO_SESSION, quotes.origins)
            elif gathered.quotes:
                quotes = QuoteRows.joined(gathered.quotes)
                yield DayRows(bounds, quotes, _prints(gathered.spx), _prints(gathered.vix))


def _prints(parts: list[tuple[Integers, Integers]]) -> Prints:
    if not parts:
        return Prints.none()
    return Prints.of(*(np.concatenate(column) for column in zip(*parts, strict=True)))
