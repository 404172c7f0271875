"""Leaky buckets: what a caller spends fills his bucket, and it drains with time.

Levels are integers in shares of a credit: one credit is ``every_ms`` shares, and ``drained`` shares
run out in a millisecond. So no level is ever rounded, whatever the settings.
"""

from dataclasses import dataclass

MS_A_SECOND = 1_000


@dataclass(frozen=True, slots=True)
class Bucket:
    """Room for ``capacity`` credits, of which ``drained`` run out every ``every_ms`` milliseconds."""

    name: str
    capacity: int
    drained: int
    every_ms: int


@dataclass(frozen=True, slots=True)
class Fill:
    """How full somebody's bucket is. ``is_admitted`` says whether the last cost found room in it."""

    bucket: Bucket
    level: int
    is_admitted: bool = True

    @property
    def used(self) -> int:
        """Credits in the bucket, a begun one counted whole."""
        return -(-self.level // self.bucket.every_ms)

    @property
    def left(self) -> int:
        return max(0, self.bucket.capacity - self.used)

    @property
    def percent(self) -> int:
        """0 to 100, to the nearest."""
        full = self.bucket.capacity * self.bucket.every_ms
        return min(100, (200 * self.level + full) // (2 * full))

    def wait_seconds(self, cost: int) -> int:
        """Whole seconds until ``cost`` has room: ceil((level + cost - capacity) / drain)."""
        over = self.level + (cost - self.bucket.capacity) * self.bucket.every_ms
        return max(1, -(-over // (self.bucket.drained * MS_A_SECOND)))
