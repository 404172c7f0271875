"""Backtests over GraphQL: days, trades, metrics and the certificate, after each viewer's own costs."""

from datetime import date, timedelta
from typing import Any

import pytest

from engine.costs import Costs
from engine.fees import DEFAULT_FEES
from engine.money import money_text
from engine.outcomes import ENGINE_VERSION, NetDay, net_days
from engine.performance import performance_of
from tests.api.asking import Asker, Desk
from tests.api.strategizing import backtest, previewed, saved, strategy
from tests.backtests import MONDAY, STRANGLE, program_of, publish_sessions, run_all
from tests.days import publish_day, recorded_in_part, tiny_day
from usecases.backtesting import run_library

DAYS = (
    "date status synthetic grossProfitLoss fees slippage netProfitLoss openingOrders closingOrders"
    " intradayDrawdown skippedEntries firstSkip spxOpen vixOpen spxClose error haltReason"
)
TRADES = (
    "date entry reentry entryTime exitTime rule legs { instrument quantity entryPrice exitPrice }"
    " entryNet exitNet grossProfitLoss fees slippage netProfitLoss maxProfit maxLoss"
    " adverseExcursion favourableExcursion entrySpx exitSpx entryVix exitVix"
)
PERFORMANCE = (
    "byDay { days wins losses profitLoss fees totalReturn sharpe maxDrawdown winRate profitFactor cagr }"
    " byTrade { days profitLoss } sessions { completed skipped failed halted } grossProfitLoss slippage"
    " sortino calmar intradayDrawdown exposure secondsInTrade adverseExcursion favourableExcursion"
    " byWeekday { name trades wins profitLoss } byVix { name trades wins profitLoss }"
    " curve { dates closingBalanceCents buyAndHoldCents }"
)


@pytest.fixture(autouse=True)
def recorded(desk: Desk) -> None:
    """Beside the day of every desk, those from Thursday to Sunday."""
    publish_sessions(desk.town.days, 4, first=3)


async def ran(desk: Desk, asker: Asker, config: dict[str, Any] = STRANGLE) -> str:
    """The source hash of a preview whose sessions were run."""
    source_hash: str = (await previewed(asker, config))["preview"]["backtest"]["sourceHash"]
    await run_all(desk.town.ports)
    return source_hash


def offline(desk: Desk, costs: Costs) -> tuple[NetDay, ...]:
    done = run_library(desk.town.ports.library, program_of(STRANGLE), None, None, lambda *_: None)
    return net_days(done.days, costs)


async def set_slippage(asker: Asker) -> None:
    await asker.ask('mutation { updateProfile(input: {slippage: "0.05"}) { userErrors { code } } }')


async def test_a_day_is_told_with_its_trades(desk: Desk) -> None:
    source_hash = await ran(desk, desk.owner)
    asked = f'day(date: "2025-01-15") {{ {DAYS} trades {{ nodes {{ {TRADES} }} }} }}'
    # Each option is worth 4.90 ten seconds after the open and 1.00 eight minutes after it.
    outcome = {"grossProfitLoss": "-780", "fees": "4.88", "slippage": "0", "netProfitLoss": "-784.88"}
    assert (await backtest(desk.owner, source_hash, asked))["day"] == {
        "date": "2025-01-15",
        "status": "COMPLETED",
        "synthetic": False,
        **outcome,
        "openingOrders": 1,
        "closingOrders": 1,
        "intradayDrawdown": "780",
        "skippedEntries": 0,
        "firstSkip": None,
        "spxOpen": "5950.00",
        "vixOpen": "15.00",
        "spxClose": "5950.00",
        "error": None,
        "haltReason": None,
        "trades": {
            "nodes": [
                {
                    "date": "2025-01-15",
                    "entry": 0,
                    "reentry": 0,
                    "entryTime": "2025-01-15T14:30:10Z",
                    "exitTime": "2025-01-15T14:38:00Z",
                    "rule": "TIME",
                    "legs": [
                        {"instrument": call_or_put, "quantity": 1, "entryPrice": "4.90", "exitPrice": "1.00"}
                        for call_or_put in ("SPXW  250115C05960000", "SPXW  250115P05940000")
                    ],
                    "entryNet": "9.80",
                    "exitNet": "-2.00",
                    **outcome,
                    "maxProfit": None,
                    "maxLoss": "980",
                    "adverseExcursion": "-780",
                    "favourableExcursion": "0",
                    "entrySpx": "5950.00",
                    "exitSpx": "5950.00",
                    "entryVix": "15.00",
                    "exitVix": "15.00",
                }
            ]
        },
    }


async def test_a_day_on_which_nothing_was_entered_says_why(desk: Desk) -> None:
    source_hash = await ran(desk, desk.owner)
    asked = 'day(date: "2025-01-18") { status skippedEntries firstSkip trades { nodes { date } } }'
    assert (await backtest(desk.owner, source_hash, asked))["day"] == {
        "status": "SKIPPED",
        "skippedEntries": 1,
        "firstSkip": "WEEKDAY",
        "trades": {"nodes": []},
    }
    assert (await backtest(desk.owner, source_hash, 'day(date: "2025-01-20") { date }'))["day"] is None


