"""The course of the years: what each synthetic session opens and closes at.

One walk over every session of the table gives the closes that consecutive days share, so that any
day can be made alone and still opens where the day before left off. It is drawn outward from one
anchor: on 2025-01-15 the index opens at 5,949 with a VIX about 15.8, whatever the seed.
"""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.calendar import SessionBounds, sessions_between
from engine.numerics import Floats, exp
from engine.session_table import FIRST_SESSION, LAST_SESSION
from engine.synthetic_draws import Purpose, normals, uniforms

ANCHOR_DATE = date(2025, 1, 15)
ANCHOR_OPEN_CENTS = 594_900
ANCHOR_VIX = 15.83
# The VIX less its floor is lognormal: years near the floor, and short rises to a multiple.
VIX_FLOOR = 8.5

SQRT_YEAR = 15.874507866387544
DAILY_DRIFT = 0.0003
GAP_SHARE = 0.4
LARGE_GAP_CHANCE, LARGE_GAP = 0.05, 2.5
SESSION_SHARE = 0.75
WHOLE_DAY_SECONDS = 23_400
# The root of the share of a whole day's variance that synthetic_paths expects of the hours to 13:00.
HALF_DAY_MOVE = 0.8225
REALISED_SHARE = 0.88
VIX_PER_RETURN = -4.0

TREND_CHANCE, TREND_MOVES, TREND_SPREAD = 0.14, 1.25, 0.35
REVERSAL_CHANCE, REVERSAL_SPREAD = 0.14, 0.3

LOG_VIX_DECAY = 0.97
LOG_VIX_STEP = 0.06
LEVERAGE = 0.8
LEVERAGE_REST = 0.6
# log 0.97, so that powers of the decay need no function outside engine.numerics
LOG_OF_DECAY = -0.030459207484708574

_STEPS_PER_UNIT = 1e12


class Kind(IntEnum):
    """What a session makes of its move: no pattern, one way all day, or there and back."""

    USUAL = 0
    TREND = 1
    REVERSAL = 2


@dataclass(frozen=True, slots=True)
class DayPlan:
    """One session before its path is drawn.

    ``expected_move`` is the standard deviation of the open-to-close return that options price;
    ``realised_move`` the one that the path takes; ``session_return`` is log(close / open).
    """

    kind: Kind
    previous_close_cents: int
    open_cents: int
    close_cents: int
    vix_open: float
    vix_close: float
    expected_move: float
    realised_move: float
    session_return: float


@dataclass(frozen=True, slots=True)
class _Walk:
    """A plan for every session of the table, by row."""

    kind: NDArray[np.int64]
    open_cents: NDArray[np.int64]
    close_cents: NDArray[np.int64]
    first_previous_close_cents: int
    vix_open: Floats
    vix_close: Floats
    expected_move: Floats
    realised_move: Floats
    session_return: Floats


def plan_day(day: date, seed: int) -> DayPlan:
    """The plan of a session of the table; ``KeyError`` for another date."""
    row, walk = _rows()[day], _walk(seed)
    return DayPlan(
        kind=Kind(int(walk.kind[row])),
        previous_close_cents=int(walk.close_cents[row - 1]) if row else walk.first_previous_close_cents,
        open_cents=int(walk.open_cents[row]),
        close_cents=int(walk.close_cents[row]),
        vix_open=float(walk.vix_open[row]),
        vix_close=float(walk.vix_close[row]),
        expected_move=float(walk.expected_move[row]),
        realised_move=float(walk.realised_move[row]),
        session_return=float(walk.session_return[row]),
    )


@lru_cache(maxsize=1)
def _sessions() -> tuple[SessionBounds, ...]:
    return sessions_between(FIRST_SESSION, LAST_SESSION)


@lru_cache(maxsize=1)
def _rows() -> dict[date, int]:
    return {bounds.date: row for row, bounds in enumerate(_sessions())}


