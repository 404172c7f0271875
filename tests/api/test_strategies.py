"""Strategies over GraphQL: previewed, saved, listed, shared by link, changed and removed."""

from dataclasses import replace
from typing import Any

import pytest

from engine.descriptions import describe
from engine.programs import source_hash, write_program
from tests.api.accounting import change
from tests.api.asking import Asker, Desk, application
from tests.api.strategizing import COVERAGE, LOGIC, SAVED, as_sent, previewed, saved, strategy, updated
from tests.backtests import STRANGLE, publish_sessions, run_all, strangle
from tests.engine.configuring import DOCUMENTED, FULL, changed, strategy_of
from usecases.policy import Policy

RESULTS = f"backtest {{ coverage {{ {COVERAGE} }} }}"
LINES = (
    "query($first: Int!, $after: String) { strategies(first: $first, after: $after) {"
    f" nodes {{ strategyId uuid sourceHash privacy description coverage {{ {COVERAGE} }}"
    " performance { byDay { totalReturn sharpe maxDrawdown winRate profitLoss fees } } }"
    " pageInfo { hasNextPage endCursor } } }"
)
NO_STRATEGY = ["not_found"]


@pytest.fixture(autouse=True)
def recorded(desk: Desk) -> None:
    """Beside the day of every desk, those from Thursday to Sunday."""
    publish_sessions(desk.town.days, 4, first=3)


def codes_of(payload: dict[str, Any]) -> list[str]:
    return [error["code"] for error in payload["userErrors"]]


def errors_of(payload: dict[str, Any]) -> dict[str, str]:
    return {".".join(error["path"]): error["code"] for error in payload["userErrors"]}


async def lines(asker: Asker, first: int = 100, after: str | None = None) -> Any:
    return (await asker.ask(LINES, {"first": first, "after": after}))["strategies"]


async def test_a_preview_has_its_logic_at_once_and_its_results_when_they_are_run(desk: Desk) -> None:
    payload = await previewed(desk.owner, DOCUMENTED)
    assert payload["userErrors"] == []
    meant = strategy_of(DOCUMENTED)
    program, told = write_program(meant), describe(meant)
    logic, backtest = payload["preview"]["logic"], payload["preview"]["backtest"]
    assert (logic["program"], logic["description"], logic["summary"], logic["risks"]) == (
        program,
        told.description,
        told.summary,
        list(told.risks),
    )
    assert backtest == {
        "sourceHash": source_hash(program),
        "coverage": {
            "sourceHash": source_hash(program),
            "execStatus": "QUEUED",
            "coveredDays": 0,
            "totalSessions": 5,
            "newSessionsAvailable": 0,
            "updateAllowed": False,
            "windowLabel": "all recorded sessions",
            "windowFrom": "2025-01-15",
            "windowTo": "2025-01-19",
            "synthetic": False,
        },
    }
    assert await run_all(desk.town.ports) == 1
    again = (await previewed(desk.owner, DOCUMENTED))["preview"]["backtest"]["coverage"]
    assert (again["execStatus"], again["coveredDays"]) == ("IDLE", 5)


@pytest.mark.parametrize("config", [DOCUMENTED, FULL, STRANGLE])
async def test_a_config_that_was_read_can_be_sent_back(desk: Desk, config: dict[str, Any]) -> None:
    first = await previewed(desk.owner, config)
    meant = strategy_of(config)
    assert first["preview"]["backtest"]["sourceHash"] == source_hash(write_program(meant))
    assert (await previewed(desk.owner, config))["preview"]["logic"] == first["preview"]["logic"]
    read = first["preview"]["logic"]["config"]
    copy = await change(
        desk.other,
        "saveStrategy",
        "SaveStrategyInput",
        f"strategy {{ sourceHash logic {{ {LOGIC} }} }}",
        {"config": read},
    )
    assert copy["strategy"]["sourceHash"] == first["preview"]["backtest"]["sourceHash"]
    assert copy["strategy"]["logic"] == first["preview"]["logic"]


async def test_every_wrong_field_is_told_by_its_path_and_nothing_is_created(desk: Desk) -> None:
    wrong = changed(FULL, "legs.0.strike.value", "0")
    wrong = changed(wrong, "entry.times.1", "25:00")
    wrong = changed(wrong, "entry.reentry.wait_minutes", -1)
    wrong = changed(wrong, "exit.stop_loss_credit_pct", 0)
    told = {
        "input.config.legs.0.strike.value": "invalid_config",
        "input.config.entry.times.1": "invalid_config",
        "input.config.entry.reentry.waitMinutes": "invalid_config",
        "input.config.exit.stopLossCreditPct": "invalid_config",
    }
    assert errors_of(await previewed(desk.owner, wrong)) == told
    assert errors_of(await asked_to_save(desk.owner, wrong)) == told
    assert (await lines(desk.owner))["nodes"] == []
    assert await run_all(desk.town.ports) == 0


