"""What a strategy may know: before the session, and at one second of it. Nothing of later seconds."""

from dataclasses import dataclass, field
from datetime import time, timedelta

import numpy as np
from numpy.typing import NDArray

from engine.calendar import new_york_to_utc
from engine.contracts import Contract, Right
from engine.market import MISSING_DELTA, MISSING_INDEX, MISSING_TICKS, Day, Quote
from engine.money import Cents, IndexE4

POINT_E4 = 10_000
HALF_TICK_E4 = 250


@dataclass(frozen=True, slots=True, eq=False)
class Opening:
    """What is known of a session before it opens. ``open_clock`` is the New York time of second 0 in
    seconds since midnight; ``previous_settlement_cents`` is that of the trading day before."""

    weekday: int
    open_clock: int
    close_second: int
    contracts: tuple[Contract, ...]
    previous_settlement_cents: Cents | None
    row_of: dict[Contract, int] = field(init=False, repr=False)
    paired_strikes: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        rows = {contract: row for row, contract in enumerate(self.contracts)}
        calls = (contract.strike_points for contract in self.contracts if contract.is_call)
        paired = tuple(strike for strike in calls if Contract(strike, Right.PUT) in rows)
        object.__setattr__(self, "row_of", rows)
        object.__setattr__(self, "paired_strikes", paired)

    def listed(self, right: Right) -> list[Contract]:
        return [contract for contract in self.contracts if contract.right is right]


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """The market at one second: a quote and a delta for each of the opening's contracts."""

    second: int
    bid_ticks: NDArray[np.uint16]
    ask_ticks: NDArray[np.uint16]
    delta_e4: NDArray[np.int16]
    spx_e4: IndexE4 | None
    vix_e4: IndexE4 | None

    def quote(self, row: int) -> Quote | None:
        bid, ask = int(self.bid_ticks[row]), int(self.ask_ticks[row])
        return None if ask == MISSING_TICKS else Quote(bid, ask)

    def delta(self, row: int) -> int | None:
        delta_e4 = int(self.delta_e4[row])
        return None if delta_e4 == MISSING_DELTA else delta_e4


def open_clock(day: Day) -> int:
    """The New York time of the open in seconds since midnight."""
    return (day.open_at - new_york_to_utc(day.date, time(0))) // timedelta(seconds=1)


def opening_of(day: Day, previous_settlement_cents: Cents | None) -> Opening:
    return Opening(
        weekday=day.date.weekday(),
        open_clock=open_clock(day),
        close_second=day.close_second,
        contracts=day.contracts,
        previous_settlement_cents=previous_settlement_cents,
    )


def moment_of(day: Day, second: int) -> Moment:
    """A copy of one second of a day; before and after what is recorded nothing is known."""
    count = len(day.contracts)
    if not day.known_from <= second <= day.known_until:
        missing = np.full(count, MISSING_TICKS, np.uint16)
        return Moment(second, missing, missing, np.full(count, MISSING_DELTA, np.int16), None, None)
    return Moment(
        second,
        day.bid_ticks[:, second].copy(),
        day.ask_ticks[:, second].copy(),
        day.delta_e4[second].copy(),
        _known(int(day.spx_e4[second])),
        _known(int(day.vix_e4[second])),
    )


def _known(value_e4: IndexE4) -> IndexE4 | None:
    return None if value_e4 == MISSING_INDEX else value_e4


def straddle_strike(opening: Opening, spx_e4: IndexE4) -> int | None:
    """The strike nearest to the index among those listed on both sides, the lower on a tie."""
    strikes = opening.paired_strikes
    return min(strikes, key=lambda strike: (abs(strike * POINT_E4 - spx_e4), strike), default=None)


def straddle_e4(opening: Opening, moment: Moment) -> int | None:
    """The mid of the at-the-money straddle in 0.0001 points (rulings 5.3)."""
    strike = None if moment.spx_e4 is None else straddle_strike(opening, moment.spx_e4)
    if strike is None:
        return None
    quotes = [moment.quote(opening.row_of[Contract(strike, right)]) for right in Right]
    known = [quote.bid_ticks + quote.ask_ticks for quote in quotes if quote is not None]
    return sum(known) * HALF_TICK_E4 if len(known) == len(quotes) else None