@lru_cache(maxsize=4)
def _walk(seed: int) -> _Walk:
    anchor, count = _rows()[ANCHOR_DATE], len(_rows())
    kinds = _kinds(seed, count)
    shocks = _shocks(normals(seed, Purpose.RETURN, count), kinds)

    above_floor = ANCHOR_VIX - VIX_FLOOR
    log_vix = _log_vix(seed, shocks, anchor - 1)
    vix_close = VIX_FLOOR + above_floor * exp(log_vix * (ANCHOR_VIX / above_floor))
    vix_before = np.concatenate(([ANCHOR_VIX], vix_close[:-1]))
    gaps = vix_before / 100.0 / SQRT_YEAR * GAP_SHARE * _gaps(seed, count)
    gaps[anchor] = 0.0
    vix_open = vix_before * exp(VIX_PER_RETURN * gaps)

    expected = vix_open / 100.0 / SQRT_YEAR * SESSION_SHARE * _length()
    expected *= exp(0.12 * normals(seed, Purpose.EXPECTATION, count))
    realised = expected * REALISED_SHARE * exp(0.2 * normals(seed, Purpose.SURPRISE, count))
    returns = DAILY_DRIFT + realised * shocks

    opens, closes = _levels(gaps, returns, anchor)
    before_first = ANCHOR_OPEN_CENTS * exp(opens[:1] - gaps[:1])
    return _Walk(
        kind=kinds,
        open_cents=_cents(ANCHOR_OPEN_CENTS * exp(opens)),
        close_cents=_cents(ANCHOR_OPEN_CENTS * exp(closes)),
        first_previous_close_cents=int(_cents(before_first)[0]),
        vix_open=vix_open,
        vix_close=vix_close,
        expected_move=expected,
        realised_move=realised,
        session_return=returns,
    )


def _length() -> Floats:
    """What a session's hours leave of a whole day's expected move."""
    is_whole = np.array([bounds.close_second == WHOLE_DAY_SECONDS for bounds in _sessions()])
    return np.where(is_whole, 1.0, HALF_DAY_MOVE)


def _kinds(seed: int, count: int) -> NDArray[np.int64]:
    draw = uniforms(seed, Purpose.KIND, count)
    is_trend, is_reversal = draw < TREND_CHANCE, draw > 1.0 - REVERSAL_CHANCE
    return np.where(is_trend, int(Kind.TREND), np.where(is_reversal, int(Kind.REVERSAL), int(Kind.USUAL)))


def _shocks(draws: Floats, kinds: NDArray[np.int64]) -> Floats:
    """Returns of the sessions in realised moves: far on trend days, about nothing on reversal days."""
    far = np.where(draws < 0.0, -TREND_MOVES, TREND_MOVES) + TREND_SPREAD * draws
    return np.where(
        kinds == Kind.TREND, far, np.where(kinds == Kind.REVERSAL, REVERSAL_SPREAD * draws, draws)
    )


def _gaps(seed: int, count: int) -> Floats:
    """Overnight returns in usual gaps; one in twenty nights has news."""
    is_large = uniforms(seed, Purpose.GAP_SIZE, count) < LARGE_GAP_CHANCE
    return np.where(is_large, LARGE_GAP, 1.0) * normals(seed, Purpose.GAP, count)


def _log_vix(seed: int, shocks: Floats, pinned: int) -> Floats:
    """A first-order autoregression that falls when the index rises, conditioned on 0 at ``pinned``.

    Taking the covariance with the pinned value off a Gaussian process leaves its law given that value.
    """
    surprises = LOG_VIX_STEP * (
        LEVERAGE_REST * normals(seed, Purpose.VOLATILITY, len(shocks)) - LEVERAGE * shocks
    )
    walked = autoregression(surprises, LOG_VIX_DECAY)
    distance = np.abs(np.arange(len(shocks)) - pinned).astype(np.float64)
    return np.asarray(walked - walked[pinned] * exp(distance * LOG_OF_DECAY))


def autoregression(surprises: Floats, decay: float) -> Floats:
    """Each value is ``decay`` times the last plus its surprise, from 0."""
    values, value = [], 0.0
    for surprise in surprises.tolist():
        value = decay * value + surprise
        values.append(value)
    return np.array(values)


def _levels(gaps: Floats, returns: Floats, anchor: int) -> tuple[Floats, Floats]:
    """Log levels at each open and close, 0 at the anchor's open."""
    walked = running_sum(np.stack((gaps, returns), axis=1).ravel())
    walked -= walked[2 * anchor]
    return walked[0::2], walked[1::2]


def running_sum(steps: Floats) -> Floats:
    """The sums of the first 1, 2, … steps, added up as integers so that their order cannot matter."""
    whole = np.rint(steps * _STEPS_PER_UNIT).astype(np.int64)
    return np.asarray(np.cumsum(whole) / _STEPS_PER_UNIT)


def _cents(level: Floats) -> NDArray[np.int64]:
    return np.rint(level).astype(np.int64)
