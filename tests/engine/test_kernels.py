from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernels import (
    NARROW_WEIGHTS_MAX,
    QUOTE_SUMS,
    add_option_values,
    first_at_or_below,
    orders_reached,
    with_steps,
)
from engine.market import MISSING_TICKS, TICKS_MAX, TickMatrix
from tests.engine.twins.kernels import slow_first_at_or_below, slow_option_values, slow_with_steps

ROWS = 7
SECONDS_MAX = 2_500
"""Two whole blocks of the kernels and a part of a third."""


@dataclass(frozen=True, slots=True)
class Quotes:
    bid_ticks: TickMatrix
    ask_ticks: TickMatrix
    legs: tuple[tuple[int, int], ...]
    seconds: range


@st.composite
def quotes(draw: st.DrawFn, *, weight_max: int = 1000, legs_max: int = 6) -> Quotes:
    """A chain that moves a little, with gaps from none to nearly all, and legs of it in a range."""
    length = draw(st.integers(1, SECONDS_MAX))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    base = rng.integers(0, draw(st.sampled_from([8, 400, TICKS_MAX - 8])), (ROWS, 1))
    bids = (base + rng.integers(0, 4, (ROWS, length))).astype(np.uint16)
    asks = (bids + rng.integers(0, 4, (ROWS, length))).astype(np.uint16)
    missing = rng.random((ROWS, length)) < draw(st.sampled_from([0, 0.001, 0.5, 0.99, 1]))
    bids[missing] = asks[missing] = MISSING_TICKS
    weights = st.integers(-weight_max, weight_max)
    legs = draw(st.lists(st.tuples(st.integers(0, ROWS - 1), weights), max_size=legs_max))
    start, stop = sorted(draw(st.tuples(*[st.integers(0, length)] * 2)))
    return Quotes(bids, asks, tuple(legs), range(start, stop))


@given(quotes(), st.data())
def test_the_scan_finds_the_second_that_a_loop_finds(tape: Quotes, data: st.DataObject) -> None:
    second = data.draw(st.integers(0, tape.bid_ticks.shape[1] - 1))
    seen = sum(w * (int(tape.bid_ticks[r, second]) + int(tape.ask_ticks[r, second])) for r, w in tape.legs)
    threshold = seen + data.draw(st.sampled_from([-1, 0, 1, -(2**40), 2**40]))

    args = (tape.bid_ticks, tape.ask_ticks, tape.legs, threshold, tape.seconds)
    assert first_at_or_below(*args) == slow_first_at_or_below(*args)


@given(quotes(weight_max=10_000_000))
def test_option_values_are_what_a_loop_adds_up(tape: Quotes) -> None:
    into = np.arange(len(tape.seconds), dtype=np.int64)
    add_option_values(tape.bid_ticks, tape.ask_ticks, tape.legs, tape.seconds, into)

    values = slow_option_values(tape.bid_ticks, tape.ask_ticks, tape.legs, tape.seconds)
    assert into.tolist() == [place + value for place, value in enumerate(values)]


@given(quotes(weight_max=5))
def test_option_values_of_small_books_are_what_a_loop_adds_up(tape: Quotes) -> None:
    into = np.zeros(len(tape.seconds), np.int64)
    add_option_values(tape.bid_ticks, tape.ask_ticks, tape.legs, tape.seconds, into)

    assert into.tolist() == slow_option_values(tape.bid_ticks, tape.ask_ticks, tape.legs, tape.seconds)


def chain(*rows: list[int]) -> TickMatrix:
    return np.array(rows, np.uint16)


def test_a_touch_at_the_first_second_counts_and_one_at_the_end_of_the_range_does_not() -> None:
    bids, asks = chain([10, 8, 6]), chain([12, 10, 8])
    assert first_at_or_below(bids, asks, [(0, 1)], 22, range(3)) == 0
    assert first_at_or_below(bids, asks, [(0, 1)], 14, range(2)) == -1
    assert first_at_or_below(bids, asks, [(0, 1)], 14, range(3)) == 2


def test_a_second_with_one_leg_missing_is_passed_over() -> None:
    bids = chain([10, 10], [MISSING_TICKS, 4])
    asks = chain([12, 12], [MISSING_TICKS, 6])
    assert first_at_or_below(bids, asks, [(0, 1), (1, -1)], 12, range(2)) == 1


def test_no_seconds_touch_nothing_and_are_worth_nothing() -> None:
    quotes = chain([10])
    into = np.empty(0, np.int64)
    assert first_at_or_below(quotes, quotes, [(0, 1)], 1000, range(5, 5)) == -1
    add_option_values(quotes, quotes, [(0, 1)], range(5, 5), into)
    assert into.tolist() == []


