"""Whether an order may be placed, replaced or deleted, and what it does to buying power."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from engine.denials import Code, Denial
from engine.fills import first_fill, is_triggered, leg_quotes
from engine.margin import Book, margin_cents
from engine.market import Day
from engine.money import MULTIPLIER, Cents, IndexE4, PriceCents, money_text
from engine.orders import Action, Leg, Order, OrderType, Ticket
from engine.positions import Books, Direction, Key
from engine.reserves import working_price_cents
from engine.sessions import (
    BuyingPowerEffect,
    Session,
    fee_estimate_cents,
    fold_fills,
    index_at,
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
    changed_from = min(replaced.priority, order.priority)
    denial = first_refusal(session, with_order(base, order), day, changed_from)
    return denial or Placement(order, effect_of(base, day, order))


def remove(session: Session, day: Day, order: Order) -> Session | Denial:
    """The session without ``order``, or a denial that names the first later order that needs it."""
    after = without_order(session, order.id)
    return first_refusal(session, after, day, order.priority) or after


def with_order(session: Session, order: Order) -> Session:
    return replace(session, orders=tuple(sorted((*session.orders, order), key=lambda o: o.priority)))


def without_order(session: Session, order_id: UUID) -> Session:
    return replace(session, orders=tuple(o for o in session.orders if o.id != order_id))


def _unplaceable(day: Day, second: int, ticket: Ticket) -> Denial | None:
    if second >= day.close_second:
        return Denial(Code.MARKET_CLOSED, "the market is closed: orders are taken before the close")
    if leg_quotes(day, ticket, second) is None:
        return Denial(Code.NO_MARKET_DATA, "no market data for every leg at the session's time", ("legs",))
    if ticket.type is OrderType.STOP and is_triggered(day, ticket, second):
        return Denial(Code.STOP_IMMEDIATE, "stop order would execute immediately", ("stop_trigger",))
    return None


def admission(session: Session, day: Day, order: Order) -> Denial | None:
    """Why ``order`` could not be placed at its second beside the orders of higher priority, if so."""
    second = order.placed_second
    before = replace(session, orders=tuple(o for o in session.orders if o.priority < order.priority))
    books, _ = fold_fills(before.orders, session.fees, second)
    denial = _unmatched_close(books, before.orders, order, second)
    if denial is not None:
        return denial
    after = with_order(before, order)
    books_after, _ = fold_fills(after.orders, session.fees, second)
    margin, reserve = requirement_cents(after, day, second, books_after)
    available = session.opening_cents + books_after.flow_cents - margin - reserve
    if available >= 0 or _only_reduces(order, before, day, books):
        return None
    message = f"insufficient buying power: {money_text(-available)} more is needed"
    return Denial(Code.INSUFFICIENT_BUYING_POWER, message)


def _unmatched_close(books: Books, orders: Sequence[Order], order: Order, second: int) -> Denial | None:
    """Closing legs need an open position that no working order claims already (rulings 2.11)."""
    claims = _claims([o for o in orders if is_working(o, second)])
    for key, quantity in _claims([order]).items():
        holding = books.holdings.get(key)
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


def _only_reduces(order: Order, before: Session, day: Day, books: Books) -> bool:
    """An order of closing legs only that does not raise margin is always allowed (rulings 3.3).

    Not even once the working orders have made all their sales: a long that they leave as the last
    cover of a short is not free to go.
    """
    if order.ticket.opens:
        return False
    spx_e4 = index_at(day, order.placed_second)
    book = books.book()
    working = (o for o in before.orders if is_working(o, order.placed_second))
    sales = [leg for o in working for leg in o.ticket.legs if leg.action.sign < 0]
    return all(_margin_change(order, one, spx_e4) <= 0 for one in (book, _traded(book, sales)))


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
    second = order.placed_second
    before = replace(session, orders=tuple(o for o in session.orders if o.priority < order.priority))
    books, _ = fold_fills(before.orders, session.fees, second)
    margin, reserve = requirement_cents(before, day, second, books)
    margin_change = _margin_change(order, books.book(), index_at(day, second))
    cost = net_cost_cents(order) + fee_estimate_cents(order, session.fees)
    return BuyingPowerEffect(
        margin_change_cents=margin_change,
        change_cents=margin_change + cost,
        current_cents=session.opening_cents + books.flow_cents - margin - reserve,
    )


def net_cost_cents(order: Order) -> Cents:
    """The signed money of the whole order, a debit positive: at its fill where that is at once,
    else at the price it waits for."""
    ticket = order.ticket
    if order.fill is not None and order.fill.second == order.placed_second:
        price = order.fill.net_price_cents
    else:
        price = working_price_cents(order)
    return price * MULTIPLIER * ticket.units


def first_refusal(before: Session, after: Session, day: Day, changed_from: tuple[int, int]) -> Denial | None:
    """Why an edit is refused, if it is: the first order, by priority, that cannot be placed after it.

    That is the new order on its own account, or one that could be placed before the edit. One that a
    fee change had left short of buying power must still have its positions.
    """
    known = {order.id for order in before.orders}
    for order in after.orders:
        denial = admission(after, day, order) if order.priority >= changed_from else None
        if denial is None:
            continue
        if order.id not in known:
            return denial
        was = admission(before, day, order)
        if was is None or was.code is not denial.code:
            message = f"order {order.id} placed later depends on this: {denial.message}"
            return Denial(Code.ORDER_DEPENDENCY, message)
    return None
