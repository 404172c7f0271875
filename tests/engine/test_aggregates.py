"""The aggregate series of a day: rulings 5.3."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.aggregates import PLACES, UNKNOWN, Series, series_column
from engine.market import Day
from tests.engine.tapes import tape
from tests.engine.twins.aggregates import slow_value

ATM = {"5950C": (4.20, 4.40), "5950P": (3.10, 3.30)}
WINGS = {
    "5900P": (0.50, 0.60),
    "5940P": (1.00, 1.10),
    "5960C": (1.50, 1.60),
    "5940C": (11.00, 11.40),
}


def at_open(day: Day, series: Series) -> int:
    return int(series_column(day, series)[0])


def test_expected_move_is_the_straddle_over_the_index() -> None:
    day = tape({**ATM, **WINGS}, spx=5950)

    assert at_open(day, Series.SPX_EXPECTED_MOVE) == round(7.50 / 5950 * 1_000_000)


def test_extrinsic_leaves_out_what_the_straddle_is_worth_at_once() -> None:
    assert at_open(tape(ATM, spx=5951.25), Series.SPX_EXTRINSIC) == 6_2500


def test_otm_bids_leave_out_the_strike_at_the_index() -> None:
    assert at_open(tape({**ATM, **WINGS}, spx=5950), Series.SPX_OTM_BIDS) == 50 + 100 + 150


def test_straddle_between_two_strikes_is_at_the_lower() -> None:
    day = tape({**ATM, "5960C": (1, 1), "5960P": (10, 10)}, spx=5955)

    assert at_open(day, Series.SPX_EXTRINSIC) == 2_5000


def test_strike_listed_on_one_side_only_has_no_straddle() -> None:
    day = tape({**ATM, "5955C": (2, 2)}, spx=5955)

    assert at_open(day, Series.SPX_EXTRINSIC) == 2_5000


@pytest.mark.parametrize("series", [Series.SPX_EXPECTED_MOVE, Series.SPX_EXTRINSIC])
def test_unquoted_straddle_is_unknown(series: Series) -> None:
    day = tape({**ATM, "5950C": {0: (4.20, 4.40), 10: None, 11: (4.20, 4.40)}})

    assert (series_column(day, series)[9:12] == UNKNOWN).tolist() == [False, True, False]


@pytest.mark.parametrize("series", [Series.SPX_EXPECTED_MOVE, Series.SPX_EXTRINSIC])
@pytest.mark.parametrize(
    ("spx", "is_known"), [(5945, True), (5944.99, False), (5955, True), (5955.01, False)]
)
def test_strike_further_than_five_points_is_not_at_the_money(
    series: Series, spx: float, *, is_known: bool
) -> None:
    assert (at_open(tape(ATM, spx=spx), series) != UNKNOWN) is is_known


def test_vix_that_was_not_recorded_is_unknown() -> None:
    assert at_open(tape(ATM), Series.VIX) == UNKNOWN


quotes = st.one_of(
    st.none(),
    st.tuples(st.integers(0, 200), st.integers(0, 40)).map(lambda q: (q[0] / 20, (q[0] + q[1]) / 20)),
)
names = st.builds("{}{}".format, st.integers(1180, 1200).map(lambda n: n * 5), st.sampled_from("CP"))
chains = st.dictionaries(
    names, st.dictionaries(st.integers(0, 8), quotes, min_size=1), min_size=1, max_size=12
)
levels = st.dictionaries(st.integers(1, 8), st.integers(5900_0000, 6000_0000).map(lambda e4: e4 / 10_000))


@given(chains, levels, st.sets(st.integers(0, 8)))
def test_columns_agree_with_the_slow_twin(
    chain: dict[str, dict[int, tuple[float, float] | None]], moves: dict[int, float], gaps: set[int]
) -> None:
    day = tape(chain, spx={0: 5950, **moves}, close_second=8)
    spx = day.spx_e4.copy()
    spx[sorted(gaps)] = -1
    day = replace(day, spx_e4=spx, vix_e4=np.arange(9, dtype=np.int32) * 10_000)

    for series in Series:
        column = series_column(day, series)
        assert [None if v == UNKNOWN else v for v in column.tolist()] == [
            in_units(day, series, second) for second in range(9)
        ]


def in_units(day: Day, series: Series, second: int) -> int | None:
    value = slow_value(day, series, second)
    return None if value is None else math.floor(value * 10 ** PLACES[series] + Fraction(1, 2))
