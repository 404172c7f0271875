"""Whether an order may be placed, replaced or deleted, and what it does to buying power."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from engine.denials import Code, Denial
from engine.fees import FeeSchedule
from engine.fills import first_fill, is_triggered
from engine.listing import unquoted
from engine.margin import Book, margin_cents
from engine.market import Day
from engine.money import MULTIPLIER, Cents, IndexE4, PriceCents, price_text
from engine.orders import Action, Leg, Order, OrderType, Ticket
from engine.positions import Books, Direction, Key
from engine.reserves import working_price_cents
from engine.sessions import (
    BuyingPowerEffect,
    Session,
    fee_estimate_cents,
    fold_fills,
    index_at,
    is_filled,
    is_working,
    requirement_cents,
)


@dataclass(frozen=True, slots=True)
class Placement:
    """An order that was admitted, with the scan of the rest of its day."""

    order: Order
    effect: BuyingPowerEffect


@dataclass(frozen=True, slots=True)
class NewOrder:
    """A ticket on its way in: at which second, under which name, and instead of which order."""

    ticket: Ticket
    second: int
    id: UUID
    sequence: int
    slippage_cents: PriceCents
    replacing: Order | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What an order meets at its second: the session with the orders of higher priority alone, the
    books of their fills, and the signed contracts in those."""

    session: Session
    book: Book
    books: Books


@dataclass(frozen=True, slots=True)
class Edit:
    """A session before and after an order came or went."""

    before: Session
    after: Session


def place(session: Session, day: Day, new: NewOrder) -> Placement | Denial:
    """Admit a new order: data, stop, positions, buying power, then the later orders.

    The order that it replaces is deleted in the same step. A market order carries no slippage.
    """
    denial = _unplaceable(day, new.second, new.ticket)
    if denial is not None:
        return denial
    slippage_cents = 0 if new.ticket.type is OrderType.MARKET else new.slippage_cents
    fill = first_fill(day, new.ticket, slippage_cents, new.second, day.close_second)
    order = Order(new.id, new.sequence, new.second, new.ticket, slippage_cents, fill)
    replaced = new.replacing or order
    base = without_order(session, replaced.id)
    edit = Edit(session, with_order(base, order))
    between = [o for o in base.orders if replaced.priority <= o.priority < order.priority]
    later = [o for o in base.orders if o.priority > order.priority]
    denial = dependent(edit, day, between)
    if denial is not None:
        return denial
    met = standing(base, order)
    denial = refusal(met, day, order) or dependent(edit, day, later)
    return denial or Placement(order, _effect(met, day, order))


def remove(session: Session, day: Day, order: Order) -> Session | Denial:
    """The session without ``order``, or a denial that names the first later order that needs it."""
    after = without_order(session, order.id)
    later = [o for o in after.orders if o.priority >= order.priority]
    return dependent(Edit(session, after), day, later) or after


def with_order(session: Session, order: Order) -> Session:
    return replace(session, orders=tuple(sorted((*session.orders, order), key=lambda o: o.priority)))


def without_order(session: Session, order_id: UUID) -> Session:
    return replace(session, orders=tuple(o for o in session.orders if o.id != order_id))


def _unplaceable(day: Day, second: int, ticket: Ticket) -> Denial | None:
    if second >= day.close_second:
        return Denial(Code.MARKET_CLOSED, "the market is closed: orders are taken before the close")
    denial = unquoted(day, ticket.legs, second)
    if denial is not None:
        return denial
    if ticket.type is OrderType.STOP and is_triggered(day, ticket, second):
        return Denial(Code.STOP_IMMEDIATE, "stop order would execute immediately", ("stop_trigger",))
    return None


def standing(session: Session, order: Order) -> Standing:
    """What ``order`` meets in a session whose orders of higher priority could all be placed."""
    before = replace(session, orders=tuple(o for o in session.orders if o.priority < order.priority))
    books, _ = fold_fills(before.orders, session.fees, order.placed_second)
    return Standing(before, books.book(), books)


def refusal(met: Standing, day: Day, order: Order) -> Denial | None:
    """Why ``order`` could not be placed at its second beside the orders of higher priority, if so."""
    denial = _unmatched_close(met, order)
    if denial is not None:
        return denial
    available = _available_cents(met, day, order)
    if available >= 0 or only_reduces(met, day, order, order.placed_second):
        return None
    return short_of(available)


def short_of(available_cents: Cents) -> Denial:
    """The denial of an order that would leave less than no buying power."""
    message = f"insufficient buying power: {price_text(-available_cents)} more is needed"
    return Denial(Code.INSUFFICIENT_BUYING_POWER, message)


