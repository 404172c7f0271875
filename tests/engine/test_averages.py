from fractions import Fraction
from math import floor

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.aggregates import UNKNOWN
from engine.averages import totals

VALUES = st.one_of(st.just(UNKNOWN), st.integers(0, 100_000))
DAYS = st.lists(st.lists(VALUES, min_size=1, max_size=8), max_size=5)


def slow_means(days: list[list[int]], seconds: int) -> list[tuple[int, int]]:
    """Each second's mean, rounded half up, and how many days it is of."""
    answer = []
    for second in range(seconds):
        known = [day[second] for day in days if second < len(day) and day[second] != UNKNOWN]
        mean = floor(Fraction(sum(known), len(known)) + Fraction(1, 2)) if known else UNKNOWN
        answer.append((mean, len(known)))
    return answer


@given(DAYS)
def test_each_second_is_averaged_over_the_days_that_know_it(days: list[list[int]]) -> None:
    total = totals([np.array(day, np.int64) for day in days], 8)
    assert list(zip(total.means().tolist(), total.days.tolist(), strict=True)) == slow_means(days, 8)
