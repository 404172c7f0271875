"""Leaky buckets that all processes share. What they hold is disposable: without Redis everybody is
served, and a Redis that forgot makes nobody poorer."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from bus.connections import FAILURES, Absence, answered
from engine.buckets import Bucket, Fill

KEY_PREFIX = "zerodte:bucket:"
BATCH_MAX = 500

# Every key is a pour and has five numbers. Drains its bucket up to now, then adds the cost where it
# has room; a cost below zero gives back. Time never runs back, so processes whose clocks differ drain
# no second twice. Answers for each whether the cost was admitted, and the level. All numbers are
# integers below 2^53, so Lua holds them exactly.
POUR = """
local answers = {}
for i, key in ipairs(KEYS) do
  local terms = {}
  for n = 1, 5 do terms[n] = tonumber(ARGV[5 * i - 5 + n]) end
  local capacity, drained, every_ms, now, cost = unpack(terms)
  local kept = redis.call('HMGET', key, 'level', 'at')
  local at = tonumber(kept[2] or now)
  now = math.max(now, at)
  cost = cost * every_ms
  local level = math.max(0, tonumber(kept[1] or 0) - (now - at) * drained)
  local admitted = cost <= 0 or level + cost <= capacity * every_ms
  if admitted and cost ~= 0 then
    level = math.max(0, level + cost)
    redis.call('HSET', key, 'level', level, 'at', now)
    redis.call('PEXPIRE', key, math.ceil(level / drained) + 60000)
  end
  answers[i] = {admitted and 1 or 0, level}
end
return answers
"""


@dataclass(frozen=True, slots=True)
class _Pour:
    key: str
    numbers: tuple[int, int, int, int, int]
    answer: asyncio.Future[tuple[int, int]]


class Buckets:
    """Everybody's buckets. It connects at its first use.

    Whoever pours while an exchange with Redis is under way goes with the next one, so that a crowd
    costs a few exchanges on one connection. After a failure Redis is left alone for a moment, in
    which nobody waits for it.
    """

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url, retry=Retry(NoBackoff(), 0), single_connection_client=True, lib_name=None, lib_version=None
        )
        self._pour = self._redis.register_script(POUR)
        self._waiting: list[_Pour] = []
        self._exchanging: asyncio.Task[None] | None = None
        self._absence = Absence("limits_suspended")

    async def pour(self, bucket: Bucket, whose: str, cost: int, now: datetime) -> Fill:
        """Add ``cost`` credits to somebody's bucket, all or nothing; ``is_admitted`` says which.

        A negative cost is given back, none only looks. Never fails: without Redis it is admitted.
        """
        if self._absence.is_resting:
            return Fill(bucket, 0)
        terms = (bucket.capacity, bucket.drained, bucket.every_ms)
        key = ":".join((KEY_PREFIX + bucket.name, *map(str, terms), whose))
        poured = _Pour(key, (*terms, _milliseconds(now), cost), asyncio.get_running_loop().create_future())
        self._waiting.append(poured)
        if self._exchanging is None or self._exchanging.done():
            self._exchanging = asyncio.create_task(self._exchange_all(), name="buckets")
        is_admitted, level = await poured.answer
        return Fill(bucket, level, is_admitted=bool(is_admitted))

    async def close(self) -> None:
        if self._exchanging is not None:
            await asyncio.wait((self._exchanging,))
        await self._redis.aclose()

    async def _exchange_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH_MAX], self._waiting[BATCH_MAX:]
            for poured, (is_admitted, level) in zip(batch, await self._exchange(batch), strict=True):
                if not poured.answer.done():
                    poured.answer.set_result((is_admitted, level))

    async def _exchange(self, batch: list[_Pour]) -> list[tuple[int, int]]:
        """The answers to a batch: everybody is admitted where Redis fails."""
        keys = [poured.key for poured in batch]
        numbers = [number for poured in batch for number in poured.numbers]
        try:
            answers = await answered(self._pour(keys, numbers))
        except FAILURES:
            self._absence.begin()
            return [(1, 0)] * len(batch)
        self._absence.end()
        return answers  # type: ignore[no-any-return]


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1_000)
