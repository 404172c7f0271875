import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis
from structlog.testing import capture_logs

from bus.buckets import KEY_PREFIX, Buckets
from engine.buckets import Bucket
from tests.databases import Servers

NOW = datetime(2025, 1, 15, 14, 30, tzinfo=UTC)
DAY = Bucket("credits", 10_000, 10_000, 86_400_000)
SMALL = Bucket("small", 20, 10, 60_000)
NOWHERE = "unix:///nowhere/valkey.sock"


@pytest_asyncio.fixture
async def buckets(redis_url: str) -> AsyncIterator[Buckets]:
    one = Buckets(redis_url)
    yield one
    await one.close()


async def used(buckets: Buckets, bucket: Bucket, now: datetime = NOW, whose: str = "me") -> int:
    return (await buckets.pour(bucket, whose, 0, now)).used


async def test_what_is_spent_drains_with_time(buckets: Buckets) -> None:
    await buckets.pour(SMALL, "me", 20, NOW)
    levels = [await used(buckets, SMALL, NOW + timedelta(seconds=s)) for s in (0, 5, 6, 7, 119, 120, 999)]
    assert levels == [20, 20, 19, 19, 1, 0, 0]


async def test_a_cost_without_room_adds_nothing(buckets: Buckets) -> None:
    await buckets.pour(SMALL, "me", 15, NOW)
    refused = await buckets.pour(SMALL, "me", 6, NOW)
    assert (refused.is_admitted, refused.used, refused.wait_seconds(6)) == (False, 15, 6)
    assert (await buckets.pour(SMALL, "me", 6, NOW + timedelta(seconds=6))).is_admitted


async def test_buckets_of_others_and_of_other_names_are_apart(buckets: Buckets) -> None:
    await buckets.pour(SMALL, "me", 20, NOW)
    assert await used(buckets, SMALL, whose="you") == 0
    assert await used(buckets, DAY) == 0


async def test_what_is_given_back_was_never_spent(buckets: Buckets) -> None:
    await buckets.pour(SMALL, "me", 7, NOW)
    await buckets.pour(SMALL, "me", 10, NOW)
    await buckets.pour(SMALL, "me", -10, NOW + timedelta(seconds=6))
    assert await used(buckets, SMALL, NOW + timedelta(seconds=6)) == 6
    await buckets.pour(SMALL, "me", -10, NOW + timedelta(seconds=6))
    assert await used(buckets, SMALL, NOW + timedelta(seconds=6)) == 0, "no bucket is emptier than empty"


async def test_two_processes_with_different_clocks_drain_no_second_twice(
    buckets: Buckets, redis_url: str
) -> None:
    other = Buckets(redis_url)
    await buckets.pour(SMALL, "me", 20, NOW + timedelta(seconds=6))
    await other.pour(SMALL, "me", -1, NOW)
    assert await used(other, SMALL, NOW) == 19
    assert await used(buckets, SMALL, NOW + timedelta(seconds=12)) == 18
    await other.close()


async def test_fifty_callers_of_two_processes_at_the_edge_never_overdraw(
    buckets: Buckets, redis_url: str
) -> None:
    other = Buckets(redis_url)
    await buckets.pour(DAY, "me", 9_903, NOW)
    fills = await asyncio.gather(*((buckets, other)[i % 2].pour(DAY, "me", 10, NOW) for i in range(50)))
    assert sum(fill.is_admitted for fill in fills) == 9
    assert await used(other, DAY) == 9_993
    await other.close()


async def test_a_redis_that_forgot_everything_only_empties_buckets(buckets: Buckets, redis_url: str) -> None:
    await buckets.pour(SMALL, "me", 20, NOW)
    async with Redis.from_url(redis_url) as redis:
        await redis.flushall()
        await redis.script_flush()
    fill = await buckets.pour(SMALL, "me", 5, NOW)
    assert (fill.is_admitted, fill.used) == (True, 5)


async def test_a_drained_bucket_is_forgotten(buckets: Buckets, redis_url: str) -> None:
    await buckets.pour(SMALL, "me", 20, NOW)
    async with Redis.from_url(redis_url) as redis:
        (key,) = await redis.keys(KEY_PREFIX + "*")
        assert 179_000 < await redis.pttl(key) <= 180_000


