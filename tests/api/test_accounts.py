"""Accounts over GraphQL: made, changed, traded a day at a time, and read back in pages and columns."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from api.sessions import AccountEngine
from engine.accounts import BROKERS, Engine
from tests.api.accounting import (
    ACCOUNT_FIELDS,
    CALL,
    CALL_LOST,
    DAY_FIELDS,
    account,
    asked_account,
    change,
    create_account,
    open_day,
    trade_day,
    update_account,
)
from tests.api.asking import Asker, Desk, move, open_simulation, place, session
from tests.days import DATE, publish_tiny_day

REPOSITORY = Path(__file__).parents[2]
LATER_DAYS = (date(2025, 1, 16), date(2025, 1, 17))


def errors_of(payload: dict[str, Any]) -> list[tuple[str, list[str]]]:
    return [(error["code"], error["path"]) for error in payload["userErrors"]]


async def pages(asker: Asker, uuid: str, field: str, first: int, wanted: str) -> list[list[Any]]:
    """Every page of a connection of an account, followed by its cursors."""
    found: list[list[Any]] = []
    after = None
    while True:
        given = f"first: {first}" + (f', after: "{after}"' if after else "")
        page = (
            await account(
                asker,
                uuid,
                f"{field}({given}) {{ nodes {{ {wanted} }} pageInfo {{ hasNextPage endCursor }} }}",
            )
        )[field]
        found.append(page["nodes"])
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return found


async def test_a_new_account_holds_its_starting_capital(desk: Desk) -> None:
    made = await create_account(desk.owner, description="Defined-risk study account")
    uuid = made["uuid"]
    assert await account(desk.owner, uuid, ACCOUNT_FIELDS) == made
    assert {name: value for name, value in made.items() if name not in ("id", "uuid")} == {
        "name": "Iron condors",
        "description": "Defined-risk study account",
        "engine": "HISTORICAL",
        "type": "MANUAL",
        "status": "ACTIVE",
        "startingCapital": "100000",
        "cashBalance": "100000",
        "currentValue": "100000",
        "version": 1,
        "createdAt": made["createdAt"],
    }
    assert await account(
        desk.owner, uuid, "sessions { nodes { uuid } } headSession { uuid } currentSession { uuid }"
    ) == {"sessions": {"nodes": []}, "headSession": None, "currentSession": None}
    assert await account(desk.other, uuid, ACCOUNT_FIELDS) is None


def test_every_engine_can_be_named() -> None:
    assert {engine.value for engine in AccountEngine} == {*Engine, *BROKERS}


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"engine": "BROKER_IBKR"}, "engine_not_available", "engine"),
        ({"type": "BOT"}, "invalid_input", "type"),
        ({"name": " "}, "invalid_input", "name"),
        ({"name": "Taken"}, "name_taken", "name"),
        ({"startingCapital": "999.99"}, "invalid_input", "startingCapital"),
        ({"startingCapital": "1000.005"}, "invalid_input", "startingCapital"),
        ({"description": "x" * 501}, "invalid_input", "description"),
    ],
)
async def test_a_denied_account_names_its_input(
    desk: Desk, given: dict[str, str], code: str, field: str
) -> None:
    await create_account(desk.owner, name="Taken")
    payload = await asked_account(desk.owner, **given)
    assert payload["account"] is None
    assert errors_of(payload) == [(code, ["input", field])]


async def test_what_is_left_out_of_a_change_stays_and_null_takes_a_description_away(desk: Desk) -> None:
    made = await create_account(desk.owner, description="Study")
    renamed = (await update_account(desk.owner, made["id"], name="Condors", expectedVersion=1))["account"]
    assert renamed == {**made, "name": "Condors", "version": 2}
    bare = (await update_account(desk.owner, made["uuid"], description=None, status="ARCHIVED"))["account"]
    assert bare == {**renamed, "description": None, "status": "ARCHIVED", "version": 3}
    untouched = await update_account(desk.owner, made["id"], name=None, status=None, startingCapital=None)
    assert untouched["account"] == bare
    richer = (await update_account(desk.owner, made["id"], startingCapital="250000.50"))["account"]
    assert richer == {
        **bare,
        **dict.fromkeys(("startingCapital", "cashBalance", "currentValue"), "250000.5"),
        "version": 4,
    }


async def test_a_denied_change_names_its_input_and_changes_nothing(desk: Desk) -> None:
    await create_account(desk.owner, name="Taken")
    made = await create_account(desk.owner)
    denials = [
        (await update_account(desk.owner, made["id"], name="Taken"), "name_taken", "name"),
        (
            await update_account(desk.owner, made["id"], name="Mine", startingCapital="0.001"),
            "invalid_input",
            "startingCapital",
        ),
        (
            await update_account(desk.owner, made["id"], name="Mine", expectedVersion=7),
            "version_conflict",
            "expectedVersion",
        ),
    ]
    for payload, code, field in denials:
        assert (payload["account"], errors_of(payload)) == (None, [(code, ["input", field])])
    assert await account(desk.owner, made["uuid"], ACCOUNT_FIELDS) == made


async def test_an_input_is_named_in_messages_as_it_is_spelled_here(desk: Desk) -> None:
    (error,) = (await asked_account(desk.owner, startingCapital="1"))["userErrors"]
    assert (error["message"], error["path"]) == (
        "startingCapital must be from 1000 to 10000000",
        ["input", "startingCapital"],
    )


async def test_an_open_day_holds_archive_capital_and_deletion(desk: Desk) -> None:
    made = await create_account(desk.owner)
    day = (await open_day(desk.owner, made["id"]))["session"]
    delete = ("deleteAccount", "DeleteAccountInput", "deletedId", {"accountId": made["id"]})
    refused = [
        await update_account(desk.owner, made["id"], status="ARCHIVED"),
        await update_account(desk.owner, made["id"], startingCapital="5000"),
        await change(desk.owner, *delete),
    ]
    assert [errors_of(payload) for payload in refused] == [[("session_open", ["input"])]] * 3
    gone = await change(
        desk.owner, "deleteSession", "DeleteSessionInput", "deletedId", {"sessionId": day["uuid"]}
    )
    assert gone == {"deletedId": day["id"], "userErrors": []}
    assert (await change(desk.owner, *delete))["deletedId"] == made["id"]
    assert await account(desk.owner, made["uuid"], "uuid") is None
    assert await session(desk.owner, day["uuid"], "uuid") is None


async def test_accounts_are_paged_oldest_first_and_by_status(desk: Desk) -> None:
    made = [await create_account(desk.owner, name=name) for name in ("A", "B", "C", "D")]
    await update_account(desk.owner, made[1]["id"], status="ARCHIVED")
    document = (
        "query($first: Int!, $after: String, $status: AccountStatus) {"
        " accounts(first: $first, after: $after, status: $status)"
        " { nodes { name } pageInfo { hasNextPage endCursor } } }"
    )

    async def page(**given: Any) -> tuple[list[str], bool, str | None]:
        told = (await desk.owner.ask(document, given))["accounts"]
        return [node["name"] for node in told["nodes"]], *told["pageInfo"].values()

    names, has_next, cursor = await page(first=3)
    assert (names, has_next) == (["A", "B", "C"], True)
    assert (await page(first=3, after=cursor))[:2] == (["D"], False)
    names, has_next, cursor = await page(first=2, status="ACTIVE")
    assert (names, has_next) == (["A", "C"], True)
    assert (await page(first=2, after=cursor, status="ACTIVE"))[:2] == (["D"], False)
    assert (await page(first=2, status="ARCHIVED"))[0] == ["B"]


async def test_a_day_is_opened_traded_and_carried_on(desk: Desk) -> None:
    made = await create_account(desk.owner)
    opened = await open_day(desk.owner, made["id"])
    assert (opened["isNew"], opened["session"]) == (
        True,
        {
            "id": opened["session"]["id"],
            "uuid": opened["session"]["uuid"],
            "accountUuid": made["uuid"],
            "mode": "HISTORICAL",
            "date": "2025-01-15",
            "time": "2025-01-15T14:30:00Z",
            "status": "OPEN",
            "ended": False,
            "openingBalance": "100000",
            "closingBalance": None,
            "settledAt": None,
            "version": 1,
            "financials": {
                "startingCapital": "100000",
                "netLiquidationValue": "100000",
                "profitLoss": "0",
            },
        },
    )
    assert await open_day(desk.owner, made["uuid"]) == {**opened, "isNew": False}

    await place(desk.owner, opened["session"]["id"], CALL)
    data = await desk.owner.ask(
        'mutation($id: ID!) { moveClock(input: {sessionId: $id, time: "2025-01-15T14:40:00Z"}) { session {'
        " status ended closingBalance settledAt account { cashBalance currentValue } } } }",
        {"id": opened["session"]["id"]},
    )
    settled = data["moveClock"]["session"]
    assert settled.pop("settledAt") is not None
    assert settled == {
        "status": "SETTLED",
        "ended": True,
        "closingBalance": "99488.28",
        "account": {"cashBalance": "99488.28", "currentValue": "99488.28"},
    }


async def test_a_settled_day_opens_again_and_counts_nothing(desk: Desk) -> None:
    made = await create_account(desk.owner)
    await trade_day(desk.owner, made["id"])
    again = await open_day(desk.owner, made["id"])
    assert (again["isNew"], again["session"]["status"], again["session"]["time"]) == (
        False,
        "OPEN",
        "2025-01-15T14:30:00Z",
    )
    assert await account(desk.owner, made["uuid"], "cashBalance headSession { uuid status }") == {
        "cashBalance": "100000",
        "headSession": {"uuid": again["session"]["uuid"], "status": "OPEN"},
    }


async def test_a_denied_opening_names_its_input(desk: Desk) -> None:
    publish_tiny_day(desk.town.days, LATER_DAYS[0])
    made, live = (
        await create_account(desk.owner),
        await create_account(desk.owner, name="Live", engine="LIVE_SIM"),
    )
    refused = [
        await open_day(desk.owner, made["id"], None),
        await open_day(desk.owner, made["id"], "2025-02-03"),
        await open_day(desk.owner, live["id"], None),
        await open_day(desk.other, made["id"]),
    ]
    await move(
        desk.owner, (await open_day(desk.owner, made["id"], "2025-01-16"))["session"]["id"], "14:40:00"
    )
    refused.append(await open_day(desk.owner, made["id"]))
    assert [errors_of(payload) for payload in refused] == [
        [("invalid_input", ["input", "date"])],
        [("session_not_recorded", ["input", "date"])],
        [("market_closed", ["input"])],
        [("not_found", ["input"])],
        [("session_open", ["input"])],
    ]


async def test_days_are_paged_newest_first_and_found_by_date(desk: Desk) -> None:
    for later in LATER_DAYS:
        publish_tiny_day(desk.town.days, later)
    made = await create_account(desk.owner)
    for on in map(date.isoformat, (DATE, *LATER_DAYS)):
        day = (await open_day(desk.owner, made["id"], on))["session"]
        await desk.owner.ask(
            "mutation($id: ID!, $at: DateTime!) { moveClock(input: {sessionId: $id, time: $at})"
            " { userErrors { code } } }",
            {"id": day["id"], "at": f"{on}T14:40:00Z"},
        )
    newest_first = ["2025-01-17", "2025-01-16", "2025-01-15"]
    assert await pages(desk.owner, made["uuid"], "sessions", 2, "date") == [
        [{"date": on} for on in newest_first[:2]],
        [{"date": newest_first[2]}],
    ]
    wanted = 'one: session(date: "2025-01-16") { date status } none: session(date: "2025-01-14") { date }'
    assert await account(desk.owner, made["uuid"], wanted) == {
        "one": {"date": "2025-01-16", "status": "SETTLED"},
        "none": None,
    }


async def test_a_day_and_a_simulation_differ_in_what_they_belong_to(desk: Desk) -> None:
    made = await create_account(desk.owner)
    day = (await open_day(desk.owner, made["id"]))["session"]
    simulation = await open_simulation(desk.owner)
    wanted = "accountUuid openingBalance status account { uuid }"
    assert await session(desk.owner, day["uuid"], wanted) == {
        "accountUuid": made["uuid"],
        "openingBalance": "100000",
        "status": "OPEN",
        "account": {"uuid": made["uuid"]},
    }
    assert await session(desk.owner, simulation["uuid"], wanted) == {
        "accountUuid": None,
        "openingBalance": "100000",
        "status": "OPEN",
        "account": None,
    }
    for mutation, uuid in (("deleteSession", simulation["uuid"]), ("deleteSimulation", day["uuid"])):
        kind = f"{mutation[0].upper()}{mutation[1:]}Input"
        payload = await change(desk.owner, mutation, kind, "deletedId", {"sessionId": uuid})
        assert errors_of(payload) == [("not_found", ["input"])]


async def test_the_books_are_balanced_entries_in_their_order(desk: Desk) -> None:
    made = await create_account(desk.owner)
    day = await trade_day(desk.owner, made["id"])
    await open_day(desk.owner, made["id"])
    wanted = "id seq kind date sessionUuid revision postings { ledgerAccount amount }"
    first, second = await pages(desk.owner, made["uuid"], "entries", 2, wanted)
    told = [
        (
            entry["seq"],
            entry["kind"],
            entry["revision"],
            [posting["amount"] for posting in entry["postings"]],
        )
        for entry in first + second
    ]
    assert told == [
        (1, "GENESIS", None, ["100000", "-100000", "0", "0"]),
        (2, "SETTLE", 1, [CALL_LOST, "0", "510", "1.72"]),
        (3, "REVERSE", 1, [CALL_LOST.removeprefix("-"), "0", "-510", "-1.72"]),
    ]
    assert [posting["ledgerAccount"] for posting in first[0]["postings"]] == [
        "CASH",
        "CAPITAL",
        "OPTIONS",
        "FEES",
    ]
    assert (first[1]["date"], first[1]["sessionUuid"]) == ("2025-01-15", day["uuid"])
    entry = first[1]
    query = f"query($id: ID!) {{ node(id: $id) {{ id ... on JournalEntry {{ {wanted} }} }} }}"
    assert await desk.owner.ask(query, {"id": entry["id"]}) == {"node": entry}
    assert await desk.other.ask(query, {"id": entry["id"]}) == {"node": None}


async def test_statistics_and_the_curve_are_of_the_settled_days(desk: Desk) -> None:
    made = await create_account(desk.owner)
    await trade_day(desk.owner, made["id"])
    told = await account(
        desk.owner,
        made["uuid"],
        "equityCurve { dates openingBalanceCents profitLossCents feesCents closingBalanceCents"
        " drawdownCents drawdownE6 } equityCurveCsv"
        " statistics { days wins losses profitLoss fees totalReturn cagr maxDrawdown maxDrawdownFraction"
        " winRate profitFactor expectancy averageWin averageLoss bestDay { date profitLoss }"
        " worstDay { date profitLoss } longestWinStreak longestLossStreak currentStreak sharpe"
        " months { month days profitLoss fees closingBalance returnRate } }",
    )
    assert told == {
        "equityCurve": {
            "dates": ["2025-01-15"],
            "openingBalanceCents": [100_000_00],
            "profitLossCents": [-511_72],
            "feesCents": [1_72],
            "closingBalanceCents": [99_488_28],
            "drawdownCents": [511_72],
            "drawdownE6": [5_117],
        },
        "equityCurveCsv": "date,opening_balance,profit_loss,fees,closing_balance,drawdown\n"
        "2025-01-15,100000,-511.72,1.72,99488.28,511.72\n",
        "statistics": {
            "days": 1,
            "wins": 0,
            "losses": 1,
            "profitLoss": CALL_LOST,
            "fees": "1.72",
            "totalReturn": "-0.005117",
            "cagr": None,
            "maxDrawdown": "511.72",
            "maxDrawdownFraction": "0.005117",
            "winRate": "0",
            "profitFactor": "0",
            "expectancy": CALL_LOST,
            "averageWin": None,
            "averageLoss": CALL_LOST,
            "bestDay": {"date": "2025-01-15", "profitLoss": CALL_LOST},
            "worstDay": {"date": "2025-01-15", "profitLoss": CALL_LOST},
            "longestWinStreak": 0,
            "longestLossStreak": 1,
            "currentStreak": -1,
            "sharpe": None,
            "months": [
                {
                    "month": "2025-01",
                    "days": 1,
                    "profitLoss": CALL_LOST,
                    "fees": "1.72",
                    "closingBalance": "99488.28",
                    "returnRate": "-0.005117",
                }
            ],
        },
    }


async def test_the_documented_request_for_the_curve_runs_as_written(desk: Desk) -> None:
    made = await create_account(desk.owner)
    await trade_day(desk.owner, made["id"])
    document = (REPOSITORY / "docs" / "graphql.md").read_text()
    (body,) = re.findall(r"-d '(\{.*equityCurveCsv.*\})' \\", document)
    answer = await desk.owner.send("POST", content=body.replace("'$ACCT'", made["uuid"]).encode())
    header, line = answer.json()["data"]["account"]["equityCurveCsv"].splitlines()
    assert f"```csv\n{header}\n" in document
    assert line == "2025-01-15,100000,-511.72,1.72,99488.28,511.72"


async def test_the_fees_in_force_are_those_of_the_books(desk: Desk) -> None:
    made = await create_account(desk.owner)
    assert await account(desk.owner, made["uuid"], "feeSchedule { buyToOpenOption exerciseOption }") == {
        "feeSchedule": {"buyToOpenOption": "1.72", "exerciseOption": "5"}
    }


async def test_an_account_and_its_days_are_nodes(desk: Desk) -> None:
    made = await create_account(desk.owner)
    day = (await open_day(desk.owner, made["id"]))["session"]
    for one in (made["id"], day["id"]):
        query = "query($id: ID!) { node(id: $id) { id } }"
        assert await desk.owner.ask(query, {"id": one}) == {"node": {"id": one}}
        assert await desk.other.ask(query, {"id": one}) == {"node": None}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("sessions(first: 101) { nodes { uuid } }", "first must be from 1 to 100"),
        ('sessions(after: "WzFd") { nodes { uuid } }', "after must be a cursor that this list gave"),
        ('entries(after: "WyJ4Il0") { nodes { seq } }', "after must be a cursor that this list gave"),
        ('sessions(after: "WyJ4Il0") { nodes { uuid } }', "Date must be a calendar date"),
    ],
)
async def test_a_page_that_makes_no_sense_is_malformed(desk: Desk, fields: str, message: str) -> None:
    made = await create_account(desk.owner)
    (error,) = await desk.owner.errors(
        f"query($uuid: UUID!) {{ account(uuid: $uuid) {{ {fields} }} }}", {"uuid": made["uuid"]}
    )
    assert message in error["message"]
    assert error["extensions"]["code"] == "MALFORMED"


async def test_the_day_is_the_same_wherever_it_is_read(desk: Desk) -> None:
    made = await create_account(desk.owner)
    await trade_day(desk.owner, made["id"])
    told = await account(
        desk.owner,
        made["uuid"],
        f'headSession {{ {DAY_FIELDS} }} session(date: "2025-01-15") {{ {DAY_FIELDS} }}'
        f" sessions {{ nodes {{ {DAY_FIELDS} }} }}",
    )
    one = await session(desk.owner, told["headSession"]["uuid"], DAY_FIELDS)
    assert told == {"headSession": one, "session": one, "sessions": {"nodes": [one]}}
