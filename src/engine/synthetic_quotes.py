"""How a synthetic market maker quotes a theoretical value: spread, tick grid, and when he bothers."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.market import TickMatrix
from engine.numerics import Floats

Number = TypeVar("Number", bound=np.generic)

# Tick sizes of SPX options: 0.05 below 3.00 and 0.10 from there on.
COARSE_FROM_TICKS = 60
TICKS_PER_POINT = 20.0

SPREAD_MIN_POINTS, SPREAD_PER_POINT, SPREAD_HALF_AT_POINTS = 0.01, 0.09, 5.0
OPENING_SECONDS = 300.0
TIGHT_SPREAD_POINTS, WIDE_SPREAD_POINTS, WIDE_HALF_AT_POINTS = 1.2, 5.8, 9.0
# Of its spread, how far a quote may lie off its value, by waiting and by leaning to a side; the two
# and the half spread together keep every value between its bid and ask.
STALE_SHARE, LEAN_SHARE = 0.08, 0.08


@dataclass(frozen=True, slots=True)
class Quotes:
    """Bids and asks in ticks of 0.05, [second, contract]."""

    bid_ticks: TickMatrix
    ask_ticks: TickMatrix


@dataclass(frozen=True, slots=True)
class Standing:
    """The last quote of each contract, the value in points that it was made for, and how far the
    value may leave that before the quote is made anew."""

    points: Floats
    tolerance: Floats
    bid_ticks: TickMatrix
    ask_ticks: TickMatrix


def nothing_standing(contracts: int) -> Standing:
    """Before the open: every value is infinitely far from the one quoted last."""
    nothing = np.zeros(contracts, np.uint16)
    return Standing(np.full(contracts, np.inf), np.zeros(contracts), nothing, nothing)


def spread_points(points: Floats, delta: Floats, second: NDArray[np.int64], caution: Floats) -> Floats:
    """The width that suits a value and its unsigned delta, [second, contract].

    It grows with the value, ever more slowly, and is doubled at the opening. In the money either a
    tight or a wide quote is added: the deeper, the less caution it takes for a wide one.
    """
    width = SPREAD_MIN_POINTS + SPREAD_PER_POINT * points / (1.0 + points / SPREAD_HALF_AT_POINTS)
    width *= 1.0 + OPENING_SECONDS / (OPENING_SECONDS + second)
    inside = np.maximum(2.0 * delta - 1.0, 0.0)
    inside *= inside
    tight = TIGHT_SPREAD_POINTS * inside * inside
    depth = inside * inside * inside * (points / (points + WIDE_HALF_AT_POINTS))
    return np.asarray(width + np.where(caution < depth, WIDE_SPREAD_POINTS, tight))


def quote(points: Floats, width: Floats, lean: Floats) -> Quotes:
    """Bids and asks around values, outward to the grid; never crossed or locked, never below zero."""
    half = width * (0.5 * TICKS_PER_POINT)
    centre = points * TICKS_PER_POINT + lean * width * (LEAN_SHARE * TICKS_PER_POINT)
    bid = np.maximum(_grid_below(centre - half), 0.0)
    ask = np.maximum(_grid_above(centre + half), bid + np.where(bid >= COARSE_FROM_TICKS, 2.0, 1.0))
    return Quotes(bid.astype(np.uint16), ask.astype(np.uint16))


def _grid_below(ticks: Floats) -> Floats:
    """The next price at or below that may be quoted, in ticks; ascending in its argument."""
    return np.where(ticks >= COARSE_FROM_TICKS, 2.0 * np.floor(ticks * 0.5), np.floor(ticks))


def _grid_above(ticks: Floats) -> Floats:
    return np.where(ticks > COARSE_FROM_TICKS, 2.0 * np.ceil(ticks * 0.5), np.ceil(ticks))


def stand(fresh: Quotes, points: Floats, tolerance: Floats, before: Standing) -> tuple[Quotes, Standing]:
    """The quotes that stand in each second of a block [second, contract], and what it leaves behind.

    A quote stands until the value has left the one it was made for by more than the ``tolerance``
    of then or of now. So two contracts' quotes never lie further apart in time than both spreads
    cover, and a negative tolerance makes a quote anew.
    """
    anew = _made_anew(points, tolerance, before)
    rows = np.where(anew, np.arange(1, len(points) + 1)[:, None], 0)
    cells = np.maximum.accumulate(rows, axis=0) * points.shape[1] + np.arange(points.shape[1])
    bids, asks = (
        _after(before.bid_ticks, fresh.bid_ticks, cells),
        _after(before.ask_ticks, fresh.ask_ticks, cells),
    )
    left = Standing(
        _after(before.points, points, cells[-1]),
        _after(before.tolerance, tolerance, cells[-1]),
        bids[-1],
        asks[-1],
    )
    return Quotes(bids, asks), left


def _after(before: NDArray[Number], block: NDArray[Number], cells: NDArray[np.int64]) -> NDArray[Number]:
    """Cells of a block that has the row before it on top."""
    return np.concatenate((before[None], block)).take(cells)


def _made_anew(points: Floats, tolerance: Floats, before: Standing) -> NDArray[np.bool_]:
    """Where quotes are made anew, [second, contract]: one second after the other, all contracts at once."""
    made_for, allowed = before.points.copy(), before.tolerance.copy()
    distance, limit = np.empty_like(made_for), np.empty_like(made_for)
    anew = np.empty(points.shape, bool)
    for value, now_allowed, moved in zip(points, tolerance, anew, strict=True):
        np.subtract(value, made_for, out=distance)
        np.abs(distance, out=distance)
        np.minimum(allowed, now_allowed, out=limit)
        np.greater(distance, limit, out=moved)
        np.copyto(made_for, value, where=moved)
        np.copyto(allowed, now_allowed, where=moved)
    return anew
