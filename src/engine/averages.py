"""Averages over days by the time of day: every session opens at 09:30 New York, so second ``s`` of one
day and of another are the same time."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from engine.aggregates import UNKNOWN, Column


@dataclass(frozen=True, slots=True, eq=False)
class Totals:
    """For each second after the open: the sum of what was known on some days, and on how many."""

    sums: Column
    days: Column

    def means(self) -> Column:
        """The mean of each second rounded half up, ``UNKNOWN`` where no day tells."""
        means = np.full(self.sums.shape, UNKNOWN)
        known = self.days > 0
        sums, days = self.sums[known], self.days[known]
        means[known] = (2 * sums + days) // (2 * days)
        return means


def totals(columns: Iterable[Column], seconds: int) -> Totals:
    """The totals of columns of at most ``seconds`` rows; after a half day's close it counts no more."""
    sums, days = np.zeros(seconds, np.int64), np.zeros(seconds, np.int64)
    for column in columns:
        known = column != UNKNOWN
        sums[: len(column)] += np.where(known, column, 0)
        days[: len(column)] += known
    return Totals(sums, days)
