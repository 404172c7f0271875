"""Places that are taken for as long as somebody is there, counted over all processes.

A place is a lease: whoever takes it renews it, so a process that dies gives its places back by
itself. Without Redis everybody finds a place, and at most one in a moment waits for it.
"""

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from bus.connections import FAILURES, Absence, answered

KEY_PREFIX = "zerodte:seats:"
LEASE_MS = 60_000
RENEWAL_SECONDS = 20.0

# Forgets leases that ran out by Redis' own clock, then takes or renews one where there is room.
TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local is_known = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not is_known and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
"""


class Seats:
    """The places of everybody. It connects at its first use."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url, retry=Retry(NoBackoff(), 0))
        self._take = self._redis.register_script(TAKE)
        self._absence = Absence("seats_uncounted")

    async def take(self, row: str, seat: str, room: int) -> bool:
        """Take a place in a row of ``room``, or renew it; False where all are taken. Never fails."""
        if self._absence.is_resting:
            return True
        try:
            is_taken = await answered(self._take([KEY_PREFIX + row], [seat, room, LEASE_MS]))
        except FAILURES:
            self._absence.begin()
            return True
        self._absence.end()
        return bool(is_taken)

    async def leave(self, row: str, seat: str) -> None:
        """Give a place back. Never fails: the lease ends by itself."""
        if self._absence.is_resting:
            return
        try:
            await answered(self._redis.zrem(KEY_PREFIX + row, seat))
        except FAILURES:
            self._absence.begin()

    async def close(self) -> None:
        await self._redis.aclose()
