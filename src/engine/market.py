"""One session's market as an immutable value: quotes, deltas, index, bounds and settlement."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.contracts import Contract
from engine.money import Cents, IndexE4, Ticks

MISSING_TICKS = 65_535
MISSING_DELTA = -1
MISSING_INDEX = -1
TICKS_MAX = 65_534

TickMatrix: TypeAlias = NDArray[np.uint16]
DeltaMatrix: TypeAlias = NDArray[np.int16]
IndexSeries: TypeAlias = NDArray[np.int32]


class SettlementSource(StrEnum):
    """Where the settlement value came from, best first."""

    OFFICIAL = "official"
    PRINT = "print"
    DERIVED = "derived"


@dataclass(frozen=True, slots=True)
class Quote:
    bid_ticks: Ticks
    ask_ticks: Ticks


@dataclass(frozen=True, slots=True, eq=False)
class Day:
    """One session. Row ``s`` of every series is what was known ``s`` seconds after the open.

    ``contracts`` is sorted by strike, call before put, and gives the order of the other arrays:
    ``bid_ticks`` and ``ask_ticks`` are uint16 [contract, second] in ticks of 0.05 with
    ``MISSING_TICKS`` on both sides where a contract has no usable quote; ``delta_e4`` is int16
    [second, contract], unsigned, in 0.0001; ``spx_e4`` and ``vix_e4`` are int32 [second] in 0.0001.
    There are ``close_second + 1`` rows; those in ``known_from <= s <= known_until`` hold data.
    """

    date: date
    open_at: datetime
    close_second: int
    contracts: tuple[Contract, ...]
    bid_ticks: TickMatrix
    ask_ticks: TickMatrix
    delta_e4: DeltaMatrix
    spx_e4: IndexSeries
    vix_e4: IndexSeries
    known_from: int
    known_until: int
    settlement_cents: Cents | None
    settlement_source: SettlementSource | None
    content_hash: str
    synthetic: bool = False
    index_derived: bool = False
    row_of: dict[Contract, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "row_of", {c: row for row, c in enumerate(self.contracts)})
        for array in (self.bid_ticks, self.ask_ticks, self.delta_e4, self.spx_e4, self.vix_e4):
            array.flags.writeable = False

    @property
    def close_at(self) -> datetime:
        return self.time_of(self.close_second)

    @property
    def history_rows(self) -> int:
        """How many seconds from the open on there is a history of: all of them once it is known what
        the day settled at, before that those up to the last known one."""
        return (self.known_until if self.settlement_cents is None else self.close_second) + 1

    def time_of(self, second: int) -> datetime:
        return self.open_at + timedelta(seconds=second)

    def second_of(self, at: datetime) -> int:
        """Whole seconds since the open; negative before it."""
        return int((at - self.open_at) // timedelta(seconds=1))

    def quote(self, contract: Contract, second: int) -> Quote | None:
        """The contract's usable quote at ``second``, or None."""
        row = self.row_of.get(contract)
        if row is None or not self.known_from <= second <= self.known_until:
            return None
        bid, ask = int(self.bid_ticks[row, second]), int(self.ask_ticks[row, second])
        return None if ask == MISSING_TICKS else Quote(bid, ask)

    def spx(self, second: int) -> IndexE4 | None:
        value = int(self.spx_e4[second])
        return None if value == MISSING_INDEX else value


def known_through(day: Day, second: int) -> Day:
    """The same day while no more of it is known than through ``second``: the series are shared, and
    there is no settlement value."""
    known_until = min(second, day.known_until)
    return replace(day, known_until=known_until, settlement_cents=None, settlement_source=None)
