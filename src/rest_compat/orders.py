"""Orders of a session, whatever the prefix it hangs under."""

from dataclasses import replace
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from engine.contracts import format_osi
from engine.denials import Code, Denial
from engine.fills import execution_cents
from engine.money import money_text, price_text
from engine.orders import Fill, Order, Ticket
from rest_compat.effects import PowerEffect, render_effect
from rest_compat.operations import OF_SESSION, Call, Gives, Routes, Takes
from rest_compat.tickets import NewOrder, OrderReplacement, read_request
from rest_compat.transactions import OrderTransaction, render_order_transaction
from rest_compat.wire import (
    ActionName,
    Answered,
    EffectName,
    InstantText,
    MoneyText,
    OrderStatusName,
    OrderTypeName,
    PreciseInstantText,
    PriceText,
    QuantityText,
    SymbolText,
    TriggerDirectionName,
    absent,
    precise_instant_text,
    time_at,
)
from usecases import orders
from usecases.submissions import Submission
from usecases.views import OrderReceipt, OrderView, SessionMode

routes = Routes("Orders")

UNDERLYING = "SPX"
EXECUTION = "execution_price"
REFUSALS = (
    Code.INVALID_ORDER,
    Code.INVALID_LEG,
    Code.INVALID_PRICE,
    Code.OFF_TICK,
    Code.EXCEEDS_MAX_PROFIT,
    Code.MARKET_CLOSED,
    Code.NO_MARKET_DATA,
    Code.STOP_IMMEDIATE,
    Code.NO_POSITION,
    Code.INSUFFICIENT_BUYING_POWER,
    *OF_SESSION,
    Code.ORDER_DEPENDENCY,
    Code.SESSION_FROZEN,
    Code.LIVE_UNAVAILABLE,
)
ONCE_ONLY = (Code.IDEMPOTENCY_KEY_REUSED, Code.CLIENT_ORDER_ID_REUSED)


class OrderLeg(Answered):
    instrument: SymbolText
    quantity: QuantityText
    action: ActionName


class PlacedOrder(Answered):
    """An order as seen at the session's clock. The fill fields are there once it has filled.

    An order of a live session also has ``updated_at`` and ``client_order_id``, and a rejected one says why.
    """

    id: UUID
    datetime: InstantText
    underlying: Literal["SPX"]
    type: OrderTypeName
    price: PriceText = absent()
    price_effect: EffectName = absent()
    stop_trigger: PriceText = absent()
    trigger_direction: TriggerDirectionName = absent()
    fees: MoneyText
    status: OrderStatusName
    rejection_reason: Annotated[str, Field(description="Why a live order was not filled.")] = absent()
    updated_at: Annotated[
        PreciseInstantText, Field(description="Of an order of a live session: prefer the newer.")
    ] = absent()
    fill_price: PriceText = absent()
    fill_price_effect: EffectName = absent()
    execution_price: PriceText | None = absent()
    fill_datetime: InstantText = absent()
    slippage: PriceText
    client_order_id: UUID = absent()
    replaces_order_id: UUID = absent()
    legs: list[OrderLeg]
    transactions: list[OrderTransaction] = absent()
    buying_power_effect: Annotated[PowerEffect, Field(alias="buying-power-effect")] = absent()


def render_order(view: OrderView) -> PlacedOrder:
    """An order with the transactions of its fill, if it has filled by the session's clock."""
    return PlacedOrder(**_order(view), **_transactions(view))


def render_receipt(receipt: OrderReceipt) -> PlacedOrder:
    effect = render_effect(receipt.effect)
    fields = {**_order(receipt.order), **_transactions(receipt.order)}
    return PlacedOrder(**fields, buying_power_effect=effect)


def render_preview(receipt: OrderReceipt) -> PlacedOrder:
    """A dry run's answer: no transactions, for none exist."""
    effect = render_effect(receipt.effect)
    return PlacedOrder(**_order(receipt.order), buying_power_effect=effect)


def _order(view: OrderView) -> dict[str, Any]:
    state, order = view.state, view.state.order
    fields = {
        "id": order.id,
        "datetime": time_at(view.open_at, order.placed_second),
        "underlying": UNDERLYING,
        "type": order.ticket.type.value,
        **_prices(order.ticket),
        "fees": money_text(state.fees_cents),
        "status": state.status.value,
        **_live(view),
        "slippage": price_text(order.slippage_cents),
        "client_order_id": view.client_order_id,
        "replaces_order_id": view.replaces_order_id,
        "legs": [_leg(view, index) for index in range(len(order.ticket.legs))],
    }
    if state.fill is not None:
        fields |= _fill(view, order, state.fill)
    return {name: value for name, value in fields.items() if value is not None or name == EXECUTION}


def _live(view: OrderView) -> dict[str, Any]:
    """What only orders of live sessions tell."""
    if view.mode is not SessionMode.LIVE:
        return {}
    end = view.state.order.end
    return {
        "rejection_reason": None if end is None else end.reason,
        "updated_at": precise_instant_text(view.updated_at),
    }


