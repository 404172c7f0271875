"""What a synthetic market maker quotes: every value that may stand behind a quote lies within it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.synthetic_quotes import (
    STALE_SHARE,
    TICKS_PER_POINT,
    nothing_standing,
    quote,
    spread_points,
    stand,
)

Array = NDArray[np.float64]

VALUES = st.one_of(st.floats(0, 1), st.floats(0, 1000))
SHARES = st.floats(0, 1)
LEANS = st.floats(-1, 1)


def cell(value: float) -> Array:
    return np.array([[value]])


def width_of(points: float, delta: float, caution: float, second: int = 23_400) -> Array:
    return spread_points(cell(points), cell(delta), np.array([[second]]), cell(caution))


@given(VALUES, SHARES, SHARES, LEANS, LEANS)
def test_a_value_lies_within_its_quote_until_it_is_made_anew(
    points: float, delta: float, caution: float, lean: float, moved: float
) -> None:
    width = width_of(points, delta, caution)
    quotes = quote(cell(points), width, cell(lean))
    now = max(points + moved * STALE_SHARE * width.item(), 0.0) * TICKS_PER_POINT
    assert quotes.bid_ticks.item() <= now + 1e-6
    assert now - 1e-6 <= quotes.ask_ticks.item()


@given(VALUES, SHARES, SHARES, LEANS)
def test_quotes_are_on_the_grid_and_never_locked(
    points: float, delta: float, caution: float, lean: float
) -> None:
    quotes = quote(cell(points), width_of(points, delta, caution), cell(lean))
    bid, ask = quotes.bid_ticks.item(), quotes.ask_ticks.item()
    assert bid < ask
    assert all(price < 60 or price % 2 == 0 for price in (bid, ask))


def test_the_far_out_are_offered_at_a_nickel_without_a_bid() -> None:
    quotes = quote(cell(0.001), width_of(0.001, 0.0005, 0.5), cell(0.0))
    assert (quotes.bid_ticks.item(), quotes.ask_ticks.item()) == (0, 1)


def test_the_deep_are_quoted_tight_by_the_bold_and_wide_by_the_cautious() -> None:
    tight, wide = width_of(30.0, 1.0, 0.9).item(), width_of(30.0, 1.0, 0.1).item()
    assert tight < 2
    assert wide > 6


def test_spreads_are_doubled_at_the_opening() -> None:
    first, last = (width_of(2.0, 0.4, 0.5, second).item() for second in (0, 10**9))
    assert first == pytest.approx(2 * last)


def test_a_quote_stands_until_its_value_has_left_it() -> None:
    points = np.array([[5.0], [5.05], [5.2], [5.15], [5.0]])
    fresh = quote(points, np.full((5, 1), 0.4), np.zeros((5, 1)))
    quotes, _ = stand(fresh, points, np.full((5, 1), 0.1), nothing_standing(1))
    made = fresh.bid_ticks[:, 0].tolist()
    assert quotes.bid_ticks[:, 0].tolist() == [made[0], made[0], made[2], made[2], made[4]]
