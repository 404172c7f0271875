"""Ticks put together to rows of a chain, as they come in: pure, and every rule counted by its name."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from engine.contracts import Contract
from engine.market import MISSING_DELTA, MISSING_INDEX, MISSING_TICKS, DeltaMatrix
from engine.money import IndexE4, Ticks
from marketdata.cleaning import DELTA_E4_MAX, OVERFLOW_E4, TICK_E4
from marketdata.decoding import ABSENT, UNREADABLE
from marketdata.mids import Mids, completed_deltas
from marketdata.recordings import ChainRow, Opening

OPEN_SECONDS_MAX = 60
INDEX_E4_MAX = 2**31 - 1
NO_QUOTE = (MISSING_TICKS, MISSING_TICKS)


class Rule(StrEnum):
    """What is not taken as it was told. A quote that cannot be used leaves its contract without one."""

    DUPLICATE = "duplicate"  # the number of the message before: ignored
    OUT_OF_ORDER = "out_of_order"  # a lower number: ignored
    BEFORE_OPEN = "before_open"  # ignored
    AFTER_CLOSE = "after_close"  # ignored
    LATE = "late"  # of a second that is out, or that second told again: ignored
    UNKNOWN_CONTRACT = "unknown_contract"  # not of the session: ignored
    NOT_A_NUMBER = "not_a_number"
    NEGATIVE = "negative"
    NO_ASK = "no_ask"  # absent or zero
    CROSSED = "crossed"
    OFF_GRID = "off_grid"  # no multiple of 0.05
    TOO_LARGE = "too_large"  # above 3,276.70
    BAD_DELTA = "bad_delta"  # beyond -1 … 1 or no number: computed instead
    BAD_INDEX = "bad_index"  # not positive or no number: ignored
    SKIPPED_SECONDS = "skipped_seconds"  # those between two rows


class SecondsPileUp(ValueError):
    """Quotes of too many seconds wait for one of them to be out."""


@dataclass(frozen=True, slots=True)
class Told:
    """What was told of one contract, in 0.0001: ``ABSENT`` is nothing and ``UNREADABLE`` no number."""

    contract: Contract
    bid_e4: int
    ask_e4: int
    delta_e4: int = ABSENT


@dataclass(frozen=True, slots=True)
class Tick:
    """One message: what changed at ``second`` after the open. ``seq`` numbers the messages of a pusher."""

    second: int
    seq: int
    quotes: tuple[Told, ...] = ()
    spx_e4: int = ABSENT
    vix_e4: int = ABSENT


@dataclass(frozen=True, slots=True)
class _Usable:
    """A change by the contract's place in the chain."""

    place: int
    bid_ticks: Ticks
    ask_ticks: Ticks
    delta_e4: int


@dataclass(slots=True)
class _Waiting:
    """What a second that is not out yet brings. Of changes of one contract the last stands."""

    quotes: dict[int, _Usable] = field(default_factory=dict)
    spx_e4: int = ABSENT
    vix_e4: int = ABSENT


