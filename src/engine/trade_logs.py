"""A backtest as comma-separated text: its days as documented, and the logs that traders' tools read."""

from collections.abc import Iterable, Iterator, Sequence
from math import gcd

from engine.clocks import clock_text
from engine.decisions import ExitRule
from engine.money import MULTIPLIER, Cents, IndexE4, fixed_text, price_text, round_half_up
from engine.outcomes import NetDay, NetTrade
from engine.results import Trade, TradeLeg
from engine.statistics import EquityPoint
from engine.strategies import CAPITAL_CENTS

DAY_COLUMNS = (
    "date",
    "status",
    "gross_pnl",
    "fees",
    "slippage",
    "net_pnl",
    "opening_orders",
    "closing_orders",
    "intraday_max_dd",
    "spx_close",
    "error_message",
    "halt_reason",
)
TRADE_COLUMNS = (
    "Date Opened",
    "Time Opened",
    "Opening Price",
    "Legs",
    "Premium",
    "Closing Price",
    "Date Closed",
    "Time Closed",
    "Avg. Closing Cost",
    "Reason For Close",
    "P/L",
    "No. of Contracts",
    "Funds at Close",
    "Margin Req.",
    "Strategy",
    "Opening Commissions + Fees",
    "Closing Commissions + Fees",
    "Opening Short/Long Ratio",
    "Closing Short/Long Ratio",
    "Opening VIX",
    "Closing VIX",
    "Gap",
    "Movement",
    "Max Profit",
    "Max Loss",
)
DAILY_COLUMNS = (
    "Date",
    "Net Liquidity",
    "Current Funds",
    "Withdrawn",
    "Trading Funds",
    "P/L",
    "P/L %",
    "Drawdown %",
)
REASONS = {
    ExitRule.SETTLEMENT: "Expired",
    ExitRule.STOP_LOSS: "Stop Loss",
    ExitRule.STOP_LOSS_CREDIT: "Stop Loss",
    ExitRule.TRAILING_STOP: "Trailing Stop",
    ExitRule.PROFIT_TARGET: "Profit Target",
    ExitRule.SHORT_STRIKE_TOUCH: "Short Strike Touch",
    ExitRule.SHORT_DELTA: "Short Delta",
    ExitRule.TIME: "Exit Time",
}
CENT_E4 = 100
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def days_csv(days: Iterable[NetDay]) -> str:
    """The day list as documented: dollars, and the drawdown within the day without costs."""
    return _table(DAY_COLUMNS, (_day_row(day) for day in days))


def daily_log_csv(curve: Iterable[EquityPoint]) -> str:
    """The account at the end of each day. A day's percentage is of what it opened with; a drawdown is
    negative."""
    return _table(DAILY_COLUMNS, (_daily_row(point) for point in curve))


def trade_log_csv(days: Iterable[NetDay], name: str) -> str:
    """The trades in the order of their entry, each under the strategy's name.

    ``Premium`` and ``Avg. Closing Cost`` are dollars for one unit of the structure after slippage, a
    credit positive in the one and a cost in the other, so that P/L is their difference times
    the number of units, less the fees. ``Max Profit`` and ``Max Loss`` are the excursions, which are without
    costs, as percentages of that premium.
    """
    trades = [trade for day in days for trade in day.trades]
    return _table(TRADE_COLUMNS, _trade_rows(trades, name))


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    return "".join(",".join(map(_cell, row)) + "\r\n" for row in (columns, *rows))


def _cell(value: object) -> str:
    """RFC 4180; None is an empty cell."""
    text = "" if value is None else str(value)
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in ',"\r\n') else text


def _day_row(day: NetDay) -> Sequence[object]:
    settled_cents = day.run.facts.settlement_cents
    return (
        day.date,
        day.status.name.lower(),
        *map(price_text, (day.gross_cents, day.fees_cents, day.slippage_cents, day.net_cents)),
        day.opening_orders,
        day.closing_orders,
        price_text(day.run.session.drawdown_cents),
        None if settled_cents is None else price_text(settled_cents),
        day.run.error,
        day.halt_reason,
    )


def _daily_row(point: EquityPoint) -> Sequence[object]:
    closing = price_text(point.closing_cents)
    of_opening = _percent(point.profit_cents, point.opening_cents)
    return (
        point.date,
        closing,
        closing,
        "0.00",
        closing,
        price_text(point.profit_cents),
        of_opening,
        _percent(-point.drawdown_cents, point.peak_cents),
    )


