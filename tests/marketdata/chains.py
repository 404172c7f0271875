"""What a chain looks like, minute by minute, so that a generated day can be held beside a recorded one.

Depth is how far in the money an option is, in the deviation σ√T that the straddle implies at that
minute: negative out of the money. Points are index points.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.market import Day
from engine.pricing import implied_deviation, parity_forwards

Array = NDArray[np.float64]

# E|X| of a standard normal X: an at-the-money straddle in deviations.
STRADDLE = 0.7978845608028654
BANDS = (-99.0, -4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0, 99.0)
PLACES = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0)


@dataclass(frozen=True)
class Chain:
    """[minute, strike, (call, put)]; the minutes end at 09:31 … 16:00."""

    strikes: Array
    bid: Array
    ask: Array
    index: Array

    @property
    def mid(self) -> Array:
        return (self.bid + self.ask) / 2

    @property
    def forward(self) -> Array:
        return parity_forwards(self.strikes, self.mid)

    @property
    def straddle(self) -> Array:
        """What a call and a put struck at the forward cost, by minute."""
        both = self.mid.sum(axis=2)
        return np.array([np.interp(f, self.strikes, row) for f, row in zip(self.forward, both, strict=True)])

    @property
    def depth(self) -> Array:
        inside = (self.forward[:, None] - self.strikes) / (self.straddle[:, None] / STRADDLE)
        return np.stack((inside, -inside), axis=2)

    @property
    def width(self) -> Array:
        return self.ask - self.bid

    @property
    def changed(self) -> Array:
        """1 where a quote differs from that of the minute before; NaN in the first."""
        moved = (np.diff(self.bid, axis=0) != 0) | (np.diff(self.ask, axis=0) != 0)
        return np.concatenate((np.full((1, *moved.shape[1:]), np.nan), moved))

    @property
    def parity(self) -> Array:
        """K + C − P less the index, in index points [minute, strike]."""
        return self.strikes + self.mid[:, :, 0] - self.mid[:, :, 1] - self.index[:, None]


def chain_of(day: Day) -> Chain:
    seconds = np.arange(60, day.close_second + 1, 60)
    shape = (len(day.contracts) // 2, 2, len(seconds))
    bid, ask = (
        (ticks[:, seconds] / 20.0).reshape(shape).transpose(2, 0, 1)
        for ticks in (day.bid_ticks, day.ask_ticks)
    )
    strikes = np.array([contract.strike_points for contract in day.contracts[0::2]], float)
    return Chain(strikes, bid, ask, day.spx_e4[seconds] / 10_000.0)


def by_depth(chain: Chain, values: Array) -> Array:
    """The mean of values in each of the ``BANDS`` of depth."""
    depth = chain.depth
    bands = [(depth >= low) & (depth < high) for low, high in pairwise(BANDS)]
    return np.array([np.nanmean(values[band]) for band in bands])


def wings(chain: Chain) -> Array:
    """Mids in percent of the straddle of puts 3, 2 and 1 and calls 1, 2 and 3 deviations out of the money."""
    share = 100.0 * chain.mid / chain.straddle[:, None, None]
    return np.array(
        [
            np.mean(share[:, :, right][np.abs(chain.depth[:, :, right] + out) < 0.25])
            for right, out in ((1, 3.0), (1, 2.0), (1, 1.0), (0, 1.0), (0, 2.0), (0, 3.0))
        ]
    )


def smile(chain: Chain, minute: int, *, minutes: int = 15) -> Array:
    """Implied deviations at the ``PLACES`` above the forward, over that which the straddle implies.

    The mean of a quarter of an hour either side, over options out of the money with a bid, within
    half a deviation of each place; NaN where there is none.
    """
    rows = slice(max(minute - minutes, 0), minute + minutes + 1)
    above = -chain.depth[rows, :, 0]
    right = (above < 0).astype(int)[:, :, None]
    mid, bid = (np.take_along_axis(value[rows], right, axis=2)[:, :, 0] for value in (chain.mid, chain.bid))
    forward = np.broadcast_to(chain.forward[rows, None], mid.shape)
    solved = implied_deviation(mid, forward, np.broadcast_to(chain.strikes, mid.shape)) * forward
    ratio = solved / (chain.straddle[rows, None] / STRADDLE)
    ratio[bid <= 0] = np.nan
    known = ~np.isnan(ratio)
    return np.array([_mean(ratio[known & (np.abs(above - place) < 0.5)]) for place in PLACES])


def _mean(values: Array) -> float:
    return float(values.mean()) if len(values) else np.nan


def parity_noise(chain: Chain) -> Array:
    """The deviation of parity from the index, in points: near the money, further out, far out."""
    distance = np.abs(chain.depth[:, :, 0])
    return np.array(
        [chain.parity[(distance >= low) & (distance < high)].std() for low, high in ((0, 1), (1, 4), (4, 99))]
    )


def index_inside_parity(chain: Chain) -> Array:
    """The share of minutes and strikes within 1.5 σ at which the index lies inside both spreads."""
    sold_at = chain.strikes + chain.bid[:, :, 0] - chain.ask[:, :, 1]
    bought_at = chain.strikes + chain.ask[:, :, 0] - chain.bid[:, :, 1]
    index = chain.index[:, None]
    inside = (sold_at <= index) & (index <= bought_at)
    return np.array([inside[np.abs(chain.depth[:, :, 0]) < 1.5].mean()])


def realised_share(chain: Chain) -> Array:
    """The root of the sum of squared moves by the minute, over the first straddle's deviation."""
    realised = np.sqrt((np.diff(chain.index) ** 2).sum())
    return np.array([realised / (chain.straddle[0] / STRADDLE)])
