"""Following the market on air: every second once, and the newest where somebody is slow."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest_asyncio

from tests.live_market import Market, on_air
from tests.people import Town, town
from usecases.market_events import MarketTick, market_ticks

PATIENCE_SECONDS = 5


@pytest_asyncio.fixture
async def here(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(database_url, redis_url, tmp_path) as one:
        yield one


@pytest_asyncio.fixture
async def market(here: Town) -> AsyncIterator[Market]:
    with on_air(here) as one:
        yield one


async def tell(market: Market, second: int) -> None:
    market.tell(second)
    await market.ports.topics.market_ticked(second)


async def next_of(ticks: AsyncIterator[MarketTick]) -> MarketTick:
    async with asyncio.timeout(PATIENCE_SECONDS):
        return await anext(ticks)


async def test_the_latest_second_comes_first_and_each_new_one_once(market: Market) -> None:
    async with aclosing(market_ticks(market.ports)) as ticks:
        seconds = [(await next_of(ticks)).second]
        for second in (1, 2):
            await tell(market, second)
            await market.ports.topics.market_ticked(second)
            seconds.append((await next_of(ticks)).second)
    assert seconds == [0, 1, 2]


async def test_who_is_slow_gets_the_newest(market: Market) -> None:
    async with aclosing(market_ticks(market.ports)) as ticks, aclosing(market_ticks(market.ports)) as others:
        await next_of(ticks)
        await next_of(others)
        for second in (1, 2, 3):
            await tell(market, second)
            assert (await next_of(others)).second == second
        assert (await next_of(ticks)).second == 3


async def test_everybody_gets_the_same_object(market: Market) -> None:
    """What is rendered of it is kept by it."""
    async with aclosing(market_ticks(market.ports)) as ticks, aclosing(market_ticks(market.ports)) as others:
        assert await next_of(ticks) is await next_of(others)


async def test_a_bell_that_nobody_hears_is_made_good(market: Market) -> None:
    async with aclosing(market_ticks(market.ports)) as ticks:
        await next_of(ticks)
        market.tell(1)
        assert (await next_of(ticks)).second == 1


async def test_the_next_recording_is_followed(market: Market, here: Town) -> None:
    async with aclosing(market_ticks(market.ports)) as ticks:
        first = await next_of(ticks)
        with on_air(here) as other:
            second = await next_of(ticks)
    assert (first.recording_id, second.recording_id) == (market.id, other.id)


async def test_nobody_looks_once_the_last_follower_left(market: Market) -> None:
    async with aclosing(market_ticks(market.ports)) as ticks:
        await next_of(ticks)
        assert "market_watch" in {task.get_name() for task in asyncio.all_tasks()}
    await asyncio.sleep(0.05)
    assert "market_watch" not in {task.get_name() for task in asyncio.all_tasks()}
