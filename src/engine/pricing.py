"""Deltas from quotes: Black's model on the forward that put-call parity implies.

Interest over the hours of one session is left out. Black's price depends on volatility σ and the
time T to the close only through the deviation v = σ√T, which is what a mid is solved for; the delta
then follows from v, and the number of seconds left cancels out of it. An option with no volatility
of its own takes v from its strike's other right, or else from its neighbours in strike.
F. Black, "The pricing of commodity contracts" (1976).
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.numerics import Floats, exp, log, normal_cdf, normal_cdf_and_density

Flags: TypeAlias = NDArray[np.bool_]

ROUNDS_MAX = 16
DEVIATION_TOLERANCE = 1e-9
DEVIATION_MIN, DEVIATION_MAX = 1e-7, 8.0
_ROOT_TWO_PI = 2.5066282746310002


def parity_forwards(strikes: Floats, mids: Floats) -> Floats:
    """The forward at each time, NaN where no strike has both mids.

    ``strikes`` is [strike] in points, ``mids`` [time, strike, (call, put)] with NaN where there is no
    quote. Of the strikes quoted on both sides the one where call and put are nearest in price
    decides, for it is nearest to the money: F = K + C − P.
    """
    carry = mids[:, :, 0] - mids[:, :, 1]
    distance = np.where(np.isnan(carry), np.inf, np.abs(carry))
    nearest = distance.argmin(axis=1)
    return np.asarray(strikes[nearest] + carry[np.arange(len(carry)), nearest])


def chain_deltas(strikes: Floats, mids: Floats) -> Floats:
    """Unsigned deltas [time, strike, (call, put)] of every strike, listed or not.

    Arguments as for ``parity_forwards``. NaN at times without a forward or without a single mid
    that can be solved.
    """
    deltas = np.full(mids.shape, np.nan)
    forwards = parity_forwards(strikes, mids)
    known = ~np.isnan(forwards)
    if known.any():
        deltas[known] = _deltas(strikes, mids[known], forwards[known])
    return deltas


def _deltas(strikes: Floats, mids: Floats, forwards: Floats) -> Floats:
    shape = mids.shape[:2]
    forward, strike = np.broadcast_to(forwards[:, None], shape), np.broadcast_to(strikes, shape)
    calls = implied_deviation(mids[:, :, 0] - np.maximum(forward - strike, 0.0), forward, strike)
    puts = implied_deviation(mids[:, :, 1] - np.maximum(strike - forward, 0.0), forward, strike)
    smile = _fill_across(strikes, _first_known(np.where(strike >= forward, calls, puts), calls, puts))
    call_delta = _call_delta(_first_known(calls, puts, smile), forward, strike)
    put_delta = 1.0 - _call_delta(_first_known(puts, calls, smile), forward, strike)
    return np.stack((call_delta, put_delta), axis=2)


def _call_delta(deviation: Floats, forward: Floats, strike: Floats) -> Floats:
    known = ~np.isnan(deviation)
    delta = np.full(deviation.shape, np.nan)
    held = deviation[known]
    delta[known] = normal_cdf(log(forward[known] / strike[known]) / held + 0.5 * held)
    return delta


def implied_deviation(time_value: Floats, forward: Floats, strike: Floats) -> Floats:
    """σ√T at which an option is worth its intrinsic value plus ``time_value`` points.

    By parity the same for the call and the put of a strike. NaN where the time value is NaN, not
    positive, or as large as no deviation up to ``DEVIATION_MAX`` explains.
    """
    most = np.minimum(forward, strike)
    known = (time_value > 0.0) & (time_value < most * 0.999)
    solved = np.full(time_value.shape, np.nan)
    solved[known] = _solve(time_value[known] / forward[known], log(forward[known] / strike[known]))
    return solved


def _solve(target: Floats, moneyness: Floats) -> Floats:
    """Newton's method, from the inflection of the price in v, where it cannot overshoot.

    Above the inflection on the price itself; below, where the price dies away as exp(−x²/2v²), on
    its logarithm against 1/v², of which it is nearly a straight line.
    """
    inflection = np.sqrt(2.0 * np.abs(moneyness))
    deviation = np.maximum(np.maximum(inflection, target * _ROOT_TWO_PI), DEVIATION_MIN)
    below = target < _time_value(deviation, moneyness)[0]
    for _ in range(ROUNDS_MAX):
        value, vega = _time_value(deviation, moneyness)
        value, vega = np.maximum(value, 1e-300), np.maximum(vega, 1e-300)
        direct = deviation + (target - value) / vega
        slope = -0.5 * deviation * deviation * deviation * vega / value
        inverse = 1.0 / (deviation * deviation) + (log(target) - log(value)) / slope
        by_log = 1.0 / np.sqrt(np.maximum(inverse, 1.0 / DEVIATION_MAX**2))
        moved = np.minimum(np.maximum(np.where(below, by_log, direct), DEVIATION_MIN), DEVIATION_MAX)
        settled = bool((np.abs(moved - deviation) <= DEVIATION_TOLERANCE).all())
        deviation = moved
        if settled:
            break
    return deviation


def _time_value(deviation: Floats, moneyness: Floats) -> tuple[Floats, Floats]:
    """Time value and vega per unit of forward of an option with log moneyness x = log(F/K).

    The out-of-the-money side is priced, which loses no digits to the intrinsic value.
    """
    distance = -np.abs(moneyness)
    upper = distance / deviation + 0.5 * deviation
    probability, density = normal_cdf_and_density(upper)
    ratio = exp(-distance)
    value = probability - ratio * normal_cdf(upper - deviation)
    scale = np.where(moneyness > 0.0, exp(-moneyness), 1.0)
    return value * scale, density * scale


def _first_known(*candidates: Floats) -> Floats:
    result = candidates[-1]
    for candidate in reversed(candidates[:-1]):
        result = np.where(np.isnan(candidate), result, candidate)
    return result


def _fill_across(strikes: Floats, smile: Floats) -> Floats:
    """Fills NaN along the strikes: in between on a straight line, beyond the ends level."""
    places = np.arange(smile.shape[1])
    known = ~np.isnan(smile)
    left = np.maximum.accumulate(np.where(known, places, -1), axis=1)
    right = np.minimum.accumulate(np.where(known, places, smile.shape[1])[:, ::-1], axis=1)[:, ::-1]
    left, right = np.where(left < 0, right, left), np.where(right == smile.shape[1], left, right)
    left, right = np.minimum(left, smile.shape[1] - 1), np.maximum(right, 0)
    low, high = (np.take_along_axis(smile, side, axis=1) for side in (left, right))
    width = strikes[right] - strikes[left]
    share = np.where(width > 0.0, (strikes - strikes[left]) / np.where(width > 0.0, width, 1.0), 0.0)
    return np.asarray(low + (high - low) * share)