def test_a_value_before_the_range_is_carried_into_it() -> None:
    bids = chain([4, MISSING_TICKS, MISSING_TICKS, 6])
    asks = chain([6, MISSING_TICKS, MISSING_TICKS, 8])
    into = np.zeros(2, np.int64)
    add_option_values(bids, asks, [(0, -2)], range(2, 4), into)
    assert into.tolist() == [-2 * 10 * 250, -2 * 14 * 250]


def test_rows_and_seconds_outside_the_day_are_refused() -> None:
    quotes = chain([10, 10], [10, 10])
    into = np.zeros(2, np.int64)
    for row in (-1, 2):
        with pytest.raises(IndexError, match=f"leg 0 names row {row} of 2"):
            first_at_or_below(quotes, quotes, [(row, 1)], 0, range(2))
    for seconds in (range(-1, 1), range(1, 3), range(0, 2, 2)):
        with pytest.raises(IndexError, match="2 seconds"):
            first_at_or_below(quotes, quotes, [(0, 1)], 0, seconds)
        with pytest.raises(IndexError, match="2 seconds"):
            add_option_values(quotes, quotes, [(0, 1)], seconds, into[: len(seconds)])


def test_values_need_a_place_a_second() -> None:
    quotes = chain([10, 10])
    with pytest.raises(ValueError, match="1 places for the values of 2 seconds"):
        add_option_values(quotes, quotes, [(0, 1)], range(2), np.zeros(1, np.int64))


def test_ratios_that_could_overflow_the_scan_are_refused() -> None:
    quotes = chain([TICKS_MAX])
    legs = [(0, NARROW_WEIGHTS_MAX)]
    assert first_at_or_below(quotes, quotes, legs, 2**40, range(1)) == 0
    with pytest.raises(ValueError, match="ratios add up to more than"):
        first_at_or_below(quotes, quotes, [*legs, (0, -1)], 0, range(1))


@given(
    st.lists(st.integers(-(10**15), 10**15), max_size=60),
    st.sets(st.integers(1, 59)),
    st.lists(st.integers(-(10**15), 10**15), min_size=60, max_size=60),
)
def test_steps_are_what_a_loop_adds(column: list[int], starts: set[int], cents: list[int]) -> None:
    inside = sorted({0, *starts} & set(range(len(column))))
    steps = list(zip(inside, cents, strict=False))

    stepped = with_steps(np.array(column, np.int64), steps)
    assert stepped.tolist() == slow_with_steps(column, steps)


def test_steps_that_leave_seconds_out_or_do_not_ascend_are_refused() -> None:
    column = np.zeros(5, np.int64)
    with pytest.raises(ValueError, match="nothing is said of the seconds before 2"):
        with_steps(column, [(2, 1)])
    for starts in ([0, 3, 3], [0, 4, 2], [0, 5], [-1]):
        with pytest.raises(ValueError, match="does not come before"):
            with_steps(column, [(start, 1) for start in starts])


def waiting(orders: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.zeros((orders, 4), np.uint16), np.zeros((orders, 4), np.int16), np.zeros(orders, np.int32)


def reached(second: int = 0, *, orders: int = 2, places: int = 2, sums: int = QUOTE_SUMS) -> int:
    room = np.zeros(sums, np.uint32), np.zeros(places, np.int32)
    quotes = chain([10, 10])
    return orders_reached(quotes, quotes, second, waiting(orders), *room)


def test_orders_that_weigh_nothing_come_to_nothing() -> None:
    assert [reached(), reached(1), reached(orders=0)] == [2, 2, 0]


def test_orders_are_held_to_a_second_of_the_day() -> None:
    for second in (-1, 2):
        with pytest.raises(IndexError, match=f"second {second} is not within the 2 of the day"):
            reached(second)


def test_orders_need_room_for_their_places_and_the_chains_sums() -> None:
    with pytest.raises(ValueError, match="3 orders need as many rows, weights and places"):
        reached(orders=3)
    with pytest.raises(ValueError, match=f"1 contracts need fewer than {QUOTE_SUMS} sums"):
        reached(sums=2)
    rows, weights, bounds = waiting(2)
    with pytest.raises(ValueError, match="an order has 4 rows and weights"):
        orders_reached(chain([10]), chain([10]), 0, (rows[:, :3].copy(), weights, bounds), *_room(2))


def _room(orders: int) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros(QUOTE_SUMS, np.uint32), np.zeros(orders, np.int32)
