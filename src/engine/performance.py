"""What a backtest is worth: its metrics, by day and by trade, net of costs (rulings 7.7).

Equity is the capital plus what every day before left, without compounding. A skipped day counts
as one without profit, a failed one is left out. Money is cents; rates are fractions in 0.000001
(``_e6``), rounded once; what is not defined for these days is None.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import isqrt

from engine.clocks import DAYS_OF_WEEK
from engine.money import Cents, IndexE4, round_half_up
from engine.outcomes import NetDay, NetTrade
from engine.results import SessionStatus
from engine.statistics import (
    E6,
    SESSIONS_A_YEAR,
    DayResult,
    EquityPoint,
    Statistics,
    equity_curve,
    statistics_of,
)
from engine.strategies import CAPITAL_CENTS

CENT_E4 = 100
VIX_BUCKETS = (12, 15, 20, 25, 30, 40)
UNKNOWN_VIX = "unknown"


@dataclass(frozen=True, slots=True)
class Group:
    """The trades of one kind; a win is one with a profit."""

    name: str
    trades: int
    wins: int
    net_cents: Cents


@dataclass(frozen=True, slots=True)
class Performance:
    """``by_day`` and ``by_trade`` are the same statistics of days and of trades in the order of their
    entry; in those of trades the dates are of the days and a streak is of trades.

    ``buy_and_hold_cents`` has for each point of ``curve`` what the capital would be worth at settlement,
    had it been in the index since the first of its values. ``exposure_e6`` is the share of the
    sessions' time in which something was open, ``seconds_in_trade`` the mean of a trade. Excursions
    are means of the trades' worst and best moments, without costs.
    """

    curve: tuple[EquityPoint, ...]
    buy_and_hold_cents: tuple[Cents, ...]
    by_day: Statistics
    by_trade: Statistics
    statuses: dict[SessionStatus, int]
    gross_cents: Cents
    slippage_cents: Cents
    sortino_e6: int | None
    calmar_e6: int | None
    intraday_drawdown_cents: Cents
    exposure_e6: int | None
    seconds_in_trade: int | None
    adverse_cents: Cents | None
    favourable_cents: Cents | None
    by_weekday: tuple[Group, ...]
    by_vix: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Headline:
    """What strategies are compared by; ``sessions`` counts the failed ones too."""

    sessions: int
    total_return_e6: int
    sharpe_e6: int | None
    max_drawdown_e6: int
    win_rate_e6: int | None


@dataclass(frozen=True, slots=True)
class _Dealt:
    """What is needed of a trade once its day has gone by."""

    result: DayResult
    seconds: int
    adverse_cents: Cents
    favourable_cents: Cents
    vix_bucket: int


@dataclass(frozen=True, slots=True)
class _Passed:
    """The days that count, in brief, with all trades and the seconds in which something was open."""

    counted: Sequence[NetDay]
    trades: Sequence[_Dealt]
    seconds_exposed: int
    statuses: Mapping[SessionStatus, int]


def performance_of(days: Iterable[NetDay], capital_cents: Cents = CAPITAL_CENTS) -> Performance:
    """The performance of days in the order of their dates. They may come one by one: only briefs of them
    are held on to, as a busy day has a thousand trades."""
    passed = _passed(days)
    counted, trades = passed.counted, passed.trades
    curve = equity_curve(capital_cents, map(_day_result, counted))
    by_day = statistics_of(capital_cents, curve)
    by_trade = statistics_of(capital_cents, equity_curve(capital_cents, (trade.result for trade in trades)))
    return Performance(
        curve=curve,
        buy_and_hold_cents=_buy_and_hold(capital_cents, counted),
        by_day=by_day,
        by_trade=by_trade,
        statuses={status: passed.statuses.get(status, 0) for status in SessionStatus},
        gross_cents=sum(day.gross_cents for day in counted),
        slippage_cents=sum(day.slippage_cents for day in counted),
        sortino_e6=_sortino_e6([day.net_cents for day in counted]),
        calmar_e6=_calmar_e6(by_day),
        intraday_drawdown_cents=max((day.run.session.drawdown_cents for day in counted), default=0),
        exposure_e6=_ratio(E6 * passed.seconds_exposed, sum(day.run.facts.close_second for day in counted)),
        seconds_in_trade=_mean(trade.seconds for trade in trades),
        adverse_cents=_mean(trade.adverse_cents for trade in trades),
        favourable_cents=_mean(trade.favourable_cents for trade in trades),
        by_weekday=_groups(trades, DAYS_OF_WEEK, lambda trade: trade.result.date.weekday()),
        by_vix=_groups(trades, VIX_NAMES, lambda trade: trade.vix_bucket),
    )


def _passed(days: Iterable[NetDay]) -> _Passed:
    counted, trades = list[NetDay](), list[_Dealt]()
    statuses, seconds_exposed = Counter[SessionStatus](), 0
    for day in days:
        statuses[day.status] += 1
        if day.status is not SessionStatus.FAILED:
            counted.append(day.brief)
            trades.extend(map(_dealt, day.trades))
            seconds_exposed += _seconds_exposed(day)
    return _Passed(counted, trades, seconds_exposed, statuses)


def headline_of(performance: Performance) -> Headline:
    by_day = performance.by_day
    return Headline(
        sessions=sum(performance.statuses.values()),
        total_return_e6=by_day.total_return_e6,
        sharpe_e6=by_day.sharpe_e6,
        max_drawdown_e6=by_day.max_drawdown_e6,
        win_rate_e6=performance.by_trade.win_rate_e6,
    )


def _day_result(day: NetDay) -> DayResult:
    return DayResult(day.date, day.net_cents, day.fees_cents)


def _dealt(net: NetTrade) -> _Dealt:
    trade = net.trade
    return _Dealt(
        result=DayResult(net.facts.date, net.net_cents, net.costs.fees_cents),
        seconds=trade.exit_second - trade.entry_second,
        adverse_cents=trade.adverse_cents,
        favourable_cents=trade.favourable_cents,
        vix_bucket=_vix_bucket(trade.entry_vix_e4),
    )


def _buy_and_hold(capital_cents: Cents, days: Sequence[NetDay]) -> tuple[Cents, ...]:
    """Bought whole and in fractions at the first known value of the index; a day without a
    settlement keeps the value of the day before."""
    bought_e4 = next((e4 for day in days if (e4 := day.run.facts.open_spx_e4) is not None), None)
    values = [capital_cents]
    for day in days:
        settled_cents = day.run.facts.settlement_cents
        if bought_e4 is None or settled_cents is None:
            values.append(values[-1])
        else:
            values.append(round_half_up(capital_cents * settled_cents * CENT_E4, bought_e4))
    return tuple(values[1:])


def _sortino_e6(profits: Sequence[Cents]) -> int | None:
    """Mean by downside deviation of the daily returns, times the root of 252; the deviation is the root
    of the mean, over all days, of the squares of the losses.

    With n days, their sum S and the sum D of the squared losses: the root of 252 S² / (n D).
    """
    total, down = sum(profits), sum(profit * profit for profit in profits if profit < 0)
    if not down:
        return None
    size = (isqrt(4 * E6 * E6 * SESSIONS_A_YEAR * total * total // (len(profits) * down)) + 1) // 2
    return size if total >= 0 else -size


def _calmar_e6(by_day: Statistics) -> int | None:
    """The yearly rate by the largest drawdown, both as they are told."""
    return None if by_day.cagr_e6 is None else _ratio(E6 * by_day.cagr_e6, by_day.max_drawdown_e6)


def _seconds_exposed(day: NetDay) -> int:
    """The seconds in which something was open: overlaps count once."""
    exposed = until = 0
    for trade in sorted((net.trade for net in day.trades), key=lambda trade: trade.entry_second):
        exposed += max(trade.exit_second - max(trade.entry_second, until), 0)
        until = max(until, trade.exit_second)
    return exposed


def _vix_names() -> tuple[str, ...]:
    bounds = [f"{low} to {high}" for low, high in pairwise(VIX_BUCKETS)]
    return (f"below {VIX_BUCKETS[0]}", *bounds, f"{VIX_BUCKETS[-1]} and above", UNKNOWN_VIX)


VIX_NAMES = _vix_names()


def _vix_bucket(vix_e4: IndexE4 | None) -> int:
    """The place of the bucket whose lower bound VIX reaches."""
    if vix_e4 is None:
        return len(VIX_NAMES) - 1
    return sum(vix_e4 >= bound * 10_000 for bound in VIX_BUCKETS)


def _groups(
    trades: Iterable[_Dealt], names: Sequence[str], place_of: Callable[[_Dealt], int]
) -> tuple[Group, ...]:
    """The groups that have trades, in the order of their names."""
    grouped = groupby(sorted(trades, key=place_of), key=place_of)
    nets = ((names[place], [trade.result.profit_cents for trade in some]) for place, some in grouped)
    return tuple(_group(name, its) for name, its in nets)


def _group(name: str, nets: Sequence[Cents]) -> Group:
    return Group(name, len(nets), sum(net > 0 for net in nets), sum(nets))


def _mean(values: Iterable[int]) -> int | None:
    kept = list(values)
    return _ratio(sum(kept), len(kept))


def _ratio(numerator: int, denominator: int) -> int | None:
    return round_half_up(numerator, denominator) if denominator else None
