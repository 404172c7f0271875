"""What a settled session came to, and what it would have come to under other fees."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.closings import ChargedLeg, Outcome, outcome_of, settled_financials, with_fees
from engine.fees import DEFAULT_FEES, FeeSchedule
from engine.sessions import Session, state_at
from tests.engine.tapes import request, tape
from tests.engine.test_sessions import traders
from tests.engine.trading import Trader

CHAIN = {"5950C": (9.00, 9.20), "5960C": (5.00, 5.20), "5970C": (2.60, 2.80)}
RATES = st.integers(0, 50_000_000)
SCHEDULES = st.builds(FeeSchedule, *[RATES] * 7)


def outcome(trader: Trader) -> Outcome:
    return outcome_of(trader.at(trader.day.close_second), trader.day)


def filled_legs(session: Session) -> list[ChargedLeg]:
    return [ChargedLeg(leg) for order in session.orders if order.fill for leg in order.ticket.legs]


def test_an_assigned_vertical_by_hand() -> None:
    trader = Trader(tape(CHAIN, settlement=5963.15))
    trader.place(0, request("+2 5950C, -2 5960C", "4.00", "debit"))
    came_to = outcome(trader)
    assert came_to == Outcome(
        credits_cents=2 * 5_10_00 + 2 * 13_15_00,
        debits_cents=2 * 9_10_00 + 2 * 3_15_00,
        fees_cents=4 * 1_72 + 5_00,
        exercises=1,
    )
    assert (came_to.realized_cents, came_to.profit_cents) == (1_200_00, 1_200_00 - 6_88 - 5_00)


def test_a_day_without_trades_comes_to_nothing() -> None:
    assert outcome(Trader(tape(CHAIN))) == Outcome(0, 0, 0, 0)


def test_an_unsettled_day_has_no_outcome() -> None:
    trader = Trader(tape(CHAIN))
    with pytest.raises(AssertionError):
        outcome_of(trader.at(599), trader.day)


def test_exercises_are_counted_also_where_they_are_free() -> None:
    free = replace(DEFAULT_FEES, exercise_option=0)
    trader = Trader(tape(CHAIN, settlement=5963.15), fees=free)
    trader.place(0, request("+1 5950C", type="market"))
    came_to = outcome(trader)
    assert (came_to.fees_cents, came_to.exercises) == (1_72, 1)
    assert with_fees(came_to, filled_legs(trader.session), DEFAULT_FEES).fees_cents == 1_72 + 5_00


def test_live_fills_keep_what_they_were_charged() -> None:
    trader = Trader(tape(CHAIN, settlement=5963.15))
    trader.place(0, request("+1 5950C", type="market"))
    (leg,) = filled_legs(trader.session)
    dearer = replace(DEFAULT_FEES, buy_to_open_option=9_000_000, exercise_option=6_000_000)
    assert with_fees(outcome(trader), [leg], dearer).fees_cents == 9_00 + 6_00
    assert with_fees(outcome(trader), [leg._replace(fee_cents=1_72)], dearer).fees_cents == 1_72 + 6_00


@given(trader=traders(), fees=SCHEDULES)
def test_repricing_equals_folding_the_day_anew(trader: Trader, fees: FeeSchedule) -> None:
    anew = replace(trader.session, fees=fees)
    close = trader.day.close_second
    repriced = with_fees(outcome(trader), filled_legs(trader.session), fees)
    assert repriced == outcome_of(state_at(anew, trader.day, close), trader.day)


@given(trader=traders(), opening_cents=st.integers(-10_000_00, 10_000_000_00))
def test_settled_money_is_what_the_fold_says(trader: Trader, opening_cents: int) -> None:
    carried = Session(UUID(int=99), opening_cents, trader.fees, trader.session.orders)
    state = state_at(carried, trader.day, trader.day.close_second)
    assert settled_financials(opening_cents, outcome_of(state, trader.day)) == state.financials
