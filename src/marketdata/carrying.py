"""Changes carried to every second, forward and never backward."""

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.market import MISSING_DELTA, MISSING_INDEX, MISSING_TICKS, DeltaMatrix, IndexSeries, TickMatrix
from marketdata.cleaning import Changes
from marketdata.rows import Integers, Prints

T = TypeVar("T", bound=np.integer[Any])

SILENCE_SECONDS_MIN = 60
SILENCE_ALLOWANCE_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain at the ``points`` in time, seconds after the open, where anything in it changes.

    ``points`` ascend from 0. Matrices are [contract, point], missing as in a Day; ``delta_e4`` holds
    the source's own deltas. ``known_from`` and ``known_until`` bound what the source covers.
    """

    points: Integers
    bid_ticks: TickMatrix
    ask_ticks: TickMatrix
    delta_e4: DeltaMatrix
    known_from: int
    known_until: int
    silent_seconds: int


def carry_chain(changes: Changes, close_second: int, covered: tuple[int, int] | None = None) -> Chain:
    """The chain as it was known. Missing before a contract's first row.

    Where no contract at all has a row for longer than ``silence_limit``, every quote is missing
    from that limit until the contract's own next row; but not of a source that says what it covered.
    """
    stamps = np.unique(changes.seconds)
    limit = silence_limit(resolution(stamps))
    silences = [] if covered else _silences(stamps, limit)
    known_from, known_until = covered or (int(stamps[0]), min(close_second, int(stamps[-1]) + limit))
    ends = [known_until + 1] if known_until < close_second else []
    cuts = np.array([start for start, _ in silences] + ends, np.int64)
    points = np.unique(np.concatenate(([0], stamps, cuts)))
    return Chain(
        points=points,
        bid_ticks=_carry(changes, changes.bid_ticks, points, cuts, MISSING_TICKS),
        ask_ticks=_carry(changes, changes.ask_ticks, points, cuts, MISSING_TICKS),
        delta_e4=_carry(changes, changes.delta_e4, points, cuts, MISSING_DELTA),
        known_from=known_from,
        known_until=known_until,
        silent_seconds=sum(end - start for start, end in silences),
    )


def resolution(stamps: Integers) -> int:
    """The commonest distance of successive stamps, in seconds; 1 where there is only one."""
    steps = np.diff(stamps)
    return int(np.bincount(steps).argmax()) if len(steps) else 1


def silence_limit(resolution_seconds: int) -> int:
    """How long a chain may go without a row before its quotes stop counting, in seconds."""
    return max(resolution_seconds, SILENCE_SECONDS_MIN) + SILENCE_ALLOWANCE_SECONDS


def _silences(stamps: Integers, limit: int) -> list[tuple[int, int]]:
    """The first second without quotes of each silence, and the second that ends it."""
    long = np.flatnonzero(np.diff(stamps) > limit + 1)
    return [(int(stamps[i]) + limit + 1, int(stamps[i + 1])) for i in long]


def _carry(
    changes: Changes, values: NDArray[T], points: Integers, cuts: Integers, missing: int
) -> NDArray[T]:
    """One value column as a matrix [contract, point].

    Every change is repeated until the contract's next one. A contract starts with a missing value,
    and has one at each of ``cuts``; of changes at one point the last in the file stands.
    """
    width, length = len(changes.contracts), len(points)
    blanks = np.concatenate(([0], np.searchsorted(points, cuts)))
    places = np.searchsorted(points, changes.seconds)
    keys = np.concatenate(
        ((np.arange(width)[:, None] * length + blanks).ravel(), changes.rows * length + places)
    )
    filled = np.concatenate((np.full(width * len(blanks), missing, values.dtype), values))
    order = np.argsort(keys, kind="stable")
    lengths = np.diff(keys[order], append=width * length)
    return np.repeat(filled[order], lengths).reshape(width, length)


def spread(matrix: NDArray[T], points: Integers, close_second: int, axis: int) -> NDArray[T]:
    """Values at points repeated along ``axis`` to every second up to the close."""
    return np.repeat(matrix, np.diff(points, append=close_second + 1), axis=axis)


def carry_index(prints: Prints, close_second: int, known_until: int) -> IndexSeries:
    """An index at every second, missing before its first print and after what is known."""
    seconds = np.arange(close_second + 1)
    place = np.searchsorted(prints.seconds, seconds, side="right") - 1
    known = (place >= 0) & (seconds <= known_until)
    values = np.append(prints.values_e4, MISSING_INDEX)
    return np.where(known, values[place], MISSING_INDEX).astype(np.int32)
