"""How Redis is reached: how long to wait for it, and what it means when it does not answer."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import structlog
from arq.connections import RedisSettings
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as AnswerMissed

T = TypeVar("T")

LOOKS = 25
LOOK_SECONDS = 0.02
REST_SECONDS = 2.0
BACKOFF = ExponentialBackoff(cap=1, base=0.05)
RETRIES_OF_WORKERS = 60
RETRIED = [ConnectionLost, AnswerMissed, OSError]
FAILURES = (RedisError, OSError)

log = structlog.get_logger()


class BusUnavailable(Exception):
    """Redis did not answer. Nothing is lost by it: it records nothing."""


class Absence:
    """The times at which Redis does not answer. After a failure it is left alone for a moment, so that a
    server that hangs costs its first caller a wait and not each one; ``event`` is logged once for each time
    that it goes away."""

    def __init__(self, event: str) -> None:
        self._event = event
        self._resting_until = 0.0
        self._is_away = False

    @property
    def is_resting(self) -> bool:
        return asyncio.get_running_loop().time() < self._resting_until

    def begin(self) -> None:
        self._resting_until = asyncio.get_running_loop().time() + REST_SECONDS
        if not self._is_away:
            self._is_away = True
            log.warning(self._event, reason="Redis does not answer")

    def end(self) -> None:
        self._is_away = False


def redis_settings(url: str, retries: int) -> RedisSettings:
    """Arq's settings for ``redis://``, ``rediss://`` or ``unix:///path/to.sock?db=0``."""
    settings = RedisSettings.from_dsn(url)
    settings.retry = Retry(BACKOFF, retries)
    settings.retry_on_timeout = True
    settings.retry_on_error = list(RETRIED)
    settings.conn_retries = max(1, retries // 2)
    return settings


async def answered(work: Awaitable[T], looks_most: int = LOOKS) -> T:
    """What ``work`` returns; TimeoutError once Redis was silent for so many looks, each a fiftieth of a
    second.

    Looks are counted, not seconds: a loop that comes late finds the answer waiting, and must not
    take its own delay for a dead server.
    """
    loop, looks = asyncio.get_running_loop(), 0
    looking: asyncio.TimerHandle

    def look() -> None:
        nonlocal looks, looking
        looks += 1
        if looks < looks_most:
            looking = loop.call_later(LOOK_SECONDS, look)
        else:
            patience.reschedule(loop.time())

    looking = loop.call_later(LOOK_SECONDS, look)
    try:
        async with asyncio.timeout(None) as patience:
            return await work
    finally:
        looking.cancel()
