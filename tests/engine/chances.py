"""Random days and strategies on which everything that can happen does, in ten minutes of market."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.contracts import Contract, Right
from engine.market import MISSING_DELTA, MISSING_INDEX, MISSING_TICKS, Day
from engine.strategies import (
    After,
    Bounds,
    Entry,
    Exit,
    Reentry,
    Side,
    Strategy,
    StrategyLeg,
    StrikeMethod,
    StrikeRule,
    TrailingStop,
)
from tests.engine.strategizing import OPEN_CLOCK
from tests.engine.tapes import tape

CLOSE = 1_200
STRIKES = range(5_900, 6_005, 5)
PERCENT = 10_000


@st.composite
def days(draw: st.DrawFn) -> Day:
    """An index that walks, quotes that follow it, and gaps in all of it from none to many."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    pace = draw(st.sampled_from([0, 2_000, 8_000]))
    spx = 59_500_000 + np.cumsum(rng.integers(-pace, pace + 1, CLOSE + 1)).astype(np.int64)
    listed = [Contract(k, right) for k in STRIKES for right in Right if rng.random() < 0.95]
    day = tape({f"{at.strike_points}{at.right}": (1, 2) for at in listed}, close_second=CLOSE)
    bids, asks = _quotes(rng, day.contracts, spx)
    _punch(rng, draw(st.sampled_from([0, 0.0005, 0.02, 0.6])), bids, asks)
    known_from = draw(st.sampled_from([0, 0, 3]))
    weekday = timedelta(days=draw(st.integers(-2, 2)))
    return replace(
        day,
        date=day.date + weekday,
        open_at=datetime.combine(day.date + weekday, day.open_at.time(), UTC),
        bid_ticks=bids,
        ask_ticks=asks,
        delta_e4=_deltas(rng, day.contracts, spx),
        spx_e4=_some(rng, spx, draw(st.sampled_from([0, 0.01]))),
        vix_e4=_some(rng, 150_000 + rng.integers(0, 9, CLOSE + 1), draw(st.sampled_from([0, 0.3]))),
        known_from=known_from,
        known_until=draw(st.sampled_from([CLOSE, CLOSE, CLOSE - 1, 700])),
        settlement_cents=draw(st.sampled_from([*[int(spx[-1]) // 100] * 8, 580_000, None])),
    )


def _quotes(
    rng: np.random.Generator, contracts: tuple[Contract, ...], spx: NDArray[np.int64]
) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """About intrinsic value and 8 points of time, in ticks, now and then one tick off."""
    strikes = np.array([[at.strike_points * 10_000] for at in contracts])
    signs = np.array([[1 if at.is_call else -1] for at in contracts])
    inside = signs * (spx[None, :] - strikes)
    mids = np.maximum(inside, 0) + np.maximum(80_000 - np.abs(inside) // 4, 0)
    bids = mids // 500 + rng.integers(0, 2, mids.shape)
    return bids.astype(np.uint16), (bids + rng.integers(0, 5, (len(contracts), 1))).astype(np.uint16)


def _punch(
    rng: np.random.Generator, share: float, bids: NDArray[np.uint16], asks: NDArray[np.uint16]
) -> None:
    missing = rng.random(bids.shape) < share
    bids[missing] = asks[missing] = MISSING_TICKS


def _deltas(
    rng: np.random.Generator, contracts: tuple[Contract, ...], spx: NDArray[np.int64]
) -> NDArray[np.int16]:
    signs = np.array([1 if at.is_call else -1 for at in contracts])
    strikes = np.array([at.strike_points * 10_000 for at in contracts])
    deltas = np.clip(5_000 + signs * (spx[:, None] - strikes) // 100, 0, 10_000) // 50 * 50
    deltas[rng.random(deltas.shape) < 0.02] = MISSING_DELTA
    return deltas.astype(np.int16)


def _some(rng: np.random.Generator, values: NDArray[np.int64], missing: float) -> NDArray[np.int32]:
    return np.where(rng.random(values.shape) < missing, MISSING_INDEX, values).astype(np.int32)


def bounds(lowest: int, highest: int) -> st.SearchStrategy[Bounds]:
    """Seldom any: five filters that are often wrong would let nothing through."""
    bound = st.none() | st.integers(lowest, highest)
    return st.one_of(*[st.just(Bounds())] * 14, st.builds(Bounds, bound, bound))


_RULES = {
    StrikeMethod.DELTA: st.integers(0, 10_000),
    StrikeMethod.PREMIUM: st.integers(0, 300_000),
    StrikeMethod.POINTS_OTM: st.integers(-300_000, 600_000),
    StrikeMethod.PERCENT_OTM: st.integers(-5_000, 10_000),
    StrikeMethod.ATM: st.just(0),
    StrikeMethod.EXPECTED_MOVE: st.integers(0, 30_000),
    StrikeMethod.WIDTH: st.integers(20_000, 400_000),
}


@st.composite
def legs(draw: st.DrawFn) -> tuple[StrategyLeg, ...]:
    """One to four legs, as many long as short ones of each right at least."""
    made: list[StrategyLeg] = []
    quantities = st.sampled_from([1, 1, 1, 2, 3, 7, 9])
    for place in range(draw(st.integers(1, 4))):
        right, side = draw(st.sampled_from(Right)), draw(st.sampled_from(Side))
        methods = [m for m in StrikeMethod if place or m is not StrikeMethod.WIDTH]
        method = draw(st.sampled_from(methods))
        from_leg = draw(st.integers(0, place - 1)) if method is StrikeMethod.WIDTH else None
        rule = StrikeRule(method, draw(_RULES[method]), from_leg)
        made.append(StrategyLeg(side, right, draw(quantities), rule))
    for right in Right:
        short = sum(leg.side.sign * leg.quantity for leg in made if leg.right is right) < 0
        made = [replace(leg, side=Side.BUY) if short and leg.right is right else leg for leg in made]
    return tuple(made)


PERCENTS = st.none() | st.none() | st.integers(1, 150).map(lambda percent: percent * PERCENT)
SMALL_PERCENTS = st.integers(1, 40).map(lambda percent: percent * PERCENT)
TIMES = st.integers(OPEN_CLOCK - 2, OPEN_CLOCK + CLOSE + 1)
RARELY = st.sampled_from([False, False, False, True])

ENTRIES = st.builds(
    Entry,
    times=st.lists(TIMES, min_size=1, max_size=6, unique=True).map(lambda times: tuple(sorted(times))),
    weekdays=st.sampled_from([*[(0, 1, 2, 3, 4)] * 8, (0, 2)]),
    vix=bounds(149_999, 150_010),
    expected_move=bounds(2_000, 4_000),
    gap=bounds(-3_000, 3_000),
    move=bounds(-3_000, 3_000),
    max_open=st.integers(1, 4),
    reentry=st.none()
    | st.builds(Reentry, st.integers(1, 3), st.sampled_from([0, 0, 1, 2]), st.sampled_from(After)),
)

EXITS = st.builds(
    Exit,
    profit_target_pct_e4=PERCENTS,
    stop_loss_pct_e4=PERCENTS,
    stop_loss_credit_pct_e4=PERCENTS,
    trailing_stop=st.none() | st.none() | st.builds(TrailingStop, SMALL_PERCENTS, SMALL_PERCENTS),
    short_strike_touch=RARELY,
    short_delta_max_e4=st.none() | st.none() | st.integers(3_000, 9_000),
    time=st.none() | st.none() | TIMES,
)

STRATEGIES = st.builds(Strategy, legs(), ENTRIES, EXITS)
SETTLEMENTS = st.none() | st.integers(590_000, 600_000)
