import asyncio
import time
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import pytest_asyncio
from redis.asyncio import Redis
from structlog.testing import capture_logs

from bus.topics import MARKET_TOPIC, UNKNOWN_SEQ, Topics, Wakes, matched_topic, session_topic
from tests.databases import hanging

SESSION = UUID("f3c88e1a-2d04-4a6b-9c12-7e8f5d6a4b3c")
OTHER = UUID("a7e2c9d1-3b85-4f60-9a4d-2c1f8e7b6d50")
SECONDS = 5.0


@pytest_asyncio.fixture
async def topics(redis_url: str) -> AsyncIterator[Topics]:
    one = Topics(redis_url)
    yield one
    await one.close()


async def next_of(wakes: Wakes) -> int:
    async with asyncio.timeout(SECONDS):
        return await wakes.next()


async def until(wakes: Wakes, seq: int) -> None:
    while await next_of(wakes) < seq:
        pass


async def test_listener_hears_the_number_of_its_session(topics: Topics) -> None:
    with topics.listen(session_topic(SESSION)) as wakes:
        await next_of(wakes)

        await topics.session_changed(SESSION, 7)

        assert await next_of(wakes) == 7


async def test_listener_is_woken_once_it_is_connected(topics: Topics) -> None:
    with topics.listen(session_topic(SESSION)) as wakes:
        assert await next_of(wakes) == 0


async def test_listener_hears_nothing_of_other_sessions(topics: Topics) -> None:
    with topics.listen(session_topic(SESSION)) as wakes:
        await next_of(wakes)
        await topics.session_changed(OTHER, 9)
        await topics.session_changed(SESSION, 1)

        assert await next_of(wakes) == 1


async def test_wake_ups_not_taken_become_one(topics: Topics) -> None:
    with topics.listen(session_topic(SESSION)) as slow, topics.listen(session_topic(SESSION)) as quick:
        await next_of(slow)
        await next_of(quick)
        for seq in range(1, 101):
            await topics.session_changed(SESSION, seq)
        await until(quick, 100)

        assert await next_of(slow) == 100
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(slow.next(), 0.05)


async def test_a_cancellation_that_meets_a_wake_up_is_not_lost() -> None:
    wakes = Wakes()

    async def listen() -> None:
        while True:
            await wakes.within(60)

    listening = asyncio.create_task(listen())
    await asyncio.sleep(0)
    wakes.hear(1)
    await asyncio.sleep(0)
    listening.cancel()
    await asyncio.wait([listening], timeout=1)
    assert listening.cancelled()


async def test_listener_that_left_is_forgotten(topics: Topics) -> None:
    with topics.listen(session_topic(SESSION)) as left:
        await next_of(left)
    with topics.listen(session_topic(SESSION)) as here:
        await topics.session_changed(SESSION, 3)
        await until(here, 3)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(left.next(), 0.05)


async def test_lost_connection_comes_back_and_wakes_everybody(topics: Topics, redis_url: str) -> None:
    with topics.listen(session_topic(SESSION)) as wakes:
        await next_of(wakes)
        await topics.session_changed(SESSION, 1)
        await until(wakes, 1)
        async with Redis.from_url(redis_url) as redis:
            await redis.client_kill_filter(_type="pubsub")

        assert await next_of(wakes) == 1, "woken, though nothing new was heard"
        await topics.session_changed(SESSION, 2)
        assert await next_of(wakes) == 2


async def test_publishing_without_redis_fails_nobody() -> None:
    topics = Topics("unix:///nowhere/valkey.sock")

    await topics.session_changed(SESSION, 1)

    await topics.close()


async def test_listener_without_redis_waits() -> None:
    topics = Topics("unix:///nowhere/valkey.sock")
    with topics.listen(session_topic(SESSION)) as wakes, pytest.raises(TimeoutError):
        await asyncio.wait_for(wakes.next(), 0.3)
    await topics.close()


async def test_a_matcher_tells_how_far_it_came_with_a_recording(topics: Topics) -> None:
    with topics.listen(matched_topic(SESSION)) as wakes, topics.listen(matched_topic(OTHER)) as others:
        await next_of(wakes)
        await next_of(others)

        await topics.market_matched(SESSION, 23_400)

        assert await next_of(wakes) == 23_400
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(others.next(), 0.1)


async def test_the_market_rings_before_its_first_row(topics: Topics) -> None:
    with topics.listen(MARKET_TOPIC) as wakes:
        await next_of(wakes)
        await topics.market_ticked(-1)
        assert await next_of(wakes) == UNKNOWN_SEQ


async def test_a_redis_that_hangs_costs_the_first_a_moment_and_then_nobody_anything(
    topics: Topics, redis_url: str
) -> None:
    await topics.session_changed(SESSION, 1)
    waited = []
    with capture_logs() as logs:
        async with hanging(redis_url):
            for seq in range(2, 32):
                began = time.monotonic()
                await topics.sessions_changed({SESSION: seq})
                await topics.market_matched(OTHER, seq)
                waited.append(time.monotonic() - began)
                await asyncio.sleep(0.05)
    assert waited[0] < 0.5
    assert sum(waited[1:]) < 0.1
    assert [entry["event"] for entry in logs] == ["wake_ups_suspended"]


async def test_wake_ups_flow_again_once_a_redis_that_hung_answers(topics: Topics, redis_url: str) -> None:
    with topics.listen(session_topic(SESSION)) as wakes:
        await next_of(wakes)
        async with hanging(redis_url):
            await topics.session_changed(SESSION, 1)
            await topics.session_changed(SESSION, 2)
        heard = 0
        while heard < 3:
            await topics.session_changed(SESSION, 3)
            heard = await next_of(wakes)


async def test_a_listener_that_comes_while_redis_hangs_is_woken_afterwards(
    topics: Topics, redis_url: str
) -> None:
    async with hanging(redis_url):
        with topics.listen(session_topic(SESSION)) as early:
            assert not await early.within(0.5)
    with topics.listen(session_topic(SESSION)) as wakes:
        await next_of(wakes)
