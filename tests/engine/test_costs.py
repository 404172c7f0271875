"""Fees and slippage over trades that were run without them (rulings 3.4 and 7.6)."""

from engine.contracts import Contract, Right
from engine.costs import DEFAULT_COSTS, Costs, TradeCosts, costs_of
from engine.fees import DEFAULT_FEES, FeeSchedule
from engine.outcomes import net_days
from engine.results import TradeLeg
from tests.engine.outcomes import day_run, settled, trade

FREE = FeeSchedule(0, 0, 0, 0, 0, 0, 0)
BELOW_BOTH = 5870_00
BETWEEN = 5890_00
ABOVE = 5950_00


def legs(sold: int, bought: int) -> tuple[TradeLeg, ...]:
    """Puts of 5900 sold and of 5880 bought."""
    return (
        TradeLeg(Contract(5900, Right.PUT), -sold, 4_30, 0),
        TradeLeg(Contract(5880, Right.PUT), bought, 2_80, 0),
    )


def test_a_closed_spread_pays_for_two_orders_of_two_contracts() -> None:
    assert costs_of([trade()], ABOVE, DEFAULT_COSTS) == (TradeCosts(3_44, 1_44, 0, 0),)


def test_each_leg_is_rounded_half_up_by_itself() -> None:
    fees = FeeSchedule(buy_to_open_option=5_000, sell_to_open_option=4_999)
    (taken,) = costs_of([trade()], ABOVE, Costs(fees))
    assert taken.opening_fees_cents == 1


def test_slippage_is_of_contracts_opened_and_closed_and_not_of_settled_ones() -> None:
    closed, held = costs_of([trade(legs=legs(2, 2)), settled(legs(2, 2))], ABOVE, Costs(FREE, 5))
    assert (closed.opening_slippage_cents, closed.closing_slippage_cents) == (20_00, 20_00)
    assert (held.opening_slippage_cents, held.closing_slippage_cents) == (20_00, 0)


def test_what_expires_out_of_the_money_pays_nothing_more() -> None:
    assert costs_of([settled()], ABOVE, DEFAULT_COSTS) == (TradeCosts(3_44, 0, 0, 0),)


def test_an_assigned_short_pays_for_its_strike_whatever_the_quantity() -> None:
    (taken,) = costs_of([settled(legs(10, 10))], BETWEEN, DEFAULT_COSTS)
    assert taken.closing_fees_cents == 5_00


def test_a_short_that_its_long_covers_leaves_one_strike_to_pay_for() -> None:
    (taken,) = costs_of([settled()], BELOW_BOTH, DEFAULT_COSTS)
    assert taken.closing_fees_cents == 5_00


def test_two_positions_at_one_strike_pay_for_it_once() -> None:
    first, second = costs_of([settled(), settled()], BETWEEN, DEFAULT_COSTS)
    assert (first.closing_fees_cents, second.closing_fees_cents) == (5_00, 0)


def test_a_long_that_covers_an_earlier_short_gives_its_fee_back_and_pays_its_own() -> None:
    short, long = (
        [TradeLeg(Contract(5900, Right.PUT), -1, 4_30, 0)],
        [TradeLeg(Contract(5880, Right.PUT), 1, 2_80, 0)],
    )
    first, second = costs_of([settled(short), settled(long)], BELOW_BOTH, DEFAULT_COSTS)
    assert (first.closing_fees_cents, second.closing_fees_cents) == (5_00, 0)
    first, second = costs_of([settled(long), settled(short)], BELOW_BOTH, DEFAULT_COSTS)
    assert (first.closing_fees_cents, second.closing_fees_cents) == (5_00, 0)


def test_a_day_is_net_of_fees_and_slippage() -> None:
    (day,) = net_days([day_run(trade(75_00), settled(gross_cents=150_00))], Costs(DEFAULT_FEES, 10))
    assert (day.gross_cents, day.fees_cents, day.slippage_cents) == (225_00, 8_32, 60_00)
    assert day.net_cents == 156_68
    assert day.net_cents == sum(trade.net_cents for trade in day.trades)
    assert (day.opening_orders, day.closing_orders) == (2, 1)
