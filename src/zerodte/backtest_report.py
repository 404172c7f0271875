"""A backtest as a page for a terminal or a file: plain text, a hundred columns wide."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from textwrap import wrap

from engine.money import Cents
from engine.outcomes import DayFacts, partial_days
from engine.performance import Group, Performance
from engine.results import SessionStatus
from engine.statistics import E6, EquityPoint, Statistics
from usecases.backtest_documents import recorded_span
from zerodte.backtesting import Result

WIDTH = 100
LABEL = 18
VALUE = 16
SPARKS = "▁▂▃▄▅▆▇█"
SPARKS_MAX = 60


def report(result: Result) -> str:
    """What was run, what it came to, and the certificate by which anybody can run it again."""
    told = result.performance
    parts = (
        _head(result),
        _returns(told),
        _trades(told),
        _skipped(result),
        _groups("weekday", told.by_weekday),
        _groups("VIX at entry", told.by_vix),
        _months(told.by_day),
        _certificate(result),
    )
    return "\n\n".join("\n".join(lines) for part in parts if (lines := list(part))) + "\n"


def _head(result: Result) -> Iterator[str]:
    yield result.description.description
    yield from wrap(result.description.summary, WIDTH)


def _returns(told: Performance) -> Iterator[str]:
    by_day = told.by_day
    costs = f"{_dollars(by_day.fees_cents)} fees and {_dollars(told.slippage_cents)} slippage"
    yield _line("net P&L", _dollars(by_day.profit_cents), f"{_dollars(told.gross_cents)} less {costs}")
    held = told.buy_and_hold_cents[-1] / told.curve[0].opening_cents - 1 if told.curve else 0
    yield _line("return", _percent(by_day.total_return_e6), f"SPX held: {held:.2%}")
    yield _line(
        "CAGR", _percent(by_day.cagr_e6), "told from a year of days on" if by_day.cagr_e6 is None else ""
    )
    yield _line("Sharpe", _number(by_day.sharpe_e6))
    yield _line("Sortino", _number(told.sortino_e6))
    yield _line("Calmar", _number(told.calmar_e6))
    within = f"within a day at most {_dollars(told.intraday_drawdown_cents)}"
    deepest = f"{_dollars(by_day.max_drawdown_cents)}; {within}"
    yield _line("max drawdown", _percent(by_day.max_drawdown_e6), deepest)
    yield f"{'equity':<{LABEL}}  {_spark([point.closing_cents for point in told.curve])}"


def _trades(told: Performance) -> Iterator[str]:
    trades, by_day = told.by_trade, told.by_day
    yield _line("trades", f"{trades.days:,}", f"{trades.wins:,} won, {trades.losses:,} lost")
    yield _line("win rate", _percent(trades.win_rate_e6), f"of days: {_percent(by_day.win_rate_e6)}")
    yield _line("profit factor", _number(trades.profit_factor_e6))
    yield _line("expectancy", _dollars(trades.expectancy_cents), "a trade")
    worst = f"best {_profit(trades.best)}, worst {_profit(trades.worst)}"
    yield _line("average win", _dollars(trades.average_win_cents))
    yield _line("average loss", _dollars(trades.average_loss_cents), worst)
    wins, losses = trades.longest_win_streak, trades.longest_loss_streak
    runs = f"{wins:,} win{'s' * (wins != 1)}, {losses:,} loss{'es' * (losses != 1)}"
    yield _line("longest streaks", runs)
    yield _line(
        "MAE, MFE", f"{_dollars(told.adverse_cents)}, {_dollars(told.favourable_cents)}", "on average"
    )
    yield _line(
        "time in trade", _duration(told.seconds_in_trade), f"exposed {_percent(told.exposure_e6)} of the time"
    )


def _skipped(result: Result) -> Iterator[str]:
    """How many entries were not taken, and why the first of each such day was not."""
    sessions = [day.run.session for day in result.days]
    count = sum(session.skipped for session in sessions)
    firsts = Counter(session.first_skip for session in sessions if session.first_skip is not None)
    if count:
        reasons = ", ".join(f"{reason.name.lower()} {days:,}" for reason, days in firsts.most_common())
        yield _line("entries skipped", f"{count:,}", f"days by their first reason: {reasons}")


def _groups(kind: str, groups: Iterable[Group]) -> Iterator[str]:
    for place, group in enumerate(groups):
        if not place:
            yield f"{kind:<{LABEL}}{'net P&L':>{VALUE}}{'trades':>9}{'win rate':>10}"
        rate = f"{group.wins / group.trades:.1%}"
        yield f"{group.name:<{LABEL}}{_dollars(group.net_cents):>{VALUE}}{group.trades:>9,}{rate:>10}"


def _months(by_day: Statistics) -> Iterator[str]:
    if by_day.months:
        yield f"{'month':<{LABEL}}{'net P&L':>{VALUE}}{'days':>9}{'return':>10}"
    for month in by_day.months:
        name, profit = f"{month.first:%Y-%m}", _dollars(month.profit_cents)
        yield f"{name:<{LABEL}}{profit:>{VALUE}}{month.days:>9,}{_percent(month.return_e6):>10}"


def _certificate(result: Result) -> Iterator[str]:
    certificate = result.backtest.certificate
    first, last = certificate.day_hashes[0][0], certificate.day_hashes[-1][0]
    kind = "synthetic" if result.backtest.synthetic else "recorded"
    count = len(certificate.day_hashes)
    days = f"{count:,} {kind} day{'s' if count > 1 else ''}, {first} to {last}"
    yield f"{'days':<{LABEL}}{days}"
    yield f"{'':<{LABEL}}{_counted(result.performance.statuses)}"
    yield f"{'program':<{LABEL}}{certificate.source_hash}"
    yield f"{'engine':<{LABEL}}version {certificate.engine_version}"
    for day in result.days:
        if day.run.error:
            yield f"{'failed':<{LABEL}}{day.date}: {day.run.error}"
    yield from _partial(partial_days(result.days))
    for on, why in result.backtest.unreadable:
        yield f"{'left out':<{LABEL}}{on}: {why}"


def _partial(days: Sequence[DayFacts]) -> Iterator[str]:
    if days:
        notice = "what is open where a recording ends is settled, whatever exits were to come"
        yield f"{'in part':<{LABEL}}{len(days):,} day{'s' * (len(days) > 1)}: {notice}"
    for facts in days:
        yield f"{'':<{LABEL}}{facts.date}: recorded {recorded_span(facts)}"


def _counted(statuses: dict[SessionStatus, int]) -> str:
    return ", ".join(f"{count:,} {status.name.lower()}" for status, count in statuses.items() if count)


def _line(label: str, value: str, note: str = "") -> str:
    return f"{label:<{LABEL}}{value:>{VALUE}}   {note}".rstrip()


def _spark(values: Sequence[int]) -> str:
    """The values as bars, the last of each of at most ``SPARKS_MAX`` equal stretches."""
    count = min(len(values), SPARKS_MAX)
    ends = [values[(place + 1) * len(values) // count - 1] for place in range(count)]
    low, span = min(ends, default=0), max(ends, default=0) - min(ends, default=0)
    return "".join(SPARKS[(len(SPARKS) - 1) * (value - low) // span if span else 0] for value in ends)


def _dollars(cents: Cents | None) -> str:
    return "none" if cents is None else f"{cents / 100:,.2f}"


def _profit(point: EquityPoint | None) -> str:
    return _dollars(None if point is None else point.profit_cents)


def _percent(value_e6: int | None) -> str:
    return "none" if value_e6 is None else f"{value_e6 / E6:.2%}"


def _number(value_e6: int | None) -> str:
    return "none" if value_e6 is None else f"{value_e6 / E6:.2f}"


def _duration(seconds: int | None) -> str:
    return "none" if seconds is None else str(timedelta(seconds=seconds))
