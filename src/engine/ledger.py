"""Transactions of fills and settlement, and the postings that prove them."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from engine.contracts import Contract
from engine.money import Cents, PriceCents


class TransactionKind(StrEnum):
    BUY_TO_OPEN = "buy to open"
    SELL_TO_OPEN = "sell to open"
    BUY_TO_CLOSE = "buy to close"
    SELL_TO_CLOSE = "sell to close"
    EXERCISE = "exercise"
    ASSIGNMENT = "assignment"
    EXPIRATION = "expiration"


@dataclass(frozen=True, slots=True)
class Transaction:
    """One leg of a fill, or one settled position (then ``order_id`` is None).

    ``value_cents`` is signed, a debit positive; an expiration has neither price nor value.
    """

    id: UUID
    order_id: UUID | None
    second: int
    contract: Contract
    kind: TransactionKind
    quantity: int
    price_cents: PriceCents | None
    value_cents: Cents | None
    fees_cents: Cents
