"""Metrics of a backtest by hand, and against pandas and the standard library on random days."""

import statistics
from dataclasses import replace
from datetime import date, timedelta
from math import sqrt

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.costs import Costs
from engine.fees import FeeSchedule
from engine.outcomes import FAILED, DayRun, net_days
from engine.performance import Group, Performance, performance_of
from engine.results import SessionStatus
from tests.engine.outcomes import MONDAY, day_run, days_of, facts, trade

FREE = Costs(FeeSchedule(0, 0, 0, 0, 0, 0, 0))
CAPITAL = 100_000_00

profits_of_days = st.lists(st.none() | st.integers(-5_000_00, 5_000_00), min_size=2, max_size=60)


def performance(*profits: int | None) -> Performance:
    return performance_of(days_of(profits, FREE))


def test_a_skipped_day_counts_as_nothing_and_a_failed_one_not_at_all() -> None:
    failed = DayRun(facts(MONDAY + timedelta(days=1)), FAILED, "its file is gone")
    skipped = day_run(on=MONDAY + timedelta(days=2))
    told = performance_of(net_days([day_run(trade(100_00)), failed, skipped], FREE))
    assert told.by_day.days == 2
    assert [point.profit_cents for point in told.curve] == [100_00, 0]
    assert told.statuses == {
        SessionStatus.COMPLETED: 1,
        SessionStatus.SKIPPED: 1,
        SessionStatus.FAILED: 1,
        SessionStatus.HALTED: 0,
    }
    assert told.by_day.sharpe_e6 == round(
        1e6 * statistics.mean([1, 0]) / statistics.stdev([1, 0]) * sqrt(252)
    )


def test_no_days_have_no_metrics() -> None:
    told = performance_of([])
    assert (told.by_day.total_return_e6, told.by_day.sharpe_e6, told.sortino_e6, told.calmar_e6) == (
        0,
        None,
        None,
        None,
    )
    assert (told.exposure_e6, told.seconds_in_trade, told.by_weekday, told.by_vix) == (None, None, (), ())


def test_trades_are_counted_by_themselves() -> None:
    day = day_run(trade(200_00), trade(-50_00), trade(-30_00), trade(80_00))
    told = performance_of(net_days([day], FREE)).by_trade
    assert (told.days, told.wins, told.losses, told.win_rate_e6) == (4, 2, 2, 500_000)
    assert (told.profit_factor_e6, told.expectancy_cents) == (3_500_000, 50_00)
    assert (told.average_win_cents, told.average_loss_cents) == (140_00, -40_00)
    assert (told.longest_win_streak, told.longest_loss_streak) == (1, 2)


def test_holding_the_index_is_counted_from_its_first_value() -> None:
    first = day_run(settlement_cents=5979_20)
    second = day_run(on=MONDAY + timedelta(days=1), settlement_cents=5860_80)
    told = performance_of(net_days([first, second], FREE))
    assert told.buy_and_hold_cents == (101_000_00, 99_000_00)


def test_time_that_two_positions_share_is_exposed_once() -> None:
    trades = [trade(entry_second=100, exit_second=200), trade(entry_second=150, exit_second=400)]
    told = performance_of(net_days([day_run(*trades)], FREE))
    assert told.exposure_e6 == round(1e6 * 300 / 23_400)
    assert told.seconds_in_trade == 175


def test_trades_are_grouped_by_weekday_and_by_vix_at_entry() -> None:
    monday = day_run(trade(10_00, entry_vix_e4=11_9999), trade(-4_00, entry_vix_e4=12_0000))
    tuesday = day_run(
        trade(7_00, entry_vix_e4=40_0000), trade(-1_00, entry_vix_e4=None), on=MONDAY + timedelta(days=1)
    )
    told = performance_of(net_days([monday, tuesday], FREE))
    assert told.by_weekday == (Group("mon", 2, 1, 6_00), Group("tue", 2, 1, 6_00))
    assert told.by_vix == (
        Group("below 12", 1, 1, 10_00),
        Group("12 to 15", 1, 0, -4_00),
        Group("40 and above", 1, 1, 7_00),
        Group("unknown", 1, 0, -1_00),
    )


