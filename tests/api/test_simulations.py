from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.api.asking import VERTICAL, Desk, move, open_simulation, place, session
from tests.days import publish_tiny_day

CREATE = (
    "mutation($input: CreateSimulationInput!) { createSimulation(input: $input) {"
    " session { uuid mode date description time ended version startTime endTime financials {"
    " startingCapital credits debits fees maintenanceBuyingPower availableBuyingPower netLiquidationValue"
    " unrealizedProfitLoss realizedProfitLoss profitLoss optionsNetLiquidationValue } }"
    " userErrors { code message path } } }"
)


async def create(desk: Desk, **changes: Any) -> dict[str, Any]:
    given = {"date": "2025-01-15", "startingCapital": "100000", "description": "Iron condor day", **changes}
    data: dict[str, Any] = await desk.owner.ask(CREATE, {"input": given})
    return dict(data["createSimulation"])


async def test_a_new_simulation_stands_before_its_first_second(desk: Desk) -> None:
    payload = await create(desk)
    payload["session"].pop("uuid")
    assert payload == {
        "session": {
            "mode": "HISTORICAL",
            "date": "2025-01-15",
            "description": "Iron condor day",
            "time": None,
            "ended": False,
            "version": 1,
            "startTime": "2025-01-15T14:30:00Z",
            "endTime": "2025-01-15T14:40:00Z",
            "financials": {
                "startingCapital": "100000",
                "credits": "0",
                "debits": "0",
                "fees": "0",
                "maintenanceBuyingPower": "0",
                "availableBuyingPower": "100000",
                "netLiquidationValue": "100000",
                "unrealizedProfitLoss": "0",
                "realizedProfitLoss": "0",
                "profitLoss": "0",
                "optionsNetLiquidationValue": "0",
            },
        },
        "userErrors": [],
    }


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"startingCapital": "999.99"}, "invalid_input", "startingCapital"),
        ({"startingCapital": "1000.005"}, "invalid_input", "startingCapital"),
        ({"description": "x" * 501}, "invalid_input", "description"),
        ({"date": "2025-01-16"}, "session_not_recorded", "date"),
    ],
)
async def test_a_denied_simulation_names_its_input(
    desk: Desk, changes: dict[str, str], code: str, field: str
) -> None:
    payload = await create(desk, **changes)
    assert payload["session"] is None
    assert [(error["code"], error["path"]) for error in payload["userErrors"]] == [(code, ["input", field])]


async def test_one_simulation_a_date_until_it_is_deleted(desk: Desk) -> None:
    first = (await create(desk))["session"]
    assert [error["code"] for error in (await create(desk))["userErrors"]] == ["simulation_exists"]
    delete = (
        "mutation($id: ID!) { deleteSimulation(input: {sessionId: $id}) { deletedId userErrors { code } } }"
    )
    gone = await desk.owner.ask(delete, {"id": first["uuid"]})
    assert gone["deleteSimulation"]["userErrors"] == []
    again = await desk.owner.ask(delete, {"id": gone["deleteSimulation"]["deletedId"]})
    assert again["deleteSimulation"] == {"deletedId": None, "userErrors": [{"code": "not_found"}]}
    assert (await create(desk))["userErrors"] == []


async def test_the_clock_keeps_within_the_session(desk: Desk) -> None:
    opened = await open_simulation(desk.owner)
    before = await move(desk.owner, opened["id"], "14:29:59")
    after = await move(desk.owner, opened["id"], "14:40:01")
    assert [error["code"] for error in before["userErrors"] + after["userErrors"]] == [
        "time_before_start",
        "time_after_end",
    ]
    assert (before["session"], after["session"]) == (None, None)
    assert (await session(desk.owner, opened["uuid"], "time"))["time"] == "2025-01-15T14:31:00Z"


async def test_a_clock_moved_from_a_stale_version_is_denied(desk: Desk) -> None:
    opened = await open_simulation(desk.owner)
    stale = await move(desk.owner, opened["id"], "14:32:00", expectedVersion=1)
    assert [error["code"] for error in stale["userErrors"]] == ["version_conflict"]
    moved = await move(desk.owner, opened["id"], "14:32:00", expectedVersion=2)
    assert moved["session"]["version"] == 3