async def test_metrics_are_those_of_an_offline_run(desk: Desk) -> None:
    await set_slippage(desk.owner)
    source_hash = await ran(desk, desk.owner)
    days = offline(desk, Costs(DEFAULT_FEES, 5))
    meant = performance_of(days)
    told = (await backtest(desk.owner, source_hash, f"performance {{ {PERFORMANCE} }}"))["performance"]
    assert told["slippage"] == money_text(meant.slippage_cents) == "60"
    assert told["grossProfitLoss"] == money_text(meant.gross_cents)
    assert told["byDay"]["profitLoss"] == money_text(sum(day.net_cents for day in days))
    assert told["sessions"] == {"completed": 3, "skipped": 2, "failed": 0, "halted": 0}
    assert [(group["name"], group["trades"]) for group in told["byWeekday"]] == [
        ("wed", 1),
        ("thu", 1),
        ("fri", 1),
    ]
    assert told["byVix"] == [
        {"name": "15 to 20", "trades": 3, "wins": 0, "profitLoss": told["byDay"]["profitLoss"]}
    ]
    assert told["secondsInTrade"] == meant.seconds_in_trade == 470
    curve = told["curve"]
    assert curve["dates"] == [day.date.isoformat() for day in days]
    assert curve["closingBalanceCents"] == [point.closing_cents for point in meant.curve]
    assert curve["buyAndHoldCents"] == list(meant.buy_and_hold_cents)


async def test_each_reads_after_his_own_costs(desk: Desk) -> None:
    await set_slippage(desk.other)
    source_hash = await ran(desk, desk.owner)
    made = await saved(desk.owner, STRANGLE, privacy="PUBLIC")
    await previewed(desk.other, STRANGLE)
    asked = "performance { slippage grossProfitLoss byDay { profitLoss } }"
    mine, his = [
        (await backtest(asker, source_hash, asked))["performance"] for asker in (desk.owner, desk.other)
    ]
    visited = (await strategy(desk.visitor, made["uuid"], f"backtest {{ {asked} }}"))["backtest"]
    assert visited["performance"] == mine
    assert (mine["slippage"], his["slippage"]) == ("0", "60")
    assert mine["grossProfitLoss"] == his["grossProfitLoss"]


async def test_days_and_trades_are_paged_by_their_keys(desk: Desk) -> None:
    again = {**STRANGLE, "entry": {"times": ["09:30:10", "09:31", "09:32"], "max_open": 3}}
    source_hash = await ran(desk, desk.owner, again)
    days = await pages(desk.owner, source_hash, "days", "date")
    assert [node["date"] for node in days] == [date(2025, 1, day).isoformat() for day in range(15, 20)]
    trades = await pages(desk.owner, source_hash, "trades", "date entry")
    assert [(trade["date"][-2:], trade["entry"]) for trade in trades] == [
        (day, entry) for day in ("15", "16", "17") for entry in range(3)
    ]


async def pages(asker: Asker, source_hash: str, field: str, wanted: str) -> list[Any]:
    """The rows of every page of two, followed by its cursors."""
    found: list[Any] = []
    after = ""
    while True:
        asked = f"{field}(first: 2{after}) {{ nodes {{ {wanted} }} pageInfo {{ hasNextPage endCursor }} }}"
        page = (await backtest(asker, source_hash, asked))[field]
        assert len(page["nodes"]) <= 2
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = f', after: "{page["pageInfo"]["endCursor"]}"'


async def test_the_certificate_names_program_engine_and_days(desk: Desk) -> None:
    source_hash = await ran(desk, desk.owner)
    asked = "certificate { sourceHash daysDigest engineVersion }"
    told = (await backtest(desk.owner, source_hash, asked))["certificate"]
    assert (told["sourceHash"], told["engineVersion"]) == (source_hash, ENGINE_VERSION)
    await previewed(desk.other, STRANGLE)
    assert (await backtest(desk.other, source_hash, asked))["certificate"] == told
    publish_sessions(desk.town.days, 1, first=7)
    await saved(desk.owner, STRANGLE)
    await run_all(desk.town.ports)
    later = (await backtest(desk.owner, source_hash, asked))["certificate"]
    assert later == {**told, "daysDigest": later["daysDigest"]}
    assert later != told


async def test_days_that_were_recorded_only_in_part_are_named(desk: Desk) -> None:
    for number, known_until in ((7, 539), (8, 540)):
        day = tiny_day(MONDAY + timedelta(days=number))
        publish_day(desk.town.days, recorded_in_part(day, 0, known_until))
    source_hash = await ran(desk, desk.owner)
    told = await backtest(desk.owner, source_hash, "partialDays")
    assert told["partialDays"] == ["2025-01-20"]


async def test_only_who_previewed_lately_or_saved_it_reads_a_backtest(desk: Desk) -> None:
    source_hash = await ran(desk, desk.owner)
    assert await backtest(desk.other, source_hash, "sourceHash") is None
    assert await backtest(desk.owner, source_hash, "sourceHash") == {"sourceHash": source_hash}
    desk.town.clock.pass_(minutes=16)
    assert await backtest(desk.owner, source_hash, "sourceHash") is None
    await saved(desk.owner, STRANGLE)
    desk.town.clock.pass_(minutes=16)
    assert await backtest(desk.owner, source_hash, "sourceHash") == {"sourceHash": source_hash}
    assert await backtest(desk.owner, "nonsense", "sourceHash") is None
