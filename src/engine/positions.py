"""Open positions, folded first in first out from transactions and marked at the mid."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from engine.contracts import Contract
from engine.money import Cents, HalfTicks


class Direction(StrEnum):
    LONG = "long"
    SHORT = "short"

    @property
    def sign(self) -> int:
        return 1 if self is Direction.LONG else -1


@dataclass(frozen=True, slots=True)
class Position:
    """An open position at one second, money in cents.

    ``cost_basis_cents`` and ``net_liquidity_cents`` are negative for a short; ``cost_cents`` is the
    basis plus fees; ``mark_half_ticks`` is the mid times two in ticks (bid + ask); ``delta_e4`` is
    the unsigned market delta, None when unknown.
    """

    id: UUID
    contract: Contract
    direction: Direction
    quantity: int
    cost_basis_cents: Cents
    debit_cents: Cents
    credit_cents: Cents
    unrealized_cents: Cents
    realized_cents: Cents
    fees_cents: Cents
    net_liquidity_cents: Cents
    mark_half_ticks: HalfTicks
    delta_e4: int | None

    @property
    def cost_cents(self) -> Cents:
        return self.cost_basis_cents + self.fees_cents

    @property
    def total_profit_cents(self) -> Cents:
        return self.unrealized_cents + self.realized_cents - self.fees_cents
