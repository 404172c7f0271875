"""Whether an order may be placed, and what it does to buying power."""

from dataclasses import replace
from uuid import UUID

import pytest

from engine.admission import NewOrder, Placement, place
from engine.denials import Code, Denial
from engine.fees import FeeSchedule
from engine.orders import OrderStatus, Ticket
from engine.sessions import BuyingPowerEffect
from engine.tickets import OrderRequest, read_ticket
from tests.engine.tapes import DATE, request, tape
from tests.engine.trading import Trader

CHAIN = {
    "5880P": (0.60, 0.80),
    "5900P": (1.80, 2.00),
    "5950C": {0: (14.00, 14.20), 100: (10.00, 10.20)},
    "5970C": (3.60, 3.80),
    "6000C": {0: None, 50: (0.40, 0.50)},
}


def trader(**more: int) -> Trader:
    return Trader(tape(CHAIN), **more)


def denial(answer: Placement | Denial | None) -> Code | None:
    return answer.code if isinstance(answer, Denial) else None


def test_a_debit_vertical_costs_its_debit_and_fees() -> None:
    answer = trader().place(0, request("+1 5950C, -1 5970C", "11.00", "debit"))
    assert isinstance(answer, Placement)
    assert answer.effect == BuyingPowerEffect(0, 1043_44, 100_000_00)
    assert answer.effect.new_cents == 98_956_56


def test_a_waiting_credit_vertical_reserves_its_width_less_the_credit() -> None:
    hand = trader()
    answer = hand.place(0, request("-1 5900P, +1 5880P", "1.50", "credit"))
    assert isinstance(answer, Placement)
    assert answer.effect == BuyingPowerEffect(2000_00, 1853_44, 100_000_00)
    assert hand.at(0).financials.available_cents == 98_146_56
    assert (hand.at(0).financials.margin_cents, hand.at(0).financials.fees_cents) == (0, 0)


def test_deleting_a_waiting_order_releases_its_reserve() -> None:
    hand = trader()
    hand.place(0, request("-1 5900P, +1 5880P", "1.50", "credit"))
    assert hand.delete(1) is None
    assert hand.at(0).financials.available_cents == 100_000_00


def test_an_order_carries_the_slippage_that_applies_to_it() -> None:
    hand = trader()
    hand.slippage_cents = 10
    waiting = hand.place(0, request("+1 5950C", "9.00", "debit"))
    market = hand.place(0, request("+1 5950C", type="market"))
    assert isinstance(waiting, Placement)
    assert isinstance(market, Placement)
    assert (waiting.order.slippage_cents, market.order.slippage_cents) == (10, 0)


def test_no_order_is_placed_at_or_after_the_close() -> None:
    assert denial(trader().place(600, request("+1 5950C", type="market"))) is Code.MARKET_CLOSED


def test_every_leg_needs_a_quote_at_the_clock() -> None:
    hand = trader()
    order = request("+1 5950C, -1 6000C", "20.00", "debit")
    assert denial(hand.place(49, order)) is Code.NO_MARKET_DATA
    assert denial(hand.place(50, order)) is None


@pytest.mark.parametrize(
    ("trigger", "direction", "code"),
    [
        ("14.10", None, Code.STOP_IMMEDIATE),
        ("14.20", None, Code.STOP_IMMEDIATE),
        ("14.00", None, None),
        ("14.20", "at_or_above", None),
        ("14.10", "at_or_above", Code.STOP_IMMEDIATE),
    ],
)
def test_a_stop_past_its_trigger_is_refused(trigger: str, direction: str | None, code: Code | None) -> None:
    order = request("+1 5950C", None, "debit", type="stop", stop_trigger=trigger, trigger_direction=direction)
    answer = trader().place(0, order)
    assert denial(answer) is code
    if isinstance(answer, Denial):
        assert answer.message == "stop order would execute immediately"


def test_a_close_needs_an_open_position_that_nothing_claims() -> None:
    hand = trader()
    sell = request("-1 5950C close", "20.00", "credit")
    assert denial(hand.place(0, sell)) is Code.NO_POSITION
    hand.place(0, request("+2 5950C", type="market"))
    assert denial(hand.place(1, request("-3 5950C close", "20.00", "credit"))) is Code.NO_POSITION
    assert denial(hand.place(1, sell)) is None
    assert denial(hand.place(2, sell)) is None
    assert denial(hand.place(3, sell)) is Code.NO_POSITION
    assert hand.delete(3) is None
    assert denial(hand.place(3, sell)) is None


def test_a_close_does_not_match_the_other_side() -> None:
    hand = trader()
    hand.place(0, request("+1 5950C", type="market"))
    assert denial(hand.place(1, request("+1 5950C close", type="market"))) is Code.NO_POSITION


def test_buying_power_counts_what_waits() -> None:
    hand = trader(opening_cents=4_000_00)
    spread = request("-1 5900P, +1 5880P", "1.50", "credit")
    assert denial(hand.place(0, spread)) is None
    assert denial(hand.place(0, spread)) is None
    assert denial(hand.place(0, spread)) is Code.INSUFFICIENT_BUYING_POWER
    assert hand.at(0).financials.available_cents == 4_000_00 - 2 * 1853_44


def test_what_is_missing_is_told_in_cents() -> None:
    hand = trader(opening_cents=1_852_94)
    answer = hand.place(0, request("-1 5900P, +1 5880P", "1.50", "credit"))
    assert isinstance(answer, Denial)
    assert answer.message == "insufficient buying power: 0.50 more is needed"


