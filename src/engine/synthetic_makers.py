"""The habits of the synthetic market makers: how wide each contract is quoted, and to which side.

Each contract has a temper for the day and a mood for some minutes; moods change at other moments
for each, so that the chain is never quoted anew at once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.numerics import Floats
from engine.synthetic_draws import Purpose
from engine.synthetic_paths import Chance

WIDTH_MIN, WIDTH_RANGE = 0.85, 0.3
MOOD_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Mood:
    """``caution`` is 0 … 1 and ``lean`` −1 … 1, [second, contract]."""

    caution: Floats
    lean: Floats


@dataclass(frozen=True, slots=True)
class Makers:
    """``width`` is the factor on each contract's spread; the rest is for ``mood``."""

    width: Floats
    changes_after: NDArray[np.int64]
    caution: Floats
    lean: Floats

    def mood(self, second: NDArray[np.int64]) -> Mood:
        contracts = len(self.width)
        slot = (second[:, None] + self.changes_after) // MOOD_SECONDS
        cells = slot * contracts + np.arange(contracts)
        return Mood(self.caution.take(cells), self.lean.take(cells))


def draw_makers(seconds: int, contracts: int, chance: Chance) -> Makers:
    moods = seconds // MOOD_SECONDS + 2
    shift = chance.uniforms(Purpose.SHIFT, contracts) * MOOD_SECONDS
    return Makers(
        width=WIDTH_MIN + WIDTH_RANGE * chance.uniforms(Purpose.SPREAD, contracts),
        changes_after=shift.astype(np.int64),
        caution=chance.uniforms(Purpose.WIDTH, moods * contracts),
        lean=2.0 * chance.uniforms(Purpose.LEAN, moods * contracts) - 1.0,
    )