async def test_risk_must_be_defined(desk: Desk) -> None:
    naked = changed(STRANGLE, "legs.0.direction", "sell")
    assert errors_of(await previewed(desk.owner, naked)) == {"input.config.legs": "invalid_config"}


async def test_a_strategy_is_private_until_it_is_published(desk: Desk) -> None:
    made = await saved(desk.owner, STRANGLE)
    assert (made["privacy"], made["isOwner"]) == ("PRIVATE", True)
    assert made["description"] == describe(strategy_of(STRANGLE)).description
    assert await strategy(desk.owner, made["uuid"]) == made
    others = (desk.other, desk.visitor)
    assert [await strategy(asker, made["uuid"]) for asker in others] == [None, None]

    public = (await updated(desk.owner, made["id"], privacy="PUBLIC"))["strategy"]
    assert public == {**made, "privacy": "PUBLIC", "updatedAt": public["updatedAt"]}
    seen = {**public, "isOwner": False}
    assert [await strategy(asker, made["uuid"]) for asker in others] == [seen, seen]
    assert (await lines(desk.other))["nodes"] == []

    await updated(desk.owner, made["uuid"], privacy="PRIVATE")
    assert [await strategy(asker, made["uuid"]) for asker in others] == [None, None]


async def test_the_node_of_a_strategy_is_the_strategy(desk: Desk) -> None:
    made = await saved(desk.owner, STRANGLE, privacy="PUBLIC")
    query = f"query($id: ID!) {{ node(id: $id) {{ __typename ... on Strategy {{ {SAVED} }} }} }}"
    for asker, is_owner in ((desk.owner, True), (desk.visitor, False)):
        node = (await asker.ask(query, {"id": made["id"]}))["node"]
        assert node == {"__typename": "Strategy", **made, "isOwner": is_owner}


async def test_a_description_left_out_stays_and_null_brings_the_generated_one_back(desk: Desk) -> None:
    made = await saved(desk.owner, STRANGLE)
    for sent, shown in (
        ({"description": "my strangle"}, "my strangle"),
        ({"privacy": "PUBLIC"}, "my strangle"),
        ({}, "my strangle"),
        ({"description": None}, made["description"]),
    ):
        assert (await updated(desk.owner, made["id"], "description", **sent))["strategy"] == {
            "description": shown
        }
    too_long = await updated(desk.owner, made["id"], description="x" * 10_000)
    assert errors_of(too_long) == {"input.description": "invalid_input"}
    for unreadable in ("  ", "my \u202estrangle"):
        answer = await updated(desk.owner, made["id"], description=unreadable)
        assert errors_of(answer) == {"input.description": "invalid_input"}


async def test_who_removed_a_strategy_gets_it_back_under_its_id(desk: Desk) -> None:
    made = await saved(desk.owner, STRANGLE, privacy="PUBLIC")
    assert await removed(desk.owner, made["id"]) == {"removedId": made["id"], "userErrors": []}
    assert codes_of(await removed(desk.owner, made["id"])) == NO_STRATEGY
    assert await strategy(desk.owner, made["uuid"]) is None
    again = await saved(desk.owner, STRANGLE)
    assert (again["uuid"], again["privacy"]) == (made["uuid"], "PRIVATE")


async def test_nobody_changes_anothers_strategy(desk: Desk) -> None:
    made = await saved(desk.owner, STRANGLE, privacy="PUBLIC")
    assert codes_of(await updated(desk.other, made["id"], description="mine")) == NO_STRATEGY
    assert codes_of(await removed(desk.other, made["id"])) == NO_STRATEGY
    assert await strategy(desk.owner, made["uuid"]) == made


async def test_the_leaderboard_is_paged_from_the_latest_change_back(desk: Desk) -> None:
    made = []
    for minute in range(31, 36):
        made.append((await saved(desk.owner, strangle(minute)))["uuid"])
        desk.town.clock.pass_(seconds=1 if minute % 2 else 0)
    await updated(desk.owner, made[0], description="the latest change")
    found, after, pages = [], None, 0
    while pages == 0 or after:
        page = await lines(desk.owner, 2, after)
        found += [line["uuid"] for line in page["nodes"]]
        after = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None
        pages += 1
    assert (found, pages) == ([made[0], *reversed(made[1:])], 3)


