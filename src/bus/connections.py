"""How Redis is reached: how long to wait for it, and what it means when it does not answer."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from arq.connections import RedisSettings
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as AnswerMissed

T = TypeVar("T")

LOOKS = 25
LOOK_SECONDS = 0.02
BACKOFF = ExponentialBackoff(cap=1, base=0.05)
RETRIES_OF_CALLS = 2
RETRIES_OF_WORKERS = 60
RETRIED = [ConnectionLost, AnswerMissed, OSError]
FAILURES = (RedisError, OSError)


class BusUnavailable(Exception):
    """Redis did not answer. Nothing is lost by it: it records nothing."""


def redis_settings(url: str, retries: int) -> RedisSettings:
    """Arq's settings for ``redis://``, ``rediss://`` or ``unix:///path/to.sock?db=0``."""
    settings = RedisSettings.from_dsn(url)
    settings.retry = Retry(BACKOFF, retries)
    settings.retry_on_timeout = True
    settings.retry_on_error = list(RETRIED)
    settings.conn_retries = max(1, retries // 2)
    return settings


async def answered(work: Awaitable[T]) -> T:
    """What ``work`` returns; TimeoutError once Redis was silent for ``LOOKS`` looks, half a second.

    Looks are counted, not seconds: a loop that comes late finds the answer waiting, and must not
    take its own delay for a dead server.
    """
    loop, looks = asyncio.get_running_loop(), 0
    looking: asyncio.TimerHandle

    def look() -> None:
        nonlocal looks, looking
        looks += 1
        if looks < LOOKS:
            looking = loop.call_later(LOOK_SECONDS, look)
        else:
            patience.reschedule(loop.time())

    looking = loop.call_later(LOOK_SECONDS, look)
    try:
        async with asyncio.timeout(None) as patience:
            return await work
    finally:
        looking.cancel()