def test_a_naked_call_needs_a_fifth_of_its_strike() -> None:
    answer = trader(opening_cents=100_000_00).place(0, request("-1 5950C", type="market"))
    assert denial(answer) is Code.INSUFFICIENT_BUYING_POWER
    answer = trader(opening_cents=200_000_00).place(0, request("-1 5950C", type="market"))
    assert isinstance(answer, Placement)
    assert answer.effect.margin_change_cents == 119_000_00


def test_a_close_that_lowers_risk_is_always_allowed() -> None:
    hand = Trader(tape({"5900P": {0: (1.80, 2.00), 10: (30.00, 30.20)}, "5880P": (0.60, 0.80)}), 2_000_00)
    hand.place(0, request("-1 5900P, +1 5880P", "1.00", "credit"))
    assert denial(hand.place(10, request("+1 5900P close", type="market"))) is None
    assert hand.at(10).financials.available_cents < 0


def test_a_close_may_not_strip_a_short_of_the_cover_that_other_closes_leave() -> None:
    chain = {"5870P": (0.40, 0.50), "5880P": (0.60, 0.80), "5900P": (1.80, 2.00)}
    hand = Trader(tape(chain), opening_cents=10_000_00)
    hand.place(0, request("-1 5900P, +1 5880P", "1.00", "credit"))
    hand.place(0, request("+1 5870P", type="market"))
    assert denial(hand.place(1, request("-1 5880P close", "0.90", "credit"))) is None
    last_cover = request("-1 5870P close", "0.90", "credit")
    assert denial(hand.place(1, last_cover)) is Code.INSUFFICIENT_BUYING_POWER
    assert denial(hand.place(1, replace(last_cover, type="market"))) is Code.INSUFFICIENT_BUYING_POWER
    assert hand.delete(3) is None
    assert denial(hand.place(1, last_cover)) is None


def test_a_close_may_not_strip_a_waiting_short_of_its_cover() -> None:
    hand = trader(opening_cents=10_000_00)
    hand.place(0, request("+1 5880P", type="market"))
    assert denial(hand.place(1, request("-1 5900P", "4.00", "credit"))) is None
    assert denial(hand.place(2, request("-1 5880P close", type="market"))) is (Code.INSUFFICIENT_BUYING_POWER)


def test_an_earlier_order_may_not_take_a_later_ones_buying_power() -> None:
    hand = trader(opening_cents=2_000_00)
    spread = request("-1 5900P, +1 5880P", "1.50", "credit")
    assert denial(hand.place(100, spread)) is None
    answer = hand.place(50, spread)
    assert isinstance(answer, Denial)
    assert answer.code is Code.ORDER_DEPENDENCY
    assert str(UUID(int=1)) in answer.message


def test_an_opening_order_with_a_later_close_may_not_be_deleted() -> None:
    hand = trader()
    hand.place(0, request("+1 5950C", type="market"))
    hand.place(100, request("-1 5950C close", type="market"))
    answer = hand.delete(1)
    assert isinstance(answer, Denial)
    assert (answer.code, str(UUID(int=2)) in answer.message) == (Code.ORDER_DEPENDENCY, True)
    assert hand.delete(2) is None
    assert hand.delete(1) is None


def test_nor_may_it_be_replaced_after_that_close() -> None:
    hand = trader()
    hand.place(0, request("+1 5950C", type="market"))
    hand.place(100, request("-1 5950C close", type="market"))
    ticket = read_ticket(request("+1 5970C", type="market"), DATE)
    assert isinstance(ticket, Ticket)
    new = NewOrder(ticket, 200, UUID(int=3), 3, 0, replacing=hand.session.orders[0])
    answer = place(hand.session, hand.day, new)
    assert isinstance(answer, Denial)
    assert (answer.code, str(UUID(int=2)) in answer.message) == (Code.ORDER_DEPENDENCY, True)


def test_not_even_dearer_fees_let_a_later_close_lose_its_position() -> None:
    hand = trader(opening_cents=3_000_00)
    hand.place(0, request("+1 5950C", type="market"))
    assert denial(hand.place(10, request("-1 5950C close, +8 5970C", "20.00", "debit"))) is None
    hand.session = replace(hand.session, fees=FeeSchedule(buy_to_open_option=17_200_000))
    assert hand.at(10).financials.available_cents < 0
    assert denial(hand.delete(1)) is Code.ORDER_DEPENDENCY


def test_orders_later_than_the_clock_reserve_nothing_before_their_second() -> None:
    hand = trader()
    hand.place(100, request("-1 5900P, +1 5880P", "1.50", "credit"))
    rewound = hand.at(50)
    assert [state.status for state in rewound.orders] == [OrderStatus.PENDING]
    assert rewound.financials.available_cents == 100_000_00
    assert hand.at(100).financials.available_cents == 98_146_56


@pytest.mark.parametrize(
    ("order", "second", "status"),
    [
        (request("+1 5950C, -1 5970C", "7.00", "debit"), 99, OrderStatus.PENDING),
        (request("+1 5950C, -1 5970C", "7.00", "debit"), 100, OrderStatus.FILLED),
        (request("+1 5950C, -1 5970C", "6.00", "debit"), 599, OrderStatus.PENDING),
        (request("+1 5950C, -1 5970C", "6.00", "debit"), 600, OrderStatus.EXPIRED),
    ],
)
def test_an_order_is_what_the_clock_shows(order: OrderRequest, second: int, status: OrderStatus) -> None:
    hand = trader()
    hand.place(0, order)
    (state,) = hand.at(second).orders
    assert state.status is status
    assert (state.fees_cents, len(state.transactions)) == (344, 2 if status is OrderStatus.FILLED else 0)
