"""One session of a strategy in full over GraphQL: run again for credits, with the decisions behind it."""

from dataclasses import replace
from typing import Any

import pytest

from marketdata.library import Library
from tests.api.asking import Asker, Desk, application
from tests.api.strategizing import saved, strategy
from tests.backtests import STRANGLE, publish_sessions, run_all, strangle
from usecases.policy import Policy

CALL, PUT = "SPXW  250115C05960000", "SPXW  250115P05940000"
DEALING = "dealing { spx vix legs { instrument bid ask price } net }"
CHOSEN = "chosen { instrument off }"
LOG = (
    "decisionLog { __typename time"
    f" ... on EntrySkipped {{ entry reentry reason value leg {CHOSEN} }}"
    f" ... on EntryTaken {{ entry reentry position {CHOSEN} {DEALING} maxProfit maxLoss }}"
    f" ... on PositionClosed {{ position rule {DEALING} grossProfitLoss }}"
    " ... on PositionSettled { position settlement net grossProfitLoss } }"
)
ORDERS = "orders { number position time rule legs { instrument quantity action } legPrices net }"
TRANSACTIONS = "transactions { order position time instrument type quantity price value overlayFee }"


@pytest.fixture(autouse=True)
def recorded(desk: Desk) -> None:
    """Beside the day of every desk, those from Thursday to Sunday."""
    publish_sessions(desk.town.days, 4, first=3)


async def published(desk: Desk, config: dict[str, Any] = STRANGLE) -> str:
    """A public strategy of the owner's, run over every session."""
    made = await saved(desk.owner, config, privacy="PUBLIC")
    await run_all(desk.town.ports)
    return made["uuid"]  # type: ignore[no-any-return]


async def drilled(asker: Asker, uuid: str, fields: str, on: str = "2025-01-15") -> Any:
    return (await strategy(asker, uuid, f'dayDetail(date: "{on}") {{ {fields} }}'))["dayDetail"]


async def usage(asker: Asker) -> Any:
    return (await asker.ask("{ viewer { usagePercent } }"))["viewer"]["usagePercent"]


def held_to(desk: Desk, asker: Asker, **limits: int) -> Asker:
    return replace(asker, app=application(replace(desk.town.ports, policy=Policy(**limits))))


async def test_every_trade_explains_itself(desk: Desk) -> None:
    uuid = await published(desk)
    quoted = [
        {"instrument": contract, "bid": "4.80", "ask": "5.00", "price": "4.90"} for contract in (CALL, PUT)
    ]
    closing = [
        {"instrument": contract, "bid": "0.90", "ask": "1.10", "price": "1.00"} for contract in (CALL, PUT)
    ]
    assert (await drilled(desk.visitor, uuid, LOG))["decisionLog"] == [
        {
            "__typename": "EntryTaken",
            "time": "2025-01-15T14:30:10Z",
            "entry": 0,
            "reentry": 0,
            "position": 0,
            "chosen": [{"instrument": CALL, "off": "0"}, {"instrument": PUT, "off": "0"}],
            "dealing": {"spx": "5950.00", "vix": "15.00", "legs": quoted, "net": "9.80"},
            "maxProfit": None,
            "maxLoss": "980",
        },
        {
            "__typename": "PositionClosed",
            "time": "2025-01-15T14:38:00Z",
            "position": 0,
            "rule": "TIME",
            "dealing": {"spx": "5950.00", "vix": "15.00", "legs": closing, "net": "-2.00"},
            "grossProfitLoss": "-780",
        },
    ]


@pytest.mark.parametrize(
    ("entry", "on", "reason", "value"),
    [
        ({"weekdays": ["mon", "fri"]}, "2025-01-16", "WEEKDAY", "thu"),
        ({}, "2025-01-18", "WEEKDAY", "sat"),
        ({"vix": {"max": 14.5}}, "2025-01-15", "VIX", "15"),
        ({"gap": {"min": 0}}, "2025-01-15", "GAP", None),
        ({"move": {"min": 0.5}}, "2025-01-15", "MOVE", "0"),
    ],
)
async def test_an_entry_that_was_not_taken_says_what_failed(
    desk: Desk, entry: dict[str, Any], on: str, reason: str, value: str | None
) -> None:
    uuid = await published(desk, {**STRANGLE, "entry": {**STRANGLE["entry"], **entry}})
    (skipped,) = (await drilled(desk.owner, uuid, LOG, on))["decisionLog"]
    assert skipped == {
        "__typename": "EntrySkipped",
        "time": f"{on}T14:30:10Z",
        "entry": 0,
        "reentry": 0,
        "reason": reason,
        "value": value,
        "leg": None,
        "chosen": [],
    }


