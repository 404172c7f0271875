"""Backtests of the real day against trades made by hand straight from the vendor's file."""

from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.clocks import clock_text
from engine.decisions import SkipReason
from engine.money import price_text
from engine.outcomes import NetTrade
from engine.results import SessionStatus
from tests.oracle.strategies import Outcome, Plan, at_level, by_delta, by_points, traded
from tests.oracle.vendor import TICK, VendorDay, read_legs, vendor_day
from zerodte.backtesting import backtest

DOCUMENTED: Mapping[str, Any] = {
    "legs": [
        {"direction": "sell", "type": "put", "qty": 1, "strike": {"method": "delta", "value": 0.3}},
        {"direction": "buy", "type": "put", "qty": 1, "strike": {"method": "delta", "value": 0.2}},
    ],
    "entry": {"times": ["10:00"]},
    "exit": {"profit_target_pct": 50, "time": "15:55"},
}


@pytest.fixture(scope="module")
def vendor(shared_data: Path) -> VendorDay:
    return vendor_day(shared_data)


def condor(entry: str, leave: Mapping[str, Any], points: int = 8) -> dict[str, Any]:
    otm = {"method": "points_otm", "value": points}
    width = {"method": "width", "value": 10}
    sides = [
        (right, deed, strike) for right in ("put", "call") for deed, strike in (("sell", otm), ("buy", width))
    ]
    legs = [{"direction": deed, "type": right, "qty": 1, "strike": strike} for right, deed, strike in sides]
    return {"legs": legs, "entry": {"time": entry}, "exit": dict(leave)}


def condor_by_hand(vendor: VendorDay, entry: str, points: int = 8) -> str:
    put, call = (by_points(vendor, entry, right, points) for right in "PC")
    low, high = at_level(vendor, "P", Decimal(put - 10)), at_level(vendor, "C", Decimal(call + 10))
    return f"-1 {put}P, +1 {low}P, -1 {call}C, +1 {high}C"


def only_trade(config: Mapping[str, Any], days: Path) -> NetTrade:
    (trade,) = backtest(config, days.parent).trades
    return trade


def told(net: NetTrade) -> Outcome:
    """Our trade in the words of the one made by hand."""
    trade = net.trade
    contracts = [(leg.quantity, f"{leg.contract.strike_points}{leg.contract.right}") for leg in trade.legs]
    left = clock_text(net.facts.open_clock + trade.exit_second)
    return Outcome(
        legs=", ".join(f"{quantity:+d} {name}" for quantity, name in contracts),
        paid=Decimal(trade.entry_net_cents) / 100,
        left=left if left.count(":") == 2 else f"{left}:00",
        reason=trade.rule.name.lower(),
        closing=Decimal(trade.exit_net_cents) / 100,
        profit=Decimal(trade.gross_cents) / 100,
    )


def test_the_documented_example_finds_one_contract_for_both_legs_and_is_skipped(
    real_days: Path, vendor: VendorDay
) -> None:
    assert by_delta(vendor, "10:00", "P", "0.3") == by_delta(vendor, "10:00", "P", "0.2") == 2725
    (day,) = backtest(DOCUMENTED, real_days.parent).days
    assert (day.status, day.trades, day.net_cents) == (SessionStatus.SKIPPED, (), 0)
    assert day.run.session.first_skip is SkipReason.SAME_CONTRACT


@pytest.mark.parametrize(
    ("entry", "reason"),
    [("09:35", "profit_target"), ("09:40", "profit_target"), ("11:00", "profit_target")],
)
def test_the_documented_example_at_other_times_is_the_trade_made_by_hand(
    real_days: Path, vendor: VendorDay, entry: str, reason: str
) -> None:
    sold, bought = by_delta(vendor, entry, "P", "0.3"), by_delta(vendor, entry, "P", "0.2")
    plan = Plan(entry, Decimal(sold - bought), target=Decimal(50), time="15:55")
    by_hand = traded(vendor, f"-1 {sold}P, +1 {bought}P", plan)
    net = only_trade({**DOCUMENTED, "entry": {"times": [entry]}}, real_days)
    assert told(net) == by_hand
    assert by_hand.reason == reason
    assert clock_text(net.facts.open_clock + net.trade.entry_second) == entry
    assert leg_prices(net) in roundings(vendor, entry, by_hand)


def leg_prices(net: NetTrade) -> list[int]:
    return [leg.entry_price_cents for leg in net.trade.legs]


def roundings(vendor: VendorDay, entry: str, by_hand: Outcome) -> list[list[int]]:
    """The mids on the grid, rounded against the trader, what remains to the net given to either leg."""
    sold, bought = (vendor.row(entry, name).mid for _, name in read_legs(by_hand.legs))
    down, up = (int(100 * on_the_grid(mid, by)) for mid, by in ((sold, ROUND_FLOOR), (bought, ROUND_CEILING)))
    rest = int(100 * -by_hand.paid) - (down - up)
    return [[down + rest, up], [down, up - rest]]


def on_the_grid(mid: Decimal, rounding: str) -> Decimal:
    return (mid / TICK).to_integral_value(rounding) * TICK


@pytest.mark.parametrize(
    ("entry", "leave", "reason"),
    [
        ("10:00", {"profit_target_pct": 25, "stop_loss_credit_pct": 100}, "profit_target"),
        ("10:30", {"profit_target_pct": 50, "stop_loss_credit_pct": 100}, "stop_loss_credit"),
        ("10:30", {"profit_target_pct": 40, "stop_loss_pct": 15}, "stop_loss"),
        ("11:00", {"profit_target_pct": 75, "stop_loss_pct": 50}, "settlement"),
        ("12:30", {"profit_target_pct": 30, "stop_loss_pct": 10, "time": "13:15"}, "profit_target"),
        ("13:00", {"profit_target_pct": 100, "stop_loss_credit_pct": 1000}, "stop_loss_credit"),
        ("12:30", {"profit_target_pct": 90, "stop_loss_pct": 90, "time": "13:15"}, "time"),
    ],
)
def test_an_iron_condor_with_stop_and_target_is_the_trade_made_by_hand(
    real_days: Path, vendor: VendorDay, entry: str, leave: Mapping[str, Any], reason: str
) -> None:
    percent = {name: Decimal(value) for name, value in leave.items() if name != "time"}
    plan = Plan(
        entry,
        Decimal(10),
        target=percent["profit_target_pct"],
        stop=percent.get("stop_loss_pct"),
        stop_of_credit=percent.get("stop_loss_credit_pct"),
        time=leave.get("time"),
    )
    by_hand = traded(vendor, condor_by_hand(vendor, entry), plan)
    assert by_hand.reason == reason
    assert told(only_trade(condor(entry, leave), real_days)) == by_hand


def test_fees_and_the_settlement_are_told_as_the_account_would_be_charged(
    real_days: Path, vendor: VendorDay
) -> None:
    held = condor("13:00", {})
    result = backtest(held, real_days.parent)
    (day,) = result.days
    by_hand = traded(vendor, condor_by_hand(vendor, "13:00"), Plan("13:00", Decimal(10)))
    assert told(day.trades[0]) == by_hand
    in_the_money = [name for _, name in read_legs(by_hand.legs) if vendor.intrinsic(name) > 0]
    assert Decimal(day.fees_cents) / 100 == 4 * Decimal("1.72") + 5 * len(in_the_money)
    assert price_text(result.backtest.days[0].facts.settlement_cents or 0) == str(vendor.settlement)
