"""A trader's hand on the engine: places orders on a scripted day and reads the session back."""

from dataclasses import dataclass, field
from uuid import UUID

from engine.admission import NewOrder, Placement, place, remove, with_order
from engine.denials import Denial
from engine.fees import DEFAULT_FEES, FeeSchedule
from engine.market import Day
from engine.sessions import Session, SessionState, state_at
from engine.tickets import OrderRequest, read_ticket
from tests.engine.tapes import DATE


@dataclass
class Trader:
    """Orders are numbered from 1; ``order(2)`` is the second one placed."""

    day: Day
    opening_cents: int = 100_000_00
    fees: FeeSchedule = DEFAULT_FEES
    slippage_cents: int = 0
    session: Session = field(init=False)
    placed: int = 0

    def __post_init__(self) -> None:
        self.session = Session(UUID(int=99), self.opening_cents, self.fees, ())

    def place(self, at: int, order: OrderRequest) -> Placement | Denial:
        ticket = read_ticket(order, DATE)
        if isinstance(ticket, Denial):
            return ticket
        new = NewOrder(ticket, at, UUID(int=self.placed + 1), self.placed + 1, self.slippage_cents)
        answer = place(self.session, self.day, new)
        if isinstance(answer, Placement):
            self.placed += 1
            self.session = with_order(self.session, answer.order)
        return answer

    def delete(self, number: int) -> Denial | None:
        order = next(o for o in self.session.orders if o.id == UUID(int=number))
        answer = remove(self.session, self.day, order)
        if isinstance(answer, Denial):
            return answer
        self.session = answer
        return None

    def at(self, second: int) -> SessionState:
        return state_at(self.session, self.day, second)