class Ticker:
    """The chain of one session as one pusher tells it; nothing is known until it is told.

    ``reached`` is the last second that is out already, -1 before the first.
    """

    def __init__(self, opening: Opening, reached: int = -1) -> None:
        width = len(opening.contracts)
        self.counts: Counter[Rule] = Counter()
        self.second = reached
        self.ignored: Rule | None = None
        self._opening = opening
        self._place_of = {contract: place for place, contract in enumerate(opening.contracts)}
        self._seq: int | None = None
        self._waiting: dict[int, _Waiting] = {}
        self._bids, self._asks = (np.full((width, 1), MISSING_TICKS, np.uint16) for _ in range(2))
        self._told_deltas, self._deltas = (np.full((1, width), MISSING_DELTA, np.int16) for _ in range(2))
        self.spx_e4: IndexE4 = MISSING_INDEX
        self._vix_e4: IndexE4 = MISSING_INDEX

    def hear(self, tick: Tick) -> None:
        """Takes a message down for the row of its second. Raises SecondsPileUp, and then took nothing."""
        refusal = self._refusal(tick)
        if refusal is not None:
            self.counts[refusal] += 1
            return
        if tick.second not in self._waiting and len(self._waiting) == OPEN_SECONDS_MAX:
            raise SecondsPileUp(f"quotes of {OPEN_SECONDS_MAX} seconds wait: tell which second is out")
        self._seq = tick.seq
        waiting = self._waiting.setdefault(tick.second, _Waiting())
        for told in tick.quotes:
            usable = self._usable(told)
            if usable is not None:
                waiting.quotes[usable.place] = usable
        waiting.spx_e4 = self._index(tick.spx_e4, waiting.spx_e4)
        waiting.vix_e4 = self._index(tick.vix_e4, waiting.vix_e4)

    def row(self, second: int) -> ChainRow | None:
        """The chain with everything told up to a second, which is out from now on; None if it was."""
        self.ignored = self._refusal_of_second(second)
        if self.ignored is not None:
            self.counts[self.ignored] += 1
            return None
        if self.second >= 0 and second > self.second + 1:
            self.counts[Rule.SKIPPED_SECONDS] += second - self.second - 1
        self.second = second
        for due in sorted(due for due in self._waiting if due <= second):
            self._apply(self._waiting.pop(due))
        self._derive()
        return ChainRow(
            second=second,
            bid_ticks=self._bids[:, 0].copy(),
            ask_ticks=self._asks[:, 0].copy(),
            delta_e4=self._deltas[0].copy(),
            spx_e4=self.spx_e4,
            vix_e4=self._vix_e4,
        )

    def _refusal(self, tick: Tick) -> Rule | None:
        if self._seq is not None and tick.seq <= self._seq:
            return Rule.DUPLICATE if tick.seq == self._seq else Rule.OUT_OF_ORDER
        return self._refusal_of_second(tick.second)

    def _refusal_of_second(self, second: int) -> Rule | None:
        if second < 0:
            return Rule.BEFORE_OPEN
        if second > self._opening.close_second:
            return Rule.AFTER_CLOSE
        return Rule.LATE if second <= self.second else None

    def _usable(self, told: Told) -> _Usable | None:
        place = self._place_of.get(told.contract)
        if place is None:
            self.counts[Rule.UNKNOWN_CONTRACT] += 1
            return None
        return _Usable(place, *self._quote(told), self._delta(told.delta_e4))

    def _quote(self, told: Told) -> tuple[Ticks, Ticks]:
        bid_e4, ask_e4 = 0 if told.bid_e4 == ABSENT else told.bid_e4, told.ask_e4
        refusal = _fault(bid_e4, ask_e4)
        if refusal is None:
            return bid_e4 // TICK_E4, ask_e4 // TICK_E4
        self.counts[refusal] += 1
        return NO_QUOTE

    def _delta(self, delta_e4: int) -> int:
        if delta_e4 == ABSENT:
            return MISSING_DELTA
        if delta_e4 != UNREADABLE and abs(delta_e4) <= DELTA_E4_MAX:
            return abs(delta_e4)
        self.counts[Rule.BAD_DELTA] += 1
        return MISSING_DELTA

    def _index(self, told_e4: int, before_e4: int) -> int:
        if told_e4 == ABSENT or 0 < told_e4 <= INDEX_E4_MAX:
            return before_e4 if told_e4 == ABSENT else told_e4
        self.counts[Rule.BAD_INDEX] += 1
        return before_e4

    def _apply(self, waiting: _Waiting) -> None:
        for usable in waiting.quotes.values():
            self._bids[usable.place, 0] = usable.bid_ticks
            self._asks[usable.place, 0] = usable.ask_ticks
            self._told_deltas[0, usable.place] = usable.delta_e4
        self.spx_e4 = self.spx_e4 if waiting.spx_e4 == ABSENT else waiting.spx_e4
        self._vix_e4 = self._vix_e4 if waiting.vix_e4 == ABSENT else waiting.vix_e4

    def _derive(self) -> None:
        """The deltas that were not told, by the rules of imports: computed, or else the last one held."""
        mids = Mids.of(self._opening.contracts, self._bids, self._asks)
        deltas: DeltaMatrix = completed_deltas(self._told_deltas, mids)
        self._deltas = np.where(deltas == MISSING_DELTA, self._deltas, deltas)
        if self._opening.index_derived:
            parity = mids.parity_prints(np.array([self.second])).values_e4
            self.spx_e4 = int(parity[0]) if len(parity) else self.spx_e4


def _fault(bid_e4: int, ask_e4: int) -> Rule | None:
    """Why a quote cannot be used; of several reasons the first."""
    if UNREADABLE in (bid_e4, ask_e4):
        return Rule.NOT_A_NUMBER
    if bid_e4 < 0 or (ask_e4 < 0 and ask_e4 != ABSENT):
        return Rule.NEGATIVE
    if ask_e4 in (ABSENT, 0):
        return Rule.NO_ASK
    if bid_e4 > ask_e4:
        return Rule.CROSSED
    if bid_e4 % TICK_E4 or ask_e4 % TICK_E4:
        return Rule.OFF_GRID
    return Rule.TOO_LARGE if ask_e4 > OVERFLOW_E4 else None
