"""Following a session: every change once, in order, from wherever the follower left off."""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest_asyncio

from tests.days import DATE
from tests.engine.tapes import request
from tests.people import Town
from usecases import account_sessions, accounts, events, orders, sessions, users
from usecases.account_sessions import Opened
from usecases.accounts import AccountChanges, CreateAccount
from usecases.ports import Viewer
from usecases.sessions import CreateSimulation
from usecases.submissions import Submission
from usecases.users import ProfileChanges
from usecases.views import AccountEventKind, AccountView, OrderReceipt, SessionEventKind, SessionView

OPEN = datetime(2025, 1, 15, 14, 30, tzinfo=UTC)


@pytest_asyncio.fixture
async def simulation(town: Town, trader: Viewer) -> UUID:
    view = await sessions.create_simulation(town.ports, trader, CreateSimulation(DATE, 100_000_00))
    assert isinstance(view, SessionView)
    return view.id


async def follow(
    town: Town, viewer: Viewer, session_id: UUID, after: int, count: int
) -> list[tuple[int, SessionEventKind]]:
    seen: list[tuple[int, SessionEventKind]] = []
    async with aclosing(events.session_events(town.ports, viewer, session_id, after)) as stream:
        async for event in stream:
            seen.append((event.seq, event.kind))
            if len(seen) == count:
                break
    return seen


async def test_a_follower_sees_every_change_as_it_is_made(
    town: Town, trader: Viewer, simulation: UUID
) -> None:
    following = asyncio.create_task(follow(town, trader, simulation, 1, 5))
    await asyncio.sleep(0.05)
    await sessions.move_clock(town.ports, trader, simulation, OPEN + timedelta(seconds=60))
    receipt = await orders.place_order(
        town.ports, trader, Submission(simulation, request("+1 5950C", type="market"))
    )
    assert isinstance(receipt, OrderReceipt)
    await orders.delete_order(town.ports, trader, simulation, receipt.order.id)
    await sessions.move_clock(town.ports, trader, simulation, OPEN)
    await sessions.delete_simulation(town.ports, trader, simulation)

    assert await asyncio.wait_for(following, 5) == [
        (2, SessionEventKind.CLOCK_MOVED),
        (3, SessionEventKind.ORDER_PLACED),
        (4, SessionEventKind.ORDER_DELETED),
        (5, SessionEventKind.CLOCK_MOVED),
        (6, SessionEventKind.DELETED),
    ]


async def test_a_follower_resumes_from_the_number_it_saw_last(
    town: Town, trader: Viewer, simulation: UUID
) -> None:
    for second in range(1, 6):
        await sessions.move_clock(town.ports, trader, simulation, OPEN + timedelta(seconds=second))
    assert [seq for seq, _ in await follow(town, trader, simulation, 0, 6)] == [1, 2, 3, 4, 5, 6]
    assert [seq for seq, _ in await follow(town, trader, simulation, 4, 2)] == [5, 6]


async def test_parallel_changes_are_numbered_without_gaps(
    town: Town, trader: Viewer, simulation: UUID
) -> None:
    order = request("+1 5950C", "5.00", "debit")
    await asyncio.gather(
        *(orders.place_order(town.ports, trader, Submission(simulation, order)) for _ in range(20))
    )
    assert [seq for seq, _ in await follow(town, trader, simulation, 0, 21)] == list(range(1, 22))


async def test_nobody_follows_anothers_session(
    town: Town, trader: Viewer, rival: Viewer, simulation: UUID
) -> None:
    assert await follow(town, rival, simulation, 0, 1) == []


async def test_a_change_of_fees_is_told_to_whoever_follows_a_session(
    town: Town, trader: Viewer, simulation: UUID
) -> None:
    following = asyncio.create_task(follow(town, trader, simulation, 1, 1))
    await asyncio.sleep(0.05)
    changed = await users.update_profile(town.ports, trader, ProfileChanges(fee_schedule=None))
    assert isinstance(changed, Viewer)
    assert await asyncio.wait_for(following, 5) == [(2, SessionEventKind.REPRICED)]


async def follow_account(
    town: Town, viewer: Viewer, account_id: UUID, after: int, count: int
) -> list[tuple[int, AccountEventKind]]:
    seen: list[tuple[int, AccountEventKind]] = []
    async with aclosing(events.account_events(town.ports, viewer, account_id, after)) as stream:
        async for event in stream:
            seen.append((event.seq, event.kind))
            if len(seen) == count:
                break
    return seen


async def test_an_account_is_followed_to_its_deletion(town: Town, trader: Viewer, rival: Viewer) -> None:
    new = CreateAccount("Condors", "historical", 100_000_00)
    account = await accounts.create_account(town.ports, trader, new)
    assert isinstance(account, AccountView)
    following = asyncio.create_task(follow_account(town, trader, account.id, 0, 99))
    await asyncio.sleep(0.05)
    both = AccountChanges(name="Flies", starting_capital_cents=5_000_00)
    await accounts.update_account(town.ports, trader, account.id, both)
    await accounts.delete_account(town.ports, trader, account.id)

    everything = [
        (1, AccountEventKind.CREATED),
        (2, AccountEventKind.UPDATED),
        (3, AccountEventKind.CAPITAL_EDITED),
        (4, AccountEventKind.DELETED),
    ]
    assert await asyncio.wait_for(following, 5) == everything
    assert await follow_account(town, trader, account.id, 2, 99) == everything[2:]
    assert await follow_account(town, rival, account.id, 0, 99) == []


async def test_a_day_is_followed_to_the_deletion_of_its_account(town: Town, trader: Viewer) -> None:
    new = CreateAccount("Condors", "historical", 100_000_00)
    account = await accounts.create_account(town.ports, trader, new)
    assert isinstance(account, AccountView)
    opened = await account_sessions.open_session(town.ports, trader, account.id, DATE)
    assert isinstance(opened, Opened)
    await sessions.move_clock(town.ports, trader, opened.session.id, opened.session.end_at)
    following = asyncio.create_task(follow(town, trader, opened.session.id, 2, 99))
    await asyncio.sleep(0.05)
    assert await accounts.delete_account(town.ports, trader, account.id) is None
    told = [(3, SessionEventKind.SETTLED), (4, SessionEventKind.DELETED)]
    assert await asyncio.wait_for(following, 5) == told


async def test_more_events_than_one_read_holds_are_told_in_order(town: Town, trader: Viewer) -> None:
    new = CreateAccount("Condors", "historical", 100_000_00)
    account = await accounts.create_account(town.ports, trader, new)
    assert isinstance(account, AccountView)
    for n in range(events.EVENTS_A_READ + 20):
        await accounts.update_account(town.ports, trader, account.id, AccountChanges(description=str(n)))
    count = events.EVENTS_A_READ + 21
    told = await follow_account(town, trader, account.id, 0, count)
    assert [seq for seq, _ in told] == list(range(1, count + 1))
