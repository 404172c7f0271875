"""Several clients of two people ask at random, at once, and every answer is one that the model gives.

Between bursts each account is read whole: its cash, its chain of days, its books, and the audit of all.
4,800 requests in `make soak`; CAMPAIGN_SEED names their seed.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from itertools import chain
from pathlib import Path
from uuid import UUID

import pytest_asyncio

from store import accounts as stored_accounts
from tests.accounts import acts
from tests.accounts.acts import told
from tests.accounts.asking import Desk, ledger
from tests.accounts.clients import DATES, Client, World
from tests.accounts.histories import Done, tick_of
from tests.campaigns import Campaign
from tests.days import publish_tiny_day
from tests.people import town as a_town
from usecases import auditing
from usecases.views import AccountEventKind

PEOPLE = ("trader", "rival")
CLIENTS_OF_ONE = 3
REQUESTS_OF_A_BURST = 8
EVENTS_MAX = 1_000_000
OFTEN = {
    "Create done",
    "Edit done",
    "Open done",
    "Open session_open",
    "Move done",
    "Place done",
    "Place market_closed",
    "DeleteOrder done",
    "DeleteDay done",
    "ReadAccount done",
    "ReadDays done",
    "ReadDay done",
}
SELDOM = {
    "DeleteAccount done",
    "DeleteOrder order_dependency",
    "Edit name_taken",
    "Edit session_open",
    "Move account_archived",
    "Move not_found",
    "Move session_open",
    "Open account_archived",
    "Open insert_earlier",
    "Place no_position",
    "ReadHead done",
    "ReadOrders done",
}


@pytest_asyncio.fixture
async def world(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[World]:
    for on in DATES:
        publish_tiny_day(tmp_path, on)
    async with a_town(database_url, redis_url, tmp_path) as town:
        viewers = {}
        for name in PEOPLE:
            viewer = await town.viewer(await town.person(f"{name}@example.com", None))
            assert viewer is not None
            viewers[name] = viewer
        yield World(town.ports, viewers)


async def settle(world: World, since: int) -> None:
    """Explain the burst, and hold every account against what the model makes of it."""
    repriced = {account: await repriced_after(world, account, since) for account in world.books.owners}
    world.books.settle(repriced)
    for account, owner in world.books.owners.items():
        await compare(world, owner, account)
    names = world.books.active_names()
    assert len(names) == len(set(names)), names
    assert (await auditing.audit(world.ports)).violations == ()


async def repriced_after(world: World, account: UUID, since: int) -> list[int]:
    viewer = world.viewers[world.books.owners[account]]
    async with world.ports.database.reading() as tx:
        events = await stored_accounts.events_after(tx, viewer.user_id, account, 0, EVENTS_MAX)
    assert [event.seq for event in events] == [*range(1, len(events) + 1)]
    ticks = [tick_of(event.at) for event in events if event.kind == AccountEventKind.REPRICED]
    return [tick for tick in ticks if tick > since]


async def compare(world: World, owner: str, account: UUID) -> None:
    """The account as it is read, and its books, are what adding everything up anew comes to."""
    state, desk = world.books.states[account], Desk(world.ports, world.viewers[owner], world.dates)
    for read in (acts.ReadAccount(), acts.ReadDays(), acts.ReadHead()):
        assert await desk.ask(account, read) == told(state, read)[1], read
    if state is None:
        return
    assert state.fees == world.books.fees_of(owner)
    async with world.ports.database.reading() as tx:
        stored = await stored_accounts.find(tx, desk.viewer.user_id, account)
        assert stored is not None
        assert await ledger(tx, stored) == state.ledger()
    settled = [day for day in reversed(await desk.ask(account, acts.ReadDays())) if day[-1] is not None]
    openings, closings = [day[3] for day in settled], [day[-1] for day in settled]
    assert openings == [state.capital, *closings][: len(settled)]


async def test_every_answer_is_one_that_the_model_gives(world: World, campaign: Campaign) -> None:
    chance = random.Random(campaign.seed)
    readers, *writers = [
        [Client(name, world, random.Random(chance.random())) for name in PEOPLE]
        for _ in range(1 + CLIENTS_OF_ONE)
    ]
    outcomes: Counter[str] = Counter()
    size = campaign.size(400, 4_800)
    while world.books.explained < size:
        since = world.ticker.tick()
        await asyncio.gather(
            *(one.work(REQUESTS_OF_A_BURST) for one in chain(*writers)),
            *(one.watch(REQUESTS_OF_A_BURST) for one in readers),
        )
        outcomes.update(outcome_of(one) for one in world.books.done)
        await settle(world, since)
    assert world.books.charged

    assert (OFTEN | SELDOM if campaign.is_whole else OFTEN) - set(outcomes) == set(), outcomes


def outcome_of(one: Done) -> str:
    answer = one.answer if isinstance(one.answer, str) else "done"
    return f"{type(one.act).__name__} {answer}"
