"""Strategies over HTTP: the documented walk from a config to shared results, and what is refused."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from engine.programs import source_hash
from engine.trade_logs import DAY_COLUMNS
from tests.backtests import MONDAY, STRANGLE, program_of, run_all, strangle
from tests.days import publish_day, recorded_in_part, tiny_day
from tests.rest_compat.desk import Desk

HASH = source_hash(program_of(STRANGLE))
PREVIEW = "/strategies/preview"
RESULTS = f"{PREVIEW}/{HASH}/results"


async def previewed(desk: Desk, config: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = await desk.post(PREVIEW, {"config": config, **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def saved(desk: Desk, config: dict[str, Any] = STRANGLE, **more: Any) -> str:
    """Save a config and return the path of the strategy."""
    answer = await desk.post("/strategies", {"config": config, **more})
    assert answer.status_code == 201, answer.text
    return f"/strategies/{answer.json()['id']}"


async def test_a_preview_answers_with_the_artifacts_and_the_snapshot(trader: Desk) -> None:
    answer = await previewed(trader, STRANGLE)

    assert list(answer) == ["config", "description", "summary", "risks", "program", "snapshot"]
    assert answer["config"]["entry"] == {
        "times": ["09:30:10"],
        "weekdays": ["mon", "tue", "wed", "thu", "fri"],
        "max_open": 1,
    }
    assert answer["program"] == program_of(STRANGLE)
    snapshot = answer["snapshot"]
    assert {name: snapshot[name] for name in snapshot if name not in ("results", "certificate")} == {
        "window_label": "all recorded sessions",
        "window_from": "2025-01-14",
        "window_to": "2025-01-15",
        "synthetic": False,
        "source_hash": HASH,
        "exec_status": "queued",
        "covered_days": 0,
        "total_sessions": 2,
        "new_sessions_available": 0,
        "update_allowed": False,
    }


async def test_results_are_idle_and_whole_once_they_are_run(trader: Desk) -> None:
    await previewed(trader, STRANGLE)
    await run_all(trader.town.ports)

    answer = await trader.get(RESULTS)

    snapshot = answer.json()
    assert (answer.status_code, snapshot["exec_status"], snapshot["covered_days"]) == (200, "idle", 2)
    results = snapshot["results"]
    assert list(results) == ["metrics", "days", "equity_curve", "partial_days"]
    assert [row["date"] for row in results["days"]] == ["2025-01-14", "2025-01-15"]
    assert results["days"][0] == {
        "date": "2025-01-14",
        "status": "completed",
        "gross_pnl": "-780",
        "fees": "4.88",
        "slippage": "0",
        "net_pnl": "-784.88",
        "opening_orders": 1,
        "closing_orders": 1,
    }
    metrics = results["metrics"]
    assert (metrics["net_pnl"], metrics["total_return"]) == ("-1569.76", -0.015698)
    assert (metrics["max_drawdown"], metrics["win_rate"], metrics["sharpe"]) == (0.015698, 0.0, None)
    assert results["equity_curve"][-1] == {
        "date": "2025-01-15",
        "equity": "98430.24",
        "drawdown": 0.015698,
        "benchmark": "100000",
    }
    assert snapshot["certificate"]["source_hash"] == HASH


async def test_days_that_were_recorded_only_in_part_are_named(trader: Desk) -> None:
    for number, known_until in ((1, 539), (2, 540)):
        day = tiny_day(MONDAY + timedelta(days=number))
        publish_day(trader.town.days, recorded_in_part(day, 0, known_until))
    await previewed(trader, STRANGLE)
    await run_all(trader.town.ports)
    assert (await trader.get(RESULTS)).json()["results"]["partial_days"] == ["2025-01-14"]


async def test_results_are_net_of_each_readers_costs(trader: Desk, stranger: Desk) -> None:
    await stranger.http.patch("/user", json={"slippage": "0.05"})
    for desk in (trader, stranger):
        await previewed(desk, STRANGLE)
    assert await run_all(trader.town.ports) == 1

    mine, theirs = [(await desk.get(RESULTS)).json()["results"]["days"][0] for desk in (trader, stranger)]

    assert (mine["slippage"], theirs["slippage"]) == ("0", "20")
    assert (mine["gross_pnl"], theirs["net_pnl"]) == (theirs["gross_pnl"], "-804.88")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"config": "is required"}),
        ({"config": None}, {"config": "is required"}),
        ({"config": []}, {"config": "must be an object"}),
        ({"config": {}}, {"legs": "is required", "entry": "is required"}),
        (
            {"config": {**STRANGLE, "entry": {"times": ["25:00"]}, "exit": {"time": "x"}}},
            {
                "entry.times.0": "must be a New York time from 09:30:00 to 15:59:59, as HH:MM or HH:MM:SS",
                "exit.time": "must be a New York time from 09:30:00 to 15:59:59, as HH:MM or HH:MM:SS",
            },
        ),
    ],
)
@pytest.mark.parametrize("path", ["/strategies", PREVIEW])
@pytest.mark.parametrize("accept", ["*/*", "text/plain", "application/json"])
async def test_a_bad_config_is_refused_in_json_with_its_fields(
    trader: Desk, path: str, accept: str, body: dict[str, Any], fields: dict[str, str]
) -> None:
    answer = await trader.post(path, body, headers={"Accept": accept})

    assert (answer.status_code, answer.headers["x-error-code"]) == (400, "invalid_config")
    assert answer.headers["content-type"] == "application/json"
    refusal = answer.json()
    assert (refusal["error"], refusal["fields"]) == ("invalid_config", fields)
    assert (await trader.get("/strategies")).json() == {"strategies": []}


async def test_a_fourth_run_is_429_until_one_is_abandoned_and_a_save_never(trader: Desk) -> None:
    hashes = [
        (await previewed(trader, strangle(minute)))["snapshot"]["source_hash"] for minute in (31, 32, 33)
    ]

    refused = await trader.post(PREVIEW, {"config": strangle(34)})
    assert (refused.status_code, refused.headers["x-error-code"]) == (429, "too_many_active_backtests")
    assert int(refused.headers["retry-after"]) > 0
    assert refused.text.startswith("too_many_active_backtests")

    parked = await trader.get(await saved(trader, strangle(35)))
    assert parked.json()["snapshot"]["exec_status"] == "parked"

    await previewed(trader, strangle(34), abandon_hash=hashes[0])


async def test_a_preview_of_nobody_is_not_found(trader: Desk, stranger: Desk) -> None:
    await previewed(trader, STRANGLE)

    for path in (RESULTS, f"{PREVIEW}/{'0' * 64}/results", f"{PREVIEW}/{HASH.upper()}/results"):
        answer = await stranger.get(path)
        assert (answer.status_code, answer.headers["x-error-code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"source_hash": HASH}},
        {"json": {"source_hash": "nothing"}},
        {"json": {"source_hash": 1}},
        {"json": []},
        {"content": b"{"},
        {"content": b""},
        {"content": b'{"source_hash": "x"}', "headers": {"Content-Type": "text/plain"}},
        {"content": b" " * 300_000},
        {},
    ],
)
async def test_to_abandon_is_always_204(trader: Desk, sent: dict[str, Any]) -> None:
    await previewed(trader, STRANGLE)

    answer = await trader.http.request("POST", f"{PREVIEW}/abandon", **sent)

    assert (answer.status_code, answer.content) == (204, b"")
    is_abandoned = sent == {"json": {"source_hash": HASH}}
    assert (await trader.get(RESULTS)).status_code == (404 if is_abandoned else 200)


async def test_a_saved_strategy_is_read_listed_changed_and_removed(trader: Desk) -> None:
    path = await saved(trader)
    await run_all(trader.town.ports)

    read = (await trader.get(path)).json()
    assert (read["privacy"], read["is_owner"], read["source_hash"]) == ("private", True, HASH)
    assert list(read["snapshot"]["results"]) == ["metrics", "days", "equity_curve", "partial_days"]
    assert "program" not in read
    (row,) = (await trader.get("/strategies")).json()["strategies"]
    assert (row["id"], row["description"]) == (read["id"], read["description"])
    assert row["metrics"] == {
        "total_return": -0.015698,
        "sharpe": None,
        "max_drawdown": 0.015698,
        "win_rate": 0.0,
    }
    assert (row["covered_days"], row["new_sessions_available"]) == (2, 0)
    assert not {"program", "snapshot", "config"} & set(row)

    changed = await trader.http.patch(path, json={"description": "my spread", "privacy": "public"})
    assert (changed.status_code, changed.json()["description"]) == (200, "my spread")
    unchanged = (await trader.http.patch(path, json={})).json()
    assert (unchanged["description"], unchanged["privacy"]) == ("my spread", "public")
    for unreadable in ("  ", "my \u202espread", "x" * 501):
        refused = await trader.http.patch(path, json={"description": unreadable})
        assert (refused.status_code, refused.headers["X-Error-Code"]) == (400, "invalid_input")
    generated = (await trader.http.patch(path, json={"description": None})).json()
    assert generated["description"] == read["description"]

    assert (await trader.http.delete(path)).status_code == 204
    assert (await trader.get(path)).status_code == 404
    assert (await trader.get("/strategies")).json() == {"strategies": []}
    assert await saved(trader) == path
    assert (await trader.get(path)).json()["privacy"] == "private"


async def test_a_clone_is_the_config_that_was_read(trader: Desk, stranger: Desk) -> None:
    path = await saved(trader, privacy="public")
    read = (await stranger.get(path)).json()

    mine = (await stranger.get(await saved(stranger, read["config"]))).json()

    assert (read["is_owner"], mine["is_owner"], mine["privacy"]) == (False, True, "private")
    assert (mine["source_hash"], mine["id"] == read["id"]) == (HASH, False)


async def test_a_public_strategy_is_for_whoever_has_its_link(
    trader: Desk, stranger: Desk, visitor: Desk
) -> None:
    path = await saved(trader)
    await run_all(trader.town.ports)
    readable = (path, f"{path}/results/days", f"{path}/results/days.csv")

    for desk in (stranger, visitor):
        assert [(await desk.get(one)).status_code for one in readable] == [404] * 3
    await trader.http.patch(path, json={"privacy": "public"})
    for desk in (stranger, visitor):
        assert [(await desk.get(one)).status_code for one in readable] == [200] * 3
    assert (await stranger.http.patch(path, json={"privacy": "private"})).status_code == 404
    assert (await stranger.http.delete(path)).status_code == 404
    assert (await visitor.post(f"{path}/results/update")).status_code == 401


async def test_days_are_listed_with_their_window(trader: Desk) -> None:
    path = await saved(trader)
    await run_all(trader.town.ports)

    answer = (await trader.get(f"{path}/results/days")).json()

    assert list(answer) == ["window_label", "window_from", "window_to", "synthetic", "days"]
    assert answer["days"] == (await trader.get(path)).json()["snapshot"]["results"]["days"]


async def test_days_are_an_attachment_of_comma_separated_values(trader: Desk) -> None:
    path = await saved(trader)
    await run_all(trader.town.ports)

    answer = await trader.get(f"{path}/results/days.csv")

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    name = f"strategy-{path.rpartition('/')[2]}-days.csv"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert answer.text.splitlines()[:2] == [
        ",".join(DAY_COLUMNS),
        "2025-01-14,completed,-780.00,4.88,0.00,-784.88,1,1,780.00,5950.00,,",
    ]


async def test_an_update_is_queued_whoever_asks_and_without_a_body(trader: Desk, stranger: Desk) -> None:
    path = await saved(trader, privacy="public")

    answers = [
        await stranger.http.post(f"{path}/results/update"),
        await trader.http.post(f"{path}/results/update", content=b"x", headers={"Content-Type": "text/x"}),
    ]

    assert [(one.status_code, one.json()) for one in answers] == [(202, {"status": "queued"})] * 2
    assert (await trader.http.post(f"/strategies/{uuid4()}/results/update")).status_code == 404


async def test_bodies_with_a_strategy_may_have_a_mebibyte(trader: Desk) -> None:
    for body, status in ((b" " * 1_048_577, 413), (b" " * 1_048_576, 400)):
        assert (await trader.http.post(PREVIEW, content=body)).status_code == status
    assert (await trader.http.post("/accounts", content=b" " * 300_000)).status_code == 413


async def test_a_privacy_that_there_is_not_is_refused(trader: Desk) -> None:
    path = await saved(trader)
    for answer in (
        await trader.post("/strategies", {"config": strangle(33), "privacy": "secret"}),
        await trader.http.patch(path, json={"privacy": "secret"}),
    ):
        assert (answer.status_code, answer.headers["x-error-code"]) == (400, "invalid_input")
        assert answer.text == "privacy must be one of private, public"
    assert len((await trader.get("/strategies")).json()["strategies"]) == 1
