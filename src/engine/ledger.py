"""Transactions of fills and settlement, and the postings that prove them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from uuid import UUID, uuid5

from engine.contracts import Contract
from engine.fees import FeeSchedule, leg_fee_cents
from engine.money import MULTIPLIER, Cents, PriceCents
from engine.orders import Effect, Fill, Order, Ticket

TRANSACTION_IDS_KEPT = 65_536


class TransactionKind(StrEnum):
    BUY_TO_OPEN = "buy to open"
    SELL_TO_OPEN = "sell to open"
    BUY_TO_CLOSE = "buy to close"
    SELL_TO_CLOSE = "sell to close"
    EXERCISE = "exercise"
    ASSIGNMENT = "assignment"
    EXPIRATION = "expiration"


_CREDITS = {TransactionKind.SELL_TO_OPEN, TransactionKind.SELL_TO_CLOSE, TransactionKind.EXERCISE}


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

    @property
    def is_settlement(self) -> bool:
        return self.order_id is None

    @property
    def effect(self) -> Effect | None:
        """Which way the value flows; an expiration has none."""
        if self.value_cents is None:
            return None
        return Effect.CREDIT if self.kind in _CREDITS else Effect.DEBIT


class LedgerAccount(StrEnum):
    CASH = "cash"
    CAPITAL = "capital"
    OPTIONS = "options"
    FEES = "fees"


@dataclass(frozen=True, slots=True)
class Posting:
    """One line of a double entry; a debit of the account is positive."""

    account: LedgerAccount
    amount_cents: Cents


def fill_transactions(order: Order, fill: Fill, fees: FeeSchedule) -> tuple[Transaction, ...]:
    """One transaction a leg; ids derive from the order's id and the leg's place."""
    charged_cents = fill.leg_fee_cents or tuple(leg_fee_cents(fees, leg) for leg in order.ticket.legs)
    return tuple(
        Transaction(
            id=transaction_id(order.id, i),
            order_id=order.id,
            second=fill.second,
            contract=leg.contract,
            kind=TransactionKind(leg.action),
            quantity=leg.quantity,
            price_cents=price_cents,
            value_cents=leg.action.sign * price_cents * MULTIPLIER * leg.quantity,
            fees_cents=fee_cents,
        )
        for i, (leg, price_cents, fee_cents) in enumerate(
            zip(order.ticket.legs, fill.leg_price_cents, charged_cents, strict=True)
        )
    )


def charged(fill: Fill, ticket: Ticket, fees: FeeSchedule) -> Fill:
    """A live fill with what it is charged now, which stays."""
    return replace(fill, leg_fee_cents=tuple(leg_fee_cents(fees, leg) for leg in ticket.legs))


@lru_cache(maxsize=TRANSACTION_IDS_KEPT)
def transaction_id(order_id: UUID, place: int) -> UUID:
    """The id of an order's leg. Every read of a session folds its fills anew and asks for them all."""
    return uuid5(order_id, str(place))


def postings(transactions: Sequence[Transaction]) -> tuple[Posting, ...]:
    """The double entry of one event: cash pays the options' value and the fees."""
    value = sum(t.value_cents or 0 for t in transactions)
    fees = sum(t.fees_cents for t in transactions)
    group = (
        Posting(LedgerAccount.OPTIONS, value),
        Posting(LedgerAccount.FEES, fees),
        Posting(LedgerAccount.CASH, -value - fees),
    )
    assert is_balanced(group), "an event's postings sum to zero"
    return group


def is_balanced(group: Sequence[Posting]) -> bool:
    return sum(posting.amount_cents for posting in group) == 0
