"""A trading session as a value, and its state at any second."""

from dataclasses import dataclass

from engine.ledger import Transaction
from engine.money import Cents
from engine.orders import Fill, Order, OrderStatus
from engine.positions import Position


@dataclass(frozen=True, slots=True)
class Financials:
    """The money of a session at one second, in cents.

    NLV = opening + realized + unrealized - fees; profit includes fees (rulings 3.7).
    """

    opening_cents: Cents
    credits_cents: Cents
    debits_cents: Cents
    fees_cents: Cents
    margin_cents: Cents
    available_cents: Cents
    realized_cents: Cents
    unrealized_cents: Cents
    options_value_cents: Cents

    @property
    def profit_cents(self) -> Cents:
        return self.realized_cents + self.unrealized_cents - self.fees_cents

    @property
    def net_liquidation_cents(self) -> Cents:
        return self.opening_cents + self.profit_cents


@dataclass(frozen=True, slots=True)
class OrderState:
    """One order as seen at the clock: ``fill`` only when it has happened by then.

    ``fees_cents`` are the transactions' fees once filled, the schedule's estimate before.
    """

    order: Order
    status: OrderStatus
    fees_cents: Cents
    fill: Fill | None
    transactions: tuple[Transaction, ...]


@dataclass(frozen=True, slots=True)
class SessionState:
    """Everything that is visible of a session at one second."""

    second: int
    settled: bool
    financials: Financials
    orders: tuple[OrderState, ...]
    transactions: tuple[Transaction, ...]
    positions: tuple[Position, ...]


@dataclass(frozen=True, slots=True)
class BuyingPowerEffect:
    """What an order does to margin and buying power; changes are positive when they cost the trader."""

    margin_change_cents: Cents
    change_cents: Cents
    current_cents: Cents

    @property
    def new_cents(self) -> Cents:
        return self.current_cents - self.change_cents
