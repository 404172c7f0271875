"""The matcher one order at a time: the scan asked about one second, and money taken from whole states."""

from collections.abc import Mapping
from dataclasses import replace

from engine.contracts import Contract
from engine.fills import first_fill
from engine.ledger import TransactionKind
from engine.margin import margin_cents
from engine.market import Day
from engine.matching import fill_of
from engine.orders import Order
from engine.sessions import Session, SessionState, index_at, state_at


def slow_hits(orders: Mapping[int, Order], day: Day, second: int) -> list[int]:
    """The keys of the orders whose scan of that one second finds a fill, by priority."""
    found = [
        key
        for key, order in orders.items()
        if second < day.close_second
        and first_fill(day, order.ticket, order.slippage_cents, second, second + 1) is not None
    ]
    return sorted(found, key=lambda key: (orders[key].placed_second, orders[key].sequence, key))


def slow_hits_between(orders: Mapping[int, Order], day: Day, seconds: range) -> list[tuple[int, int]]:
    """The same second by second, where an order that fills waits no longer."""
    left, hits = dict(orders), []
    for second in seconds:
        for key in slow_hits(left, day, second):
            hits.append((second, key))
            del left[key]
    return hits


def slow_may_fill(session: Session, day: Day, order: Order, second: int) -> bool:
    """Filled, the order leaves no less than no buying power; or it has closing legs only, and margin is
    not higher with it than without it, whether or not the other waiting orders sold what they sell."""
    filled = replace(order, fill=fill_of(order, day, second))
    orders = tuple(filled if one.id == order.id else one for one in session.orders)
    after = state_at(replace(session, orders=orders), day, second)
    if after.financials.available_cents >= 0:
        return True
    if any(leg.action.opens for leg in order.ticket.legs):
        return False
    before = state_at(session, day, second)
    sold = [
        (leg.contract, -leg.quantity)
        for one in session.orders
        if one.id != order.id and one.fill is None and one.end is None
        for leg in one.ticket.legs
        if leg.action.sign < 0
    ]
    spx_e4 = index_at(day, second)
    return all(
        margin_cents(held(after, extra), spx_e4) <= margin_cents(held(before, extra), spx_e4)
        for extra in ([], sold)
    )


_BOUGHT = {TransactionKind.BUY_TO_OPEN, TransactionKind.BUY_TO_CLOSE}


def held(state: SessionState, extra: list[tuple[Contract, int]]) -> dict[Contract, int]:
    """Signed contracts, from every transaction that happened and some more trades."""
    book: dict[Contract, int] = {}
    rows = [
        (row.contract, row.quantity if row.kind in _BOUGHT else -row.quantity) for row in state.transactions
    ]
    for contract, signed in [*rows, *extra]:
        book[contract] = book.get(contract, 0) + signed
    return book
