"""Random numbers of synthetic days: a pure function of seed, purpose and date.

Philox is a counter-based generator of integers, pinned by its paper and by numpy's promise for bit
streams. The key is (seed, purpose) and the high word of the counter is the date, so that each day
and each purpose has a stream of its own: days can be made alone and in any order, and a new
purpose moves no number of the others.
"""

from enum import IntEnum

import numpy as np

from engine.numerics import Floats, normal_quantile

SEED_MAX = 2**64 - 1


class Purpose(IntEnum):
    """What a stream is for. The values are part of the generator's version."""

    GAP = 1
    RETURN = 2
    VOLATILITY = 3
    EXPECTATION = 4
    SURPRISE = 5
    PATH = 6
    CLUSTERING = 7
    JUMP = 8
    JUMP_SIZE = 9
    VIX = 10
    SPREAD = 11
    KIND = 12
    TURN = 13
    GAP_SIZE = 14
    LEAD = 15
    WIDTH = 16
    LEAN = 17
    SHIFT = 18


def uniforms(seed: int, purpose: Purpose, count: int, *, stream: int = 0) -> Floats:
    """``count`` numbers strictly within 0 … 1: the middles of 2⁵² equal cells."""
    bits = np.random.Philox(
        key=np.array([seed, purpose], np.uint64), counter=np.array([0, 0, 0, stream], np.uint64)
    )
    cells = bits.random_raw(count) >> np.uint64(12)
    return np.asarray((cells.astype(np.float64) + 0.5) * 2.0**-52)


def normals(seed: int, purpose: Purpose, count: int, *, stream: int = 0) -> Floats:
    """``count`` standard normal deviates."""
    return normal_quantile(uniforms(seed, purpose, count, stream=stream))
