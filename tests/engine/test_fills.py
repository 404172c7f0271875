"""Fills at the net mid, to the cent: rulings 2.2 to 2.9."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.fills import execution_cents, fill_at, first_fill, is_triggered, leg_prices
from engine.market import MISSING_TICKS, Day, Quote
from engine.orders import Action, Effect, Fill, Leg, OrderType, Ticket, TriggerDirection
from engine.tickets import OrderRequest, read_ticket
from tests.engine.tapes import DATE, Quotes, contract, request, tape
from tests.engine.twins.fills import slow_first_fill


def ticket(order: OrderRequest) -> Ticket:
    read = read_ticket(order, DATE)
    assert isinstance(read, Ticket)
    return read


def fill(day: Day, order: OrderRequest, slippage_cents: int = 0, at: int = 0) -> Fill | None:
    return first_fill(day, ticket(order), slippage_cents, at, day.close_second)


VERTICAL = {"5950C": (14.00, 14.20), "5970C": (3.60, 3.80)}


def test_a_marketable_debit_fills_at_the_mid_and_not_at_its_limit() -> None:
    assert fill(tape(VERTICAL), request("+1 5950C, -1 5970C", "11.00", "debit")) == Fill(0, 1040, (1410, 370))


def test_a_limit_rests_until_the_mid_reaches_it() -> None:
    day = tape({"5950C": {0: (14.00, 14.20), 40: (13.50, 13.70)}, "5970C": (3.60, 3.80)})
    assert fill(day, request("+1 5950C, -1 5970C", "9.90", "debit")) == Fill(40, 990, (1360, 370))


def test_a_credit_limit_never_reached_does_not_fill() -> None:
    assert fill(tape(VERTICAL), request("-1 5950C, +1 5970C", "10.45", "credit")) is None


def test_the_odd_half_tick_goes_to_the_market_maker() -> None:
    day = tape({"5950C": (14.00, 14.25), "5970C": (3.60, 3.80)})
    bought = fill(day, request("+1 5950C, -1 5970C", "20.00", "debit"))
    sold = fill(day, request("-1 5950C, +1 5970C", "0.05", "credit"))
    assert bought and sold
    assert (bought.net_price_cents, sold.net_price_cents) == (1045, -1040)


def test_slippage_worsens_the_fill_and_moves_the_mid_to_reach() -> None:
    buy = request("+1 5950C, -1 5970C", "10.50", "debit")
    assert execution_cents(ticket(buy), 5) == 1045
    assert fill(tape(VERTICAL), buy, slippage_cents=5) == Fill(0, 1045, (1415, 370))
    assert fill(tape(VERTICAL), request("+1 5950C, -1 5970C", "10.40", "debit"), slippage_cents=5) is None
    assert execution_cents(ticket(request("-1 5950C, +1 5970C", "1.50", "credit")), 5) == 155


def test_a_market_order_pays_the_ask_and_takes_the_bid() -> None:
    day = tape(VERTICAL)
    assert fill(day, request("+1 5950C", type="market"), slippage_cents=50) == Fill(0, 1420, (1420,))
    assert fill(day, request("-1 5950C", type="market"), slippage_cents=50) == Fill(0, -1400, (1400,))


@pytest.mark.parametrize(
    ("quote", "legs", "net"),
    [
        ((2.90, 3.05), "+1 5950C", 300),
        ((3.00, 3.05), "+1 5950C", 310),
        ((3.00, 3.05), "-1 5950C", -300),
        ((3.10, 3.20), "-1 5950C", -310),
        ((0.00, 0.05), "+1 5950C", 5),
        ((0.00, 0.05), "-1 5950C", 0),
        ((5.00, 5.10), "+1 5950C", 510),
        ((5.00, 5.10), "-1 5950C", -500),
    ],
)
def test_a_single_leg_lands_on_its_own_grid(quote: tuple[float, float], legs: str, net: int) -> None:
    effect, limit = ("debit", "99.90") if legs[0] == "+" else ("credit", "0.00")
    found = fill(tape({"5950C": quote}), request(legs, limit, effect))
    assert found == Fill(0, net, (abs(net),))


def test_a_debit_stop_waits_for_the_pullback_and_fills_at_the_mid() -> None:
    day = tape({"5950C": {0: (14.00, 14.20), 30: (11.80, 12.20), 60: (11.40, 11.60)}})
    stop = request("+1 5950C", None, "debit", type="stop", stop_trigger="12.00")
    assert fill(day, stop, at=1) == Fill(30, 1200, (1200,))
    assert [is_triggered(day, ticket(stop), second) for second in (0, 29, 30)] == [False, False, True]


def test_a_protective_stop_buys_back_when_the_option_rises() -> None:
    day = tape({"5950C": {0: (1.00, 1.20), 30: (2.95, 3.10)}})
    stop = request(
        "+1 5950C close", None, "debit", type="stop", stop_trigger="3.00", trigger_direction="at_or_above"
    )
    assert fill(day, stop, slippage_cents=10) == Fill(30, 320, (320,))


def test_a_selling_stop_never_fills_below_zero() -> None:
    day = tape({"5950C": {0: (1.00, 1.20), 30: (0.00, 0.05)}})
    stop = request(
        "-1 5950C close", None, "credit", type="stop", stop_trigger="0.05", trigger_direction="at_or_below"
    )
    assert fill(day, stop, slippage_cents=10) == Fill(30, 0, (0,))


def test_no_leg_fills_without_a_quote_and_a_zero_bid_is_one() -> None:
    near: Quotes = {0: (14.00, 14.20), 20: None, 50: (14.00, 14.20)}
    day = tape({"5950C": near, "6050C": {0: None, 30: (0.00, 0.05)}})
    assert fill(day, request("+1 5950C, -1 6050C", "20.00", "debit")) == Fill(50, 1410, (1410, 0))


def test_a_debit_limit_may_fill_for_a_credit() -> None:
    order = request("-1 5950C, +3 5970C", "1.00", "debit")
    found = fill(tape(VERTICAL), order)
    assert found is not None
    assert (found.net_price_cents, ticket(order).effect_of(found)) == (1110 - 1410, Effect.CREDIT)


@pytest.mark.parametrize(
    ("order", "effect"),
    [
        (request("-1 6050C", "0.00", "credit"), Effect.CREDIT),
        (request("-1 6050C", type="market"), Effect.CREDIT),
        (request("-1 6050C, +1 6060C", "0.00", "credit"), Effect.CREDIT),
        (request("-1 6050C, +1 6060C", "0.00", "debit"), Effect.DEBIT),
    ],
)
def test_a_fill_for_nothing_has_the_effect_that_was_asked_for(order: OrderRequest, effect: Effect) -> None:
    found = fill(tape({"6050C": (0.00, 0.05), "6060C": (0.00, 0.05)}), order)
    assert found is not None
    assert (found.net_price_cents, ticket(order).effect_of(found)) == (0, effect)


def test_ratios_price_one_unit_of_the_structure() -> None:
    read = ticket(request("+2 5950C, -4 5970C", "10.00", "debit"))
    assert (read.units, read.ratios) == (2, (1, 2))
    assert fill_at(tape(VERTICAL), read, 0, 0).net_price_cents == 670


def test_the_remainder_goes_to_the_widest_leg_whose_ratio_divides_it() -> None:
    legs = (
        Leg(contract("5950C"), 1, Action.BUY_TO_OPEN),
        Leg(contract("5970C"), 2, Action.SELL_TO_OPEN),
    )
    quotes = (Quote(280, 281), Quote(72, 79))
    assert leg_prices(Ticket(OrderType.LIMIT, legs), quotes, 1405 - 2 * 375) == (1405, 375)
    assert leg_prices(Ticket(OrderType.LIMIT, legs), quotes, 1405 - 2 * 375 + 10) == (1405, 370)
    assert leg_prices(Ticket(OrderType.LIMIT, legs), quotes, 1405 - 2 * 375 + 5) == (1410, 375)


def test_the_remainder_overflows_to_the_next_leg_rather_than_below_zero() -> None:
    legs = (
        Leg(contract("5950C"), 1, Action.SELL_TO_OPEN),
        Leg(contract("5970C"), 1, Action.SELL_TO_OPEN),
    )
    quotes = (Quote(0, 20), Quote(100, 104))
    assert leg_prices(Ticket(OrderType.LIMIT, legs), quotes, -550) == (40, 510)
    assert leg_prices(Ticket(OrderType.LIMIT, legs), quotes, -500) == (0, 500)


def test_a_net_that_no_whole_cents_make_gives_way_to_the_trader_by_less_than_a_cent_a_contract() -> None:
    day = tape({"5880P": (0.00, 0.05), "6020C": (0.00, 0.05)})
    assert fill(day, request("+9 5880P, +7 6020C", "0.40", "debit")) == Fill(0, 35, (0, 5))
    assert fill(day, request("-9 5880P, -7 6020C", "0.40", "credit")) == Fill(0, -45, (5, 0))
    assert fill(day, request("-9 5880P, -7 6020C", "0.45", "credit")) is None


def test_awkward_ratios_are_priced_at_once() -> None:
    day = tape(dict.fromkeys(("5880P", "6020C", "6030C", "6040C"), (0.00, 0.05)))
    sold = fill(day, request("-1000 5880P, -999 6020C, -998 6030C, -996 6040C", "1.00", "credit"), 500)
    assert sold is not None
    assert -9480 - 1000 < sold.net_price_cents <= -9480
    assert max(sold.leg_price_cents) <= 10


NAMES = ("5900P", "5950C", "5950P", "5970C")


@st.composite
def markets(draw: st.DrawFn) -> Day:
    bid_and_width = st.tuples(st.integers(0, 90), st.integers(1, 9))

    def quotes() -> Quotes:
        return {
            second: draw(st.none() | bid_and_width.map(lambda q: (q[0] / 20, (q[0] + q[1]) / 20)))
            for second in draw(st.sets(st.integers(0, 29), max_size=5))
        }

    return tape({name: quotes() for name in NAMES}, close_second=30)


@st.composite
def tickets(draw: st.DrawFn) -> Ticket:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    actions = st.sampled_from(list(Action))
    legs = tuple(Leg(contract(name), draw(st.integers(1, 6)), draw(actions)) for name in names)
    kind = draw(st.sampled_from(list(OrderType))) if len(legs) == 1 else OrderType.LIMIT
    if kind is OrderType.MARKET:
        return Ticket(kind, legs)
    effect = draw(st.sampled_from(list(Effect)))
    if len(legs) == 1:
        effect = Effect.DEBIT if legs[0].action.sign > 0 else Effect.CREDIT
    cents = 5 * draw(st.integers(0, 60)) + (1000 * draw(st.integers(0, 1)) if len(legs) > 1 else 0)
    if kind is OrderType.LIMIT:
        return Ticket(kind, legs, effect, price_cents=cents)
    direction = draw(st.sampled_from(list(TriggerDirection)))
    return Ticket(kind, legs, effect, trigger_cents=cents, trigger_direction=direction)


@given(markets(), tickets(), st.integers(0, 3), st.integers(0, 30))
def test_the_scan_equals_its_slow_twin_and_the_legs_add_up(
    day: Day, order: Ticket, slippage_ticks: int, at: int
) -> None:
    found = first_fill(day, order, 5 * slippage_ticks, at, day.close_second)
    slow = slow_first_fill(day, order, slippage_ticks * Decimal("0.05"), at, day.close_second)
    assert (found and found.second) == (slow and slow[0])
    if found is not None and slow is not None:
        signed = [leg.action.sign * ratio for leg, ratio in zip(order.legs, order.ratios, strict=True)]
        assert sum(w * p for w, p in zip(signed, found.leg_price_cents, strict=True)) == found.net_price_cents
        assert min(found.leg_price_cents) >= 0
        left = int(slow[1] * 100) - found.net_price_cents
        assert left == 0 or (abs(sum(signed)) == sum(map(abs, signed)) and 0 < left < max(map(abs, signed)))


def test_nothing_fills_at_or_after_the_close() -> None:
    day = tape({"5950C": {600: (14.00, 14.20)}})
    assert fill(day, request("+1 5950C", "20.00", "debit")) is None
    assert first_fill(day, ticket(request("+1 5950C", type="market")), 0, 600, 600) is None


def test_a_growing_day_fills_only_where_it_is_known() -> None:
    day = replace(tape({"5950C": {0: None, 300: (14.00, 14.20)}}), known_until=299)
    assert fill(day, request("+1 5950C", "20.00", "debit")) is None
    assert int(np.min(day.ask_ticks[:, 300])) < MISSING_TICKS
