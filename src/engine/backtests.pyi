from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.market import Day
from engine.money import Cents
from engine.strategies import Strategy

SESSION: np.dtype[np.void]
TRADE: np.dtype[np.void]
SIZE_MAX: int

class Tapes:
    count: int
    def __init__(self, days: Sequence[Day], previous_settlements_cents: Sequence[Cents | None]) -> None: ...
    def __len__(self) -> int: ...

def run_sessions(
    tapes: Tapes, strategies: Sequence[Strategy], wants_words: bool = ...
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.int64]]: ...
