"""What a use case is handed: the resources it may use, the clocks, and who is asking."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from bus.buckets import Buckets
from bus.health import Health
from bus.jobs import Jobs
from bus.seats import Seats
from bus.topics import Topics
from engine.fees import FeeSchedule
from engine.money import PriceCents
from marketdata.library import Library
from marketdata.live import LiveMarket
from store.database import Database
from usecases.failpoints import Failpoint
from usecases.folding import Folding
from usecases.memory import Memory
from usecases.passwords import Passwords
from usecases.policy import Policy


def pass_by(_: Failpoint) -> None:
    """What reaching a failure point does outside of a test."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Resources and clocks. ``wall`` is UTC now for tokens and codes; ``market_now`` is the feed's
    clock, or the last recorded close where nothing is on air, None while nothing is recorded. ``secret``
    is this installation's own and never leaves the process. ``reach`` is called at the points at
    which tests stop the process."""

    database: Database
    library: Library
    live: LiveMarket
    jobs: Jobs
    topics: Topics
    buckets: Buckets
    seats: Seats
    health: Health
    wall: Callable[[], datetime]
    market_now: Callable[[], datetime | None]
    new_id: Callable[[], UUID]
    policy: Policy
    secret: bytes = field(repr=False)
    passwords: Passwords = field(default_factory=Passwords, repr=False)
    memory: Memory = field(default_factory=Memory, repr=False)
    folding: Folding = field(default_factory=Folding, repr=False)
    reach: Callable[[Failpoint], None] = pass_by


@dataclass(frozen=True, slots=True)
class Viewer:
    """The authenticated caller with the settings that his orders are stamped with."""

    user_id: int
    uuid: UUID
    email: str
    fees: FeeSchedule
    fees_overridden: bool
    slippage_cents: PriceCents
    operator: bool
    token_id: int
