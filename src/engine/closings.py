"""What a settled session came to: enough to carry it on, and to charge it other fees, without its day."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from engine.fees import FeeSchedule, exercise_fee_cents, leg_fee_cents
from engine.ledger import Transaction, TransactionKind
from engine.market import Day
from engine.money import Cents
from engine.orders import Leg
from engine.positions import Direction, Key
from engine.sessions import Financials, SessionState
from engine.settlement import charged_strikes

_EXERCISED = {TransactionKind.EXERCISE: Direction.LONG, TransactionKind.ASSIGNMENT: Direction.SHORT}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The totals of a settled session, in cents. Nothing is open any more, so what came in less
    what went out is realized; ``exercises`` counts the strikes that paid the exercise fee."""

    credits_cents: Cents
    debits_cents: Cents
    fees_cents: Cents
    exercises: int

    @property
    def realized_cents(self) -> Cents:
        return self.credits_cents - self.debits_cents

    @property
    def profit_cents(self) -> Cents:
        return self.realized_cents - self.fees_cents


def outcome_of(state: SessionState, day: Day) -> Outcome:
    """The outcome of a session whose state at the close is ``state``."""
    assert state.settled, "only a settled session has an outcome"
    assert day.settlement_cents is not None, "a published day has a settlement value"
    money = state.financials
    return Outcome(
        credits_cents=money.credits_cents,
        debits_cents=money.debits_cents,
        fees_cents=money.fees_cents,
        exercises=len(charged_strikes(_settled_in_the_money(state.transactions), day.settlement_cents)),
    )


def _settled_in_the_money(transactions: Iterable[Transaction]) -> dict[Key, int]:
    return {
        (row.contract, _EXERCISED[row.kind]): row.quantity for row in transactions if row.kind in _EXERCISED
    }


class ChargedLeg(NamedTuple):
    """A leg of a filled order, and what it was charged where no schedule changes that: a live fill's."""

    leg: Leg
    fee_cents: Cents | None = None


def with_fees(outcome: Outcome, filled: Iterable[ChargedLeg], fees: FeeSchedule) -> Outcome:
    """The same session under another schedule. ``filled`` are the legs of its filled orders, of which
    live ones keep what they were charged (rulings 3.6).

    No market is scanned: fills do not depend on fees (design 3).
    """
    charged = sum(leg_fee_cents(fees, leg) if fee is None else fee for leg, fee in filled)
    return replace(outcome, fees_cents=charged + outcome.exercises * exercise_fee_cents(fees))


def settled_financials(opening_cents: Cents, outcome: Outcome) -> Financials:
    """The money of a settled session: all of it is cash."""
    return Financials(
        opening_cents=opening_cents,
        credits_cents=outcome.credits_cents,
        debits_cents=outcome.debits_cents,
        fees_cents=outcome.fees_cents,
        margin_cents=0,
        available_cents=opening_cents + outcome.profit_cents,
        realized_cents=outcome.realized_cents,
        unrealized_cents=0,
        options_value_cents=0,
    )
