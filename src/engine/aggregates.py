"""Per-second aggregate series of a day: the index, its expected move, and sums over the chain."""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeAlias

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
    total_ticks = np.zeros(index_e4.shape, np.int64)
    for row, contract in enumerate(day.contracts):
        strike_e4 = contract.strike_points * POINT_E4
        outside = index_e4 < strike_e4 if contract.is_call else index_e4 > strike_e4
        bids = day.bid_ticks[row]
        total_ticks += np.where(outside & (bids != MISSING_TICKS), bids, 0)
    return np.where(index_e4 == UNKNOWN, UNKNOWN, total_ticks * TICK_CENTS)


def _index(values_e4: NDArray[np.int32]) -> Column:
    return np.where(values_e4 == MISSING_INDEX, UNKNOWN, values_e4.astype(np.int64))


def _straddle(day: Day) -> tuple[Column, Column]:
    """Mid (0.0001 points, or UNKNOWN) and strike (0.0001 points) of each second's straddle.

    The strike is the one nearest to the index among those listed on both sides, the lower on a tie.
    Further than ``AT_THE_MONEY_E4`` it is not at the money, and its price is mostly what it is worth
    at once or that of another move: unknown.
    """
    strikes = [strike for strike in _strikes(day) if Contract(strike, Right.PUT) in day.row_of]
    index_e4 = spx(day)
    if not strikes:
        return np.full(index_e4.shape, UNKNOWN), np.zeros(index_e4.shape, np.int64)

    strikes_e4 = np.array(strikes, np.int64) * POINT_E4
    nearest = np.searchsorted(strikes_e4[:-1] + strikes_e4[1:], 2 * np.maximum(index_e4, 0))
    calls = np.array([day.row_of[Contract(strike, Right.CALL)] for strike in strikes])
    puts = np.array([day.row_of[Contract(strike, Right.PUT)] for strike in strikes])
    seconds = np.arange(len(index_e4))
    half_ticks = np.zeros(index_e4.shape, np.int64)
    known = (index_e4 != UNKNOWN) & (np.abs(index_e4 - strikes_e4[nearest]) <= AT_THE_MONEY_E4)
    for rows in (calls[nearest], puts[nearest]):
        asks = day.ask_ticks[rows, seconds]
        half_ticks += day.bid_ticks[rows, seconds].astype(np.int64) + asks
        known &= asks != MISSING_TICKS
    return np.where(known, half_ticks * HALF_TICK_E4, UNKNOWN), strikes_e4[nearest]


def _strikes(day: Day) -> list[int]:
    """Strikes with a listed call, ascending."""
    return [contract.strike_points for contract in day.contracts if contract.is_call]


_COLUMNS: dict[Series, Callable[[Day], Column]] = {
    Series.SPX: spx,
    Series.VIX: vix,
    Series.SPX_EXPECTED_MOVE: expected_move,
    Series.SPX_OTM_BIDS: otm_bids,
    Series.SPX_EXTRINSIC: extrinsic,
}
