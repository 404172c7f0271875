"""What a backtest is worth, by day and by trade, net of costs."""

from collections.abc import Sequence

import strawberry

from api.scalars import DecimalText, IntColumn, dollars, dollars_or_null, rate_or_null
from api.statistics import EquityCurve, Statistics, render_statistics
from engine.money import Cents
from engine.performance import Group
from engine.performance import Performance as EnginePerformance
from engine.results import SessionStatus


@strawberry.type(description="The trades of one kind; a win is one with a profit.")
class TradeGroup:
    name: str
    trades: int
    wins: int
    profit_loss: DecimalText


@strawberry.type(description="How many sessions ended how. Statistics leave failed ones out.")
class SessionCounts:
    completed: int
    skipped: int = strawberry.field(description="Nothing was entered: a day without profit.")
    failed: int = strawberry.field(description="They could not be run; an update tries again.")
    halted: int = strawberry.field(description="The session's capital was used up.")


@strawberry.type(description="The equity at the end of each session, in columns, beside the index.")
class BacktestCurve(EquityCurve):
    held_cents: strawberry.Private[Sequence[Cents]]

    @strawberry.field(
        description="What the capital would be worth at settlement, in SPX since its first value."
    )
    def buy_and_hold_cents(self) -> IntColumn:
        return IntColumn(list(self.held_cents))


@strawberry.type(
    description="What a backtest is worth after costs, on 100,000 dollars without compounding. Rates are "
    "fractions with six decimal places. What these sessions do not define is null."
)
class Performance:
    curve: BacktestCurve
    by_day: Statistics = strawberry.field(description="Of sessions.")
    by_trade: Statistics = strawberry.field(
        description="Of trades in the order of their entry: its days and streaks count trades."
    )
    sessions: SessionCounts
    gross_profit_loss: DecimalText = strawberry.field(description="Before fees and slippage.")
    slippage: DecimalText
    sortino: DecimalText | None = strawberry.field(
        description="Mean by downside deviation of the daily returns, times the root of 252."
    )
    calmar: DecimalText | None = strawberry.field(
        description="The yearly rate by the largest drawdown fraction."
    )
    intraday_drawdown: DecimalText = strawberry.field(
        description="The largest fall within a session, before costs."
    )
    exposure: DecimalText | None = strawberry.field(
        description="The share of the sessions' time in which something was open."
    )
    seconds_in_trade: int | None = strawberry.field(description="Mean of a trade.")
    adverse_excursion: DecimalText | None = strawberry.field(
        description="Mean of the trades' worst moments, before costs; not positive."
    )
    favourable_excursion: DecimalText | None = strawberry.field(
        description="Mean of the trades' best moments, before costs; not negative."
    )
    by_weekday: list[TradeGroup]
    by_vix: list[TradeGroup] = strawberry.field(description="By VIX at entry.")


def render_performance(told: EnginePerformance) -> Performance:
    return Performance(
        curve=BacktestCurve(curve=told.curve, held_cents=told.buy_and_hold_cents),
        by_day=render_statistics(told.by_day),
        by_trade=render_statistics(told.by_trade),
        sessions=SessionCounts(**{status.name.lower(): told.statuses[status] for status in SessionStatus}),
        gross_profit_loss=dollars(told.gross_cents),
        slippage=dollars(told.slippage_cents),
        sortino=rate_or_null(told.sortino_e6),
        calmar=rate_or_null(told.calmar_e6),
        intraday_drawdown=dollars(told.intraday_drawdown_cents),
        exposure=rate_or_null(told.exposure_e6),
        seconds_in_trade=told.seconds_in_trade,
        adverse_excursion=dollars_or_null(told.adverse_cents),
        favourable_excursion=dollars_or_null(told.favourable_cents),
        by_weekday=[_group(group) for group in told.by_weekday],
        by_vix=[_group(group) for group in told.by_vix],
    )


def _group(group: Group) -> TradeGroup:
    return TradeGroup(
        name=group.name, trades=group.trades, wins=group.wins, profit_loss=dollars(group.net_cents)
    )
