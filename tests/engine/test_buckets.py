from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.buckets import Bucket, Fill

DAY = Bucket("credits", 10_000, 10_000, 86_400_000)


def filled(spent: int, more_shares: int = 0) -> Fill:
    return Fill(DAY, spent * DAY.every_ms + more_shares)


def test_a_begun_credit_counts_whole() -> None:
    assert [filled(0).used, filled(5).used, filled(5, 1).used] == [0, 5, 6]
    assert [filled(0).left, filled(9_999, 1).left] == [10_000, 0]


@pytest.mark.parametrize(
    ("fill", "percent"),
    [(0, 0), (49, 0), (50, 1), (500, 5), (9_949, 99), (9_950, 100), (10_000, 100), (10_001, 100)],
)
def test_the_fill_is_told_to_the_nearest_percent(fill: int, percent: int) -> None:
    assert filled(fill).percent == percent


def test_ten_credits_too_many_wait_until_they_have_drained() -> None:
    assert filled(10_000).wait_seconds(10) == 87, "one credit drains in 8.64 seconds"
    assert filled(9_995).wait_seconds(10) == 44
    assert filled(0).wait_seconds(10) == 1, "never told to come back at once"


@given(
    st.integers(0, 20_000 * 60_000),
    st.integers(1, 300),
    st.builds(Bucket, st.just("any"), st.integers(1, 9_000), st.integers(1, 9_000), st.integers(1, 10**8)),
)
def test_the_wait_is_the_formula_of_the_documents(level: int, cost: int, bucket: Bucket) -> None:
    drain = Fraction(bucket.drained * 1_000, bucket.every_ms)
    over = Fraction(level, bucket.every_ms) + cost - bucket.capacity
    wait = Fill(bucket, level).wait_seconds(cost)
    assert wait == max(1, -(-over // drain))
