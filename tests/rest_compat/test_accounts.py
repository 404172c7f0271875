"""Accounts over HTTP: the documented object, and every status that the documents name."""

from typing import Any

import pytest

from engine.accounts import BROKERS
from tests.rest_compat.desk import Desk

CONDORS = {
    "name": "Iron condors",
    "engine": "historical",
    "starting_capital": 100000,
    "description": "Defined-risk study account",
}


async def test_a_new_account_is_the_documented_object(trader: Desk) -> None:
    created = await trader.post("/accounts", CONDORS)

    assert created.status_code == 201
    account = created.json()
    assert account == {
        "id": account["id"],
        "name": "Iron condors",
        "description": "Defined-risk study account",
        "engine": "historical",
        "type": "manual",
        "starting_capital": "100000",
        "cash_balance": "100000",
        "current_value": "100000",
        "status": "active",
        "created_at": f"{trader.town.clock.now:%Y-%m-%dT%H:%M:%SZ}",
    }
    assert (await trader.get(f"/accounts/{account['id']}")).json() == account
    assert (await trader.get("/accounts")).json() == [account]


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"starting_capital": 1000}, {"starting_capital": "1000"}),
        ({"starting_capital": "10000000"}, {"cash_balance": "10000000"}),
        ({"starting_capital": "1000.01"}, {"current_value": "1000.01"}),
        ({"name": "x" * 80}, {"name": "x" * 80}),
        ({"description": None}, {"description": None}),
        ({"type": "manual"}, {"type": "manual"}),
        ({"engine": "live_sim"}, {"engine": "live_sim", "status": "active"}),
    ],
)
async def test_what_an_account_may_be(trader: Desk, change: dict[str, Any], shown: dict[str, Any]) -> None:
    answer = await trader.post("/accounts", CONDORS | change)

    assert (answer.status_code, shown.items() <= answer.json().items()) == (201, True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": None}, "name must be a string"),
        ({"name": 7}, "name must be a string"),
        ({"name": ""}, "name must have 1 to 80 characters"),
        ({"name": "   "}, "name must have 1 to 80 characters"),
        ({"name": "x" * 81}, "name must have at most 80 characters"),
        ({"starting_capital": 999.99}, "starting_capital must be from 1000 to 10000000"),
        ({"starting_capital": "10000000.01"}, "starting_capital must be from 1000 to 10000000"),
        ({"starting_capital": "1000.001"}, "starting_capital must have at most two decimal places"),
        ({"starting_capital": True}, 'starting_capital must be a decimal like "1.45"'),
        ({"type": "bot"}, "type must be manual; bot accounts are not available yet"),
        ({"type": "robot"}, "type must be manual; bot accounts are not available yet"),
        (
            {"engine": "paper"},
            f"engine must be one of historical, live_sim, {', '.join(BROKERS)}",
        ),
    ],
)
async def test_what_an_account_may_not_be(trader: Desk, change: dict[str, Any], message: str) -> None:
    answer = await trader.post("/accounts", CONDORS | change)

    assert (answer.status_code, answer.headers["x-error-code"]) == (400, "invalid_input")
    assert answer.text == message
    assert (await trader.get("/accounts")).json() == []


@pytest.mark.parametrize("missing", ["name", "engine", "starting_capital"])
async def test_what_an_account_must_have(trader: Desk, missing: str) -> None:
    answer = await trader.post("/accounts", {name: CONDORS[name] for name in CONDORS if name != missing})

    assert (answer.status_code, answer.text) == (400, f"{missing} is required")


@pytest.mark.parametrize("engine", BROKERS)
async def test_brokers_are_not_available_yet(trader: Desk, engine: str) -> None:
    answer = await trader.post("/accounts", CONDORS | {"engine": engine})

    assert (answer.status_code, answer.headers["x-error-code"]) == (409, "engine_not_available")
    assert answer.text.startswith(f"engine_not_available: {engine}")