async def test_the_leaderboard_is_after_the_default_costs(desk: Desk) -> None:
    made = await saved(desk.owner, STRANGLE, f"{SAVED} backtest {{ sourceHash }}")
    await run_all(desk.town.ports)
    before = (await lines(desk.owner))["nodes"]
    await desk.owner.ask('mutation { updateProfile(input: {slippage: "0.05"}) { userErrors { code } } }')
    assert (await lines(desk.owner))["nodes"] == before
    (line,) = before
    assert (line["strategyId"], line["coverage"]["coveredDays"]) == (made["id"], 5)
    own = await strategy(
        desk.owner, made["uuid"], "backtest { performance { slippage byDay { profitLoss fees } } }"
    )
    default = line["performance"]["byDay"]
    costs = own["backtest"]["performance"]
    assert costs["slippage"] == "60"  # three days, two contracts opened and closed on each
    assert costs["byDay"]["fees"] == default["fees"]
    assert float(costs["byDay"]["profitLoss"]) == pytest.approx(float(default["profitLoss"]) - 60)


async def test_equal_configs_are_one_backtest(desk: Desk) -> None:
    first = await saved(desk.owner, STRANGLE)
    second = await saved(desk.other, {**STRANGLE, "entry": {"time": "09:30:10"}})
    assert (first["sourceHash"], first["uuid"] == second["uuid"]) == (second["sourceHash"], False)
    assert await run_all(desk.town.ports) == 1


async def test_beyond_the_cap_a_preview_is_denied_and_a_save_is_parked(desk: Desk) -> None:
    owner = limited(desk, active_backtests=1)
    first = (await previewed(owner, strangle(31)))["preview"]["backtest"]["sourceHash"]
    denied = await previewed(owner, strangle(32))
    assert errors_of(denied) == {"input": "too_many_active_backtests"}
    parked = await saved(owner, strangle(33), "backtest { coverage { execStatus } }")
    assert parked == {"backtest": {"coverage": {"execStatus": "PARKED"}}}
    replacing = await previewed(owner, strangle(32), abandonHash=first)
    assert replacing["userErrors"] == []


async def test_an_abandoned_preview_runs_no_more(desk: Desk) -> None:
    source_hash = (await previewed(desk.owner, STRANGLE))["preview"]["backtest"]["sourceHash"]
    for asker in (desk.other, desk.owner, desk.owner):
        payload = await change(
            asker, "abandonPreview", "AbandonPreviewInput", "done", {"sourceHash": source_hash}
        )
        assert payload == {"done": True, "userErrors": []}
    assert await run_all(desk.town.ports) == 0


async def test_new_sessions_are_run_when_somebody_asks(desk: Desk) -> None:
    made = await saved(desk.owner, STRANGLE, privacy="PUBLIC")
    await run_all(desk.town.ports)
    publish_sessions(desk.town.days, 2, first=7)
    stale = (await strategy(desk.other, made["uuid"], f"backtest {{ coverage {{ {COVERAGE} }} }}"))[
        "backtest"
    ]
    assert (stale["coverage"]["newSessionsAvailable"], stale["coverage"]["updateAllowed"]) == (2, True)
    queued = await update_results(desk.other, made["id"])
    assert queued["coverage"] == {
        **stale["coverage"],
        "execStatus": "QUEUED",
        "newSessionsAvailable": 0,
        "updateAllowed": False,
    }
    await run_all(desk.town.ports)
    fresh = (await strategy(desk.owner, made["uuid"], f"backtest {{ coverage {{ {COVERAGE} }} }}"))[
        "backtest"
    ]
    assert (fresh["coverage"]["execStatus"], fresh["coverage"]["coveredDays"]) == ("IDLE", 7)
    private = await saved(desk.owner, strangle(35))
    assert codes_of(await update_results(desk.other, private["id"])) == NO_STRATEGY


async def test_the_results_are_read_as_csv_by_whoever_may_read_them(desk: Desk) -> None:
    made = await saved(desk.owner, STRANGLE, privacy="PUBLIC")
    await run_all(desk.town.ports)
    shown = await strategy(
        desk.visitor, made["uuid"], "days: csv trades: csv(table: TRADES) daily: csv(table: DAILY)"
    )
    assert {name: (text.split(",")[0], text.count("\r\n") - 1) for name, text in shown.items()} == {
        "days": ("date", 5),
        "trades": ("Date Opened", 3),
        "daily": ("Date", 5),
    }


def limited(desk: Desk, **limits: int) -> Asker:
    """The owner at an installation with limits of its own."""
    return replace(desk.owner, app=application(replace(desk.town.ports, policy=Policy(**limits))))


async def asked_to_save(asker: Asker, config: Any) -> Any:
    given = {"config": as_sent(config)}
    return await change(asker, "saveStrategy", "SaveStrategyInput", "strategy { id }", given)


async def removed(asker: Asker, strategy_id: str) -> Any:
    given = {"strategyId": strategy_id}
    return await change(asker, "removeStrategy", "RemoveStrategyInput", "removedId", given)


async def update_results(asker: Asker, strategy_id: str) -> Any:
    given = {"strategyId": strategy_id}
    return await change(asker, "updateResults", "UpdateResultsInput", f"coverage {{ {COVERAGE} }}", given)
