"""A backtest's results as plain objects that JSON can say, named as documented.

Rates are fractions, 0.01 for one percent. Money is given to ``money``: faces write it as text
(``"99891.56"``), notebooks take numbers. What is not defined is None.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from engine.clocks import clock_text
from engine.money import Cents, IndexE4, fixed_text, price_text
from engine.outcomes import DayFacts, NetDay, NetTrade
from engine.performance import Group, Performance
from engine.results import SessionStatus
from engine.statistics import E6, EquityPoint, Month, Statistics
from usecases.backtesting import Backtest

Document: TypeAlias = dict[str, Any]
Money: TypeAlias = Callable[[Cents], Any]


def metrics_document(told: Performance, money: Money) -> Document:
    """The metrics by their names, see ``docs/strategies.md``."""
    by_day, by_trade = told.by_day, told.by_trade
    return {
        **_return_metrics(told, money),
        "trades": by_trade.days,
        "win_rate": _rate(by_trade.win_rate_e6),
        "profit_factor": _rate(by_trade.profit_factor_e6),
        **_outcome_metrics(by_trade, money),
        "max_win_streak": by_trade.longest_win_streak,
        "max_loss_streak": by_trade.longest_loss_streak,
        "current_streak": by_trade.current_streak,
        "average_seconds_in_trade": told.seconds_in_trade,
        "exposure": _rate(told.exposure_e6),
        "average_mae": _money(told.adverse_cents, money),
        "average_mfe": _money(told.favourable_cents, money),
        "days": by_day.days,
        "day_win_rate": _rate(by_day.win_rate_e6),
        "best_day": _day_mark(by_day.best, money),
        "worst_day": _day_mark(by_day.worst, money),
        **{f"{status.name.lower()}_days": told.statuses[status] for status in SessionStatus},
    }


def _return_metrics(told: Performance, money: Money) -> Document:
    by_day = told.by_day
    return {
        "total_return": _rate(by_day.total_return_e6),
        "net_pnl": money(by_day.profit_cents),
        "gross_pnl": money(told.gross_cents),
        "fees": money(by_day.fees_cents),
        "slippage": money(told.slippage_cents),
        "cagr": _rate(by_day.cagr_e6),
        "sharpe": _rate(by_day.sharpe_e6),
        "sortino": _rate(told.sortino_e6),
        "calmar": _rate(told.calmar_e6),
        "max_drawdown": _rate(by_day.max_drawdown_e6),
        "max_drawdown_amount": money(by_day.max_drawdown_cents),
        "max_intraday_drawdown_amount": money(told.intraday_drawdown_cents),
    }


def _outcome_metrics(by_trade: Statistics, money: Money) -> Document:
    return {
        "expectancy": _money(by_trade.expectancy_cents, money),
        "average_win": _money(by_trade.average_win_cents, money),
        "average_loss": _money(by_trade.average_loss_cents, money),
        "best_trade": None if by_trade.best is None else money(by_trade.best.profit_cents),
        "worst_trade": None if by_trade.worst is None else money(by_trade.worst.profit_cents),
    }


def tables_document(told: Performance, money: Money) -> Document:
    """The equity curve beside the index, the months, and the trades by weekday and by VIX."""
    points = zip(told.curve, told.buy_and_hold_cents, strict=True)
    return {
        "equity_curve": [_point(point, held_cents, money) for point, held_cents in points],
        "months": [_month(month, money) for month in told.by_day.months],
        "by_weekday": [_group(group, money) for group in told.by_weekday],
        "by_vix": [_group(group, money) for group in told.by_vix],
    }


def day_document(day: NetDay, money: Money) -> Document:
    """A day of the day list."""
    settled_cents, session = day.run.facts.settlement_cents, day.run.session
    return {
        "date": day.date.isoformat(),
        "status": day.status.name.lower(),
        "gross_pnl": money(day.gross_cents),
        "fees": money(day.fees_cents),
        "slippage": money(day.slippage_cents),
        "net_pnl": money(day.net_cents),
        "opening_orders": day.opening_orders,
        "closing_orders": day.closing_orders,
        "skipped_entries": session.skipped,
        "first_skip_reason": None if session.first_skip is None else session.first_skip.name.lower(),
        "intraday_max_dd": money(session.drawdown_cents),
        "spx_close": None if settled_cents is None else price_text(settled_cents),
        "error_message": day.run.error or None,
        "halt_reason": day.halt_reason or None,
    }


def recorded_span(facts: DayFacts) -> str:
    """From when to when a day was recorded, in New York."""
    until = facts.close_second if facts.known_until is None else facts.known_until
    return f"{clock_text(facts.open_clock + facts.known_from)} to {clock_text(facts.open_clock + until)}"


def trade_document(net: NetTrade, money: Money) -> Document:
    """A trade, its prices in points per unit of the structure, a debit positive."""
    trade, costs = net.trade, net.costs
    return {
        "date": net.facts.date.isoformat(),
        "entry_time": clock_text(net.facts.open_clock + trade.entry_second),
        "exit_time": clock_text(net.facts.open_clock + trade.exit_second),
        "exit_rule": trade.rule.name.lower(),
        "reentry": trade.reentry,
        "legs": [
            {
                "strike": leg.contract.strike_points,
                "type": leg.contract.right.name.lower(),
                "quantity": leg.quantity,
                "entry_price": price_text(leg.entry_price_cents),
                "exit_price": price_text(leg.exit_price_cents),
            }
            for leg in trade.legs
        ],
        "entry_price": price_text(trade.entry_net_cents),
        "exit_price": price_text(trade.exit_net_cents),
        "gross_pnl": money(trade.gross_cents),
        "fees": money(costs.fees_cents),
        "slippage": money(costs.slippage_cents),
        "net_pnl": money(net.net_cents),
        "max_profit": _money(trade.max_profit_cents, money),
        "max_loss": money(trade.max_loss_cents),
        "mae": money(trade.adverse_cents),
        "mfe": money(trade.favourable_cents),
        **_indices(net),
    }


def certificate_document(backtest: Backtest) -> Document:
    """What was run: the program by its hash, the engine, and each day by the hash of its data."""
    certificate = backtest.certificate
    hashes = certificate.day_hashes
    return {
        "source_hash": certificate.source_hash,
        "engine_version": certificate.engine_version,
        "window_from": hashes[0][0].isoformat() if hashes else None,
        "window_to": hashes[-1][0].isoformat() if hashes else None,
        "total_sessions": len(hashes),
        "synthetic": backtest.synthetic,
        "day_hashes": {on.isoformat(): content_hash for on, content_hash in hashes},
        "unreadable_days": {on.isoformat(): why for on, why in backtest.unreadable},
    }


def _indices(net: NetTrade) -> Mapping[str, str | None]:
    trade = net.trade
    return {
        "entry_spx": _index(trade.entry_spx_e4),
        "exit_spx": _index(trade.exit_spx_e4),
        "entry_vix": _index(trade.entry_vix_e4),
        "exit_vix": _index(trade.exit_vix_e4),
    }


def _index(value_e4: IndexE4 | None) -> str | None:
    return None if value_e4 is None else fixed_text(value_e4, 4, 2)


def _rate(value_e6: int | None) -> float | None:
    return None if value_e6 is None else value_e6 / E6


def _money(cents: Cents | None, money: Money) -> Any:
    return None if cents is None else money(cents)


def _day_mark(point: EquityPoint | None, money: Money) -> Document | None:
    return None if point is None else {"date": point.date.isoformat(), "net_pnl": money(point.profit_cents)}


def _point(point: EquityPoint, held_cents: Cents, money: Money) -> Document:
    return {
        "date": point.date.isoformat(),
        "equity": money(point.closing_cents),
        "drawdown": _rate(point.drawdown_e6),
        "spx_buy_and_hold": money(held_cents),
    }


def _month(month: Month, money: Money) -> Document:
    return {
        "month": f"{month.first:%Y-%m}",
        "days": month.days,
        "net_pnl": money(month.profit_cents),
        "return": _rate(month.return_e6),
    }


def _group(group: Group, money: Money) -> Document:
    return {
        "name": group.name,
        "trades": group.trades,
        "win_rate": group.wins / group.trades,
        "net_pnl": money(group.net_cents),
    }
