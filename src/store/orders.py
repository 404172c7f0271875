"""Queries on orders, mapped to and from the engine's values."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, Update, bindparam, delete, insert, select, update

from engine.contracts import Contract, Right
from engine.orders import (
    Action,
    Effect,
    End,
    Fill,
    Leg,
    Order,
    OrderStatus,
    OrderType,
    Ticket,
    TriggerDirection,
)
from store.database import Tx
from store.sessions import StoredSession
from store.tables.events import SessionEventRow
from store.tables.orders import OrderRow
from store.tables.sessions import SessionRow

_orders = OrderRow.__table__  # type: ignore[attr-defined]
_events = SessionEventRow.__table__  # type: ignore[attr-defined]
_sessions = SessionRow.__table__  # type: ignore[attr-defined]

LEGS_KEPT = 16_384


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """An order with what the store knows beside the engine's value. ``status`` is stored of an order of
    a live session; None where it follows from the clock."""

    order: Order
    replaces_order_id: UUID | None
    client_order_id: UUID | None
    request_hash: bytes
    updated_at: datetime
    status: OrderStatus | None = None


def columns() -> Select[Any]:
    """A select of what ``from_row`` reads."""
    return select(
        _orders.c.uuid,
        _orders.c.sequence,
        _orders.c.placed_at,
        _orders.c.type,
        _orders.c.effect,
        _orders.c.price_cents,
        _orders.c.trigger_cents,
        _orders.c.trigger_direction,
        _orders.c.slippage_cents,
        _orders.c.legs,
        _orders.c.fill_at,
        _orders.c.fill_net_price_cents,
        _orders.c.fill_leg_price_cents,
        _orders.c.replaces_order_id,
        _orders.c.client_order_id,
        _orders.c.request_hash,
        _orders.c.updated_at,
        _orders.c.status,
        _orders.c.ended_at,
        _orders.c.rejection_reason,
        _orders.c.fill_leg_fee_cents,
    )


# asked on every request: building a statement costs more than running it
_OF_SESSION = (
    columns()
    .where(_orders.c.session_id == bindparam("of_session"))
    .order_by(_orders.c.placed_at, _orders.c.sequence)
)
_NEW = insert(_orders)


async def of_session(tx: Tx, session: StoredSession, open_at: datetime) -> tuple[StoredOrder, ...]:
    """The session's orders by priority; ``open_at`` turns times into the engine's seconds."""
    rows = await tx.execute(_OF_SESSION, {"of_session": session.id})
    return tuple(from_row(row, open_at) for row in rows)


async def add(tx: Tx, session: StoredSession, stored: StoredOrder, open_at: datetime) -> None:
    """Store an order. One of a live session is pending, or filled at once; then its fill tells the
    fees that it was charged."""
    order, ticket, fill = stored.order, stored.order.ticket, stored.order.fill
    assert order.end is None, "a new order has not ended"
    values = {
        "uuid": order.id,
        "user_id": session.user_id,
        "session_id": session.id,
        "sequence": order.sequence,
        "placed_at": open_at + timedelta(seconds=order.placed_second),
        "type": ticket.type,
        "effect": ticket.effect,
        "price_cents": ticket.price_cents,
        "trigger_cents": ticket.trigger_cents,
        "trigger_direction": ticket.trigger_direction,
        "slippage_cents": order.slippage_cents,
        "legs": [
            [leg.contract.strike_points, leg.contract.right, leg.quantity, leg.action] for leg in ticket.legs
        ],
        "fill_at": open_at + timedelta(seconds=fill.second) if fill else None,
        "fill_net_price_cents": fill.net_price_cents if fill else None,
        "fill_leg_price_cents": list(fill.leg_price_cents) if fill else None,
        "status": _status_of_new(session, order),
        "fill_leg_fee_cents": list(fill.leg_fee_cents) if fill and fill.leg_fee_cents else None,
        "replaces_order_id": stored.replaces_order_id,
        "client_order_id": stored.client_order_id,
        "request_hash": stored.request_hash,
        "updated_at": stored.updated_at,
    }
    await tx.execute(_NEW, values)


def _status_of_new(session: StoredSession, order: Order) -> OrderStatus | None:
    if session.mode != "live":
        return None
    return OrderStatus.FILLED if order.fill else OrderStatus.PENDING


async def remove(tx: Tx, session: StoredSession, order_id: UUID) -> None:
    await tx.execute(delete(_orders).where(_orders.c.session_id == session.id, _orders.c.uuid == order_id))


async def cancel(tx: Tx, session: StoredSession, order_id: UUID, *, ended_at: datetime, at: datetime) -> None:
    """End a pending order of the locked live session at the market's time ``ended_at``."""
    statement = _ended(session, ended_at, at).where(_orders.c.uuid == order_id)
    assert (await tx.execute(statement)).rowcount == 1, "only what is pending is canceled"


