"""The orders that the bench places."""

from uuid import UUID

from engine.admission import NewOrder, Placement, place, with_order
from engine.contracts import Contract, Right
from engine.fees import DEFAULT_FEES
from engine.market import Day
from engine.orders import Action, Effect, Leg, OrderType, Ticket
from engine.sessions import Session

OPENING_CENTS = 10_000_000_00
FIRST_SECOND = 2_100
EMPTY = Session(UUID(int=1), OPENING_CENTS, DEFAULT_FEES, ())


def condor(strike: int) -> Ticket:
    """A condor 100 wide around a strike that asks for a credit it never gets."""
    legs = (
        (strike - 100, Right.PUT, Action.BUY_TO_OPEN),
        (strike - 50, Right.PUT, Action.SELL_TO_OPEN),
        (strike + 50, Right.CALL, Action.SELL_TO_OPEN),
        (strike + 100, Right.CALL, Action.BUY_TO_OPEN),
    )
    wings = tuple(Leg(Contract(at, right), 1, action) for at, right, action in legs)
    return Ticket(OrderType.LIMIT, wings, Effect.CREDIT, price_cents=50_00)


def vertical(strike: int) -> Ticket:
    """A call vertical 20 wide, bought at any price: it fills where it is placed."""
    bought = Leg(Contract(strike, Right.CALL), 1, Action.BUY_TO_OPEN)
    sold = Leg(Contract(strike + 20, Right.CALL), 1, Action.SELL_TO_OPEN)
    return Ticket(OrderType.LIMIT, (bought, sold), Effect.DEBIT, price_cents=20_00)


def day_rows(day: Day, ticket: Ticket) -> tuple[tuple[int, int], ...]:
    return tuple((day.row_of[leg.contract], leg.action.sign) for leg in ticket.legs)


def traded(day: Day, orders: int, resting: int = 0) -> Session:
    """A session of verticals bought, one a minute, on neighbouring strikes, and condors that rest."""
    session = EMPTY
    for number in range(resting):
        ticket = condor(5_900 + 10 * number)
        session = with_order(session, admit(session, day, number, ticket).order)
    for number in range(resting, orders):
        session = with_order(session, buy(session, day, number).order)
    return session


def buy(session: Session, day: Day, number: int) -> Placement:
    placement = admit(session, day, number, vertical(5_900 + 5 * (number % 20)))
    assert placement.order.fill is not None
    return placement


def admit(session: Session, day: Day, number: int, ticket: Ticket) -> Placement:
    second = FIRST_SECOND + 60 * number
    placement = place(session, day, NewOrder(ticket, second, UUID(int=number), number, slippage_cents=0))
    assert isinstance(placement, Placement), placement
    return placement
