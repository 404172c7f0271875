"""A session of a strategy as a broker would have told it: its orders, its transactions, its equity."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.contracts import Contract
from engine.decisions import ExitRule
from engine.ledger import TransactionKind
from engine.money import Cents, PriceCents
from engine.orders import Leg
from engine.outcomes import NetDay


@dataclass(frozen=True, slots=True)
class DealtOrder:
    """An order that was filled at once. ``number`` counts the session's from 0; ``rule`` is why it
    closed its position, None where it opened it. The net is of one unit, a debit positive."""

    number: int
    position: int
    second: int
    rule: ExitRule | None
    legs: tuple[Leg, ...]
    leg_price_cents: tuple[PriceCents, ...]
    net_cents: PriceCents


@dataclass(frozen=True, slots=True)
class DealtTransaction:
    """One leg of an order, or of a settled position, then without an order.

    ``value_cents`` is signed, a debit positive; an expiration has neither price nor value.
    """

    order: int | None
    position: int
    second: int
    contract: Contract
    kind: TransactionKind
    quantity: int
    price_cents: PriceCents | None
    value_cents: Cents | None
    overlay_fee_cents: Cents


def orders_of(day: NetDay) -> tuple[DealtOrder, ...]:
    """The orders by their second; at one second those that close before those that open."""
    raise NotImplementedError


def transactions_of(day: NetDay) -> tuple[DealtTransaction, ...]:
    """The transactions in the order of the orders, then what was settled; their fees are the day's."""
    raise NotImplementedError


def net_curve_cents(day: NetDay, gross_curve_cents: Sequence[Cents]) -> tuple[Cents, ...]:
    """The profit so far at each second, after the costs of what was dealt until then."""
    raise NotImplementedError
