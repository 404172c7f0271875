"""One session of a strategy in full, over HTTP."""

from dataclasses import fields
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter

from engine.results import SessionResult
from rest_compat.drill_ins import STORED_AS, SessionDrillIn
from tests.backtests import STRANGLE, publish_sessions, run_all
from tests.rest_compat.desk import Desk
from tests.rest_compat.test_strategies import HASH, saved

LOSS = "-780"


async def session(desk: Desk, on: str = "2025-01-14", **config: Any) -> tuple[str, dict[str, Any]]:
    """The path and the answer of a session of a saved strategy that was run."""
    path = f"{await saved(desk, STRANGLE | config)}/results/days/{on}"
    await run_all(desk.town.ports)
    answer = await desk.get(path)
    assert answer.status_code == 200, answer.text
    return path, dict(answer.json())


async def test_the_headline_is_gross_minus_fees_and_slippage(trader: Desk) -> None:
    await trader.http.patch("/user", json={"slippage": "0.05"})
    _, told = await session(trader)

    assert list(told) == list(SessionDrillIn.model_fields)
    assert {name: told[name] for name in list(told)[:9]} == {
        "source_hash": HASH,
        "date": "2025-01-14",
        "status": "completed",
        "gross_pnl": LOSS,
        "fees": "4.88",
        "slippage": "20",
        "net_pnl": "-804.88",
        "reconciliation_warning": False,
        "differing": [],
    }


async def test_orders_open_and_close_the_position(trader: Desk) -> None:
    _, told = await session(trader)

    opening, closing = told["orders"]
    assert opening == {
        "number": 0,
        "position": 0,
        "datetime": "2025-01-14T14:30:10Z",
        "fill_price": "9.80",
        "fill_price_effect": "debit",
        "legs": [
            {
                "instrument": "SPXW  250114C05960000",
                "quantity": "1",
                "action": "buy to open",
                "price": "4.90",
            },
            {
                "instrument": "SPXW  250114P05940000",
                "quantity": "1",
                "action": "buy to open",
                "price": "4.90",
            },
        ],
    }
    assert (closing["datetime"], closing["reason"]) == ("2025-01-14T14:38:00Z", "time")
    assert (closing["fill_price"], closing["fill_price_effect"]) == ("2.00", "credit")


async def test_transactions_carry_the_viewers_fee_and_add_up(trader: Desk) -> None:
    _, told = await session(trader)

    first = told["transactions"][0]
    assert first == {
        "order": 0,
        "position": 0,
        "datetime": "2025-01-14T14:30:10Z",
        "instrument": "SPXW  250114C05960000",
        "type": "buy to open",
        "quantity": "1",
        "price": "490",
        "value": "490",
        "overlay_fee": "1.72",
    }
    fees = sum(Decimal(one["overlay_fee"]) for one in told["transactions"])
    values = sum(Decimal(one["value"]) for one in told["transactions"])
    assert (fees, -values) == (Decimal(told["fees"]), Decimal(told["gross_pnl"]))


async def test_the_log_says_what_was_chosen_at_which_quotes(trader: Desk) -> None:
    _, told = await session(trader)

    taken, closed = told["decision_log"]
    assert (taken["type"], taken["datetime"], taken["net"]) == (
        "entry_taken",
        "2025-01-14T14:30:10Z",
        "9.80",
    )
    assert taken["legs"][0] == {
        "instrument": "SPXW  250114C05960000",
        "off_target": "0",
        "bid": "4.80",
        "ask": "5.00",
        "price": "4.90",
    }
    assert (taken["spx"], taken["vix"], taken["max_profit"], taken["max_loss"]) == (
        "5950",
        "15",
        None,
        "980",
    )
    assert (closed["type"], closed["rule"], closed["gross_pnl"]) == ("position_closed", "time", LOSS)
    assert [leg["instrument"] for leg in closed["legs"]] == [leg["instrument"] for leg in taken["legs"]]


async def test_the_log_says_why_an_entry_was_skipped_or_settled(trader: Desk) -> None:
    _, calm = await session(trader, entry={"times": ["09:30:10"], "vix": {"min": 20}})
    assert (calm["status"], calm["orders"], calm["transactions"]) == ("skipped", [], [])
    assert calm["decision_log"] == [
        {
            "datetime": "2025-01-14T14:30:10Z",
            "type": "entry_skipped",
            "entry": 0,
            "reentry": 0,
            "reason": "vix",
            "value": "15",
            "leg": None,
            "legs": [],
        }
    ]

    _, held = await session(trader, exit={})
    settled = held["decision_log"][-1]
    assert settled == {
        "datetime": "2025-01-14T14:40:00Z",
        "type": "position_settled",
        "position": 0,
        "rule": "settlement",
        "settlement_value": "5950.00",
        "net": "0.00",
        "gross_pnl": "-980",
    }
    assert [one["type"] for one in held["transactions"][2:]] == ["expiration"] * 2


async def test_a_session_on_a_weekend_is_told_of_as_any_other(trader: Desk) -> None:
    publish_sessions(trader.town.days, 1, first=5)
    _, told = await session(trader, on="2025-01-18")
    (skipped,) = told["decision_log"]
    assert (skipped["reason"], skipped["value"]) == ("weekday", "sat")


async def test_the_curve_has_every_second_and_ends_with_the_net(trader: Desk) -> None:
    _, told = await session(trader)

    curve = told["intraday_curve"]
    assert len(curve) == 601
    assert curve[0] == {"datetime": "2025-01-14T14:30:00Z", "pnl": "0"}
    assert curve[-1] == {"datetime": "2025-01-14T14:40:00Z", "pnl": told["net_pnl"]}
    TypeAdapter(SessionDrillIn).validate_python(told)


async def test_it_costs_ten_credits_and_what_is_not_there_nothing(trader: Desk) -> None:
    path, _ = await session(trader)

    assert (await trader.get(path)).headers["x-ratelimit-used"] == "20"
    uncovered = await trader.get(path.replace("2025-01-14", "2025-01-13"))
    assert (uncovered.status_code, uncovered.headers["x-error-code"]) == (404, "not_found")
    assert (await trader.get(path)).headers["x-ratelimit-used"] == "30"


async def test_a_public_link_is_drilled_into_without_a_token(trader: Desk, visitor: Desk) -> None:
    path, told = await session(trader)
    assert (await visitor.get(path)).status_code == 404

    await trader.http.patch(path.partition("/results")[0], json={"privacy": "public"})

    assert (await visitor.get(path)).json() == told


def test_every_stored_field_that_may_differ_has_a_name_on_the_wire() -> None:
    assert set(STORED_AS) == {field.name for field in fields(SessionResult)}


async def test_a_session_that_is_not_run_yet_is_told_from_none(trader: Desk) -> None:
    path = f"{await saved(trader, STRANGLE)}/results/days"
    none, queued = await trader.get(f"{path}/2024-01-02"), await trader.get(f"{path}/2025-01-14")
    assert (none.status_code, none.text) == (404, "2024-01-02 is no session that strategies are run over")
    assert (queued.status_code, queued.text) == (
        404,
        "the session of 2025-01-14 has not been run yet: wait until its turn comes",
    )
    await run_all(trader.town.ports)
    publish_sessions(trader.town.days, 1)  # the Monday before
    new = await trader.get(f"{path}/2025-01-13")
    assert (new.status_code, new.text) == (
        404,
        "the session of 2025-01-13 has not been run yet: update the results to run it",
    )
