"""The mids of a chain on a full grid of strikes, and what follows from them: the index and the deltas."""

from dataclasses import dataclass

import numpy as np

from engine.contracts import Contract
from engine.market import MISSING_DELTA, MISSING_TICKS, DeltaMatrix, TickMatrix
from engine.numerics import Floats
from engine.pricing import chain_deltas, parity_forwards
from marketdata.rows import Integers, Prints

BLOCK_POINTS = 256
HALF_TICKS_A_POINT = 40.0


@dataclass(frozen=True, slots=True)
class Mids:
    """Mids in points on the full grid [point, strike, (call, put)], NaN where there is no quote.

    ``strike_of`` and ``put_of`` place each contract on the grid.
    """

    strikes: Floats
    grid: Floats
    strike_of: Integers
    put_of: Integers

    @classmethod
    def of(cls, contracts: tuple[Contract, ...], bid_ticks: TickMatrix, ask_ticks: TickMatrix) -> "Mids":
        listed = np.array([contract.strike_points for contract in contracts])
        strikes, strike_of = np.unique(listed, return_inverse=True)
        put_of = np.array([not contract.is_call for contract in contracts]).astype(np.int64)
        grid = np.full((bid_ticks.shape[1], len(strikes), 2), np.nan)
        mids = (bid_ticks.astype(np.float64) + ask_ticks) / HALF_TICKS_A_POINT
        grid[:, strike_of, put_of] = np.where(ask_ticks == MISSING_TICKS, np.nan, mids).T
        return cls(strikes.astype(np.float64), grid, strike_of, put_of)

    def parity_prints(self, points: Integers) -> Prints:
        """The index by put-call parity at every point that has both sides of some strike."""
        forwards = parity_forwards(self.strikes, self.grid)
        known = ~np.isnan(forwards)
        return Prints.of(points[known], np.rint(forwards[known] * 10_000.0).astype(np.int64))

    def deltas(self) -> Floats:
        """Computed deltas [point, contract], block by block of points to bound the memory."""
        blocks = [self.grid[start : start + BLOCK_POINTS] for start in range(0, len(self.grid), BLOCK_POINTS)]
        return np.concatenate([chain_deltas(self.strikes, b)[:, self.strike_of, self.put_of] for b in blocks])


def completed_deltas(deltas: DeltaMatrix, mids: Mids) -> DeltaMatrix:
    """Deltas [point, contract] with ours where there is none; missing still where it cannot be told."""
    if not (deltas == MISSING_DELTA).any():
        return deltas
    computed = mids.deltas()
    ours = np.where(np.isnan(computed), MISSING_DELTA, np.rint(np.nan_to_num(computed) * 10_000.0))
    return np.where(deltas == MISSING_DELTA, ours.astype(np.int16), deltas)
