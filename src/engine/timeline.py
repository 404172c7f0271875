"""The second-by-second history of a session's money, derived from its orders."""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.contracts import Contract
from engine.history import History, HistorySegment, history
from engine.ledger import fill_transactions
from engine.margin import Book, margin_cents, short_need_cents
from engine.market import MISSING_INDEX, Day, IndexSeries
from engine.money import Cents
from engine.orders import Order
from engine.positions import Books
from engine.reserves import reserve_cents
from engine.sessions import Session, fill_order, is_filled, is_working
from engine.settlement import settle


def session_history(session: Session, day: Day) -> History:
    """The whole day, whatever the clock; the last row is the settled close (rulings 7.8). That of a day
    without a settlement value, a live one, ends with the last known second.

    Between two events (a placement, a fill, an end, the close) only the marks move, and the margin of
    shorts deep in the money with the index.
    """
    return history(day, session.opening_cents, _segments(session, day))


def _segments(session: Session, day: Day) -> list[HistorySegment]:
    filled = sorted((o for o in session.orders if is_filled(o, day.close_second)), key=fill_order)
    books, booked, segments = Books(), 0, []
    is_live = day.settlement_cents is None
    traded = day.history_rows if is_live else day.close_second
    for start, until in pairwise([*_event_seconds(session.orders, traded), traded]):
        while booked < len(filled) and is_filled(filled[booked], start):
            _book(books, filled[booked], session)
            booked += 1
        segments.append(_segment(session, day, books, range(start, until)))
    if is_live:
        return segments
    for key, row in settle(books, day, session.id, session.fees):
        books.close(key, row)
    segments.append(_closed(books, day))
    return segments


def _event_seconds(orders: Sequence[Order], until: int) -> list[int]:
    placed = {order.placed_second for order in orders}
    fills = {order.fill.second for order in orders if order.fill is not None}
    ends = {order.end.second for order in orders if order.end is not None}
    return sorted(second for second in {0} | placed | fills | ends if second < until)


def _book(books: Books, order: Order, session: Session) -> None:
    assert order.fill is not None
    for row in fill_transactions(order, order.fill, session.fees):
        books.apply(row)


def _segment(session: Session, day: Day, books: Books, seconds: range) -> HistorySegment:
    book = books.book()
    working = [order for order in session.orders if is_working(order, seconds.start)]

    def margin(spx_e4: int) -> Cents:
        return margin_cents(book, spx_e4)

    def reserve(spx_e4: int) -> Cents:
        return reserve_cents(book, working, session.fees, spx_e4)

    levels = day.spx_e4[seconds.start : seconds.stop]
    varies = _depends_on_index(_sold(book, working), levels)
    return HistorySegment(
        from_second=seconds.start,
        credits_cents=books.credits_cents,
        debits_cents=books.debits_cents,
        fees_cents=books.fees_cents,
        realized_cents=books.realized_cents,
        margin_cents=_at_levels(margin, levels) if varies else margin(int(levels[0])),
        reserve_cents=_at_levels(reserve, levels) if varies else reserve(int(levels[0])),
        cost_basis_cents=books.cost_basis_cents,
        marks=tuple((day.row_of[contract], signed) for contract, signed in book.items() if signed),
    )


def _sold(book: Book, working: Sequence[Order]) -> set[Contract]:
    """The contracts that are short or that a working order sells."""
    asked = {leg.contract for order in working for leg in order.ticket.legs if leg.action.sign < 0}
    return asked | {contract for contract, signed in book.items() if signed < 0}


def _closed(books: Books, day: Day) -> HistorySegment:
    return HistorySegment(
        from_second=day.close_second,
        credits_cents=books.credits_cents,
        debits_cents=books.debits_cents,
        fees_cents=books.fees_cents,
        realized_cents=books.realized_cents,
        margin_cents=0,
        reserve_cents=0,
        cost_basis_cents=0,
        marks=(),
    )


def _depends_on_index(contracts: Iterable[Contract], levels: IndexSeries) -> bool:
    """True when some contract's requirement as a short differs between the levels.

    It only grows as the contract goes further into the money, so the ends tell; a missing level
    counts as out of the money.
    """
    known = levels[levels != MISSING_INDEX]
    ends = {int(known.min()), int(known.max())} if known.size else set()
    if known.size < levels.size:
        ends.add(MISSING_INDEX)
    return any(len({short_need_cents(contract, end) for end in ends}) > 1 for contract in contracts)


def _at_levels(requirement: Callable[[int], Cents], levels: IndexSeries) -> NDArray[np.int64]:
    distinct, places = np.unique(levels, return_inverse=True)
    return np.array([requirement(int(level)) for level in distinct], np.int64)[places]
