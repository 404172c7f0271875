"""What a sequence of settled days came to: its equity curve and the statistics of it, net of fees.

Money is integer cents. Rates are integers of 0.000001 (``_e6``), fractions rather than percentages.
Both are rounded once, half up, from exact arithmetic; the two roots (CAGR and Sharpe) half away from
zero. What is not defined for these days is None.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from itertools import groupby
from math import isqrt

from engine.money import Cents, round_half_up

E6 = 1_000_000
SESSIONS_A_YEAR = 252
DAYS_A_YEAR = Decimal("365.25")
CAGR_DAYS_MIN = 365
_FIFTY_DIGITS = Context(prec=50, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class DayResult:
    """A settled day. ``profit_cents`` is net: the fees are taken off already."""

    date: date
    profit_cents: Cents
    fees_cents: Cents


@dataclass(frozen=True, slots=True)
class EquityPoint:
    """The end of a day on the curve. ``peak_cents`` is the highest close so far, capital included."""

    date: date
    opening_cents: Cents
    profit_cents: Cents
    fees_cents: Cents
    closing_cents: Cents
    peak_cents: Cents

    @property
    def drawdown_cents(self) -> Cents:
        """How far the close lies below the peak, at least 0."""
        return self.peak_cents - self.closing_cents

    @property
    def drawdown_e6(self) -> int:
        """The same as a fraction of the peak; above 1 where more than everything was lost."""
        return round_half_up(E6 * self.drawdown_cents, self.peak_cents)


@dataclass(frozen=True, slots=True)
class Month:
    """The settled days of a calendar month. ``return_e6`` is on the balance that it began with, None
    where there was none left."""

    first: date
    days: int
    profit_cents: Cents
    fees_cents: Cents
    closing_cents: Cents
    return_e6: int | None


@dataclass(frozen=True, slots=True)
class Statistics:
    """Statistics of settled days. A win is a day with a profit, a loss one with a negative one.

    ``win_rate_e6`` and ``expectancy_cents`` are a day that won or lost: flat days count in neither.
    ``average_loss_cents`` is negative. ``max_drawdown_cents`` and ``max_drawdown_e6`` are each the
    largest of its kind, maybe of different days. A streak is of consecutive settled days and ends at
    a flat one; ``current_streak`` is positive while it wins. Of equally good days the first is the best.
    """

    days: int
    wins: int
    losses: int
    profit_cents: Cents
    fees_cents: Cents
    total_return_e6: int
    cagr_e6: int | None
    max_drawdown_cents: Cents
    max_drawdown_e6: int
    win_rate_e6: int | None
    profit_factor_e6: int | None
    expectancy_cents: Cents | None
    average_win_cents: Cents | None
    average_loss_cents: Cents | None
    best: EquityPoint | None
    worst: EquityPoint | None
    longest_win_streak: int
    longest_loss_streak: int
    current_streak: int
    sharpe_e6: int | None
    months: tuple[Month, ...]


def equity_curve(capital_cents: Cents, days: Iterable[DayResult]) -> tuple[EquityPoint, ...]:
    """The balance at the end of each of the days, which are in the order of their dates."""
    return tuple(_points(capital_cents, days))


def _points(capital_cents: Cents, days: Iterable[DayResult]) -> Iterator[EquityPoint]:
    opening = peak = capital_cents
    for day in days:
        closing = opening + day.profit_cents
        peak = max(peak, closing)
        yield EquityPoint(day.date, opening, day.profit_cents, day.fees_cents, closing, peak)
        opening = closing


def statistics_of(capital_cents: Cents, curve: Sequence[EquityPoint]) -> Statistics:
    """The statistics of a curve that began with ``capital_cents``, which is positive."""
    profits = [point.profit_cents for point in curve]
    won = [profit for profit in profits if profit > 0]
    lost = [profit for profit in profits if profit < 0]
    total = sum(profits)
    streaks = _streaks(profits)
    return Statistics(
        days=len(curve),
        wins=len(won),
        losses=len(lost),
        profit_cents=total,
        fees_cents=sum(point.fees_cents for point in curve),
        total_return_e6=round_half_up(E6 * total, capital_cents),
        cagr_e6=_cagr_e6(capital_cents, curve),
        max_drawdown_cents=max((point.drawdown_cents for point in curve), default=0),
        max_drawdown_e6=max((point.drawdown_e6 for point in curve), default=0),
        win_rate_e6=_ratio(E6 * len(won), len(won) + len(lost)),
        profit_factor_e6=_ratio(E6 * sum(won), -sum(lost)),
        expectancy_cents=_ratio(total, len(won) + len(lost)),
        average_win_cents=_ratio(sum(won), len(won)),
        average_loss_cents=_ratio(sum(lost), len(lost)),
        best=max(curve, key=lambda point: point.profit_cents, default=None),
        worst=min(curve, key=lambda point: point.profit_cents, default=None),
        longest_win_streak=max((0, *streaks)),
        longest_loss_streak=-min((0, *streaks)),
        current_streak=streaks[-1] if streaks else 0,
        sharpe_e6=_sharpe_e6(profits),
        months=_months(curve),
    )


def _ratio(numerator: int, denominator: int) -> int | None:
    return round_half_up(numerator, denominator) if denominator else None


def _streaks(profits: Iterable[Cents]) -> list[int]:
    """The lengths of the runs of days of one kind in their order, those of losses negative, flat ones 0."""
    runs = groupby((profit > 0) - (profit < 0) for profit in profits)
    return [sign * len(list(run)) for sign, run in runs]


def _cagr_e6(capital_cents: Cents, curve: Sequence[EquityPoint]) -> int | None:
    """The rate a year that leads from the capital to the last close over the calendar days from the
    first day to the last. No rate is made a yearly one from less than a year, or of a ruined account."""
    days = (curve[-1].date - curve[0].date).days if curve else 0
    if days < CAGR_DAYS_MIN or curve[-1].closing_cents <= 0:
        return None
    growth = _FIFTY_DIGITS.divide(Decimal(curve[-1].closing_cents), Decimal(capital_cents))
    yearly = _FIFTY_DIGITS.power(growth, _FIFTY_DIGITS.divide(DAYS_A_YEAR, Decimal(days)))
    rate = _FIFTY_DIGITS.subtract(yearly, Decimal(1))
    return int(_FIFTY_DIGITS.to_integral_value(_FIFTY_DIGITS.scaleb(rate, Decimal(6))))


def _sharpe_e6(profits: Sequence[Cents]) -> int | None:
    """Mean by sample standard deviation of the daily returns, times the root of 252 (rulings 7.7).

    Nothing is compounded: each day returns on the same capital, which cancels out. With n days,
    their sum S and their sum of squares Q it is the root of 252 (n - 1) S² / (n (nQ - S²)), which
    integers say exactly.
    """
    count, total = len(profits), sum(profits)
    spread = count * sum(profit * profit for profit in profits) - total * total
    if spread == 0:
        return None
    numerator = SESSIONS_A_YEAR * (count - 1) * total * total
    size = (isqrt(4 * E6 * E6 * numerator // (count * spread)) + 1) // 2
    return size if total >= 0 else -size


def _months(curve: Iterable[EquityPoint]) -> tuple[Month, ...]:
    by_month = groupby(curve, key=lambda point: point.date.replace(day=1))
    return tuple(_month(first, tuple(points)) for first, points in by_month)


def _month(first: date, points: Sequence[EquityPoint]) -> Month:
    opening, profit = points[0].opening_cents, sum(point.profit_cents for point in points)
    return Month(
        first=first,
        days=len(points),
        profit_cents=profit,
        fees_cents=sum(point.fees_cents for point in points),
        closing_cents=points[-1].closing_cents,
        return_e6=round_half_up(E6 * profit, opening) if opening > 0 else None,
    )
