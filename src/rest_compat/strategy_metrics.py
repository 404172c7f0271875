"""What a strategy's results are worth, as numbers: money as texts, rates as fractions."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from engine.money import Cents, money_text
from engine.performance import Group, Performance, headline_of
from engine.performance import Headline as EngineHeadline
from engine.statistics import E6, EquityPoint, Month, Statistics
from rest_compat.wire import Answered, DateText, MoneyText


class Headline(Answered):
    """The metrics that strategies are compared by. Rates are fractions: 0.05 is five percent. What is
    not defined for these sessions is null."""

    total_return: Annotated[float, Field(description="Net profit as a fraction of the capital.")]
    sharpe: Annotated[
        float | None, Field(description="Of daily net returns, a year; a skipped day counts 0.")
    ]
    max_drawdown: Annotated[
        float, Field(description="The largest fall of the equity, as a fraction of its peak.")
    ]
    win_rate: Annotated[
        float | None, Field(description="Winning trades as a fraction of those that won or lost.")
    ]


class DayMark(Answered):
    date: DateText
    net_pnl: MoneyText


class Outcomes(Answered):
    """Statistics of the days, or of the trades, that won or lost, net of costs."""

    count: int
    wins: int
    losses: int
    win_rate: Annotated[float | None, Field(description="A fraction; flat ones count in neither.")]
    profit_factor: float | None
    expectancy: MoneyText | None
    average_win: MoneyText | None
    average_loss: MoneyText | None
    longest_win_streak: int
    longest_loss_streak: int
    current_streak: int


class MonthRow(Answered):
    """A calendar month. ``return`` is a fraction of the equity that it began with."""

    month: Annotated[str, Field(pattern=r"^\d{4}-\d{2}$", examples=["2025-01"])]
    sessions: int
    net_pnl: MoneyText
    fees: MoneyText
    month_return: Annotated[float | None, Field(alias="return")]


class GroupRow(Answered):
    """The trades of one kind; ``win_rate`` is a fraction of all of them."""

    name: str
    trades: int
    wins: int
    win_rate: float
    net_pnl: MoneyText


class Metrics(Headline):
    """The folded metrics over all covered sessions, net of costs; rates are fractions."""

    cagr: Annotated[float | None, Field(description="A fraction a year; null before there is a year.")]
    sortino: float | None
    calmar: float | None
    profit_factor: Annotated[
        float | None, Field(description="Profits of the winning trades by losses of the others.")
    ]
    gross_pnl: MoneyText
    fees: MoneyText
    slippage: MoneyText
    net_pnl: MoneyText
    max_drawdown_amount: MoneyText
    intraday_max_dd: Annotated[MoneyText, Field(description="The largest within one session, without costs.")]
    completed_days: int
    skipped_days: int
    failed_days: int
    halted_days: int
    best_day: DayMark | None
    worst_day: DayMark | None
    exposure: Annotated[
        float | None, Field(description="The fraction of session time with an open position.")
    ]
    average_seconds_in_trade: int | None
    average_adverse_excursion: MoneyText | None
    average_favourable_excursion: MoneyText | None
    days: Outcomes
    trades: Outcomes
    months: list[MonthRow]
    by_weekday: list[GroupRow]
    by_vix: list[GroupRow]


class EquityRow(Answered):
    """The end of a session. ``drawdown`` is a fraction of the highest equity so far."""

    date: DateText
    equity: MoneyText
    drawdown: float
    benchmark: Annotated[MoneyText, Field(description="The same capital held in SPX.")]


def render_headline(headline: EngineHeadline) -> Headline:
    return Headline(**_headline(headline))


def render_metrics(performance: Performance) -> Metrics:
    by_day = performance.by_day
    counts = {f"{status.name.lower()}_days": count for status, count in performance.statuses.items()}
    return Metrics(
        **_headline(headline_of(performance)),
        **counts,
        cagr=_rate_or_null(by_day.cagr_e6),
        sortino=_rate_or_null(performance.sortino_e6),
        calmar=_rate_or_null(performance.calmar_e6),
        profit_factor=_rate_or_null(performance.by_trade.profit_factor_e6),
        gross_pnl=money_text(performance.gross_cents),
        fees=money_text(by_day.fees_cents),
        slippage=money_text(performance.slippage_cents),
        net_pnl=money_text(by_day.profit_cents),
        max_drawdown_amount=money_text(by_day.max_drawdown_cents),
        intraday_max_dd=money_text(performance.intraday_drawdown_cents),
        best_day=_mark(by_day.best),
        worst_day=_mark(by_day.worst),
        exposure=_rate_or_null(performance.exposure_e6),
        average_seconds_in_trade=performance.seconds_in_trade,
        average_adverse_excursion=_money_or_null(performance.adverse_cents),
        average_favourable_excursion=_money_or_null(performance.favourable_cents),
        days=_outcomes(by_day),
        trades=_outcomes(performance.by_trade),
        months=[_month(month) for month in by_day.months],
        by_weekday=_groups(performance.by_weekday),
        by_vix=_groups(performance.by_vix),
    )


def render_curve(performance: Performance) -> list[EquityRow]:
    pairs = zip(performance.curve, performance.buy_and_hold_cents, strict=True)
    return [
        EquityRow(
            date=point.date.isoformat(),
            equity=money_text(point.closing_cents),
            drawdown=rate(point.drawdown_e6),
            benchmark=money_text(held_cents),
        )
        for point, held_cents in pairs
    ]


def rate(value_e6: int) -> float:
    """A float that prints as exactly this decimal."""
    return value_e6 / E6


def _headline(headline: EngineHeadline) -> dict[str, float | None]:
    return {
        "total_return": rate(headline.total_return_e6),
        "sharpe": _rate_or_null(headline.sharpe_e6),
        "max_drawdown": rate(headline.max_drawdown_e6),
        "win_rate": _rate_or_null(headline.win_rate_e6),
    }


def _outcomes(statistics: Statistics) -> Outcomes:
    return Outcomes(
        count=statistics.days,
        wins=statistics.wins,
        losses=statistics.losses,
        win_rate=_rate_or_null(statistics.win_rate_e6),
        profit_factor=_rate_or_null(statistics.profit_factor_e6),
        expectancy=_money_or_null(statistics.expectancy_cents),
        average_win=_money_or_null(statistics.average_win_cents),
        average_loss=_money_or_null(statistics.average_loss_cents),
        longest_win_streak=statistics.longest_win_streak,
        longest_loss_streak=statistics.longest_loss_streak,
        current_streak=statistics.current_streak,
    )


def _month(month: Month) -> MonthRow:
    return MonthRow(
        month=f"{month.first:%Y-%m}",
        sessions=month.days,
        net_pnl=money_text(month.profit_cents),
        fees=money_text(month.fees_cents),
        month_return=_rate_or_null(month.return_e6),
    )


def _groups(groups: Iterable[Group]) -> list[GroupRow]:
    return [
        GroupRow(
            name=group.name,
            trades=group.trades,
            wins=group.wins,
            win_rate=round(group.wins / group.trades, 6),
            net_pnl=money_text(group.net_cents),
        )
        for group in groups
    ]


def _mark(point: EquityPoint | None) -> DayMark | None:
    if point is None:
        return None
    return DayMark(date=point.date.isoformat(), net_pnl=money_text(point.profit_cents))


def _rate_or_null(value_e6: int | None) -> float | None:
    return None if value_e6 is None else rate(value_e6)


def _money_or_null(cents: Cents | None) -> str | None:
    return None if cents is None else money_text(cents)
