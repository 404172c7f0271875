"""Opening and closing what use cases are handed."""

import os
import secrets
import signal
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from bus.buckets import Buckets
from bus.health import Health
from bus.jobs import Jobs
from bus.seats import Seats
from bus.topics import Topics
from marketdata.library import Library
from marketdata.live import LiveMarket
from runtime.clocks import last_recorded_close, market_clock, wall
from runtime.markets import MarketKind, read_market
from runtime.settings import Settings
from store.database import Bounds, Database
from usecases.failpoints import Failpoint
from usecases.passwords import HashingCost, Passwords
from usecases.ports import Ports, pass_by

SECRET_BYTES = 32
KEY_FILE = "secret.key"
PROMPT = Bounds()
UNHURRIED = Bounds(statement_ms=60_000)
LIVE = Bounds(idle_in_transaction_ms=1_000)
"""A live worker that is stopped in the middle of a transaction gives its locks back within a second."""


class SettingMissing(Exception):
    """A process was started without something that it cannot do without."""


@asynccontextmanager
async def open_ports(settings: Settings, bounds: Bounds = PROMPT) -> AsyncIterator[Ports]:
    """The ports of one process. Servers are connected to on first use, so they may come up later.
    ``bounds`` says how long it may hold a connection; how many, the settings do.

    Raises SettingMissing where no servers are named.
    """
    if settings.database_url is None or settings.redis_url is None:
        raise SettingMissing("set ZERODTE_DATABASE_URL and ZERODTE_REDIS_URL, or run `zerodte up`")
    redis_url = settings.redis_url.get_secret_value()
    library, live = Library(settings.data_dir / "days"), LiveMarket(settings.data_dir / "live")
    is_open = read_market(settings.market).kind is not MarketKind.NONE
    bounds = replace(bounds, connections=settings.database_connections)
    async with AsyncExitStack() as stack:
        database = Database(settings.database_url.get_secret_value(), bounds)
        stack.push_async_callback(database.close)
        jobs = Jobs(redis_url)
        stack.push_async_callback(jobs.close)
        topics = Topics(redis_url)
        stack.push_async_callback(topics.close)
        buckets = Buckets(redis_url)
        stack.push_async_callback(buckets.close)
        seats = Seats(redis_url)
        stack.push_async_callback(seats.close)
        health = Health(redis_url)
        stack.push_async_callback(health.close)
        yield Ports(
            database=database,
            library=library,
            live=live,
            jobs=jobs,
            topics=topics,
            buckets=buckets,
            seats=seats,
            health=health,
            wall=wall,
            market_now=market_clock(live, library) if is_open else last_recorded_close(library),
            new_id=uuid4,
            policy=settings.policy(),
            secret=installation_secret(settings),
            passwords=Passwords(_hashing_cost(settings)),
            reach=_stopping_at(settings.failpoint),
        )


def installation_secret(settings: Settings) -> bytes:
    """The secret of this installation; it is made, for its owner's eyes only, at the first need."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value().encode()
    path = settings.data_dir / KEY_FILE
    if not path.exists():
        _make_secret(path)
    return path.read_bytes()


def _hashing_cost(settings: Settings) -> HashingCost:
    return HashingCost(settings.hashing_memory_kib, settings.hashing_passes, settings.hashing_lanes)


def _stopping_at(point: Failpoint | None) -> Callable[[Failpoint], None]:
    """Ends this process at a failure point as a loss of power would, without a chance to clean up."""
    if point is None:
        return pass_by

    def reach(reached: Failpoint) -> None:
        if reached is point:
            os.kill(os.getpid(), signal.SIGKILL)

    return reach


def _make_secret(path: Path) -> None:
    """Write a secret whole or not at all; where several processes try, one of theirs remains."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(prefix="secret.", dir=path.parent) as own:
        own.write(secrets.token_hex(SECRET_BYTES).encode())
        own.flush()
        with suppress(FileExistsError):
            os.link(own.name, path)
