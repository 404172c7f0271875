"""What live processes tell of themselves, for operators. A process that falls silent is soon forgotten."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import orjson
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from bus.connections import FAILURES, Absence, BusUnavailable, answered

KEY_PREFIX = "zerodte:health:"
TELLERS_KEY = "zerodte:health"
SILENCE_SECONDS = 10

Facts: TypeAlias = Mapping[str, int | float | str | None]


@dataclass(frozen=True, slots=True)
class Pulse:
    """What one process told last. ``role`` is what it does, such as ``matcher``; ``id`` is its own."""

    role: str
    id: str
    facts: Facts


class Health:
    """Where processes tell how they are. It connects at its first use."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url, retry=Retry(NoBackoff(), 0))
        self._absence = Absence("health_untold")

    async def tell(self, role: str, process_id: str, facts: Facts) -> None:
        """Say how a process is; to be said again within ``SILENCE_SECONDS``. Never fails."""
        if self._absence.is_resting:
            return
        teller = f"{role}:{process_id}"
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.set(KEY_PREFIX + teller, orjson.dumps(dict(facts)), ex=SILENCE_SECONDS)
        pipeline.sadd(TELLERS_KEY, teller)
        try:
            await answered(pipeline.execute())
        except FAILURES:
            self._absence.begin()
        else:
            self._absence.end()

    async def all(self) -> list[Pulse]:
        """What every process told within ``SILENCE_SECONDS``, by role and id. Raises BusUnavailable."""
        try:
            return await self._told()
        except FAILURES as error:
            raise BusUnavailable("nobody can be asked how he is") from error

    async def close(self) -> None:
        await self._redis.aclose()

    async def _told(self) -> list[Pulse]:
        tellers = sorted(teller.decode() for teller in await answered(self._redis.smembers(TELLERS_KEY)))
        if not tellers:
            return []
        told = await answered(self._redis.mget([KEY_PREFIX + teller for teller in tellers]))
        silent = [teller for teller, facts in zip(tellers, told, strict=True) if facts is None]
        if silent:
            await answered(self._redis.srem(TELLERS_KEY, *silent))
        return [
            _pulse(teller, facts) for teller, facts in zip(tellers, told, strict=True) if facts is not None
        ]


def _pulse(teller: str, facts: bytes) -> Pulse:
    role, _, process_id = teller.partition(":")
    return Pulse(role, process_id, orjson.loads(facts))
