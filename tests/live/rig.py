"""The whole live market as processes that a test may kill: PostgreSQL, Valkey, API, feed and workers."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from threading import Event
from typing import Any

from httpx2 import AsyncClient
from redis.exceptions import RedisError
from sqlalchemy import text

from marketdata.live import LiveMarket
from store.migrating import migrate
from tests.days import tiny_day
from tests.live.pushing import Pusher
from tests.live.swallowing import Swallower, swallowing
from tests.live.trading import NO_ANSWER_SECONDS, Client
from tests.people import SECRET, Town
from tests.people import town as a_town
from tests.zerodte.processes import directory_in_memory
from usecases.outages import OUTAGES
from usecases.telling import Role
from zerodte.listening import take_address, url_of
from zerodte.programs import Program, spawn
from zerodte.servers import postgres, prepare_site, urls, valkey
from zerodte.supervisor import Supervisor, supervised

PATIENCE_SECONDS = 40.0
POLL_SECONDS = 0.02
UNMETERED = {"ZERODTE_CREDITS_CAPACITY": "1000000", "ZERODTE_COMPLEXITY_A_MINUTE": "1000000"}

Process = subprocess.Popen[bytes]


@dataclass(slots=True)
class Rig:
    """Everything that runs, by name. Sockets that others connect to outlive the processes behind them."""

    data_dir: Path
    town: Town
    client: Client
    pusher: Pusher
    swallower: Swallower
    supervisor: Supervisor
    environment: dict[str, str]
    api_listener: socket.socket
    feed_listener: socket.socket
    workers: list[Process] = field(default_factory=list)
    api: Process | None = None
    feed: Process | None = None
    ended: int = 0

    def start_api(self) -> None:
        fd = self.api_listener.fileno()
        self.api = self._start("api", "--fd", str(fd), inherited=(fd,))

    def start_feed(self) -> None:
        fd = self.feed_listener.fileno()
        self.feed = self._start("feed", "--market", "push:9", "--fd", str(fd), inherited=(fd,))

    def start_worker(self) -> Process:
        process = self._start("worker", "live")
        self.workers.append(process)
        return process

    def kill_worker(self, process: Process) -> None:
        _kill(process)
        self.workers.remove(process)

    def kill_api(self) -> None:
        assert self.api is not None
        _kill(self.api)

    def kill_feed(self) -> None:
        assert self.feed is not None
        _kill(self.feed)

    def kill_server(self, name: str) -> int:
        """Kill PostgreSQL or Valkey, which is started again; the process id that it had."""
        (child,) = [one for stage in self.supervisor._stages for one in stage if one.program.name == name]
        pid = child.process.pid
        os.kill(pid, signal.SIGKILL)
        return pid

    def stop_all(self) -> None:
        for process in (*self.workers, self.api, self.feed):
            if process is not None:
                _kill(process)

    async def is_there(self) -> bool:
        """Whether the API answers and both workers stand by."""
        answer = await self.client.answer("GET", "/health")
        pulses = await self.town.ports.health.all()
        matchers = [pulse for pulse in pulses if pulse.role == Role.MATCHER]
        return answer.is_success and len(matchers) == len(self.workers)

    async def tend(self) -> None:
        """Start again what ended by itself, as `up` does."""
        while True:
            self.supervisor.tend()
            for ended in [one for one in self.workers if one.poll() is not None]:
                self.workers.remove(ended)
                self.start_worker()
                self.ended += 1
            await asyncio.sleep(POLL_SECONDS)

    async def epoch(self) -> int:
        """How often the lease of the market was taken."""
        return int(await self._asked("SELECT max(epoch) FROM recordings"))

    async def matched(self) -> int:
        return int(await self._asked("SELECT max(matched_second) FROM recordings"))

    async def count(self, statement: str) -> int:
        return int(await self._asked(statement))

    async def holder(self) -> Process:
        """The worker that holds the market."""
        found: list[Process] = []

        async def is_found() -> bool:
            epoch = await self.epoch()
            for pulse in await self.town.ports.health.all():
                pid = int(pulse.id.rpartition("-")[2])
                if (
                    pulse.role == Role.MATCHER
                    and pulse.facts["recording"] is not None
                    and pulse.facts["epoch"] == epoch
                ):
                    found.extend(one for one in self.workers if one.pid == pid and one.poll() is None)
            return bool(found)

        await self.until(is_found)
        return found[-1]

    async def until(self, is_so: Callable[[], Awaitable[object]]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                with suppress(*OUTAGES, RedisError):
                    if await is_so():
                        return
                await asyncio.sleep(POLL_SECONDS)

    async def _asked(self, statement: str) -> Any:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                with suppress(*OUTAGES):
                    async with self.town.ports.database.asking() as tx:
                        return (await tx.execute(text(statement))).scalar_one() or 0
                await asyncio.sleep(POLL_SECONDS)

    def _start(self, *words: str, inherited: tuple[int, ...] = ()) -> Process:
        return spawn(
            Program(
                words[0],
                (sys.executable, "-P", "-m", "zerodte.cli", *words),
                environment=self.environment,
                inherited=inherited,
                log=self.data_dir / f"{'-'.join(words[:2])}.log",
            )
        )


def _kill(process: Process) -> None:
    process.kill()
    process.wait()


@asynccontextmanager
async def rigged(close_second: int, seconds_a_second: float, seed: int) -> AsyncIterator[Rig]:
    """A market that is about to open, with two workers and a client who is registered."""
    with directory_in_memory() as data_dir, ExitStack() as stack:
        site = prepare_site(data_dir)
        supervisor = stack.enter_context(supervised(Event()))
        supervisor.start(postgres(site), valkey(site))
        database_url, redis_url = urls(data_dir)
        await migrate(database_url)
        api_listener = stack.enter_context(take_address("127.0.0.1", 0))
        feed_listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        api_listener.listen()
        async with (
            swallowing(site.sockets, data_dir / "proxy") as swallower,
            a_town(database_url, redis_url, data_dir / "days") as one,
            AsyncClient(base_url=url_of(api_listener), timeout=NO_ANSWER_SECONDS) as http,
        ):
            town = replace(one, ports=replace(one.ports, live=LiveMarket(data_dir / "live")))
            town.clock.now = datetime.now(UTC) - timedelta(minutes=2)
            token = (await town.person("trader@example.com", None)).token
            town.clock.now = datetime.now(UTC)
            day = tiny_day(close_second=close_second)
            rig = Rig(
                data_dir=data_dir,
                town=town,
                client=Client(http, token, url_of(api_listener).partition("//")[2], Random(seed)),
                pusher=Pusher(day, feed_listener.getsockname()[1], seconds_a_second),
                swallower=swallower,
                supervisor=supervisor,
                environment=UNMETERED
                | {
                    "ZERODTE_DATABASE_URL": database_url.replace(str(site.sockets), str(data_dir / "proxy")),
                    "ZERODTE_REDIS_URL": redis_url,
                    "ZERODTE_DATA_DIR": str(data_dir),
                    "ZERODTE_SECRET_KEY": SECRET.decode(),
                },
                api_listener=api_listener,
                feed_listener=feed_listener,
            )
            tending = asyncio.create_task(rig.tend())
            try:
                rig.start_api()
                rig.start_feed()
                rig.start_worker()
                rig.start_worker()
                yield rig
            finally:
                rig.stop_all()
                tending.cancel()