def _trade_rows(trades: Sequence[NetTrade], name: str) -> Iterator[Sequence[object]]:
    funds_cents = _funds_at_close(trades)
    for place, net in enumerate(trades):
        yield (*_opened(net), *_closed(net), price_text(funds_cents[place]), *_told(net, name))


def _opened(net: NetTrade) -> Iterator[object]:
    trade = net.trade
    yield net.facts.date
    yield _time(net, trade.entry_second)
    yield _index_text(trade.entry_spx_e4)
    yield " | ".join(_leg_text(net, leg) for leg in trade.legs)
    yield price_text(_premium_cents(net))


def _premium_cents(net: NetTrade) -> Cents:
    """Of one unit, after slippage."""
    return -_money(net.trade.entry_net_cents) - net.costs.opening_slippage_cents // _units(net.trade)


def _closed(net: NetTrade) -> Iterator[object]:
    trade = net.trade
    yield _index_text(trade.exit_spx_e4)
    yield net.facts.date
    yield _time(net, trade.exit_second)
    yield price_text(_money(trade.exit_net_cents) + net.costs.closing_slippage_cents // _units(trade))
    yield REASONS[trade.rule]
    yield price_text(net.net_cents)
    yield _units(trade)


def _told(net: NetTrade, name: str) -> Iterator[object]:
    trade, facts = net.trade, net.facts
    yield price_text(trade.max_loss_cents)
    yield name
    yield price_text(net.costs.opening_fees_cents)
    yield price_text(net.costs.closing_fees_cents)
    yield _short_by_long([(leg.quantity, leg.entry_price_cents) for leg in trade.legs])
    yield _short_by_long([(leg.quantity, leg.exit_price_cents) for leg in trade.legs])
    yield _index_text(trade.entry_vix_e4)
    yield _index_text(trade.exit_vix_e4)
    previous_cents = facts.previous_settlement_cents
    yield _difference(facts.open_spx_e4, None if previous_cents is None else previous_cents * CENT_E4)
    yield _difference(trade.entry_spx_e4, facts.open_spx_e4)
    premium_cents = abs(_premium_cents(net)) * _units(trade)
    yield _percent(trade.favourable_cents, premium_cents)
    yield _percent(trade.adverse_cents, premium_cents)


def _funds_at_close(trades: Sequence[NetTrade]) -> dict[int, Cents]:
    """The account after each trade has ended, those before it first."""
    ended = sorted(range(len(trades)), key=lambda n: (trades[n].facts.date, trades[n].trade.exit_second, n))
    funds, funds_cents = {}, CAPITAL_CENTS
    for place in ended:
        funds_cents += trades[place].net_cents
        funds[place] = funds_cents
    return funds


def _leg_text(net: NetTrade, leg: TradeLeg) -> str:
    """``1 Jan 15 5900 P STO 4.30``"""
    on = net.facts.date
    strike, right = leg.contract
    action = "BTO" if leg.quantity > 0 else "STO"
    price = price_text(leg.entry_price_cents)
    return f"{abs(leg.quantity)} {MONTHS[on.month - 1]} {on.day} {strike} {right} {action} {price}"


def _time(net: NetTrade, second: int) -> str:
    text = clock_text(net.facts.open_clock + second)
    return text if text.count(":") == 2 else f"{text}:00"


def _units(trade: Trade) -> int:
    """How many of the structure: the divisor of its legs' quantities."""
    return gcd(*(leg.quantity for leg in trade.legs))


def _money(price_cents: Cents) -> Cents:
    return price_cents * MULTIPLIER


def _index_text(value_e4: IndexE4 | None) -> str | None:
    return None if value_e4 is None else price_text(round_half_up(value_e4, CENT_E4))


def _difference(value_e4: IndexE4 | None, from_e4: IndexE4 | None) -> str | None:
    return None if value_e4 is None or from_e4 is None else _index_text(value_e4 - from_e4)


def _short_by_long(dealt: Sequence[tuple[int, Cents]]) -> str | None:
    """What the sold legs are worth for each dollar of the bought ones."""
    long_cents = sum(quantity * price for quantity, price in dealt if quantity > 0)
    short_cents = sum(-quantity * price for quantity, price in dealt if quantity < 0)
    return fixed_text(round_half_up(1000 * short_cents, long_cents), 3, 2) if long_cents else None


def _percent(part_cents: Cents, of_cents: Cents) -> str | None:
    return price_text(round_half_up(10_000 * part_cents, of_cents)) if of_cents > 0 else None