async def test_without_redis_everybody_is_served_at_once_and_the_log_says_it_once() -> None:
    buckets = Buckets(NOWHERE)
    with capture_logs() as logs:
        async with asyncio.timeout(1):
            fills = [await buckets.pour(SMALL, "me", 20, NOW) for _ in range(100)]
    assert all(fill.is_admitted and fill.used == 0 for fill in fills)
    assert [entry["event"] for entry in logs] == ["limits_suspended"]
    await buckets.close()


async def test_a_redis_that_hangs_costs_one_caller_half_a_second(buckets: Buckets, redis_url: str) -> None:
    await buckets.pour(SMALL, "me", 20, NOW)
    async with Redis.from_url(redis_url) as redis:
        await redis.client_pause(timeout=1_000)
        async with asyncio.timeout(0.9):
            assert (await buckets.pour(SMALL, "me", 20, NOW)).is_admitted
            assert (await buckets.pour(SMALL, "me", 20, NOW)).is_admitted
        await redis.client_unpause()


async def late_loop(turns: int) -> None:
    """Keep the loop so busy that it looks at its sockets every 0.2 s."""
    for _ in range(turns):
        time.sleep(0.2)
        await asyncio.sleep(0)


@pytest.mark.parametrize("pours_before", [0, 1])
async def test_a_late_loop_is_no_dead_redis(redis_url: str, pours_before: int) -> None:
    """A hundred callers at once, before or after the first connection: the limit holds."""
    crowded = Buckets(redis_url)
    for _ in range(pours_before):
        await crowded.pour(SMALL, "me", 0, NOW)
    pours = [asyncio.create_task(crowded.pour(SMALL, "me", 1, NOW)) for _ in range(100)]
    with capture_logs() as logs:
        await late_loop(15)
        fills = await asyncio.gather(*pours)
    assert (sum(fill.is_admitted for fill in fills), logs) == (20, [])
    await crowded.close()


async def test_a_caller_who_leaves_takes_no_answer_from_the_others(buckets: Buckets) -> None:
    pours = [asyncio.create_task(buckets.pour(SMALL, "me", 1, NOW)) for _ in range(10)]
    await asyncio.sleep(0)
    pours[0].cancel()
    pours[7].cancel()
    fills = await asyncio.gather(*pours, return_exceptions=True)
    assert [isinstance(fill, asyncio.CancelledError) for fill in fills].count(True) == 2
    assert await used(buckets, SMALL) == 10


class Twin:
    """The slow and obviously right bucket: fractions of credits and seconds."""

    def __init__(self, bucket: Bucket) -> None:
        self.capacity = Fraction(bucket.capacity)
        self.drain = Fraction(bucket.drained, bucket.every_ms)
        self.level = Fraction(0)
        self.at_ms = 0

    def pour(self, cost: int, at_ms: int) -> bool:
        self.level = max(Fraction(0), self.level - self.drain * (at_ms - self.at_ms))
        self.at_ms = at_ms
        if cost > 0 and self.level + cost > self.capacity:
            return False
        self.level = max(Fraction(0), self.level + cost)
        return True


SIZES = st.builds(Bucket, st.just("any"), st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 10**9))
POURS = st.lists(st.tuples(st.integers(0, 10**7), st.integers(-50, 10**6)), max_size=12)


@pytest.mark.parametrize("scale", [1, 1_000])
def test_the_bucket_is_exactly_its_twin(servers: Servers, scale: int) -> None:
    async def both(bucket: Bucket, pours: list[tuple[int, int]]) -> None:
        buckets, twin, now = Buckets(servers.redis_url), Twin(bucket), NOW
        async with Redis.from_url(servers.redis_url) as redis:
            await redis.flushall()
        for pause_ms, cost in pours:
            now += timedelta(milliseconds=pause_ms * scale)
            admitted = twin.pour(cost, round((now - NOW).total_seconds() * 1_000))
            fill = await buckets.pour(bucket, "me", cost, now)
            assert (fill.is_admitted, Fraction(fill.level, bucket.every_ms)) == (admitted, twin.level)
        await buckets.close()

    @settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(SIZES, POURS)
    def examples(bucket: Bucket, pours: list[tuple[int, int]]) -> None:
        asyncio.run(both(bucket, pours))

    examples()
