"""A live session at any second of a day that is known only so far."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.admission import NewOrder, Placement, place, with_order
from engine.fees import DEFAULT_FEES, FeeSchedule
from engine.ledger import charged
from engine.market import Day, known_through
from engine.orders import End, Order, OrderStatus, Ticket
from engine.sessions import Financials, Session, state_at
from engine.tickets import OrderRequest, read_ticket
from engine.timeline import session_history
from tests.engine.tapes import DATE, contract, request, tape
from tests.engine.test_sessions import CLOSE, traders
from tests.engine.trading import Trader

OPENING_CENTS = 100_000_00
DEARER = replace(DEFAULT_FEES, buy_to_open_option=3_440_000)
BOUGHT_LATER = request("+1 5950C", "9.00", "debit")


@pytest.fixture
def day() -> Day:
    return tape({"5950C": {0: (10.00, 10.20), 30: (8.80, 9.00)}}, settlement=5960, close_second=CLOSE)


def traded(day: Day, second: int, order: OrderRequest, fees: FeeSchedule = DEFAULT_FEES) -> Session:
    """A live session with one order, as it is when it was placed."""
    session = Session(UUID(int=99), OPENING_CENTS, fees, ())
    read = read_ticket(order, DATE)
    assert isinstance(read, Ticket)
    answer = place(session, known_through(day, second), NewOrder(read, second, UUID(int=1), 1, 0))
    assert isinstance(answer, Placement), answer
    return with_order(session, answer.order)


def changed(session: Session, change: Callable[[Order], Order]) -> Session:
    return replace(session, orders=tuple(map(change, session.orders)))


def test_a_live_order_knows_nothing_of_the_seconds_to_come(day: Day) -> None:
    (order,) = traded(day, 10, BOUGHT_LATER).orders
    assert order.fill is None


@pytest.mark.parametrize("status", [OrderStatus.CANCELED, OrderStatus.REJECTED])
def test_an_ended_order_reserves_nothing_from_its_end_on(day: Day, status: OrderStatus) -> None:
    end = End(20, status, "too dear" if status is OrderStatus.REJECTED else None)
    session = changed(traded(day, 10, BOUGHT_LATER), lambda order: replace(order, end=end))
    before, after = state_at(session, day, 19), state_at(session, day, 20)
    assert [one.orders[0].status for one in (before, after)] == [OrderStatus.PENDING, status]
    assert before.financials.available_cents == OPENING_CENTS - 900_00 - 1_72
    assert after.financials.available_cents == OPENING_CENTS
    assert state_at(session, day, CLOSE).orders[0].status is status


def test_a_live_day_stays_unsettled_until_it_has_a_settlement_value(day: Day) -> None:
    session = traded(day, 10, request("+1 5950C", type="market"))
    waits, settled = state_at(session, known_through(day, CLOSE), CLOSE), state_at(session, day, CLOSE)
    assert (waits.settled, settled.settled) == (False, True)
    assert [position.contract for position in waits.positions] == [contract("5950C")]
    assert len(waits.transactions) == 1
    assert settled.positions == ()
    assert settled.financials.realized_cents == 1000_00 - 1020_00


def test_a_live_short_needs_its_margin_until_it_is_settled(day: Day) -> None:
    session = replace(traded(day, 10, BOUGHT_LATER), opening_cents=200_000_00, orders=())
    read = read_ticket(request("-1 5950C", type="market"), DATE)
    assert isinstance(read, Ticket)
    answer = place(session, known_through(day, 10), NewOrder(read, 10, UUID(int=1), 1, 0))
    assert isinstance(answer, Placement)
    session = with_order(session, answer.order)
    waits, settled = state_at(session, known_through(day, CLOSE), CLOSE), state_at(session, day, CLOSE)
    assert (waits.financials.margin_cents, settled.financials.margin_cents) == (119_000_00, 0)


def test_a_live_fill_keeps_the_fees_that_it_was_charged(day: Day) -> None:
    def fixed(order: Order) -> Order:
        assert order.fill is not None
        return replace(order, fill=charged(order.fill, order.ticket, DEFAULT_FEES))

    session = traded(day, 10, request("+1 5950C", type="market"))
    live = replace(changed(session, fixed), fees=DEARER)
    assert state_at(live, day, 10).financials.fees_cents == 1_72
    assert state_at(live, day, 10).orders[0].fees_cents == 1_72
    assert state_at(replace(session, fees=DEARER), day, 10).financials.fees_cents == 3_44


@given(traders(), st.integers(0, CLOSE), st.integers(0, CLOSE))
@settings(max_examples=40)
def test_a_live_history_shows_what_the_session_showed_so_far(
    trader: Trader, known: int, canceled: int
) -> None:
    end = End(canceled, OrderStatus.CANCELED)
    session = changed(
        trader.session,
        lambda order: replace(order, end=None if order.fill or canceled < order.placed_second else end),
    )
    day = known_through(trader.day, known)
    told = session_history(session, day)
    rows = zip(
        told.credits_cents,
        told.debits_cents,
        told.fees_cents,
        told.margin_cents,
        told.available_cents,
        told.realized_cents,
        told.unrealized_cents,
        told.options_value_cents,
        strict=True,
    )
    assert [Financials(trader.opening_cents, *map(int, row)) for row in rows] == [
        state_at(session, day, second).financials for second in range(known + 1)
    ]
