"""Transactions: the legs of fills, and what settlement did."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from engine.contracts import format_osi
from engine.denials import Code, Denial
from engine.ledger import Transaction
from engine.money import MULTIPLIER, money_text
from rest_compat.operations import OF_SESSION, Call, Gives, Routes, Takes
from rest_compat.wire import (
    Answered,
    AtQuery,
    EffectName,
    InstantText,
    MoneyText,
    QuantityText,
    SymbolText,
    TransactionKindName,
    absent,
    time_at,
)
from usecases import orders

routes = Routes("Orders")


class OrderTransaction(Answered):
    """One leg of a fill. ``price`` is dollars for one contract; ``value`` is negative for a credit."""

    id: UUID
    datetime: InstantText
    instrument: SymbolText
    type: TransactionKindName
    quantity: QuantityText
    price: MoneyText = absent()
    value: MoneyText = absent()
    effect: EffectName = absent()
    fees: MoneyText


class SessionTransaction(OrderTransaction):
    """A transaction with its order. A settlement has no order; an expiration also no price."""

    order_id: UUID = absent()


def render_order_transaction(transaction: Transaction, on: date, open_at: datetime) -> OrderTransaction:
    return OrderTransaction(**_fields(transaction, on, open_at))


def render_transaction(transaction: Transaction, on: date, open_at: datetime) -> SessionTransaction:
    fields = _fields(transaction, on, open_at)
    if transaction.order_id is not None:
        fields["order_id"] = transaction.order_id
    return SessionTransaction(**fields)


def _fields(transaction: Transaction, on: date, open_at: datetime) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "id": transaction.id,
        "datetime": time_at(open_at, transaction.second),
        "instrument": format_osi(on, transaction.contract),
        "type": transaction.kind.value,
        "quantity": str(transaction.quantity),
        "fees": money_text(transaction.fees_cents),
    }
    if transaction.price_cents is not None and transaction.value_cents is not None:
        fields["price"] = money_text(transaction.price_cents * MULTIPLIER)
        fields["value"] = money_text(transaction.value_cents)
    if transaction.effect is not None:
        fields["effect"] = transaction.effect.value
    return fields


@routes.operation(
    "GET",
    "/transactions",
    Takes(query=AtQuery),
    Gives(200, list[SessionTransaction], (*OF_SESSION, Code.TIME_BEFORE_START, Code.TIME_AFTER_END)),
)
async def list_transactions(call: Call[None]) -> list[SessionTransaction] | Denial:
    """The transactions up to the session's clock, in the order in which they happened.

    ``at`` looks at another second of the session, before or after its clock, which stays as it is.
    """
    view = await orders.transactions(call.ports, call.viewer, call.session_id, call.query.at)
    if isinstance(view, Denial):
        return view
    return [render_transaction(one, view.date, view.open_at) for one in view.transactions]
