from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from redis.asyncio import Redis
from structlog.testing import capture_logs

from bus.connections import BusUnavailable
from bus.health import KEY_PREFIX, SILENCE_SECONDS, TELLERS_KEY, Health, Pulse


@pytest_asyncio.fixture
async def health(redis_url: str) -> AsyncIterator[Health]:
    one = Health(redis_url)
    yield one
    await one.close()


async def test_nobody_tells_anything_at_first(health: Health) -> None:
    assert await health.all() == []


async def test_each_process_is_known_by_what_it_told_last(health: Health) -> None:
    await health.tell("matcher", "b", {"fills": 1})
    await health.tell("matcher", "a", {"fills": 2, "recording": None})
    await health.tell("feed", "a", {"label": "demo"})
    await health.tell("matcher", "b", {"fills": 3})
    assert await health.all() == [
        Pulse("feed", "a", {"label": "demo"}),
        Pulse("matcher", "a", {"fills": 2, "recording": None}),
        Pulse("matcher", "b", {"fills": 3}),
    ]


async def test_a_process_that_fell_silent_is_forgotten(health: Health, redis_url: str) -> None:
    await health.tell("matcher", "a", {"fills": 1})
    await health.tell("matcher", "b", {"fills": 2})
    async with Redis.from_url(redis_url) as redis:
        assert 0 < await redis.ttl(KEY_PREFIX + "matcher:a") <= SILENCE_SECONDS
        await redis.delete(KEY_PREFIX + "matcher:a")  # as once its time has passed
        assert await health.all() == [Pulse("matcher", "b", {"fills": 2})]
        assert await redis.smembers(TELLERS_KEY) == {b"matcher:b"}


async def test_telling_never_fails_and_asking_says_that_nobody_answers() -> None:
    health = Health("unix:///nowhere/valkey.sock")
    await health.tell("matcher", "a", {"fills": 1})
    with pytest.raises(BusUnavailable):
        await health.all()
    await health.close()


async def test_an_outage_is_logged_once() -> None:
    health = Health("unix:///nowhere/valkey.sock")
    with capture_logs() as logs:
        for fills in range(3):
            await health.tell("matcher", "a", {"fills": fills})
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("health_untold", "warning")]
    await health.close()
