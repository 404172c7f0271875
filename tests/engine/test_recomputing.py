"""The totals of a settled session, found a second way from its fills."""

from dataclasses import replace

from hypothesis import given

from engine.closings import Outcome, outcome_of
from engine.recomputing import FilledLeg, is_outcome, may_be_outcome, traded
from engine.sessions import Session
from tests.engine.tapes import request, tape
from tests.engine.test_sessions import traders
from tests.engine.trading import Trader

CHAIN = {"5950C": (9.00, 9.20), "5960C": (5.00, 5.20), "5970C": (2.60, 2.80)}


def filled_legs(session: Session) -> list[FilledLeg]:
    return [
        FilledLeg(leg, price)
        for order in session.orders
        if order.fill
        for leg, price in zip(order.ticket.legs, order.fill.leg_price_cents, strict=True)
    ]


def level(trader: Trader) -> int:
    assert trader.day.settlement_cents is not None
    return trader.day.settlement_cents


@given(traders())
def test_fills_and_the_settlement_value_alone_come_to_what_the_fold_does(trader: Trader) -> None:
    outcome = outcome_of(trader.at(trader.day.close_second), trader.day)
    fills = traded(filled_legs(trader.session))
    assert is_outcome(outcome, fills, level(trader))
    assert may_be_outcome(outcome, fills)
    for wrong in ("credits_cents", "debits_cents", "exercises"):
        off = replace(outcome, **{wrong: getattr(outcome, wrong) + 1})
        assert not is_outcome(off, fills, level(trader))


def test_without_its_settlement_a_long_call_may_only_have_brought_money_in() -> None:
    trader = Trader(tape(CHAIN, settlement=5963.15))
    trader.place(0, request("+1 5950C", type="market"))
    fills = traded(filled_legs(trader.session))
    assert (fills.credits_cents, fills.debits_cents, [*fills.held.values()]) == (0, 9_20_00, [1])
    right = Outcome(credits_cents=13_15_00, debits_cents=9_20_00, fees_cents=6_72, exercises=1)
    assert is_outcome(right, fills, level(trader))
    for other in (replace(right, credits_cents=1), replace(right, exercises=0)):
        assert (is_outcome(other, fills, level(trader)), may_be_outcome(other, fills)) == (False, True)
    impossible = (
        replace(right, credits_cents=-1),
        replace(right, debits_cents=9_20_01),
        replace(right, debits_cents=9_19_99),
        replace(right, exercises=2),
    )
    assert not any(may_be_outcome(other, fills) for other in impossible)


def test_what_was_closed_is_not_held() -> None:
    trader = Trader(tape(CHAIN, settlement=5963.15))
    trader.place(0, request("-2 5950C, +2 5960C", "3.80", "credit"))
    trader.place(5, request("+2 5950C close, -2 5960C close", "4.40", "debit"))
    fills = traded(filled_legs(trader.session))
    assert fills.held == {}
