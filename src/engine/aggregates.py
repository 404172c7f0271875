"""Per-second aggregate series of a day: the index, its expected move, and sums over the chain."""

from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.contracts import Contract, Right
from engine.market import MISSING_INDEX, MISSING_TICKS, Day

Column: TypeAlias = NDArray[np.int64]

UNKNOWN = int(np.iinfo(np.int64).min)
HALF_TICK_E4 = 250
TICK_CENTS = 5
POINT_E4 = 10_000
AT_THE_MONEY_E4 = 5 * POINT_E4
"""How far a straddle's strike may be from the index: a step of the strikes that SPXW lists there."""
LAYOUTS_KEPT_MAX = 16
BLOCK_SECONDS = 256  # of a whole chain: as much as a cache holds


class Series(StrEnum):
    """The selectable series by their documented names."""

    SPX = "spx"
    VIX = "vix"
    SPX_EXPECTED_MOVE = "spxExpectedMove"
    SPX_OTM_BIDS = "spxOTMBids"
    SPX_EXTRINSIC = "spxExtrinsic"


PLACES = {
    Series.SPX: 4,
    Series.VIX: 4,
    Series.SPX_EXPECTED_MOVE: 6,
    Series.SPX_OTM_BIDS: 2,
    Series.SPX_EXTRINSIC: 4,
}
"""Decimal places of each series: its integers divided by 10**places are points (or a fraction)."""


def series_column(day: Day, series: Series) -> Column:
    """One value a second of the day, int64 in units of ``10**-PLACES[series]``, ``UNKNOWN`` where
    the recording cannot tell."""
    return _COLUMNS[series](day)


def spx(day: Day) -> Column:
    return _index(day.spx_e4)


def vix(day: Day) -> Column:
    return _index(day.vix_e4)


def expected_move(day: Day) -> Column:
    """Mid of the at-the-money straddle over the index (rulings 5.3), rounded half up to 0.000001."""
    straddle_e4, _ = _straddle(day)
    index_e4 = spx(day)
    known = (straddle_e4 != UNKNOWN) & (index_e4 > 0)
    column = np.full(straddle_e4.shape, UNKNOWN)
    numerator, denominator = straddle_e4[known] * 1_000_000, index_e4[known]
    column[known] = (2 * numerator + denominator) // (2 * denominator)
    return column


def extrinsic(day: Day) -> Column:
    """What the at-the-money straddle costs beyond its worth at once, in 0.0001 points."""
    straddle_e4, strike_e4 = _straddle(day)
    known = straddle_e4 != UNKNOWN
    column = np.full(straddle_e4.shape, UNKNOWN)
    column[known] = straddle_e4[known] - np.abs(spx(day) - strike_e4)[known]
    return column


def otm_bids(day: Day) -> Column:
    """Sum of the bids of every out-of-the-money option, in price cents; unquoted ones count nothing."""
    index_e4 = spx(day)
    layout = _layout(day.contracts)
    total_ticks = np.zeros(index_e4.shape, np.int64)
    for start in range(0, len(index_e4), BLOCK_SECONDS):
        block = slice(start, start + BLOCK_SECONDS)
        index, bids = index_e4[block], day.bid_ticks[:, block]
        outside = np.where(layout.calls, index < layout.strikes_e4, index > layout.strikes_e4)
        outside &= bids != MISSING_TICKS
        total_ticks[block] = np.where(outside, bids, 0).sum(axis=0, dtype=np.int64)
    return np.where(index_e4 == UNKNOWN, UNKNOWN, total_ticks * TICK_CENTS)


def _index(values_e4: NDArray[np.int32]) -> Column:
    return np.where(values_e4 == MISSING_INDEX, UNKNOWN, values_e4.astype(np.int64))


def _straddle(day: Day) -> tuple[Column, Column]:
    """Mid (0.0001 points, or UNKNOWN) and strike (0.0001 points) of each second's straddle.

    The strike is the one nearest to the index among those listed on both sides, the lower on a tie.
    Further than ``AT_THE_MONEY_E4`` it is not at the money, and its price is mostly what it is worth
    at once or that of another move: unknown.
    """
    layout = _layout(day.contracts)
    strikes_e4, index_e4 = layout.both_e4, spx(day)
    if not len(strikes_e4):
        return np.full(index_e4.shape, UNKNOWN), np.zeros(index_e4.shape, np.int64)

    nearest = np.searchsorted(strikes_e4[:-1] + strikes_e4[1:], 2 * np.maximum(index_e4, 0))
    seconds = np.arange(len(index_e4))
    half_ticks = np.zeros(index_e4.shape, np.int64)
    known = (index_e4 != UNKNOWN) & (np.abs(index_e4 - strikes_e4[nearest]) <= AT_THE_MONEY_E4)
    for rows in layout.rows_of_both[:, nearest]:
        asks = day.ask_ticks[rows, seconds]
        half_ticks += day.bid_ticks[rows, seconds].astype(np.int64) + asks
        known &= asks != MISSING_TICKS
    return np.where(known, half_ticks * HALF_TICK_E4, UNKNOWN), strikes_e4[nearest]


class _Layout(NamedTuple):
    """The strikes of all contracts and which of them are calls, each a column; and of the strikes that
    are listed on both sides, ascending, where their calls and their puts are. Strikes in 0.0001 points."""

    strikes_e4: Column
    calls: NDArray[np.bool_]
    both_e4: Column
    rows_of_both: NDArray[np.intp]


@lru_cache(LAYOUTS_KEPT_MAX)
def _layout(contracts: tuple[Contract, ...]) -> _Layout:
    row_of = {contract: row for row, contract in enumerate(contracts)}
    called = [contract.strike_points for contract in contracts if contract.is_call]
    both = [strike for strike in called if Contract(strike, Right.PUT) in row_of]
    return _Layout(
        np.array([[contract.strike_points * POINT_E4] for contract in contracts], np.int64),
        np.array([[contract.is_call] for contract in contracts], bool),
        np.array(both, np.int64) * POINT_E4,
        np.array([[row_of[Contract(strike, right)] for strike in both] for right in Right], np.intp),
    )


_COLUMNS: dict[Series, Callable[[Day], Column]] = {
    Series.SPX: spx,
    Series.VIX: vix,
    Series.SPX_EXPECTED_MOVE: expected_move,
    Series.SPX_OTM_BIDS: otm_bids,
    Series.SPX_EXTRINSIC: extrinsic,
}
