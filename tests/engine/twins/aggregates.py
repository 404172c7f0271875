"""The aggregate series, one second at a time and in exact fractions of points."""

from fractions import Fraction

from engine.aggregates import Series
from engine.contracts import Contract, Right
from engine.market import MISSING_INDEX, Day

TICK = Fraction(1, 20)


def slow_value(day: Day, series: Series, second: int) -> Fraction | None:
    spx = _level(int(day.spx_e4[second]))
    if series is Series.SPX:
        return spx
    if series is Series.VIX:
        return _level(int(day.vix_e4[second]))
    if spx is None:
        return None
    if series is Series.SPX_OTM_BIDS:
        return _otm_bids(day, spx, second)
    straddle = _straddle(day, spx, second)
    if straddle is None:
        return None
    mid, strike = straddle
    return mid / spx if series is Series.SPX_EXPECTED_MOVE else mid - abs(spx - strike)


def _level(value_e4: int) -> Fraction | None:
    return None if value_e4 == MISSING_INDEX else Fraction(value_e4, 10_000)


def _otm_bids(day: Day, spx: Fraction, second: int) -> Fraction:
    total = Fraction(0)
    for contract in day.contracts:
        strike = contract.strike_points
        quote = day.quote(contract, second)
        if quote and (strike > spx if contract.is_call else strike < spx):
            total += quote.bid_ticks * TICK
    return total


def _straddle(day: Day, spx: Fraction, second: int) -> tuple[Fraction, int] | None:
    listed = {contract.strike_points for contract in day.contracts}
    strikes = [k for k in listed if all(Contract(k, right) in day.row_of for right in Right)]
    if not strikes:
        return None
    strike = min(strikes, key=lambda k: (abs(spx - k), k))
    if abs(spx - strike) > 5:
        return None
    quotes = [day.quote(Contract(strike, right), second) for right in Right]
    if None in quotes:
        return None
    return sum(((q.bid_ticks + q.ask_ticks) * TICK / 2 for q in quotes if q), Fraction(0)), strike