async def cancel_all(tx: Tx, session: StoredSession, *, ended_at: datetime, at: datetime) -> None:
    """End whatever is pending in the locked live session."""
    await tx.execute(_ended(session, ended_at, at))


def _ended(session: StoredSession, ended_at: datetime, at: datetime) -> Update:
    pending = (_orders.c.session_id == session.id, _orders.c.status == OrderStatus.PENDING)
    canceled = {"status": OrderStatus.CANCELED, "ended_at": ended_at, "updated_at": at}
    return update(_orders).where(*pending).values(canceled)


async def are_in(tx: Tx, session: StoredSession) -> bool:
    """True when the session has an order."""
    statement = select(_orders.c.uuid).where(_orders.c.session_id == session.id).limit(1)
    return (await tx.execute(statement)).first() is not None


async def id_taken(tx: Tx, user_id: int, order_id: UUID) -> bool:
    """True when an order of the user ever had this id: events outlive the orders that they tell of."""
    statement = (
        select(_events.c.seq)
        .join(_sessions, _sessions.c.id == _events.c.session_id)
        .where(_sessions.c.user_id == user_id, _events.c.order_id == order_id)
        .limit(1)
    )
    return (await tx.execute(statement)).first() is not None


def from_row(row: Row[*tuple[Any, ...]], open_at: datetime) -> StoredOrder:
    """A row of ``columns``; ``open_at`` turns times into the engine's seconds."""
    ticket = Ticket(
        type=OrderType(row.type),
        legs=legs_from(row.legs),
        effect=Effect(row.effect) if row.effect else None,
        price_cents=row.price_cents,
        trigger_cents=row.trigger_cents,
        trigger_direction=TriggerDirection(row.trigger_direction) if row.trigger_direction else None,
    )
    order = Order(
        id=row.uuid,
        sequence=row.sequence,
        placed_second=_seconds(row.placed_at - open_at),
        ticket=ticket,
        slippage_cents=row.slippage_cents,
        fill=_fill(row, open_at),
        end=_end(row, open_at),
    )
    status = OrderStatus(row.status) if row.status else None
    told = row.replaces_order_id, row.client_order_id, row.request_hash, row.updated_at
    return StoredOrder(order, *told, status)


def legs_from(stored: Iterable[tuple[int, str, int, str]]) -> tuple[Leg, ...]:
    """The legs of an order from its column: strike, right, quantity and action of each."""
    return tuple(_leg(*one) for one in stored)


@lru_cache(maxsize=LEGS_KEPT)
def _leg(strike_points: int, right: str, quantity: int, action: str) -> Leg:
    """The same few are traded again and again, and a matcher that takes over reads all that wait."""
    return Leg(Contract(strike_points, Right(right)), quantity, Action(action))


def _fill(row: Row[*tuple[Any, ...]], open_at: datetime) -> Fill | None:
    if row.fill_at is None:
        return None
    fees = tuple(row.fill_leg_fee_cents) if row.fill_leg_fee_cents else None
    second = _seconds(row.fill_at - open_at)
    return Fill(second, row.fill_net_price_cents, tuple(row.fill_leg_price_cents), fees)


def _end(row: Row[*tuple[Any, ...]], open_at: datetime) -> End | None:
    if row.ended_at is None:
        return None
    return End(_seconds(row.ended_at - open_at), OrderStatus(row.status), row.rejection_reason)


def _seconds(span: timedelta) -> int:
    return span // timedelta(seconds=1)
