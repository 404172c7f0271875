"""What a strategy decided in a session, in words of integers that both drivers agree on.

Seconds count from the open. Prices are cents of an index point per unit of the structure, a debit
positive; money is cents. A value that is not known is None here and ``UNKNOWN`` among the words.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

from engine.aggregates import UNKNOWN
from engine.contracts import Contract
from engine.market import Quote
from engine.money import Cents, IndexE4, PriceCents


class SkipReason(IntEnum):
    """Why an entry was not taken, in the order in which the reasons are looked at."""

    BEFORE_OPEN = 1
    AFTER_CLOSE = 2
    WEEKDAY = 3
    VIX = 4
    EXPECTED_MOVE = 5
    GAP = 6
    MOVE = 7
    MAX_OPEN = 8
    STRIKE = 9
    SAME_CONTRACT = 10
    MISSING_QUOTE = 11
    NO_PROFIT = 12
    CAPITAL = 13


class ExitRule(IntEnum):
    """Why a position ended, in the order in which the rules are looked at within a second."""

    SETTLEMENT = 0
    STOP_LOSS = 1
    STOP_LOSS_CREDIT = 2
    TRAILING_STOP = 3
    PROFIT_TARGET = 4
    SHORT_STRIKE_TOUCH = 5
    SHORT_DELTA = 6
    TIME = 7


@dataclass(frozen=True, slots=True)
class ChosenLeg:
    """The listed contract of a leg, and how far it is above what was asked for: in 0.0001 of delta,
    of premium or of index points, as the leg's method counts."""

    contract: Contract
    off_e4: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to enter: the second it is due, the place of its time in the strategy, and how many
    re-entries lie between that time and this try."""

    second: int
    entry: int
    reentry: int = 0


@dataclass(frozen=True, slots=True)
class EntrySkipped:
    """``value`` is what failed: a weekday; VIX, or a percentage, in 0.0001; the number of open
    positions; the strike of ``leg``; the maximum profit; or the maximum loss."""

    attempt: Attempt
    reason: SkipReason
    value: int | None = None
    leg: int | None = None
    chosen: tuple[ChosenLeg, ...] = ()

    @property
    def words(self) -> Iterator[int | None]:
        yield from (1, self.attempt.second, self.attempt.entry, self.attempt.reentry)
        yield from (self.reason, self.value, self.leg, len(self.chosen))
        for leg in self.chosen:
            yield from (leg.contract.strike_points, leg.off_e4)


@dataclass(frozen=True, slots=True)
class Dealing:
    """What was traded at a second: each leg's quote and price, and what they come to."""

    quotes: tuple[Quote, ...]
    leg_price_cents: tuple[PriceCents, ...]
    net_cents: PriceCents
    spx_e4: IndexE4 | None
    vix_e4: IndexE4 | None

    @property
    def words(self) -> Iterator[int | None]:
        yield from (self.spx_e4, self.vix_e4, self.net_cents)
        for quote, price in zip(self.quotes, self.leg_price_cents, strict=True):
            yield from (quote.bid_ticks, quote.ask_ticks, price)


@dataclass(frozen=True, slots=True)
class EntryTaken:
    """``position`` numbers the session's positions from 0; ``max_profit_cents`` is None where
    profit is practically unbounded."""

    attempt: Attempt
    position: int
    chosen: tuple[ChosenLeg, ...]
    dealing: Dealing
    max_profit_cents: Cents | None
    max_loss_cents: Cents

    @property
    def words(self) -> Iterator[int | None]:
        yield from (2, self.attempt.second, self.attempt.entry, self.attempt.reentry, self.position)
        for leg in self.chosen:
            yield from (leg.contract.strike_points, leg.off_e4)
        yield from self.dealing.words
        yield from (self.max_profit_cents, self.max_loss_cents)


@dataclass(frozen=True, slots=True)
class PositionClosed:
    second: int
    position: int
    rule: ExitRule
    dealing: Dealing
    gross_cents: Cents

    @property
    def words(self) -> Iterator[int | None]:
        yield from (3, self.second, self.position, self.rule)
        yield from self.dealing.words
        yield self.gross_cents


@dataclass(frozen=True, slots=True)
class PositionSettled:
    second: int
    position: int
    settlement_cents: Cents
    net_cents: PriceCents
    gross_cents: Cents

    @property
    def words(self) -> Iterator[int | None]:
        yield from (4, self.second, self.position, self.settlement_cents, self.net_cents, self.gross_cents)


Decision: TypeAlias = EntrySkipped | EntryTaken | PositionClosed | PositionSettled

_HASH_START = 0xCBF29CE484222325
_HASH_FACTOR = 0x9E3779B97F4A7C15
_WORD = 2**64 - 1


def words_of(decisions: Iterable[Decision]) -> list[int]:
    """The decisions in the order taken, as the 64-bit integers that are hashed."""
    return [UNKNOWN if word is None else int(word) for decision in decisions for word in decision.words]


def hash_of_words(words: Sequence[int]) -> int:
    """64 bits of all the words: each is xored in, the sum multiplied and its upper half folded down.

    It tells an accident, not an attack.
    """
    state = _HASH_START
    for word in words:
        state = ((state ^ (word & _WORD)) * _HASH_FACTOR) & _WORD
        state ^= state >> 32
    return state
