import asyncio
import time
from collections.abc import AsyncIterator

import orjson
import pytest
import pytest_asyncio
from arq.constants import job_key_prefix
from redis.asyncio import Redis

from bus.connections import BusUnavailable, redis_settings
from bus.jobs import JobName, Jobs, Queue
from tests.databases import hanging


@pytest_asyncio.fixture
async def jobs(redis_url: str) -> AsyncIterator[Jobs]:
    one = Jobs(redis_url)
    yield one
    await one.close()


async def stored(redis_url: str) -> list[bytes]:
    async with Redis.from_url(redis_url) as redis:
        ids = await redis.zrange(Queue.MAIL, 0, -1)
        return [await redis.get(job_key_prefix + job_id.decode()) for job_id in ids]


async def test_job_is_json_in_its_queue(jobs: Jobs, redis_url: str) -> None:
    await jobs.enqueue(JobName.MAIL_CODE, {"code_id": 7})

    (raw,) = await stored(redis_url)
    job = orjson.loads(raw)
    assert (job["f"], job["a"], job["k"]) == ("mail_code", [], {"code_id": 7})


async def test_jobs_put_in_at_once_share_one_connection_pool(jobs: Jobs, redis_url: str) -> None:
    await asyncio.gather(*(jobs.enqueue(JobName.MAIL_CODE, {"code_id": i}) for i in range(20)))

    assert len(await stored(redis_url)) == 20


async def test_queue_that_cannot_be_reached_is_an_outage() -> None:
    jobs = Jobs("unix:///nowhere/valkey.sock")

    with pytest.raises(BusUnavailable):
        await jobs.enqueue(JobName.MAIL_CODE, {"code_id": 7})


@pytest.mark.parametrize(
    ("url", "host", "port", "database", "path"),
    [
        ("redis://127.0.0.1:6380/2", "127.0.0.1", 6380, 2, None),
        ("unix:///run/valkey.sock?db=3", "localhost", 6379, 3, "/run/valkey.sock"),
    ],
)
def test_address_is_understood(url: str, host: str, port: int, database: int, path: str | None) -> None:
    settings = redis_settings(url, retries=1)

    assert (settings.host, settings.port) == (host, port)
    assert (settings.database, settings.unix_socket_path) == (database, path)


@pytest.mark.parametrize("jobs_before", [0, 1])
async def test_a_queue_that_hangs_is_an_outage_soon_and_then_at_once(
    jobs: Jobs, redis_url: str, jobs_before: int
) -> None:
    for _ in range(jobs_before):
        await jobs.enqueue(JobName.MAIL_CODE, {"code_id": 6})
    async with hanging(redis_url):
        for most_seconds in (2, 0.1):
            began = time.monotonic()
            with pytest.raises(BusUnavailable):
                await jobs.enqueue(JobName.MAIL_CODE, {"code_id": 7})
            assert time.monotonic() - began < most_seconds
