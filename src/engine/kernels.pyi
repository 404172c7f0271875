from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.market import TickMatrix
from engine.money import HalfTicks

NARROW_WEIGHTS_MAX: int

def first_at_or_below(
    bid_ticks: TickMatrix,
    ask_ticks: TickMatrix,
    legs: Sequence[tuple[int, int]],
    threshold_half_ticks: HalfTicks,
    seconds: range,
) -> int:
    """The first of ``seconds`` at which every leg has a quote and the net is at most the threshold.

    ``bid_ticks`` and ``ask_ticks`` are the day's uint16 [contract, second]; a leg is (day row,
    signed ratio), and the net is the sum of ratio times (bid + ask). -1 if there is no such second.
    Raises IndexError for a row or a second outside the day and ValueError when the ratios' sizes
    add up to more than ``NARROW_WEIGHTS_MAX``.
    """

def add_option_values(
    bid_ticks: TickMatrix,
    ask_ticks: TickMatrix,
    legs: Sequence[tuple[int, int]],
    seconds: range,
    into: NDArray[np.int64],
) -> None:
    """Adds what the legs are worth in cents at each of ``seconds`` to ``into``, one place each.

    A leg is (day row, signed contracts), worth contracts times the mid. Where it has no quote its
    last one counts, which may lie before the first of ``seconds``; one that never had a quote is
    worth nothing. Raises IndexError for a row or a second outside the day and ValueError when
    ``into`` has another length.
    """
