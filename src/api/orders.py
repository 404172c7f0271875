"""Orders: how they are written, and how they look at the session's clock."""

from datetime import date, datetime, timedelta
from uuid import UUID

import strawberry

from api.connections import Connection, Key, Page, connect
from api.context import Info
from api.errors import found
from api.nodes import Node, NodeKind, global_id
from api.scalars import DecimalText, OsiSymbol, dollars, points
from api.transactions import Transaction, render_transaction
from engine.contracts import format_osi
from engine.fills import execution_cents
from engine.orders import Action, Effect, OrderStatus, OrderType, TriggerDirection
from engine.orders import Leg as EngineLeg
from engine.sessions import BuyingPowerEffect as EngineEffect
from engine.tickets import LegRequest, OrderRequest
from usecases import orders
from usecases.views import OrderView

UNDERLYING = "SPX"

for _enum in (Action, OrderStatus, OrderType, TriggerDirection):
    strawberry.enum(_enum)


@strawberry.type
class Leg:
    instrument: OsiSymbol
    quantity: int
    action: Action


@strawberry.type(description="An order as it is seen at its session's clock.")
class Order(Node):
    uuid: UUID
    session_uuid: UUID
    time: datetime = strawberry.field(description="The session's clock when the order was placed.")
    updated_at: datetime
    client_order_id: UUID | None
    replaces_order_uuid: UUID | None
    underlying: str
    type: OrderType
    status: OrderStatus
    rejection_reason: str | None = strawberry.field(
        description="Why a live order could not be filled when the market reached it."
    )
    price: DecimalText | None = strawberry.field(description="The limit, for one unit of the structure.")
    price_effect: Effect | None
    stop_trigger: DecimalText | None
    trigger_direction: TriggerDirection | None
    slippage: DecimalText = strawberry.field(description="In force when the order was placed.")
    execution_price: DecimalText | None = strawberry.field(description="The mid that has to be reached.")
    fill_price: DecimalText | None
    fill_price_effect: Effect | None
    fill_time: datetime | None
    fees: DecimalText = strawberry.field(description="An estimate until the order has filled.")
    legs: list[Leg]
    transactions: list[Transaction] = strawberry.field(description="One a leg, once the order has filled.")


@strawberry.type(description="What an order does to buying power; a change is positive where it costs.")
class BuyingPowerEffect:
    margin_change: DecimalText
    buying_power_change: DecimalText
    current_buying_power: DecimalText
    new_buying_power: DecimalText


@strawberry.input
class LegInput:
    instrument: OsiSymbol
    quantity: int
    action: Action


@strawberry.input(description="An order. Market and stop orders have one leg, limit orders up to four.")
class OrderInput:
    type: OrderType
    legs: list[LegInput]
    price: DecimalText | None = strawberry.field(default=None, description="Of a limit order.")
    price_effect: Effect | None = strawberry.field(default=None, description="Of a limit or stop order.")
    stop_trigger: DecimalText | None = strawberry.field(default=None, description="Of a stop order.")
    trigger_direction: TriggerDirection | None = strawberry.field(
        default=None, description="By default a debit stop triggers at or below, a credit stop at or above."
    )


def order_request(order: OrderInput, client_order_id: UUID | None = None) -> OrderRequest:
    return OrderRequest(
        type=order.type,
        legs=tuple(LegRequest(leg.instrument, str(leg.quantity), leg.action) for leg in order.legs),
        price=order.price,
        price_effect=order.price_effect,
        stop_trigger=order.stop_trigger,
        trigger_direction=order.trigger_direction,
        client_order_id=client_order_id,
    )


async def find_order(info: Info, session_id: UUID, uuid: UUID) -> Order | None:
    viewer = await info.context.viewer()
    view = found(await orders.get_order(info.context.ports, viewer, session_id, uuid))
    return render_order(view) if view else None


def render_order(view: OrderView) -> Order:
    order, fill = view.state.order, view.state.fill
    ticket = order.ticket
    return Order(
        id=global_id(NodeKind.ORDER, view.session_id, order.id),
        uuid=order.id,
        session_uuid=view.session_id,
        time=_time(view, order.placed_second),
        updated_at=view.updated_at,
        client_order_id=view.client_order_id,
        replaces_order_uuid=view.replaces_order_id,
        underlying=UNDERLYING,
        type=ticket.type,
        status=view.status,
        rejection_reason=order.end.reason if order.end else None,
        price=_points(ticket.price_cents),
        price_effect=ticket.effect,
        stop_trigger=_points(ticket.trigger_cents),
        trigger_direction=ticket.trigger_direction,
        slippage=points(order.slippage_cents),
        execution_price=_points(execution_cents(ticket, order.slippage_cents)),
        fill_price=_points(abs(fill.net_price_cents)) if fill else None,
        fill_price_effect=ticket.effect_of(fill) if fill else None,
        fill_time=_time(view, fill.second) if fill else None,
        fees=dollars(view.state.fees_cents),
        legs=[_render_leg(leg, view.date) for leg in ticket.legs],
        transactions=[render_transaction(row, view) for row in view.state.transactions],
    )


def _time(view: OrderView, second: int) -> datetime:
    return view.open_at + timedelta(seconds=second)


def _points(price_cents: int | None) -> DecimalText | None:
    return None if price_cents is None else points(price_cents)


def _render_leg(leg: EngineLeg, on: date) -> Leg:
    instrument = OsiSymbol(format_osi(on, leg.contract))
    return Leg(instrument=instrument, quantity=leg.quantity, action=leg.action)


def render_effect(effect: EngineEffect) -> BuyingPowerEffect:
    return BuyingPowerEffect(
        margin_change=dollars(effect.margin_change_cents),
        buying_power_change=dollars(effect.change_cents),
        current_buying_power=dollars(effect.current_cents),
        new_buying_power=dollars(effect.new_cents),
    )


def connect_orders(views: tuple[OrderView, ...], page: Page) -> Connection[Order]:
    """A page of a session's orders by the time at which they were placed."""
    return connect(views, page, _key, render_order)


def _key(view: OrderView) -> Key:
    return view.state.order.priority