async def test_names_are_unique_among_active_accounts(trader: Desk) -> None:
    first = await trader.account("Condors")
    taken = await trader.post("/accounts", CONDORS | {"name": "Condors"})
    assert (taken.status_code, taken.headers["x-error-code"]) == (409, "name_taken")
    assert taken.text == "name_taken: you have another active account named 'Condors'"

    await trader.http.patch(first, json={"status": "archived"})
    second = await trader.account("Condors")
    back = await trader.http.patch(first, json={"status": "active"})
    assert (back.status_code, back.text[:10]) == (409, "name_taken")
    renamed = await trader.http.patch(second, json={"name": "Butterflies"})
    assert (renamed.status_code, renamed.json()["name"]) == (200, "Butterflies")
    assert (await trader.http.patch(first, json={"status": "active"})).status_code == 200
    clash = await trader.http.patch(second, json={"name": "Condors"})
    assert (clash.status_code, clash.headers["x-error-code"]) == (409, "name_taken")


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"name": "Condors — 2025"}, {"name": "Condors — 2025"}),
        ({"description": "Wide"}, {"description": "Wide"}),
        ({"description": None}, {"description": None}),
        ({"status": "archived"}, {"status": "archived"}),
        (
            {"starting_capital": "250000.5"},
            {"starting_capital": "250000.5", "cash_balance": "250000.5", "current_value": "250000.5"},
        ),
        ({}, {}),
        ({"engine": "live_sim", "type": "bot", "cash_balance": "1"}, {}),
        ({"name": None, "status": None, "starting_capital": None}, {}),
    ],
)
async def test_only_what_is_sent_is_changed(
    trader: Desk, change: dict[str, Any], shown: dict[str, Any]
) -> None:
    before = (await trader.post("/accounts", CONDORS)).json()

    answer = await trader.http.patch(f"/accounts/{before['id']}", json=change)

    assert (answer.status_code, answer.json()) == (200, before | shown)
    assert (await trader.get("/accounts")).json() == [before | shown]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"status": "deleted"}, "status must be one of active, archived"),
        ({"starting_capital": 999}, "starting_capital must be from 1000 to 10000000"),
        ({"name": " "}, "name must have 1 to 80 characters"),
        ({"name": "Fine", "description": "x" * 501}, "description must have at most 500 characters"),
        ({"name": "Fine", "starting_capital": []}, 'starting_capital must be a decimal like "1.45"'),
    ],
)
async def test_a_change_is_made_whole_or_not_at_all(
    trader: Desk, change: dict[str, Any], message: str
) -> None:
    before = (await trader.post("/accounts", CONDORS)).json()

    answer = await trader.http.patch(f"/accounts/{before['id']}", json=change)

    assert (answer.status_code, answer.text) == (400, message)
    assert (await trader.get("/accounts")).json() == [before]


@pytest.mark.parametrize("change", [{"status": "archived"}, {"starting_capital": 50000}, None])
async def test_an_open_day_holds_up_archive_capital_and_deletion(
    trader: Desk, change: dict[str, Any] | None
) -> None:
    account = await trader.account()
    day = await trader.day(account)
    asked = ("DELETE", None) if change is None else ("PATCH", change)

    held_up = await trader.http.request(asked[0], account, json=asked[1])
    assert (held_up.status_code, held_up.headers["x-error-code"]) == (409, "session_open")
    assert held_up.text.startswith("session_open: ")

    assert (await trader.move(day, "14:40:00")).status_code == 200
    assert (await trader.http.request(asked[0], account, json=asked[1])).status_code in (200, 204)


async def test_a_name_may_change_while_a_day_is_open(trader: Desk) -> None:
    account = await trader.account()
    await trader.day(account)

    answer = await trader.http.patch(account, json={"name": "Butterflies"})

    assert (answer.status_code, answer.json()["name"]) == (200, "Butterflies")


async def test_a_deleted_account_is_gone_and_its_name_free(trader: Desk) -> None:
    account = await trader.account()
    deleted = await trader.http.delete(account)

    assert (deleted.status_code, deleted.content) == (204, b"")
    for path in (account, f"{account}/sessions", f"{account}/sessions/head"):
        answer = await trader.get(path)
        assert (answer.status_code, answer.text) == (404, "no such account")
    assert (await trader.get("/accounts")).json() == []
    await trader.account()
