"""Days of a backtest made by hand: trades of one put spread, with the results that a test wants."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from engine.contracts import Contract, Right
from engine.costs import DEFAULT_COSTS, Costs
from engine.decisions import ExitRule
from engine.outcomes import DayFacts, DayRun, NetDay, net_days
from engine.results import SessionResult, SessionStatus, Trade, TradeLeg

MONDAY = date(2025, 1, 13)
OPEN_CLOCK = 34_200
CLOSE = 23_400
PUT_SPREAD = (
    TradeLeg(Contract(5900, Right.PUT), -1, 4_30, 2_10),
    TradeLeg(Contract(5880, Right.PUT), 1, 2_80, 1_35),
)
EXAMPLE = Trade(
    entry=0,
    reentry=0,
    entry_second=1_800,
    exit_second=3_661,
    rule=ExitRule.PROFIT_TARGET,
    legs=PUT_SPREAD,
    entry_net_cents=-1_50,
    exit_net_cents=75,
    gross_cents=75_00,
    max_profit_cents=150_00,
    max_loss_cents=1850_00,
    adverse_cents=-30_00,
    favourable_cents=75_00,
    entry_spx_e4=5930_1250,
    exit_spx_e4=5940_0000,
    entry_vix_e4=15_5000,
    exit_vix_e4=15_0000,
)


def trade(gross_cents: int = 75_00, **changes: object) -> Trade:
    return replace(EXAMPLE, gross_cents=gross_cents, **changes)


def settled(legs: Sequence[TradeLeg] = PUT_SPREAD, gross_cents: int = 150_00) -> Trade:
    return trade(gross_cents, legs=tuple(legs), rule=ExitRule.SETTLEMENT, exit_second=CLOSE)


def facts(on: date = MONDAY, settlement_cents: int | None = 5950_00) -> DayFacts:
    return DayFacts(
        date=on,
        content_hash=f"hash of {on}",
        synthetic=False,
        open_clock=OPEN_CLOCK,
        close_second=CLOSE,
        settlement_cents=settlement_cents,
        previous_settlement_cents=5910_00,
        open_spx_e4=5920_0000,
        open_vix_e4=16_0000,
    )


def day_run(*trades: Trade, on: date = MONDAY, settlement_cents: int | None = 5950_00) -> DayRun:
    status = SessionStatus.COMPLETED if trades else SessionStatus.SKIPPED
    gross_cents = sum(trade.gross_cents for trade in trades)
    session = SessionResult(status, gross_cents, 40_00, trades, 0, None, 7)
    return DayRun(facts(on, settlement_cents), session)


def days_of(profits: Iterable[int], costs: Costs = DEFAULT_COSTS) -> tuple[NetDay, ...]:
    """A trade a day from Monday to Friday with these gross profits; a day without one for each None."""
    runs = (
        day_run(*([] if profit is None else [trade(profit)]), on=MONDAY + timedelta(weeks=n // 5, days=n % 5))
        for n, profit in enumerate(profits)
    )
    return net_days(runs, costs)