def _available_cents(met: Standing, day: Day, order: Order) -> Cents:
    """Buying power with ``order`` placed. A fill at its own second comes after all that were booked."""
    after = with_order(met.session, order)
    book, flow_cents = met.book, met.books.flow_cents
    if is_filled(order, order.placed_second):
        book = _traded(book, order.ticket.legs)
        flow_cents -= _cost_cents(order, after.fees)
    margin, reserve = requirement_cents(after, day, order.placed_second, book)
    return after.opening_cents + flow_cents - margin - reserve


def _unmatched_close(met: Standing, order: Order) -> Denial | None:
    """Closing legs need an open position that no working order claims already (rulings 2.11)."""
    claims = _claims([o for o in met.session.orders if is_working(o, order.placed_second)])
    for key, quantity in _claims([order]).items():
        holding = met.books.holdings.get(key)
        free = (holding.quantity if holding else 0) - claims.get(key, 0)
        if quantity > free:
            contract, direction = key
            message = (
                f"no open {direction} position to close: {max(free, 0)} of {quantity} contracts of "
                f"{contract.strike_points} {contract.right.name.lower()} are free"
            )
            return Denial(Code.NO_POSITION, message, ("legs",))
    return None


def _claims(orders: Sequence[Order]) -> dict[Key, int]:
    claims: dict[Key, int] = {}
    for order in orders:
        for leg in order.ticket.legs:
            if not leg.action.opens:
                closed = Direction.LONG if leg.action is Action.SELL_TO_CLOSE else Direction.SHORT
                key = (leg.contract, closed)
                claims[key] = claims.get(key, 0) + leg.quantity
    return claims


def only_reduces(met: Standing, day: Day, order: Order, second: int) -> bool:
    """An order of closing legs only that does not raise margin is always allowed (rulings 3.3).

    Not even once the working orders have made all their sales: a long that they leave as the last
    cover of a short is not free to go.
    """
    if order.ticket.opens:
        return False
    spx_e4 = index_at(day, second)
    working = (o for o in met.session.orders if is_working(o, second))
    sales = [leg for o in working for leg in o.ticket.legs if leg.action.sign < 0]
    return all(_margin_change(order, one, spx_e4) <= 0 for one in (met.book, _traded(met.book, sales)))


def _margin_change(order: Order, book: Book, spx_e4: IndexE4) -> Cents:
    return margin_cents(_traded(book, order.ticket.legs), spx_e4) - margin_cents(book, spx_e4)


def _traded(book: Book, legs: Iterable[Leg]) -> Book:
    after = dict(book)
    for leg in legs:
        after[leg.contract] = after.get(leg.contract, 0) + leg.action.sign * leg.quantity
    return after


def effect_of(session: Session, day: Day, order: Order) -> BuyingPowerEffect:
    """What the order does to buying power as if it were filled, before the later orders.

    A working limit counts at its limit price, a working stop at its trigger and slippage.
    """
    return _effect(standing(session, order), day, order)


def _effect(met: Standing, day: Day, order: Order) -> BuyingPowerEffect:
    second = order.placed_second
    margin, reserve = requirement_cents(met.session, day, second, met.book)
    margin_change = _margin_change(order, met.book, index_at(day, second))
    return BuyingPowerEffect(
        margin_change_cents=margin_change,
        change_cents=margin_change + _cost_cents(order, met.session.fees),
        current_cents=met.session.opening_cents + met.books.flow_cents - margin - reserve,
    )


def _cost_cents(order: Order, fees: FeeSchedule) -> Cents:
    return net_cost_cents(order) + fee_estimate_cents(order, fees)


def net_cost_cents(order: Order) -> Cents:
    """The signed money of the whole order, a debit positive: at its fill where that is at once,
    else at the price it waits for."""
    ticket = order.ticket
    if order.fill is not None and order.fill.second == order.placed_second:
        price = order.fill.net_price_cents
    else:
        price = working_price_cents(order)
    return price * MULTIPLIER * ticket.units


def dependent(edit: Edit, day: Day, orders: Iterable[Order]) -> Denial | None:
    """Why an edit is refused on account of ``orders``, if it is: the first that needs what it changes.

    That is one that could be placed before the edit and cannot after it. One that a fee change had
    left short of buying power must still have its positions.
    """
    for order in orders:
        denial = refusal(standing(edit.after, order), day, order)
        if denial is None:
            continue
        was = refusal(standing(edit.before, order), day, order)
        if was is None or was.code is not denial.code:
            message = f"order {order.id} placed later depends on this: {denial.message}"
            return Denial(Code.ORDER_DEPENDENCY, message)
    return None
