"""Leaky buckets that all processes share. What they hold is disposable: without Redis everybody is
served, and a Redis that forgot makes nobody poorer."""

import asyncio
from datetime import datetime

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from bus.connections import FAILURES
from engine.buckets import Bucket, Fill

KEY_PREFIX = "zerodte:bucket:"
PATIENCE_SECONDS = 0.5
REST_SECONDS = 2.0

# Drains a bucket up to now, then adds the cost where it has room; a cost below zero gives back.
# Time never runs back, so processes whose clocks differ drain no second twice. Answers whether the
# cost was admitted, and the level. All numbers are integers below 2^53, so Lua holds them exactly.
POUR = """
local capacity, drained, every_ms = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now, cost = tonumber(ARGV[4]), tonumber(ARGV[5]) * every_ms
local kept = redis.call('HMGET', KEYS[1], 'level', 'at')
local at = tonumber(kept[2] or now)
now = math.max(now, at)
local level = math.max(0, tonumber(kept[1] or 0) - (now - at) * drained)
local admitted = cost <= 0 or level + cost <= capacity * every_ms
if admitted and cost ~= 0 then
  level = math.max(0, level + cost)
  redis.call('HSET', KEYS[1], 'level', level, 'at', now)
  redis.call('PEXPIRE', KEYS[1], math.ceil(level / drained) + 60000)
end
return {admitted and 1 or 0, level}
"""

log = structlog.get_logger()


class Buckets:
    """Everybody's buckets. It connects at its first use.

    After a failure Redis is left alone for a moment, in which nobody waits for it.
    """

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url, socket_connect_timeout=PATIENCE_SECONDS, retry=Retry(NoBackoff(), 0)
        )
        self._pour = self._redis.register_script(POUR)
        self._resting_until = 0.0
        self._is_away = False

    async def pour(self, bucket: Bucket, whose: str, cost: int, now: datetime) -> Fill:
        """Add ``cost`` credits to somebody's bucket, all or nothing; ``is_admitted`` says which.

        A negative cost is given back, none only looks. Never fails: without Redis it is admitted.
        """
        if asyncio.get_running_loop().time() < self._resting_until:
            return Fill(bucket, 0)
        terms = (bucket.capacity, bucket.drained, bucket.every_ms)
        key = ":".join((KEY_PREFIX + bucket.name, *map(str, terms), whose))
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                admitted, level = await self._pour([key], [*terms, _milliseconds(now), cost])
        except FAILURES:
            self._rest()
            return Fill(bucket, 0)
        self._is_away = False
        return Fill(bucket, level, is_admitted=bool(admitted))

    async def close(self) -> None:
        await self._redis.aclose()

    def _rest(self) -> None:
        """Leave Redis alone for a moment, and say so once for each time that it goes away."""
        self._resting_until = asyncio.get_running_loop().time() + REST_SECONDS
        if not self._is_away:
            self._is_away = True
            log.warning("limits_suspended", reason="Redis does not answer; everybody is served")


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1_000)
