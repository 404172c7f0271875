"""The columns that traders' tools read, to the letter."""

import csv
from dataclasses import replace
from datetime import timedelta

from engine.costs import DEFAULT_COSTS, Costs
from engine.decisions import ExitRule
from engine.outcomes import FAILED, DayRun, net_days
from engine.performance import performance_of
from engine.results import SessionStatus
from engine.trade_logs import daily_log_csv, days_csv, trade_log_csv
from tests.engine.outcomes import MONDAY, day_run, facts, settled, trade

TRADE_HEADER = (
    "Date Opened,Time Opened,Opening Price,Legs,Premium,Closing Price,Date Closed,Time Closed,"
    "Avg. Closing Cost,Reason For Close,P/L,No. of Contracts,Funds at Close,Margin Req.,Strategy,"
    "Opening Commissions + Fees,Closing Commissions + Fees,Opening Short/Long Ratio,"
    "Closing Short/Long Ratio,Opening VIX,Closing VIX,Gap,Movement,Max Profit,Max Loss"
)
TUESDAY = MONDAY + timedelta(days=1)


def test_a_trade_is_a_row_of_the_trade_log() -> None:
    days = net_days([day_run(trade())], DEFAULT_COSTS)
    assert trade_log_csv(days, "Put spread, 10:00").split("\r\n") == [
        TRADE_HEADER,
        (
            "2025-01-13,10:00:00,5930.13,1 Jan 13 5900 P STO 4.30 | 1 Jan 13 5880 P BTO 2.80,150.00,5940.00,"
            "2025-01-13,10:31:01,75.00,Profit Target,70.12,1,100070.12,1850.00,"
            '"Put spread, 10:00",3.44,1.44,1.536,1.556,15.50,15.00,10.00,10.13,50.00,-20.00'
        ),
        "",
    ]


def test_profit_is_premium_less_closing_cost_less_fees_for_any_quantity_and_slippage() -> None:
    legs = tuple(replace(leg, quantity=3 * leg.quantity) for leg in trade().legs)
    days = net_days([day_run(trade(225_00, legs=legs))], Costs(slippage_cents=5))
    (row,) = csv.DictReader(trade_log_csv(days, "x").splitlines())
    assert (row["Premium"], row["Avg. Closing Cost"], row["No. of Contracts"]) == ("140.00", "85.00", "3")
    fees = float(row["Opening Commissions + Fees"]) + float(row["Closing Commissions + Fees"])
    assert float(row["P/L"]) == 3 * (140 - 85) - fees


def test_the_best_and_worst_moments_are_parts_of_the_premium_that_is_shown() -> None:
    moments = trade(favourable_cents=75_00, adverse_cents=-30_00)
    (row,) = csv.DictReader(
        trade_log_csv(net_days([day_run(moments)], Costs(slippage_cents=5)), "x").splitlines()
    )
    assert (row["Premium"], row["Max Profit"], row["Max Loss"]) == ("140.00", "53.57", "-21.43")


def test_funds_at_close_follow_the_order_of_the_closes() -> None:
    early = trade(10_00, entry_second=100, exit_second=900)
    late = trade(20_00, entry_second=50, exit_second=1000)
    days = net_days([day_run(late, early), day_run(trade(-5_00), on=TUESDAY)], DEFAULT_COSTS)
    rows = list(csv.DictReader(trade_log_csv(days, "x").splitlines()))
    assert [row["Funds at Close"] for row in rows] == ["100020.24", "100005.12", "100010.36"]


def test_what_is_held_to_the_close_expires_there() -> None:
    (row,) = csv.DictReader(trade_log_csv(net_days([day_run(settled())], DEFAULT_COSTS), "x").splitlines())
    assert (row["Reason For Close"], row["Time Closed"]) == ("Expired", "16:00:00")


def test_what_is_unknown_is_left_empty() -> None:
    plain = trade(entry_vix_e4=None, exit_vix_e4=None, entry_spx_e4=None)
    run = day_run(plain)
    days = net_days([replace(run, facts=replace(run.facts, previous_settlement_cents=None))], DEFAULT_COSTS)
    (row,) = csv.DictReader(trade_log_csv(days, "x").splitlines())
    assert [row[name] for name in ("Opening VIX", "Closing VIX", "Gap", "Movement", "Opening Price")] == [
        ""
    ] * 5


def test_every_exit_has_a_reason_in_words() -> None:
    days = net_days([day_run(*(trade(rule=rule) for rule in ExitRule))], DEFAULT_COSTS)
    rows = csv.DictReader(trade_log_csv(days, "x").splitlines())
    assert [row["Reason For Close"] for row in rows] == [
        "Expired",
        "Stop Loss",
        "Stop Loss",
        "Trailing Stop",
        "Profit Target",
        "Short Strike Touch",
        "Short Delta",
        "Exit Time",
    ]


def test_the_daily_log_is_the_account_at_the_end_of_each_day() -> None:
    days = net_days([day_run(trade(1004_88)), day_run(trade(-2015_12), on=TUESDAY)], DEFAULT_COSTS)
    assert daily_log_csv(performance_of(days).curve).split("\r\n") == [
        "Date,Net Liquidity,Current Funds,Withdrawn,Trading Funds,P/L,P/L %,Drawdown %",
        "2025-01-13,101000.00,101000.00,0.00,101000.00,1000.00,1.00,0.00",
        "2025-01-14,98980.00,98980.00,0.00,98980.00,-2020.00,-2.00,-2.00",
        "",
    ]


def test_days_are_listed_with_their_state() -> None:
    halted = day_run(trade(-100_000_00))
    halted = replace(halted, session=replace(halted.session, status=SessionStatus.HALTED))
    failed = DayRun(facts(TUESDAY, None), FAILED, "quotes.arrow: not there")
    skipped = day_run(on=MONDAY + timedelta(days=2))
    assert days_csv(net_days([halted, failed, skipped], Costs(slippage_cents=5))).split("\r\n") == [
        (
            "date,status,gross_pnl,fees,slippage,net_pnl,opening_orders,closing_orders,intraday_max_dd,spx_close,"
            "error_message,halt_reason"
        ),
        (
            "2025-01-13,halted,-100000.00,4.88,20.00,-100024.88,1,1,40.00,5950.00,,"
            "the capital of the session was used up"
        ),
        "2025-01-14,failed,0.00,0.00,0.00,0.00,0,0,0.00,,quotes.arrow: not there,",
        "2025-01-15,skipped,0.00,0.00,0.00,0.00,0,0,40.00,5950.00,,",
        "",
    ]
