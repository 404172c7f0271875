"""Days on which one leg's price is all that moves, so that each outcome can be worked out by hand."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from engine.decisions import ExitRule, SkipReason
from engine.market import Day
from engine.results import SessionStatus
from engine.strategies import After, Bounds, Reentry
from tests.engine.strategizing import replayed, strategy, told
from tests.engine.tapes import Quotes, tape

CREDIT = "-1 P otm 20, +1 P width 20 from 0"
DEBIT = "+1 C atm, -1 C width 20 from 0"


def credit_day(moves: Quotes, **more: float | dict[int, float]) -> Day:
    """A put vertical 20 wide that is sold for 1.50: its short leg moves, its long stays at 0.55."""
    return tape({"5910P": (0.50, 0.60), "5930P": {0: (2.00, 2.10), **moves}}, **more)


def debit_day(moves: Quotes, **more: float | dict[int, float]) -> Day:
    """A call vertical 20 wide that is bought for 10.50: its long leg moves, its short stays at 3.25."""
    quotes = {"5950C": {0: (13.70, 13.80), **moves}, "5970C": (3.20, 3.30), "5950P": (13.00, 13.10)}
    return tape(quotes, **more)


def test_a_credit_of_150_on_20_wide_takes_half_of_its_profit_at_075() -> None:
    day = credit_day({20: (1.30, 1.40), 30: (1.25, 1.35)})
    assert told(replayed(strategy(CREDIT, profit_target=50), day)) == [
        "10 enter -1.50",
        "30 PROFIT_TARGET 0.75 makes 75",
    ]


def test_a_debit_of_1050_on_20_wide_takes_half_of_its_profit_at_1525() -> None:
    day = debit_day({20: (18.40, 18.50), 30: (18.45, 18.55)})
    assert told(replayed(strategy(DEBIT, profit_target=50), day)) == [
        "10 enter 10.50",
        "30 PROFIT_TARGET -15.25 makes 475",
    ]


def test_a_credit_loses_half_of_its_risk_at_1075() -> None:
    day = credit_day({20: (11.20, 11.30), 30: (11.25, 11.35)})
    assert told(replayed(strategy(CREDIT, stop_loss=50), day)) == [
        "10 enter -1.50",
        "30 STOP_LOSS 10.75 makes -925",
    ]


def test_a_debit_loses_half_of_its_risk_at_525() -> None:
    day = debit_day({20: (8.50, 8.60), 30: (8.45, 8.55)})
    assert told(replayed(strategy(DEBIT, stop_loss=50), day)) == [
        "10 enter 10.50",
        "30 STOP_LOSS -5.25 makes -525",
    ]


def test_a_stop_at_twice_the_credit_closes_at_450_and_is_inert_on_a_debit() -> None:
    day = credit_day({20: (4.95, 5.05), 30: (5.00, 5.10)})
    assert told(replayed(strategy(CREDIT, stop_loss_credit=200), day))[1] == (
        "30 STOP_LOSS_CREDIT 4.50 makes -300"
    )
    assert told(replayed(strategy(DEBIT, stop_loss_credit=200), debit_day({20: (3.20, 3.30)})))[1] == (
        "600 settle 0.00 makes -1050"
    )


def test_both_stops_at_one_second_are_told_as_the_first() -> None:
    both = strategy(CREDIT, stop_loss=10, stop_loss_credit=100)
    assert told(replayed(both, credit_day({20: (9.00, 9.10)})))[1].startswith("20 STOP_LOSS ")


def test_a_trailing_stop_waits_for_its_profit_and_then_follows_the_best() -> None:
    moves = {20: (1.75, 1.85), 30: (1.95, 2.05), 40: (1.45, 1.55), 50: (1.55, 1.65), 60: (1.65, 1.75)}
    trailing = strategy(CREDIT, trailing_stop=(30, 10))
    assert told(replayed(trailing, credit_day(moves))) == ["10 enter -1.50", "60 TRAILING_STOP 1.15 makes 35"]


def test_without_rules_the_legs_settle_at_the_close() -> None:
    kept = replayed(strategy(CREDIT), credit_day({}, settlement=5935))
    assert told(kept) == ["10 enter -1.50", "600 settle 0.00 makes 150"]
    lost = replayed(strategy(CREDIT), credit_day({}, settlement=5922.5))
    assert told(lost) == ["10 enter -1.50", "600 settle 7.50 makes -600"]
    assert replayed(strategy(CREDIT), credit_day({}, settlement=5800)).result.gross_cents == -185_000


def test_a_short_strike_is_touched_by_crossing_it_and_not_by_having_been_beyond() -> None:
    touched = strategy(CREDIT, touch=True)
    assert told(replayed(touched, credit_day({}, spx={0: 5950, 40: 5930.0001, 50: 5930})))[1] == (
        "50 SHORT_STRIKE_TOUCH 1.50 makes 0"
    )
    inside = strategy("-1 P otm -20, +1 P width 20 from 0", touch=True)
    beyond = replayed(inside, credit_day({}, spx={0: 5910, 40: 5905}))
    assert told(beyond) == ["10 enter -1.50", "600 settle 0.00 makes 150"]


def test_a_short_leg_whose_delta_reaches_its_limit_is_closed() -> None:
    day = credit_day({})
    deltas = np.full((601, 2), 1000, np.int16)
    deltas[70:, 1], deltas[80:, 1] = 3999, 4000
    deltas[75:, 0] = 9000
    assert told(replayed(strategy(CREDIT, short_delta=0.4), replace(day, delta_e4=deltas)))[1] == (
        "80 SHORT_DELTA 1.50 makes 0"
    )


def test_exits_wait_for_every_quote() -> None:
    day = credit_day({20: None, 25: (0.60, 0.70), 26: None})
    assert told(replayed(strategy(CREDIT, time=15), day))[1] == "15 TIME 1.50 makes 0"
    assert told(replayed(strategy(CREDIT, time=20), day))[1] == "25 TIME 0.10 makes 140"
    assert told(replayed(strategy(CREDIT, time=26), day))[1] == "600 settle 0.00 makes 150"
    assert told(replayed(strategy(CREDIT, time=5), day))[1] == "11 TIME 1.50 makes 0"


def test_the_last_second_before_the_close_is_the_last_that_trades() -> None:
    for second, told_last in ((599, "599 TIME"), (600, "600 settle")):
        assert told(replayed(strategy(CREDIT, time=second), credit_day({})))[1].startswith(told_last)


def test_an_entry_wants_every_quote_at_its_second() -> None:
    replay = replayed(strategy(CREDIT), credit_day({10: None, 11: (2.00, 2.10)}))
    assert told(replay) == ["10 skip MISSING_QUOTE 5930"]
    assert (replay.result.status, replay.result.first_skip) == (
        SessionStatus.SKIPPED,
        SkipReason.MISSING_QUOTE,
    )


def test_entries_outside_the_session_are_skipped_on_a_half_day_too() -> None:
    day = credit_day({}, close_second=300)
    assert told(replayed(strategy(CREDIT, (-1, 300, 450)), day)) == [
        "-1 skip BEFORE_OPEN None",
        "300 skip AFTER_CLOSE None",
        "450 skip AFTER_CLOSE None",
    ]
    assert told(replayed(strategy(CREDIT, (299,)), day)) == ["299 enter -1.50", "300 settle 0.00 makes 150"]


@pytest.mark.parametrize(
    ("bounds", "told_first"),
    [
        ({"weekdays": (0, 1)}, "10 skip WEEKDAY 2"),
        ({"vix": Bounds(least_e4=0)}, "10 skip VIX None"),
        ({"gap": Bounds(most_e4=10_000)}, "10 skip GAP 10001"),
        ({"gap": Bounds(most_e4=10_000), "vix": Bounds(most_e4=1)}, "10 skip VIX None"),
        ({"move": Bounds(least_e4=5_001)}, "10 skip MOVE 5000"),
        ({"move": Bounds(least_e4=5_000, most_e4=5_000)}, "10 enter -1.50"),
        ({"expected_move": Bounds(most_e4=3_999)}, "10 skip EXPECTED_MOVE None"),
    ],
)
def test_filters_say_what_they_saw(bounds: dict[str, object], told_first: str) -> None:
    day = credit_day({}, spx={0: 5920, 10: 5949.6})
    assert told(replayed(strategy(CREDIT, entry=bounds), day, before=5861.38))[0] == told_first


def test_a_gap_from_an_unknown_close_is_no_gap_within_bounds() -> None:
    bounded = strategy(CREDIT, entry={"gap": Bounds(least_e4=-1_000_000_000)})
    assert told(replayed(bounded, credit_day({}))) == ["10 skip GAP None"]
    assert told(replayed(bounded, credit_day({}), before=5950))[0] == "10 enter -1.50"


def test_the_expected_move_is_the_straddle_in_percent_of_the_index() -> None:
    at_most = {"expected_move": Bounds(most_e4=4_499)}
    assert told(replayed(strategy(DEBIT, entry=at_most), debit_day({}))) == ["10 skip EXPECTED_MOVE 4504"]


def test_no_more_positions_than_allowed_are_open_at_once() -> None:
    times = (10, 20, 30, 41)
    rules = strategy(CREDIT, times, entry={"max_open": 2}, time=40)
    assert told(replayed(rules, credit_day({}))) == [
        "10 enter -1.50",
        "20 enter -1.50",
        "30 skip MAX_OPEN 2",
        "40 TIME 1.50 makes 0",
        "40 TIME 1.50 makes 0",
        "41 enter -1.50",
        "42 TIME 1.50 makes 0",
    ]


def test_capital_bears_the_losses_of_what_is_open_and_of_what_is_added() -> None:
    """27 verticals risk 1,850 each, 49,950 in all: twice that leaves 100 of the capital."""
    big = strategy(CREDIT.replace("1 P", "27 P"), (10, 20, 30), entry={"max_open": 3}, time=40)
    assert told(replayed(big, credit_day({})))[2] == "30 skip CAPITAL 4995000"


def test_a_structure_that_can_make_nothing_is_not_entered() -> None:
    worthless = tape({"5910P": (2.00, 2.10), "5930P": (2.00, 2.10)})
    assert told(replayed(strategy(CREDIT), worthless)) == ["10 skip NO_PROFIT 0"]


def test_legs_that_fall_on_one_contract_are_not_entered() -> None:
    narrow = strategy("-1 P otm 20, +1 P width 5 from 0")
    assert told(replayed(narrow, credit_day({}))) == ["10 skip SAME_CONTRACT 5930"]


def test_a_win_is_entered_again_after_its_wait_and_as_often_as_allowed() -> None:
    day = credit_day({30: (1.20, 1.30), 90: (2.00, 2.10), 100: (1.20, 1.30)})
    again = {"reentry": Reentry(count=2, wait_minutes=1, after=After.WIN)}
    assert told(replayed(strategy(CREDIT, entry=again, profit_target=50), day)) == [
        "10 enter -1.50",
        "30 PROFIT_TARGET 0.70 makes 80",
        "90 enter -1.50",
        "100 PROFIT_TARGET 0.70 makes 80",
        "160 enter -0.70",
        "600 settle 0.00 makes 70",
    ]
    for after in (After.LOSS, After.ANY):
        entry = {"reentry": Reentry(1, 0, after)}
        lines = told(replayed(strategy(CREDIT, entry=entry, profit_target=50), day))
        assert len(lines) == {After.LOSS: 2, After.ANY: 4}[after]


def test_a_reentry_that_would_come_after_the_close_is_dropped() -> None:
    again = {"reentry": Reentry(count=1, wait_minutes=10, after=After.ANY)}
    assert told(replayed(strategy(CREDIT, entry=again, time=30), credit_day({})))[-1] == (
        "630 skip AFTER_CLOSE None"
    )


def test_one_trade_in_full() -> None:
    day = credit_day({20: (3.00, 3.10), 30: (1.50, 1.60), 40: None, 50: (1.20, 1.30)})
    [trade] = replayed(strategy(CREDIT.replace("1 P", "2 P"), profit_target=50), day).result.trades
    assert [(leg.quantity, leg.entry_price_cents, leg.exit_price_cents) for leg in trade.legs] == [
        (-2, 205, 125),
        (2, 55, 55),
    ]
    assert (trade.entry_second, trade.exit_second, trade.rule) == (10, 50, ExitRule.PROFIT_TARGET)
    assert (trade.entry_net_cents, trade.exit_net_cents, trade.gross_cents) == (-150, 70, 16_000)
    assert (trade.max_profit_cents, trade.max_loss_cents) == (30_000, 370_000)
    assert (trade.adverse_cents, trade.favourable_cents) == (-20_000, 16_000)
    assert (trade.contracts_opened, trade.contracts_closed) == (4, 4)


def test_drawdown_is_the_deepest_fall_below_the_best_so_far() -> None:
    day = credit_day({20: (1.50, 1.60), 30: (3.00, 3.10), 40: None, 50: (1.20, 1.30)})
    assert replayed(strategy(CREDIT), day).result.drawdown_cents == 15_000


def test_a_day_without_a_settlement_value_fails() -> None:
    result = replayed(strategy(CREDIT), replace(credit_day({}), settlement_cents=None)).result
    assert (result.status, result.trades) == (SessionStatus.FAILED, ())


def test_times_are_new_york_times_in_summer_too() -> None:
    summer = replace(credit_day({}), date=date(2025, 7, 16))
    early = replace(summer, open_at=summer.open_at.replace(month=7, day=16, hour=13))
    assert told(replayed(strategy(CREDIT), early))[0] == "10 enter -1.50"
