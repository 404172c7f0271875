"""What one session of a strategy came to: without fees and slippage, on its own 100,000 dollars."""

from dataclasses import dataclass
from enum import IntEnum

from engine.contracts import Contract
from engine.decisions import ExitRule, SkipReason
from engine.money import Cents, IndexE4, PriceCents


class SessionStatus(IntEnum):
    """``SKIPPED``: nothing was entered. ``HALTED``: the session's capital was used up.
    ``FAILED``: the day has no settlement value, so that nothing was tried."""

    COMPLETED = 0
    SKIPPED = 1
    FAILED = 2
    HALTED = 3


@dataclass(frozen=True, slots=True)
class TradeLeg:
    """``quantity`` is negative for a short. The exit price of a settled leg is its intrinsic value."""

    contract: Contract
    quantity: int
    entry_price_cents: PriceCents
    exit_price_cents: PriceCents


@dataclass(frozen=True, slots=True)
class Trade:
    """One position from its entry to its end. Nets are price cents per unit of the structure, a
    debit positive: what opening it cost and what closing it cost. The rest is money: excursions are
    the lowest and the highest of 0, of the profit at each snapped closing net on the way, and of
    the gross profit.
    """

    entry: int
    reentry: int
    entry_second: int
    exit_second: int
    rule: ExitRule
    legs: tuple[TradeLeg, ...]
    entry_net_cents: PriceCents
    exit_net_cents: PriceCents
    gross_cents: Cents
    max_profit_cents: Cents | None
    max_loss_cents: Cents
    adverse_cents: Cents
    favourable_cents: Cents
    entry_spx_e4: IndexE4 | None
    exit_spx_e4: IndexE4 | None
    entry_vix_e4: IndexE4 | None
    exit_vix_e4: IndexE4 | None

    @property
    def contracts_opened(self) -> int:
        return sum(abs(leg.quantity) for leg in self.legs)

    @property
    def contracts_closed(self) -> int:
        """Settlement closes nothing: it is free of slippage."""
        return 0 if self.rule is ExitRule.SETTLEMENT else self.contracts_opened


@dataclass(frozen=True, slots=True)
class SessionResult:
    """``drawdown_cents`` is the largest fall of the session's equity below its earlier best, 0 at
    the open: at each second, after its exits, what was realized plus the profit of each open
    position at its latest snapped closing net since its entry, and at last what was settled.
    ``skipped`` counts the entries that were not taken, ``first_skip`` says why the first was not.
    """

    status: SessionStatus
    gross_cents: Cents
    drawdown_cents: Cents
    trades: tuple[Trade, ...]
    skipped: int
    first_skip: SkipReason | None
    decisions_hash: int
