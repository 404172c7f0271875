"""The equity curve of settled days, in columns, and their statistics."""

from collections.abc import Sequence
from datetime import date

import strawberry

from api.scalars import DecimalText, IntColumn, dollars
from engine.money import Cents, fixed_text
from engine.statistics import EquityPoint, Month
from engine.statistics import Statistics as EngineStatistics


@strawberry.type(description="The balance at the end of each settled day, in columns: a row a day.")
class EquityCurve:
    curve: strawberry.Private[Sequence[EquityPoint]]

    @strawberry.field
    def dates(self) -> list[date]:
        return [point.date for point in self.curve]

    @strawberry.field
    def opening_balance_cents(self) -> IntColumn:
        return IntColumn([point.opening_cents for point in self.curve])

    @strawberry.field(description="Net of fees.")
    def profit_loss_cents(self) -> IntColumn:
        return IntColumn([point.profit_cents for point in self.curve])

    @strawberry.field
    def fees_cents(self) -> IntColumn:
        return IntColumn([point.fees_cents for point in self.curve])

    @strawberry.field
    def closing_balance_cents(self) -> IntColumn:
        return IntColumn([point.closing_cents for point in self.curve])

    @strawberry.field(
        description="How far the close lies below the highest one so far, starting capital included."
    )
    def drawdown_cents(self) -> IntColumn:
        return IntColumn([point.drawdown_cents for point in self.curve])

    @strawberry.field(description="The same as a fraction of that highest close.")
    def drawdown_e6(self) -> IntColumn:
        return IntColumn([point.drawdown_e6 for point in self.curve])


@strawberry.type(description="What one settled day came to.")
class DayResult:
    date: date
    profit_loss: DecimalText


@strawberry.type(description="The settled days of a calendar month.")
class MonthResult:
    month: str = strawberry.field(description='Such as "2025-01".')
    days: int
    profit_loss: DecimalText
    fees: DecimalText
    closing_balance: DecimalText
    return_rate: DecimalText | None = strawberry.field(
        description="On the balance the month began with; null where there was none left."
    )


@strawberry.type(
    description="Statistics of settled days, net of fees. Rates are fractions with six decimal places; they "
    "and averages are rounded half up. What these days do not define is null."
)
class Statistics:
    days: int
    wins: int = strawberry.field(description="Days with a profit. A flat day neither wins nor loses.")
    losses: int
    profit_loss: DecimalText
    fees: DecimalText
    total_return: DecimalText = strawberry.field(description="On the starting capital.")
    cagr: DecimalText | None = strawberry.field(
        description="The compound rate a year of 365.25 days. Null for less than 365 days from the first "
        "day to the last, and where nothing is left."
    )
    max_drawdown: DecimalText = strawberry.field(
        description="The largest fall below the highest close so far, starting capital included, by day."
    )
    max_drawdown_fraction: DecimalText = strawberry.field(
        description="The largest such fall as a fraction of that close, maybe another one."
    )
    win_rate: DecimalText | None = strawberry.field(description="Wins by wins and losses.")
    profit_factor: DecimalText | None = strawberry.field(
        description="What was won by what was lost; null without a loss."
    )
    expectancy: DecimalText | None = strawberry.field(description="Mean of the days that won or lost.")
    average_win: DecimalText | None
    average_loss: DecimalText | None = strawberry.field(description="Negative.")
    best_day: DayResult | None = strawberry.field(description="The first of equals.")
    worst_day: DayResult | None
    longest_win_streak: int = strawberry.field(description="Settled days in a row; a flat one ends it.")
    longest_loss_streak: int
    current_streak: int = strawberry.field(description="Negative while it loses, 0 after a flat day.")
    sharpe: DecimalText | None = strawberry.field(
        description="Mean by sample standard deviation of the daily returns on the starting capital, not "
        "compounded, times the root of 252; null where all days are equal."
    )
    months: list[MonthResult]


def render_statistics(told: EngineStatistics) -> Statistics:
    return Statistics(
        days=told.days,
        wins=told.wins,
        losses=told.losses,
        profit_loss=dollars(told.profit_cents),
        fees=dollars(told.fees_cents),
        total_return=_rate(told.total_return_e6),
        cagr=_rate_or_null(told.cagr_e6),
        max_drawdown=dollars(told.max_drawdown_cents),
        max_drawdown_fraction=_rate(told.max_drawdown_e6),
        win_rate=_rate_or_null(told.win_rate_e6),
        profit_factor=_rate_or_null(told.profit_factor_e6),
        expectancy=_dollars_or_null(told.expectancy_cents),
        average_win=_dollars_or_null(told.average_win_cents),
        average_loss=_dollars_or_null(told.average_loss_cents),
        best_day=_render_day(told.best),
        worst_day=_render_day(told.worst),
        longest_win_streak=told.longest_win_streak,
        longest_loss_streak=told.longest_loss_streak,
        current_streak=told.current_streak,
        sharpe=_rate_or_null(told.sharpe_e6),
        months=[_render_month(month) for month in told.months],
    )


def _render_day(point: EquityPoint | None) -> DayResult | None:
    return DayResult(date=point.date, profit_loss=dollars(point.profit_cents)) if point else None


def _render_month(month: Month) -> MonthResult:
    return MonthResult(
        month=f"{month.first:%Y-%m}",
        days=month.days,
        profit_loss=dollars(month.profit_cents),
        fees=dollars(month.fees_cents),
        closing_balance=dollars(month.closing_cents),
        return_rate=_rate_or_null(month.return_e6),
    )


def _rate(value_e6: int) -> DecimalText:
    return DecimalText(fixed_text(value_e6, 6))


def _rate_or_null(value_e6: int | None) -> DecimalText | None:
    return None if value_e6 is None else _rate(value_e6)


def _dollars_or_null(cents: Cents | None) -> DecimalText | None:
    return None if cents is None else dollars(cents)
