"""A session told as orders and transactions, which come to the same as its trades."""

from dataclasses import replace

import pytest

from engine.costs import Costs
from engine.decisions import ExitRule
from engine.drilling import net_curve_cents, orders_of, transactions_of
from engine.fees import DEFAULT_FEES
from engine.ledger import TransactionKind
from engine.orders import Action
from engine.outcomes import DayFacts, DayRun, NetDay, net_days
from engine.replaying import Replay, replay
from tests.days import DATE, tiny_day
from tests.engine.strategizing import OPEN_CLOCK, strategy

COSTS = Costs(replace(DEFAULT_FEES, sell_to_close_option=3_000_000, exercise_option=7_000_000), 10)
TWICE = {"max_open": 2}


def run(legs: str, spx_points: int = 5950, **rules: object) -> tuple[NetDay, Replay]:
    day = tiny_day(spx_points=spx_points)
    again = replay(strategy(legs, **rules), day, None)  # type: ignore[arg-type]
    facts = DayFacts(
        date=DATE,
        content_hash="tiny",
        synthetic=False,
        open_clock=OPEN_CLOCK,
        close_second=day.close_second,
        settlement_cents=day.settlement_cents,
        previous_settlement_cents=None,
    )
    (net,) = net_days([DayRun(facts, again.result)], COSTS)
    return net, again


CASES = {
    "closed": lambda: run("+1 C atm, +1 P atm", at=(10, 300), entry=TWICE, time=500),
    "closed before the next one opens": lambda: run("+1 C atm", at=(10,), entry={}, time=400),
    "settled": lambda: run("+1 C otm 10, +2 P otm 10", spx_points=5950),
    "settled in the money": lambda: run("-1 C otm 0, +1 C width 10 from 0, +1 P atm", spx_points=5951),
    "some closed, some settled": lambda: run("+1 C atm", at=(10, 590), entry=TWICE, stop_loss=50),
    "nothing": lambda: run("+1 C atm", at=(10,), entry={"weekdays": (5,)}),
}


@pytest.mark.parametrize("name", CASES)
def test_transactions_come_to_the_gross_profit_and_the_fees(name: str) -> None:
    day, again = CASES[name]()
    dealt = transactions_of(day, COSTS.fees)
    assert -sum(one.value_cents or 0 for one in dealt) == day.gross_cents
    assert sum(one.overlay_fee_cents for one in dealt) == day.fees_cents
    assert len(dealt) == sum(2 * len(net.trade.legs) for net in day.trades)
    curve = net_curve_cents(day, again.equity_cents)
    assert len(curve) == day.run.facts.close_second + 1
    assert curve[-1] == day.net_cents


@pytest.mark.parametrize("name", CASES)
def test_orders_are_numbered_in_their_order(name: str) -> None:
    day, _ = CASES[name]()
    orders = orders_of(day)
    assert [order.number for order in orders] == list(range(len(orders)))
    assert [order.second for order in orders] == sorted(order.second for order in orders)
    assert sum(order.rule is None for order in orders) == day.opening_orders
    assert sum(order.rule is not None for order in orders) == day.closing_orders


def test_an_order_says_what_it_dealt_in() -> None:
    day, _ = CASES["closed"]()
    first, second, third, fourth = orders_of(day)
    assert [order.position for order in (first, second, third, fourth)] == [0, 1, 0, 1]
    assert [(leg.action, leg.quantity) for leg in first.legs] == [(Action.BUY_TO_OPEN, 1)] * 2
    assert [leg.action for leg in fourth.legs] == [Action.SELL_TO_CLOSE] * 2
    assert (first.second, first.rule, third.second, third.rule) == (10, None, 500, ExitRule.TIME)
    assert sum(first.leg_price_cents) == first.net_cents


def test_what_was_settled_is_exercised_assigned_or_expires() -> None:
    day, _ = CASES["settled in the money"]()
    settled = [one for one in transactions_of(day, COSTS.fees) if one.order is None]
    kinds = {one.kind for one in settled}
    assert TransactionKind.EXPIRATION in kinds
    assert TransactionKind.ASSIGNMENT in kinds
    for one in settled:
        assert (one.price_cents is None) == (one.value_cents is None)
        assert (one.price_cents is None) == (one.kind is TransactionKind.EXPIRATION)
