"""A trading session as a value, and its state at any second.

What is visible is a function of the orders and the clock alone (rulings 2.12): an order acts from
the second it was placed, its fill from the second it happened, and settlement at the close.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from engine.fees import FeeSchedule, leg_fee_cents
from engine.ledger import Transaction, fill_transactions
from engine.margin import Book, margin_cents
from engine.market import MISSING_INDEX, Day
from engine.money import Cents
from engine.orders import Fill, Order, OrderStatus
from engine.positions import Books, Position, mark_positions
from engine.reserves import reserve_cents
from engine.settlement import settle


@dataclass(frozen=True, slots=True)
class Session:
    """One day's trading: the opening balance, the fees in force and the orders by priority."""

    id: UUID
    opening_cents: Cents
    fees: FeeSchedule
    orders: tuple[Order, ...]


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

    @property
    def cash_cents(self) -> Cents:
        """What is there without the open positions, credits received included (rulings 3.1)."""
        return self.net_liquidation_cents - self.options_value_cents


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


def fee_estimate_cents(order: Order, fees: FeeSchedule) -> Cents:
    """What filling the order will cost in fees."""
    return sum(leg_fee_cents(fees, leg) for leg in order.ticket.legs)


def is_filled(order: Order, second: int) -> bool:
    return order.fill is not None and order.fill.second <= second


def is_ended(order: Order, second: int) -> bool:
    """True when the order was canceled or rejected, or has expired, by ``second``."""
    return order.end is not None and order.end.second <= second


def is_working(order: Order, second: int) -> bool:
    """True when the order was placed by ``second`` and rests unfilled: it reserves and claims."""
    return order.placed_second <= second and not is_filled(order, second) and not is_ended(order, second)


def fold_fills(orders: Sequence[Order], fees: FeeSchedule, second: int) -> tuple[Books, list[Transaction]]:
    """The books after every fill up to ``second``, and its transactions in the order of the fills."""
    filled = sorted((o for o in orders if is_filled(o, second)), key=fill_order)
    transactions = [row for o in filled if o.fill for row in fill_transactions(o, o.fill, fees)]
    books = Books()
    for row in transactions:
        books.apply(row)
    return books, transactions


def fill_order(order: Order) -> tuple[int, int, int]:
    """What fills are booked by: their second, then the orders' priority."""
    return (order.fill.second if order.fill else -1, *order.priority)


def state_at(session: Session, day: Day, second: int) -> SessionState:
    """Everything that is visible at ``second``. At the close the session is settled, unless nobody
    knows yet what its day settled at."""
    books, transactions = fold_fills(session.orders, session.fees, second)
    settled = is_settled(day, second)
    if settled:
        for key, row in settle(books, day, session.id, session.fees):
            books.close(key, row)
            transactions.append(row)
    positions = mark_positions(books, day, second, session.id)
    rows_of = {order_id: tuple(rows) for order_id, rows in groupby(transactions, attrgetter("order_id"))}
    return SessionState(
        second=second,
        settled=settled,
        financials=_financials(session, day, second, books, positions),
        orders=tuple(
            _filled_state(order, rows_of[order.id])
            if order.id in rows_of
            else order_state(order, session.fees, day, second)
            for order in session.orders
        ),
        transactions=tuple(transactions),
        positions=positions,
    )


def is_settled(day: Day, second: int) -> bool:
    """True from the close on, once the day has a settlement value."""
    return second >= day.close_second and day.settlement_cents is not None


def order_state(order: Order, fees: FeeSchedule, day: Day, second: int) -> OrderState:
    """One order as seen at ``second``; what is unfilled at the close has expired."""
    if order.fill is not None and is_filled(order, second):
        return _filled_state(order, fill_transactions(order, order.fill, fees))
    status = OrderStatus.EXPIRED if second >= day.close_second else OrderStatus.PENDING
    if order.end is not None and is_ended(order, second):
        status = order.end.status
    return OrderState(order, status, fee_estimate_cents(order, fees), None, ())


def _filled_state(order: Order, rows: tuple[Transaction, ...]) -> OrderState:
    return OrderState(order, OrderStatus.FILLED, sum(row.fees_cents for row in rows), order.fill, rows)


def _financials(
    session: Session, day: Day, second: int, books: Books, positions: Sequence[Position]
) -> Financials:
    margin, reserve = requirement_cents(session, day, second, books.book())
    value = sum(position.net_liquidity_cents for position in positions)
    return Financials(
        opening_cents=session.opening_cents,
        credits_cents=books.credits_cents,
        debits_cents=books.debits_cents,
        fees_cents=books.fees_cents,
        margin_cents=margin,
        available_cents=session.opening_cents + books.flow_cents - margin - reserve,
        realized_cents=books.realized_cents,
        unrealized_cents=value - books.cost_basis_cents,
        options_value_cents=value,
    )


def requirement_cents(session: Session, day: Day, second: int, book: Book) -> tuple[Cents, Cents]:
    """Margin of the open positions ``book`` and the reserve of the working orders at ``second``."""
    if is_settled(day, second):
        return 0, 0
    spx_e4 = index_at(day, second)
    working = [order for order in session.orders if is_working(order, second)]
    return margin_cents(book, spx_e4), reserve_cents(book, working, session.fees, spx_e4)


def index_at(day: Day, second: int) -> int:
    """The index at ``second`` in 0.0001 points, or ``MISSING_INDEX``."""
    return int(day.spx_e4[second]) if second <= day.known_until else MISSING_INDEX
