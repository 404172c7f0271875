import asyncio
import time
from collections.abc import AsyncIterator

import pytest_asyncio
from redis.asyncio import Redis

from bus.seats import KEY_PREFIX, LEASE_MS, Seats
from tests.databases import hanging


@pytest_asyncio.fixture
async def seats(redis_url: str) -> AsyncIterator[Seats]:
    one = Seats(redis_url)
    yield one
    await one.close()


async def test_a_row_has_so_many_places_for_all_processes(seats: Seats, redis_url: str) -> None:
    other = Seats(redis_url)
    taken = await asyncio.gather(*((seats, other)[n % 2].take("row", str(n), 20) for n in range(50)))
    assert sum(taken) == 20
    assert await seats.take("another row", "0", 20)
    await other.close()


async def test_a_place_that_was_left_is_free(seats: Seats) -> None:
    assert [await seats.take("row", name, 1) for name in ("a", "b")] == [True, False]
    await seats.leave("row", "b")
    assert not await seats.take("row", "b", 1), "only its holder gives a place back"
    await seats.leave("row", "a")
    assert await seats.take("row", "b", 1)


async def test_a_place_is_renewed_by_its_holder(seats: Seats) -> None:
    assert [await seats.take("row", "a", 1) for _ in range(2)] == [True, True]


async def test_places_of_a_process_that_died_are_free_when_their_lease_ends(
    seats: Seats, redis_url: str
) -> None:
    await seats.take("row", "dead", 1)
    async with Redis.from_url(redis_url) as redis:
        assert 0 < await redis.pttl(KEY_PREFIX + "row") <= LEASE_MS
        await redis.zadd(KEY_PREFIX + "row", {"dead": 1})
    assert await seats.take("row", "b", 1)


async def test_without_redis_there_is_a_place_for_everybody() -> None:
    seats = Seats("unix:///nowhere/valkey.sock")
    assert [await seats.take("row", name, 1) for name in ("a", "b")] == [True, True]
    await seats.leave("row", "a")
    await seats.close()


async def test_a_late_loop_seats_nobody_too_many(seats: Seats) -> None:
    takes = [asyncio.create_task(seats.take("row", str(n), 20)) for n in range(50)]
    for _ in range(15):
        time.sleep(0.2)
        await asyncio.sleep(0)
    assert sum(await asyncio.gather(*takes)) == 20


async def test_a_redis_that_hangs_keeps_one_waiting_for_half_a_second(seats: Seats, redis_url: str) -> None:
    assert await seats.take("row", "a", 1)
    async with hanging(redis_url), asyncio.timeout(0.9):
        assert await seats.take("row", "b", 1)
        assert await seats.take("row", "c", 1)
        await seats.leave("row", "b")
