"""A made-up session to trade on: the same bytes for the same seed and date on every machine.

A pure function of its arguments. Floating point is used one IEEE 754 operation at a time and only
through engine.numerics beyond + − × ÷ √, and sums are added up as integers.
"""

import numpy as np

from engine.calendar import SessionBounds
from engine.contracts import Contract
from engine.market import Day, DeltaMatrix, SettlementSource, TickMatrix
from engine.numerics import Floats
from engine.synthetic_chains import listed_contracts, listed_strikes, value_calls
from engine.synthetic_makers import draw_makers
from engine.synthetic_paths import Chance, Paths, draw_paths
from engine.synthetic_plans import plan_day
from engine.synthetic_quotes import STALE_SHARE, nothing_standing, quote, spread_points, stand

GENERATOR_VERSION = 2
# On 2025-01-15 this seed tells the story of the API walkthrough; a test follows it.
SEED_DEFAULT = 1331

DELTA_UNITS, INDEX_UNITS = 10_000.0, 10_000.0
BLOCK_SECONDS = 256
ALWAYS_ANEW = -1.0


def synthesize(bounds: SessionBounds, seed: int, strikes: tuple[int, ...] | None = None) -> Day:
    """The synthetic day of a session, without a content hash, which publishing gives it.

    ``bounds.date`` is a session of the calendar's table (``KeyError`` otherwise); ``seed`` is
    0 … ``SEED_MAX``. Consecutive sessions of one seed share their closes. ``strikes``, ascending
    whole points, replaces the listed ones.
    """
    plan = plan_day(bounds.date, seed)
    chance = Chance(seed, bounds.date)
    paths = draw_paths(plan, bounds.close_second, chance)
    listed = strikes or listed_strikes(plan)
    contracts = listed_contracts(listed)
    bids, asks, deltas = _chain(paths, listed, contracts, chance)
    return Day(
        date=bounds.date,
        open_at=bounds.open_at,
        close_second=bounds.close_second,
        contracts=contracts,
        bid_ticks=bids,
        ask_ticks=asks,
        delta_e4=deltas,
        spx_e4=paths.spx_e4,
        vix_e4=paths.vix_e4,
        known_from=0,
        known_until=bounds.close_second,
        settlement_cents=plan.close_cents,
        settlement_source=SettlementSource.PRINT,
        content_hash="",
        synthetic=True,
    )


def _chain(
    paths: Paths, strikes: tuple[int, ...], contracts: tuple[Contract, ...], chance: Chance
) -> tuple[TickMatrix, TickMatrix, DeltaMatrix]:
    """Bids and asks [contract, second] and deltas [second, contract], made block by block of seconds."""
    rows, width = len(paths.spx_e4), len(contracts)
    makers = draw_makers(rows, width, chance)
    bids, asks = np.empty((width, rows), np.uint16), np.empty((width, rows), np.uint16)
    deltas = np.empty((rows, width), np.int16)
    standing = nothing_standing(width)
    for start in range(0, rows, BLOCK_SECONDS):
        block = slice(start, min(start + BLOCK_SECONDS, rows))
        points, delta = _values(paths, strikes, block)
        second = np.arange(block.start, block.stop)
        mood = makers.mood(second)
        spread = makers.width * spread_points(points, delta, second[:, None], mood.caution)
        tolerance = STALE_SHARE * spread
        if block.stop == rows:
            tolerance[-1] = ALWAYS_ANEW
        quotes, standing = stand(quote(points, spread, mood.lean), points, tolerance, standing)
        bids[:, block], asks[:, block] = quotes.bid_ticks.T, quotes.ask_ticks.T
        deltas[block] = np.rint(delta * DELTA_UNITS)
    return bids, asks, deltas


def _values(paths: Paths, strikes: tuple[int, ...], block: slice) -> tuple[Floats, Floats]:
    """Theoretical points and unsigned deltas [second, contract]; puts by put-call parity."""
    index = (paths.spx_e4[block] / INDEX_UNITS)[:, None]
    inside = index + paths.lead_points[block, None] - np.array(strikes, np.float64)
    calls = value_calls(inside, index * paths.expected_move[block, None], paths.risk_left[block, None])
    call_delta = np.rint(calls.call_delta * DELTA_UNITS) / DELTA_UNITS
    return (
        _interleave(calls.call_points, np.maximum(calls.call_points - inside, 0.0)),
        _interleave(call_delta, 1.0 - call_delta),
    )


def _interleave(calls: Floats, puts: Floats) -> Floats:
    """[second, strike] twice to [second, contract], call before put."""
    return np.stack((calls, puts), axis=2).reshape(len(calls), -1)
