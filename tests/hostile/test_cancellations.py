"""Requests of two people, cancelled wherever they wait: nobody sees the other's things, and nothing is
left behind (10,000 of them in `make soak`)."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest_asyncio
from starlette.types import ASGIApp

from tests.campaigns import Campaign
from tests.days import DATE, publish_tiny_day
from tests.hostile.callers import Ask, Caller, storm
from tests.hostile.storms import Request, answered, asked
from tests.people import Town
from tests.people import town as a_town
from tests.rest_compat.desk import EARLIER, NOW, at_market_time
from usecases.ports import Ports
from zerodte.asgi import application

AT_ONCE = 8
OF_OTHERS = "datname = current_database() AND pid <> pg_backend_pid()"
UNFINISHED = f"SELECT state, query FROM pg_stat_activity WHERE {OF_OTHERS} AND state <> 'idle'"
LOCKED = f"""SELECT mode, relation::regclass FROM pg_locks
    WHERE pid IN (SELECT pid FROM pg_stat_activity WHERE {OF_OTHERS})"""
MISCOUNTED = """SELECT s.id FROM sessions s LEFT JOIN session_events e ON e.session_id = s.id
    GROUP BY s.id HAVING s.version <> count(e.seq) OR s.version <> max(e.seq) OR min(e.seq) <> 1"""
HALF_WRITTEN = """SELECT e.order_id FROM session_events e LEFT JOIN orders o ON o.uuid = e.order_id
    WHERE e.order_id IS NOT NULL GROUP BY e.order_id
    HAVING count(*) FILTER (WHERE e.kind = 'order_placed') <> 1
        OR (count(*) FILTER (WHERE e.kind = 'order_deleted') = 0) <> (count(o.uuid) > 0)"""
UNTOLD = """SELECT o.uuid FROM orders o
    WHERE NOT EXISTS (SELECT FROM session_events e WHERE e.order_id = o.uuid)"""


@pytest_asyncio.fixture
async def town(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    publish_tiny_day(tmp_path, EARLIER)
    publish_tiny_day(tmp_path)
    async with a_town(database_url, redis_url, tmp_path) as one:
        endless = replace(one.ports.policy, complexity_a_minute=10**9, credits_capacity=10**9)
        yield at_market_time(replace(one, ports=replace(one.ports, policy=endless)), NOW)


@asynccontextmanager
async def serving(ports: Ports) -> AsyncIterator[ASGIApp]:
    @asynccontextmanager
    async def opening() -> AsyncIterator[Ports]:
        yield ports

    app = application(opening())
    async with app.router.lifespan_context(app):
        yield app


async def caller(app: ASGIApp, town: Town, number: int, chance: random.Random) -> Caller:
    name = f"caller {number}"
    email = f"{number}@example.com"
    token = (await town.person(email, None)).token
    one = Caller(name, email, token, f"{1_000_000 + number}.{number}{number}", number % 2, chance)
    body = {"date": str(DATE), "starting_capital": one.capital, "description": name}
    created = await asked(app, Request("POST", "/simulations", token, body))
    assert created is not None and created.status == 201, created
    return replace(one, session=UUID(created.json["id"]))


async def weather(app: ASGIApp, asks: Iterator[tuple[Ask, frozenset[int]]]) -> int:
    """Ask everything, some at a time, and check each answer; how many came."""

    async def keep_asking() -> int:
        return sum([await settle(app, ask, at) for ask, at in asks])

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(keep_asking()) for _ in range(AT_ONCE)]
    return sum(task.result() for task in tasks)


async def settle(app: ASGIApp, ask: Ask, at: frozenset[int]) -> bool:
    answer = await answered(app, ask.request, at)
    if answer is not None:
        ask.check(answer)
    return answer is not None


async def remaining_orders(app: ASGIApp, one: Caller) -> set[str]:
    listed = await asked(app, Request("GET", f"{one.path}/orders", one.token))
    assert listed is not None and listed.status == 200, listed
    return {order["id"] for order in listed.json}


async def test_cancelled_requests_leave_nothing_behind_and_cross_nobody(
    town: Town, database_url: str, campaign: Campaign
) -> None:
    chance = random.Random(campaign.seed)
    async with serving(town.ports) as app:
        first, second = [await caller(app, town, number, chance) for number in (1, 2)]
        first.foreign, second.foreign = second.session, first.session
        before = len(asyncio.all_tasks())
        size = campaign.size(300, 10_000)

        came = await weather(app, itertools.islice(storm((first, second), chance), size))

        assert 0.2 * size < came < 0.8 * size
        assert len(asyncio.all_tasks()) == before
        for one in (first, second):
            remaining = await remaining_orders(app, one)
            assert one.placed - one.deleting <= remaining <= one.attempted - one.deleted
            assert one.placed and one.deleted

    assert town.ports.database._engine.pool.checkedout() == 0
    connection = await asyncpg.connect(database_url)
    try:
        for question in (UNFINISHED, LOCKED, MISCOUNTED, HALF_WRITTEN, UNTOLD):
            assert await connection.fetch(question) == [], question
    finally:
        await connection.close()


async def test_redis_answers_each_its_own_after_cancellations(town: Town, campaign: Campaign) -> None:
    chance = random.Random(campaign.seed)
    redis = town.ports.topics._publishing

    async def echo(nonce: int) -> None:
        assert await redis.echo(str(nonce)) == str(nonce).encode()

    tasks = [asyncio.create_task(echo(nonce)) for nonce in range(campaign.size(400, 10_000))]
    for task in tasks:
        if chance.random() < 0.5:
            asyncio.get_running_loop().call_later(chance.random() / 20, task.cancel)
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    others = {type(outcome) for outcome in outcomes} - {type(None), asyncio.CancelledError}
    assert not others, others
    await asyncio.gather(*(echo(nonce) for nonce in range(100)))
