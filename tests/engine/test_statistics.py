"""Equity curves and their statistics, by hand and against definitions that are slow and obvious."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.statistics import (
    DayResult,
    EquityPoint,
    Month,
    Statistics,
    equity_curve,
    statistics_of,
)
from tests.engine.twins.statistics import by_month, closes, deepest, longest_run, sharpe, yearly

CAPITAL = 100_000_00
JAN_15 = date(2025, 1, 15)


def results(*profits: int, first: date = JAN_15, fees: int = 1_72) -> list[DayResult]:
    return [DayResult(first + timedelta(days=n), profit, fees) for n, profit in enumerate(profits)]


def told(*profits: int, capital: int = CAPITAL) -> Statistics:
    return statistics_of(capital, equity_curve(capital, results(*profits)))


@st.composite
def histories(draw: st.DrawFn) -> tuple[int, list[DayResult]]:
    """A capital and up to 40 days, some flat, some ruinous, on rising dates."""
    capital = draw(st.integers(1_000_00, 10_000_000_00))
    money = st.one_of(st.integers(-capital, capital), st.integers(-5, 5))
    days, on = [], JAN_15
    for profit in draw(st.lists(money, max_size=40)):
        on += timedelta(days=draw(st.integers(1, 40)))
        days.append(DayResult(on, profit, draw(st.integers(0, 100_00))))
    return capital, days


def test_each_day_opens_with_what_the_day_before_left() -> None:
    curve = equity_curve(CAPITAL, results(500_00, -300_00, 0))
    assert curve == (
        EquityPoint(JAN_15, CAPITAL, 500_00, 1_72, 100_500_00, 100_500_00),
        EquityPoint(date(2025, 1, 16), 100_500_00, -300_00, 1_72, 100_200_00, 100_500_00),
        EquityPoint(date(2025, 1, 17), 100_200_00, 0, 1_72, 100_200_00, 100_500_00),
    )
    assert [(point.drawdown_cents, point.drawdown_e6) for point in curve] == [
        (0, 0),
        (300_00, 2985),  # 300 / 100,500
        (300_00, 2985),
    ]


def test_four_days_by_hand() -> None:
    curve = equity_curve(CAPITAL, results(500_00, -300_00, -100_00, 200_00))
    assert statistics_of(CAPITAL, curve) == Statistics(
        days=4,
        wins=2,
        losses=2,
        profit_cents=300_00,
        fees_cents=4 * 1_72,
        total_return_e6=3_000,
        cagr_e6=None,
        max_drawdown_cents=400_00,
        max_drawdown_e6=3_980,  # 400 / 100,500 = 0.00398009…
        win_rate_e6=500_000,
        profit_factor_e6=1_750_000,
        expectancy_cents=75_00,
        average_win_cents=350_00,
        average_loss_cents=-200_00,
        best=curve[0],
        worst=curve[1],
        longest_win_streak=1,
        longest_loss_streak=2,
        current_streak=1,
        sharpe_e6=3_401_680,  # 75 / 350 × √252
        months=(Month(date(2025, 1, 1), 4, 300_00, 4 * 1_72, 100_300_00, 3_000),),
    )


def test_without_days_little_can_be_said() -> None:
    assert told() == Statistics(
        days=0,
        wins=0,
        losses=0,
        profit_cents=0,
        fees_cents=0,
        total_return_e6=0,
        cagr_e6=None,
        max_drawdown_cents=0,
        max_drawdown_e6=0,
        win_rate_e6=None,
        profit_factor_e6=None,
        expectancy_cents=None,
        average_win_cents=None,
        average_loss_cents=None,
        best=None,
        worst=None,
        longest_win_streak=0,
        longest_loss_streak=0,
        current_streak=0,
        sharpe_e6=None,
        months=(),
    )


def test_a_flat_day_neither_wins_nor_loses_and_ends_a_streak() -> None:
    one = told(100_00, 100_00, 0, 100_00)
    assert (one.wins, one.losses, one.win_rate_e6, one.expectancy_cents) == (3, 0, 1_000_000, 100_00)
    assert (one.longest_win_streak, one.current_streak, one.profit_factor_e6) == (2, 1, None)
    assert told(100_00, 0).current_streak == 0
    assert told(100_00, -1, -1).current_streak == -2


def test_money_is_rounded_half_up_once() -> None:
    thirds = told(1, 1, 0, -1, -1, -1)
    assert (thirds.expectancy_cents, thirds.win_rate_e6, thirds.profit_factor_e6) == (0, 400_000, 666_667)
    halves = told(1, 2), told(-1, -2)
    assert [one.expectancy_cents for one in halves] == [2, -1]


def test_a_drawdown_is_measured_from_the_capital_too() -> None:
    assert (told(-250_00).max_drawdown_cents, told(-250_00).max_drawdown_e6) == (250_00, 2_500)


def test_the_deepest_fall_in_dollars_need_not_be_the_deepest_fraction() -> None:
    one = told(-500_00, 9_000_00, -900_00, capital=1_000_00)
    assert (one.max_drawdown_cents, one.max_drawdown_e6) == (900_00, 500_000)


def test_who_loses_more_than_everything_has_no_yearly_rate() -> None:
    ruin = [DayResult(date(2024, 1, 2), 0, 0), DayResult(date(2025, 6, 2), -1_500_00, 0)]
    one = statistics_of(1_000_00, equity_curve(1_000_00, ruin))
    assert (one.total_return_e6, one.max_drawdown_e6, one.cagr_e6) == (-1_500_000, 1_500_000, None)


@pytest.mark.parametrize(
    ("last", "profit", "cagr_e6"),
    [
        (date(2025, 1, 1), 10_000_00, 99_785),  # 1.1 ** (365.25 / 366) - 1
        (date(2024, 12, 30), 10_000_00, None),  # 364 days
        (date(2028, 1, 2), 46_410_00, 100_000),  # 1.4641 ** (1 / 4) - 1
        (date(2028, 1, 2), -75_000_00, -292_893),  # 0.25 ** (1 / 4) - 1
    ],
)
def test_a_yearly_rate_needs_a_year(last: date, profit: int, cagr_e6: int | None) -> None:
    first = date(2024, 1, 2) if last.year == 2028 else date(2024, 1, 1)
    days = [DayResult(first, 0, 0), DayResult(last, profit, 0)]
    assert statistics_of(CAPITAL, equity_curve(CAPITAL, days)).cagr_e6 == cagr_e6


def test_equal_days_have_no_sharpe_and_one_day_has_none() -> None:
    assert [told(*profits).sharpe_e6 for profits in ((5,), (5, 5), (0, 0), (5, -5))] == [None, None, None, 0]
    assert told(-1, -2, -4).sharpe_e6 == -told(1, 2, 4).sharpe_e6  # type: ignore[operator]


def test_months_are_of_the_calendar_and_return_on_what_they_began_with() -> None:
    days = [
        *results(1_000_00, -500_00, first=date(2025, 1, 30)),
        *results(-100_500_00, first=date(2025, 3, 3)),
        *results(10_00, first=date(2026, 3, 2)),
    ]
    assert statistics_of(CAPITAL, equity_curve(CAPITAL, days)).months == (
        Month(date(2025, 1, 1), 2, 500_00, 3_44, 100_500_00, 5_000),
        Month(date(2025, 3, 1), 1, -100_500_00, 1_72, 0, -1_000_000),
        Month(date(2026, 3, 1), 1, 10_00, 1_72, 10_00, None),
    )


@given(histories())
def test_the_curve_is_the_running_sum(history: tuple[int, list[DayResult]]) -> None:
    capital, days = history
    curve = equity_curve(capital, days)
    balances = closes(capital, days)
    assert [point.opening_cents for point in curve] == balances[:-1]
    assert [point.closing_cents for point in curve] == balances[1:]
    assert [point.peak_cents for point in curve] == [max(balances[: n + 2]) for n in range(len(days))]


@given(histories())
def test_statistics_are_what_their_definitions_say(history: tuple[int, list[DayResult]]) -> None:
    capital, days = history
    curve = equity_curve(capital, days)
    one = statistics_of(capital, curve)
    won = [day.profit_cents for day in days if day.profit_cents > 0]
    lost = [day.profit_cents for day in days if day.profit_cents < 0]
    cents, fraction = deepest(capital, days)
    assert (one.max_drawdown_cents, one.max_drawdown_e6) == (cents, half_up(fraction * 10**6))
    assert one.total_return_e6 == half_up(Fraction(closes(capital, days)[-1] - capital, capital) * 10**6)
    assert (one.wins, one.losses, one.days) == (len(won), len(lost), len(days))
    assert one.longest_win_streak == longest_run(days, 1)
    assert one.longest_loss_streak == longest_run(days, -1)
    assert {month.first: (month.profit_cents, month.fees_cents) for month in one.months} == by_month(days)
    assert sum(month.days for month in one.months) == len(days)
    if won and lost:
        share = Fraction(len(won), len(won) + len(lost))
        average_win, average_loss = Fraction(sum(won), len(won)), Fraction(sum(lost), len(lost))
        assert one.win_rate_e6 == half_up(share * 10**6)
        assert one.profit_factor_e6 == half_up(Fraction(sum(won), -sum(lost)) * 10**6)
        assert one.expectancy_cents == half_up(share * average_win + (1 - share) * average_loss)
        assert (one.average_win_cents, one.average_loss_cents) == (
            half_up(average_win),
            half_up(average_loss),
        )


@given(histories())
def test_sharpe_is_mean_by_deviation(history: tuple[int, list[DayResult]]) -> None:
    capital, days = history
    slow = sharpe(capital, days)
    fast = statistics_of(capital, equity_curve(capital, days)).sharpe_e6
    assert fast is None if slow is None else fast == pytest.approx(slow * 10**6, abs=1.5, rel=1e-9)


@given(histories())
def test_the_yearly_rate_compounds_to_the_last_close(history: tuple[int, list[DayResult]]) -> None:
    capital, days = history
    slow = yearly(capital, days)
    fast = statistics_of(capital, equity_curve(capital, days)).cagr_e6
    assert fast is None if slow is None else fast == pytest.approx(slow * 10**6, abs=1, rel=1e-9)


@given(histories())
def test_best_and_worst_are_days_of_the_curve(history: tuple[int, list[DayResult]]) -> None:
    capital, days = history
    curve = equity_curve(capital, days)
    one = statistics_of(capital, curve)
    if curve:
        by_profit = sorted(curve, key=lambda point: (point.profit_cents, point.date))
        assert one.worst == by_profit[0]
        assert one.best == next(p for p in by_profit if p.profit_cents == by_profit[-1].profit_cents)


def half_up(value: Fraction) -> int:
    """The nearest integer; a half goes up."""
    return (value + Fraction(1, 2)).__floor__()
