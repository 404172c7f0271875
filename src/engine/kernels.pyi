from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.market import TickMatrix
from engine.money import HalfTicks

NARROW_WEIGHTS_MAX: int
QUOTE_SUMS: int

def first_at_or_below(
    bid_ticks: TickMatrix,
    ask_ticks: TickMatrix,
    legs: Sequence[tuple[int, int]],
    threshold_half_ticks: HalfTicks,
    seconds: range,
) -> int: ...
def add_option_values(
    bid_ticks: TickMatrix,
    ask_ticks: TickMatrix,
    legs: Sequence[tuple[int, int]],
    seconds: range,
    into: NDArray[np.int64],
) -> None: ...
def with_steps(column: NDArray[np.int64], steps: Sequence[tuple[int, int]]) -> NDArray[np.int64]: ...
def orders_reached(
    bid_ticks: TickMatrix,
    ask_ticks: TickMatrix,
    second: int,
    waiting: tuple[NDArray[np.uint16], NDArray[np.int16], NDArray[np.int32]],
    sums: NDArray[np.uint32],
    places: NDArray[np.int32],
) -> int: ...