def test_calmar_is_the_yearly_rate_by_the_largest_drawdown() -> None:
    runs = [
        day_run(trade(20_000_00), on=date(2024, 1, 2)),
        day_run(trade(-12_000_00), on=date(2024, 6, 3)),
        day_run(trade(2_000_00), on=date(2025, 1, 2)),
    ]
    told = performance_of(net_days(runs, FREE))
    years = (date(2025, 1, 2) - date(2024, 1, 2)).days / 365.25
    assert told.calmar_e6 == pytest.approx(1e6 * (1.10 ** (1 / years) - 1) / 0.10, abs=20)


@given(profits=profits_of_days)
def test_daily_metrics_are_those_of_pandas(profits: list[int | None]) -> None:
    told = performance(*profits)
    cents = pd.Series([float(profit or 0) for profit in profits])
    returns = cents / CAPITAL
    equity = 1 + returns.cumsum()
    peaks = equity.cummax().clip(lower=1)
    assert told.by_day.total_return_e6 == pytest.approx(1e6 * returns.sum(), abs=0.51)
    assert told.by_day.max_drawdown_e6 == pytest.approx(1e6 * ((peaks - equity) / peaks).max(), abs=0.51)
    if cents.min() < cents.max():
        sharpe = cents.mean() / cents.std(ddof=1) * sqrt(252)
        assert told.by_day.sharpe_e6 == pytest.approx(1e6 * sharpe, rel=1e-6, abs=1)
    else:
        assert told.by_day.sharpe_e6 is None
    downside = sqrt((cents.clip(upper=0) ** 2).mean())
    if downside:
        assert told.sortino_e6 == pytest.approx(1e6 * cents.mean() / downside * sqrt(252), rel=1e-6, abs=1)
    else:
        assert told.sortino_e6 is None


@given(profits=profits_of_days)
def test_metrics_of_trades_are_those_of_pandas(profits: list[int | None]) -> None:
    told = performance(*profits).by_trade
    trades = pd.Series([profit for profit in profits if profit is not None], dtype=float)
    won, lost = trades[trades > 0], trades[trades < 0]
    assert (told.wins, told.losses) == (len(won), len(lost))
    if len(won):
        assert told.average_win_cents == pytest.approx(won.mean(), abs=0.51)
    if len(lost):
        assert told.average_loss_cents == pytest.approx(lost.mean(), abs=0.51)
        assert told.profit_factor_e6 == pytest.approx(1e6 * won.sum() / -lost.sum(), abs=0.51, rel=1e-9)
    signs = trades.apply(lambda profit: (profit > 0) - (profit < 0))
    runs = signs.groupby((signs != signs.shift()).cumsum()).agg(["first", "size"])
    assert told.longest_win_streak == max([*runs[runs["first"] > 0]["size"], 0])
    assert told.longest_loss_streak == max([*runs[runs["first"] < 0]["size"], 0])


@given(profits=profits_of_days)
def test_months_and_weekdays_add_up_to_the_whole(profits: list[int | None]) -> None:
    told = performance(*profits)
    total = sum(profit or 0 for profit in profits)
    assert sum(month.profit_cents for month in told.by_day.months) == total
    assert told.curve[-1].closing_cents == CAPITAL + total
    assert sum(group.trades for group in told.by_vix) == told.by_trade.days


def test_slippage_and_fees_are_told_apart() -> None:
    told = performance_of(days_of([100_00, None, -50_00], replace(FREE, slippage_cents=10)))
    assert (told.gross_cents, told.slippage_cents, told.by_day.fees_cents) == (50_00, 80_00, 0)
    assert told.by_day.profit_cents == -30_00
