"""Random days and strategies on which everything that can happen does, in twenty minutes of market.

Both are drawn evenly from a seed: most strategies that Hypothesis would build by itself never enter.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeVar

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.contracts import Contract, Right
from engine.market import MISSING_DELTA, MISSING_INDEX, MISSING_TICKS, Day
from engine.strategies import (
    UNBOUNDED,
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
SEEDS = st.integers(0, 2**32 - 1)
Chosen = TypeVar("Chosen")


def day_of(seed: int) -> Day:
    """An index that walks, quotes that follow it, and gaps in all of it from none to many."""
    rng, chance = np.random.default_rng(seed), Random(seed)
    pace = chance.choice([0, 2_000, 12_000])
    spx = 59_500_000 + np.cumsum(rng.integers(-pace, pace + 1, CLOSE + 1)).astype(np.int64)
    spx -= spx % chance.choice([1, 10_000])
    listed = [Contract(k, right) for k in STRIKES for right in Right if rng.random() < 0.97]
    day = tape({f"{at.strike_points}{at.right}": (1, 2) for at in listed}, close_second=CLOSE)
    bids, asks = _quotes(rng, day.contracts, spx)
    _punch(rng, chance.choice([0, 0, 0.0005, 0.02, 0.4]), bids, asks)
    weekday = timedelta(days=chance.randint(-2, 2))
    return replace(
        day,
        date=day.date + weekday,
        open_at=datetime.combine(day.date + weekday, day.open_at.time(), UTC),
        bid_ticks=bids,
        ask_ticks=asks,
        delta_e4=_deltas(rng, day.contracts, spx),
        spx_e4=_some(rng, spx, chance.choice([0, 0.01])),
        vix_e4=_some(rng, 150_000 + rng.integers(0, 9, CLOSE + 1), chance.choice([0, 0.3])),
        known_from=chance.choice([0, 0, 3]),
        known_until=chance.choice([CLOSE, CLOSE, CLOSE - 1, 900]),
        settlement_cents=chance.choice([*[int(spx[-1]) // 100] * 18, 580_000, None]),
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


_VALUES = {
    StrikeMethod.DELTA: (500, 6_000),
    StrikeMethod.PREMIUM: (0, 200_000),
    StrikeMethod.POINTS_OTM: (-200_000, 450_000),
    StrikeMethod.PERCENT_OTM: (-3_000, 8_000),
    StrikeMethod.ATM: (0, 0),
    StrikeMethod.EXPECTED_MOVE: (0, 25_000),
    StrikeMethod.WIDTH: (20_000, 300_000),
}


def strategy_of(seed: int) -> Strategy:
    chance = Random(seed)
    return Strategy(_legs(chance), _entry(chance), _exit(chance))


def _legs(chance: Random) -> tuple[StrategyLeg, ...]:
    """One to four legs, as many long as short ones of each right at least."""
    legs: list[StrategyLeg] = []
    quantities = chance.choice([[1], [1], [2, 4], [1, 2, 3], [7, 9, 12], [400, 900]])
    for place in range(chance.choice([1, 2, 2, 3, 4, 4])):
        method = chance.choice([m for m in StrikeMethod if place or m is not StrikeMethod.WIDTH])
        from_leg = chance.randrange(place) if method is StrikeMethod.WIDTH else None
        rule = StrikeRule(method, chance.randint(*_VALUES[method]), from_leg)
        right = chance.choice([*Right, legs[-1].right] if legs else list(Right))
        legs.append(StrategyLeg(chance.choice(list(Side)), right, chance.choice(quantities), rule))
    while any(_is_short(legs, right) for right in Right):
        place = chance.randrange(len(legs))
        legs[place] = replace(legs[place], side=Side.BUY)
    return tuple(legs)


def _is_short(legs: list[StrategyLeg], right: Right) -> bool:
    return sum(leg.side.sign * leg.quantity for leg in legs if leg.right is right) < 0


def _entry(chance: Random) -> Entry:
    times = {_time(chance) for _ in range(chance.choice([1, 1, 2, 6]))}
    reentry = Reentry(chance.randint(1, 3), chance.choice([0, 1, 2]), chance.choice(list(After)))
    return Entry(
        times=tuple(sorted(times)),
        weekdays=chance.choice([*[(0, 1, 2, 3, 4)] * 9, (0, 2)]),
        vix=_bounds(chance, 149_999, 150_010),
        expected_move=_bounds(chance, 2_000, 3_500),
        gap=_bounds(chance, -8_000, 8_000),
        move=_bounds(chance, -3_000, 3_000),
        max_open=chance.choice([1, 1, 2, 4]),
        reentry=_seldom(chance, 0.4, reentry),
    )


def _bounds(chance: Random, lowest: int, highest: int) -> Bounds:
    if chance.random() < 0.85:
        return UNBOUNDED
    middle = (lowest + highest) // 2
    least, most = chance.randint(lowest, middle), chance.randint(middle, highest)
    return Bounds(_seldom(chance, 0.7, least), _seldom(chance, 0.7, most))


def _exit(chance: Random) -> Exit:
    trail = TrailingStop(chance.randint(0, 20) * PERCENT, chance.randint(0, 20) * PERCENT)
    return Exit(
        profit_target_pct_e4=_seldom(chance, 0.2, chance.randint(1, 60) * PERCENT),
        stop_loss_pct_e4=_seldom(chance, 0.2, chance.randint(1, 40) * PERCENT),
        stop_loss_credit_pct_e4=_seldom(chance, 0.5, chance.randint(1, 150) * PERCENT),
        trailing_stop=_seldom(chance, 0.2, trail),
        short_strike_touch=chance.random() < 0.4,
        short_delta_max_e4=_seldom(chance, 0.2, chance.randint(3_000, 9_000)),
        time=_seldom(chance, 0.2, _time(chance)),
    )


def _time(chance: Random) -> int:
    return OPEN_CLOCK + chance.choice([chance.randint(-20, CLOSE + 20), chance.randint(0, CLOSE // 2)])


def _seldom(chance: Random, share: float, value: Chosen) -> Chosen | None:
    return value if chance.random() < share else None


DAYS = SEEDS.map(day_of)
STRATEGIES = SEEDS.map(strategy_of)
SETTLEMENTS = st.none() | st.integers(590_000, 600_000)