async def test_what_is_open_at_the_close_is_settled(desk: Desk) -> None:
    uuid = await published(desk, {**STRANGLE, "exit": {}})
    *_, settled = (await drilled(desk.owner, uuid, LOG))["decisionLog"]
    assert settled == {
        "__typename": "PositionSettled",
        "time": "2025-01-15T14:40:00Z",
        "position": 0,
        "settlement": "5950.00",
        "net": "0.00",
        "grossProfitLoss": "-980",
    }


async def test_a_session_has_its_orders_transactions_and_equity(desk: Desk) -> None:
    uuid = await published(desk)
    fields = f"{ORDERS} {TRANSACTIONS} openTime reconciliationWarning differing intradayCurveCents"
    told = await drilled(desk.owner, uuid, f"{fields} day {{ date netProfitLoss }}")
    legs = [{"instrument": contract, "quantity": 1} for contract in (CALL, PUT)]
    assert told["orders"] == [
        {
            "number": 0,
            "position": 0,
            "time": "2025-01-15T14:30:10Z",
            "rule": None,
            "legs": [{**leg, "action": "BUY_TO_OPEN"} for leg in legs],
            "legPrices": ["4.90", "4.90"],
            "net": "9.80",
        },
        {
            "number": 1,
            "position": 0,
            "time": "2025-01-15T14:38:00Z",
            "rule": "TIME",
            "legs": [{**leg, "action": "SELL_TO_CLOSE"} for leg in legs],
            "legPrices": ["1.00", "1.00"],
            "net": "-2.00",
        },
    ]
    assert [
        (dealt["order"], dealt["instrument"], dealt["type"], dealt["price"], dealt["value"])
        for dealt in told["transactions"]
    ] == [
        (0, CALL, "BUY_TO_OPEN", "490", "490"),
        (0, PUT, "BUY_TO_OPEN", "490", "490"),
        (1, CALL, "SELL_TO_CLOSE", "100", "-100"),
        (1, PUT, "SELL_TO_CLOSE", "100", "-100"),
    ]
    assert sum(float(dealt["overlayFee"]) for dealt in told["transactions"]) == pytest.approx(4.88)
    assert told["day"] == {"date": "2025-01-15", "netProfitLoss": "-784.88"}
    curve = told["intradayCurveCents"]
    assert (told["openTime"], len(curve), curve[0], curve[-1]) == ("2025-01-15T14:30:00Z", 601, 0, -784_88)
    assert (told["reconciliationWarning"], told["differing"]) == (False, [])


async def test_the_day_of_a_drill_in_is_after_the_viewers_costs(desk: Desk) -> None:
    uuid = await published(desk)
    await desk.other.ask('mutation { updateProfile(input: {slippage: "0.05"}) { userErrors { code } } }')
    told = await drilled(desk.other, uuid, "day { slippage netProfitLoss } intradayCurveCents")
    assert told["day"] == {"slippage": "20", "netProfitLoss": "-804.88"}
    assert told["intradayCurveCents"][-1] == -804_88


async def test_only_a_session_that_is_there_costs_credits(desk: Desk) -> None:
    uuid = await published(desk)
    owner = held_to(desk, desk.owner, credits_capacity=20, credits_drain_seconds=100)
    assert await drilled(owner, uuid, "day { date }", "2025-01-14") is None
    assert await usage(owner) == 0
    for _ in range(2):
        assert await drilled(owner, uuid, "day { date }") == {"day": {"date": "2025-01-15"}}
    (error,) = await owner.errors(
        f'{{ strategy(uuid: "{uuid}") {{ dayDetail(date: "2025-01-15") {{ openTime }} }} }}'
    )
    assert error["extensions"] == {
        "code": "RATE_LIMITED",
        "reason": "rate_limit_exceeded",
        "retryAfterSeconds": 50,
    }


async def test_a_day_that_cannot_be_read_is_nobodys_mistake(desk: Desk) -> None:
    uuid = await published(desk, strangle(33))  # which no other test has had run again
    info = desk.town.ports.library.days()[0]
    (desk.town.days / info.date.isoformat() / info.content_hash / "quotes.arrow").unlink()
    fresh = application(replace(desk.town.ports, library=Library(desk.town.days)))
    (error,) = await replace(desk.owner, app=fresh).errors(
        f'{{ strategy(uuid: "{uuid}") {{ dayDetail(date: "{info.date}") {{ openTime }} }} }}'
    )
    assert (error["extensions"]["code"], error["extensions"]["reason"]) == ("INTERNAL", "day_unavailable")
    assert await usage(desk.owner) == 0


async def test_a_session_that_the_engine_now_runs_otherwise_warns(desk: Desk) -> None:
    uuid = await published(desk)
    async with desk.town.ports.database.transaction() as tx:
        await tx.exec_driver_sql("UPDATE day_results SET gross_cents = gross_cents - 5")
    told = await drilled(desk.owner, uuid, "reconciliationWarning differing day { grossProfitLoss }")
    assert told == {
        "reconciliationWarning": True,
        "differing": ["gross_cents"],
        "day": {"grossProfitLoss": "-780"},
    }