async def test_at_the_close_positions_settle_into_transactions(desk: Desk) -> None:
    opened = await open_simulation(desk.owner)
    order = (await place(desk.owner, opened["id"], VERTICAL))["order"]
    fields = (
        "ended positions { nodes { instrument direction quantity cost costBasis price delta netLiquidity } }"
        " transactions { nodes { orderUuid time instrument type quantity price value effect fees } }"
    )
    open_ = await session(desk.owner, opened["uuid"], fields)
    assert open_["positions"]["nodes"] == [
        {
            "instrument": "SPXW  250115C05930000",
            "direction": "LONG",
            "quantity": 1,
            "cost": "2451.72",
            "costBasis": "2450",
            "price": "24.50",
            "delta": "0.7",
            "netLiquidity": "2450",
        },
        {
            "instrument": "SPXW  250115C05970000",
            "direction": "SHORT",
            "quantity": 1,
            "cost": "-448.28",
            "costBasis": "-450",
            "price": "4.50",
            "delta": "-0.3",
            "netLiquidity": "-450",
        },
    ]

    await move(desk.owner, opened["id"], "14:40:00")
    closed = await session(desk.owner, opened["uuid"], fields)

    assert (closed["ended"], closed["positions"]["nodes"]) == (True, [])
    assert [row["orderUuid"] for row in closed["transactions"]["nodes"]] == [order["uuid"]] * 2 + [None] * 2
    assert closed["transactions"]["nodes"][2:] == [
        {
            "orderUuid": None,
            "time": "2025-01-15T14:40:00Z",
            "instrument": "SPXW  250115C05930000",
            "type": "EXERCISE",
            "quantity": 1,
            "price": "2000",
            "value": "-2000",
            "effect": "CREDIT",
            "fees": "5",
        },
        {
            "orderUuid": None,
            "time": "2025-01-15T14:40:00Z",
            "instrument": "SPXW  250115C05970000",
            "type": "EXPIRATION",
            "quantity": 1,
            "price": None,
            "value": None,
            "effect": None,
            "fees": "0",
        },
    ]


async def test_the_history_is_columns_of_the_whole_day(desk: Desk) -> None:
    opened = await open_simulation(desk.owner)
    await place(desk.owner, opened["id"], VERTICAL)
    history = (
        await session(
            desk.owner,
            opened["uuid"],
            "history(interval: 60) { timeUnix profitLossCents availableBuyingPowerCents feesCents }",
        )
    )["history"]
    assert history == {
        "timeUnix": [1736951400 + 60 * minute for minute in range(11)],
        "profitLossCents": [0] + [-344] * 9 + [-844],
        "availableBuyingPowerCents": [10_000_000] + [9_799_656] * 9 + [9_999_156],
        "feesCents": [0] + [344] * 9 + [844],
    }


async def test_simulations_are_paged_newest_first(desk: Desk, tmp_path: Path) -> None:
    dates = ["2025-01-15", "2025-01-16", "2025-01-17"]
    for day in dates[1:]:
        publish_tiny_day(tmp_path, date.fromisoformat(day))
    for day in dates:
        await create(desk, date=day)
    query = (
        "query($after: String) { simulations(first: 2, after: $after)"
        " { nodes { date } pageInfo { hasNextPage endCursor } } }"
    )
    page = (await desk.owner.ask(query))["simulations"]
    assert [node["date"] for node in page["nodes"]] == dates[:0:-1]
    assert page["pageInfo"]["hasNextPage"] is True
    rest = (await desk.owner.ask(query, {"after": page["pageInfo"]["endCursor"]}))["simulations"]
    assert [node["date"] for node in rest["nodes"]] == dates[:1]
    assert rest["pageInfo"]["hasNextPage"] is False


async def test_every_object_of_a_session_is_found_by_its_global_id(desk: Desk) -> None:
    opened = await open_simulation(desk.owner)
    await place(desk.owner, opened["id"], VERTICAL)
    found = await session(
        desk.owner,
        opened["uuid"],
        "id marketDay { id }"
        " orders { nodes { id } } positions { nodes { id } } transactions { nodes { id } }",
    )
    ids = [
        found["id"],
        found["marketDay"]["id"],
        *[node["id"] for name in ("orders", "positions", "transactions") for node in found[name]["nodes"]],
    ]
    for one in ids:
        data = await desk.owner.ask("query($id: ID!) { node(id: $id) { id } }", {"id": one})
        assert data == {"node": {"id": one}}
