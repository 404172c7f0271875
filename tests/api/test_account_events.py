"""Following an account: its snapshot, then everything that changes what it carries."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from engine.fees import DEFAULT_FEES
from store import accounts as stored_accounts
from tests.api.accounting import account, change, create_account, open_day, trade_day, update_account
from tests.api.asking import Desk, move
from tests.api.streaming import Socket, served
from usecases import repricing

FOLLOW = (
    "subscription($id: ID!, $after: Int) { accountEvents(accountId: $id, after: $after)"
    " { seq kind sessionUuid done total account { version cashBalance } session { status }"
    " userErrors { code path } } }"
)
NOTHING: dict[str, Any] = {
    "sessionUuid": None,
    "done": None,
    "total": None,
    "session": None,
    "userErrors": [],
}


async def followed(socket: Socket, count: int) -> list[dict[str, Any]]:
    return [(await socket.next())["accountEvents"] for _ in range(count)]


async def test_a_snapshot_comes_first_and_every_change_after_it(desk: Desk) -> None:
    made = await create_account(desk.owner)
    async with served(desk.app) as address, Socket.open(address, desk.owner.token) as socket:
        await socket.subscribe(FOLLOW, {"id": made["id"]})
        assert await followed(socket, 1) == [
            {**NOTHING, "seq": 1, "kind": None, "account": {"version": 1, "cashBalance": "100000"}}
        ]
        day = (await open_day(desk.owner, made["id"]))["session"]
        assert await followed(socket, 1) == [
            {
                **NOTHING,
                "seq": 2,
                "kind": "SESSION_OPENED",
                "sessionUuid": day["uuid"],
                "account": {"version": 2, "cashBalance": "100000"},
                "session": {"status": "OPEN"},
            }
        ]
        await move(desk.owner, day["id"], "14:40:00")
        (settled,) = await followed(socket, 1)
        assert (settled["seq"], settled["kind"], settled["session"]) == (
            3,
            "SESSION_SETTLED",
            {"status": "SETTLED"},
        )
        await update_account(desk.owner, made["id"], startingCapital="5000")
        (edited,) = await followed(socket, 1)
        assert (edited["kind"], edited["account"]) == (
            "CAPITAL_EDITED",
            {"version": 4, "cashBalance": "5000"},
        )


async def test_a_follower_resumes_without_a_gap(desk: Desk) -> None:
    made = await create_account(desk.owner)
    for name in "ABCDE":
        await update_account(desk.owner, made["id"], name=name)
    async with served(desk.app) as address, Socket.open(address, desk.owner.token) as socket:
        await socket.subscribe(FOLLOW, {"id": made["id"], "after": 2})
        assert [update["seq"] for update in await followed(socket, 5)] == [6, 3, 4, 5, 6]


async def test_a_deletion_is_told_last_and_ends_the_stream(desk: Desk) -> None:
    made = await create_account(desk.owner)
    async with served(desk.app) as address, Socket.open(address, desk.owner.token) as socket:
        operation = await socket.subscribe(FOLLOW, {"id": made["id"]})
        await followed(socket, 1)
        await change(
            desk.owner, "deleteAccount", "DeleteAccountInput", "deletedId", {"accountId": made["id"]}
        )
        (last,) = await followed(socket, 1)
        assert (last["seq"], last["kind"], last["account"]) == (2, "DELETED", None)
        assert await socket.receive() == {"id": operation, "type": "complete"}


async def test_the_progress_of_a_repricing_is_told(desk: Desk) -> None:
    """Asked for here as a change of the profile asks, and done by nobody's request, as a worker does."""
    made = await create_account(desk.owner)
    await trade_day(desk.owner, made["id"])
    ports = desk.town.ports
    async with served(desk.app) as address, Socket.open(address, desk.owner.token) as socket:
        await socket.subscribe(FOLLOW, {"id": made["id"]})
        await followed(socket, 1)
        async with ports.database.transaction() as tx:
            user = (await tx.exec_driver_sql("SELECT id FROM users WHERE email = 'owner@example.com'")).one()
            stored = await stored_accounts.find(tx, user.id, UUID(made["uuid"]))
            assert stored is not None
            fees = replace(DEFAULT_FEES, buy_to_open_option=2_720_000)
            asked = await repricing.ask(tx, stored, fees, ports.wall())
        assert asked is not None
        await repricing.reprice(ports, asked.account_id)
        told = await followed(socket, 2)
    assert [(update["seq"], update["kind"], update["done"], update["total"]) for update in told] == [
        (4, "REPRICING", 1, 1),
        (5, "REPRICED", None, None),
    ]
    assert told[1]["account"]["cashBalance"] == "99487.28"
    assert (await account(desk.owner, made["uuid"], "feeSchedule { buyToOpenOption }"))["feeSchedule"] == {
        "buyToOpenOption": "2.72"
    }


async def test_nobody_follows_anothers_account(desk: Desk) -> None:
    made = await create_account(desk.owner)
    async with served(desk.app) as address, Socket.open(address, desk.other.token) as socket:
        operation = await socket.subscribe(FOLLOW, {"id": made["id"]})
        assert await followed(socket, 1) == [
            {
                **NOTHING,
                "seq": None,
                "kind": None,
                "account": None,
                "userErrors": [{"code": "not_found", "path": ["accountId"]}],
            }
        ]
        assert await socket.receive() == {"id": operation, "type": "complete"}


@pytest.mark.parametrize("after", [-1, 2])
async def test_nobody_follows_from_a_number_that_was_never_told(desk: Desk, after: int) -> None:
    made = await create_account(desk.owner)
    async with served(desk.app) as address, Socket.open(address, desk.owner.token) as socket:
        operation = await socket.subscribe(FOLLOW, {"id": made["id"], "after": after})
        (refused,) = await followed(socket, 1)
        assert refused["userErrors"] == [{"code": "invalid_input", "path": ["after"]}]
        assert await socket.receive() == {"id": operation, "type": "complete"}


async def test_parallel_changes_reach_a_follower_in_their_order(desk: Desk) -> None:
    made = await create_account(desk.owner)
    async with served(desk.app) as address, Socket.open(address, desk.owner.token) as socket:
        await socket.subscribe(FOLLOW, {"id": made["id"]})
        await followed(socket, 1)
        await asyncio.gather(*(update_account(desk.owner, made["id"], description=f"{n}") for n in range(10)))
        assert [update["seq"] for update in await followed(socket, 10)] == list(range(2, 12))
