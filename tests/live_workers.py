"""Real `zerodte worker live` processes on a market that a test runs, for tests and the bench."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import text

from engine.market import Day
from marketdata.live import LiveMarket
from tests.live_market import Market, on_air
from tests.people import SECRET, Town
from tests.people import town as a_town
from usecases.telling import Role
from zerodte.programs import Program, spawn

PATIENCE_SECONDS = 20
POLL_SECONDS = 0.005

_MATCHED = text("SELECT epoch, matched_second FROM recordings WHERE uuid = :recording")


@dataclass(slots=True)
class Floor:
    """A trading floor: a town whose processes share one data directory, and the market on air in it."""

    town: Town
    market: Market
    environment: dict[str, str]
    data_dir: Path
    workers: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    @contextmanager
    def worker(self, failpoint: str = "") -> Iterator[subprocess.Popen[bytes]]:
        """A live worker, killed at the end, stopped or not."""
        process = self.start(failpoint)
        try:
            yield process
        finally:
            self.kill(process)

    def start(self, failpoint: str = "") -> subprocess.Popen[bytes]:
        process = spawn(
            Program(
                "worker live",
                (sys.executable, "-P", "-m", "zerodte.cli", "worker", "live"),
                environment=self.environment | {"ZERODTE_FAILPOINT": failpoint},
                log=self.data_dir / "live.log",
            )
        )
        self.workers[process.pid] = process
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait()
        self.workers.pop(process.pid, None)

    async def holder(self) -> subprocess.Popen[bytes] | None:
        """The worker that says that it holds the market."""
        for pulse in await self.town.ports.health.all():
            pid = int(pulse.id.rpartition("-")[2])
            if pulse.role == Role.MATCHER and pulse.facts["recording"] is not None and pid in self.workers:
                return self.workers[pid]
        return None

    async def standing_by(self) -> int:
        """How many workers say that they are there."""
        told = {int(pulse.id.rpartition("-")[2]) for pulse in await self.town.ports.health.all()}
        return len(told & set(self.workers))

    async def tell(self, second: int) -> None:
        """Tell the seconds up to one, and ring for them."""
        self.market.tell(second)
        await self.town.ports.topics.market_ticked(second)

    async def matched(self) -> tuple[int, int]:
        """The lease's epoch and the last second matched."""
        async with self.town.ports.database.asking() as tx:
            row = (await tx.execute(_MATCHED, {"recording": self.market.id})).one_or_none()
        return (0, -1) if row is None else (row.epoch, row.matched_second)

    async def until_matched(self, second: int) -> None:
        async def is_matched() -> bool:
            return (await self.matched())[1] >= second

        await until(is_matched)

    @asynccontextmanager
    async def running(self, seconds_a_second: float) -> AsyncIterator[None]:
        """The market runs by itself meanwhile."""
        running = asyncio.create_task(self._run(seconds_a_second))
        try:
            yield
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    async def _run(self, seconds_a_second: float) -> None:
        while self.market.tape.second < self.market.day.close_second - 1:
            await self.tell(self.market.tape.second + 1)
            await asyncio.sleep(1 / seconds_a_second)

    async def failover(self, number: signal.Signals) -> float:
        """Send the holder a signal that silences it; the seconds until another has matched a row."""
        holder = await self.holder()
        assert holder is not None, "somebody holds the market"
        epoch, _ = await self.matched()
        holder.send_signal(number)
        began = time.monotonic()

        async def is_taken_over() -> bool:
            now, _ = await self.matched()
            return now > epoch

        await until(is_taken_over)
        _, second = await self.matched()
        await self.until_matched(second + 1)
        return time.monotonic() - began


async def until(is_so: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await is_so():
            await asyncio.sleep(POLL_SECONDS)


@asynccontextmanager
async def floor(
    database_url: str, redis_url: str, data_dir: Path, day: Day | None = None
) -> AsyncIterator[Floor]:
    environment = {
        "ZERODTE_DATABASE_URL": database_url,
        "ZERODTE_REDIS_URL": redis_url,
        "ZERODTE_DATA_DIR": str(data_dir),
        "ZERODTE_SECRET_KEY": SECRET.decode(),
    }
    async with a_town(database_url, redis_url, data_dir / "days") as one:
        town = replace(one, ports=replace(one.ports, live=LiveMarket(data_dir / "live")))
        with on_air(town, day) as market:
            yield Floor(town, market, environment, data_dir)