def _prices(ticket: Ticket) -> dict[str, Any]:
    """The fields of the ticket's own type."""
    fields = {
        "price": ticket.price_cents,
        "price_effect": ticket.effect,
        "stop_trigger": ticket.trigger_cents,
        "trigger_direction": ticket.trigger_direction,
    }
    return {name: price_text(value) if isinstance(value, int) else value for name, value in fields.items()}


def _fill(view: OrderView, order: Order, fill: Fill) -> dict[str, Any]:
    execution = execution_cents(order.ticket, order.slippage_cents)
    return {
        "fill_price": price_text(abs(fill.net_price_cents)),
        "fill_price_effect": order.ticket.effect_of(fill).value,
        EXECUTION: None if execution is None else price_text(execution),
        "fill_datetime": time_at(view.open_at, fill.second),
    }


def _leg(view: OrderView, index: int) -> OrderLeg:
    leg = view.state.order.ticket.legs[index]
    return OrderLeg(
        instrument=format_osi(view.date, leg.contract),
        quantity=str(leg.quantity),
        action=leg.action.value,
    )


def _transactions(view: OrderView) -> dict[str, Any]:
    if view.state.fill is None:
        return {}
    return {
        "transactions": [
            render_order_transaction(transaction, view.date, view.open_at)
            for transaction in view.state.transactions
        ]
    }


@routes.operation(
    "POST",
    "/orders",
    Takes(NewOrder, idempotency_key=True),
    Gives(201, PlacedOrder, (*REFUSALS, *ONCE_ONLY)),
)
async def place_order(call: Call[NewOrder]) -> PlacedOrder | Denial:
    """Place an order at the session's clock.

    It is filled, or found to fill later, or never, from the recorded rest of the day; the answer
    shows it as of the clock. In a live session it is filled at the market's last second, or waits.
    """
    return await _submit(call, Submission(call.session_id, read_request(call.body)))


@routes.operation("GET", "/orders", Takes(), Gives(200, list[PlacedOrder], OF_SESSION))
async def list_orders(call: Call[None]) -> list[PlacedOrder] | Denial:
    """The session's orders as seen at its clock."""
    views = await orders.list_orders(call.ports, call.viewer, call.session_id)
    return views if isinstance(views, Denial) else [render_order(view) for view in views]


@routes.operation(
    "PUT",
    "/orders",
    Takes(OrderReplacement, idempotency_key=True),
    Gives(200, PlacedOrder, (*REFUSALS, Code.ORDER_NOT_PENDING, *ONCE_ONLY)),
)
async def replace_order(call: Call[OrderReplacement]) -> PlacedOrder | Denial:
    """Put a new order in the place of another, in one step.

    The answer has a new id and names the old one in ``replaces_order_id``. In a live session the old
    one has to be a pending limit order, which is canceled, and only price and price_effect may differ.
    """
    submission = Submission(call.session_id, read_request(call.body), replaces=call.body.order_id)
    return await _submit(call, submission)


@routes.operation("POST", "/orders/dry-run", Takes(NewOrder), Gives(200, PlacedOrder, REFUSALS))
async def dry_run(call: Call[NewOrder]) -> PlacedOrder | Denial:
    """What placing the order would answer, with nothing kept.

    The id is all zeros and there are no transactions; every check is the same.
    """
    request = read_request(call.body)
    receipt = await orders.dry_run(call.ports, call.viewer, call.session_id, request)
    return receipt if isinstance(receipt, Denial) else render_preview(receipt)


@routes.operation("GET", "/orders/{order_id}", Takes(), Gives(200, PlacedOrder, OF_SESSION))
async def get_order(call: Call[None]) -> PlacedOrder | Denial:
    """One order as seen at the session's clock."""
    order_id = call.path["order_id"]
    view = await orders.get_order(call.ports, call.viewer, call.session_id, order_id)
    return view if isinstance(view, Denial) else render_order(view)


@routes.operation(
    "DELETE",
    "/orders/{order_id}",
    Takes(),
    Gives(
        204,
        None,
        (
            *OF_SESSION,
            Code.ORDER_DEPENDENCY,
            Code.ORDER_NOT_PENDING,
            Code.SESSION_FROZEN,
            Code.MARKET_CLOSED,
            Code.LIVE_UNAVAILABLE,
        ),
    ),
)
async def delete_order(call: Call[None]) -> Denial | None:
    """Delete an order, filled or not, with its transactions and the settlement that they caused.

    In a live session an order is canceled instead, and has to be pending.
    """
    order_id = call.path["order_id"]
    return await orders.delete_order(call.ports, call.viewer, call.session_id, order_id)


async def _submit(call: Call[Any], submission: Submission) -> PlacedOrder | Denial:
    keyed = replace(submission, idempotency_key=call.idempotency_key)
    receipt = await orders.place_order(call.ports, call.viewer, keyed)
    return receipt if isinstance(receipt, Denial) else render_receipt(receipt)
