"""Workers are killed in the middle of backtests, and Redis forgets: every backtest ends all the same.

No result is stored twice, and all are those of a run that nobody disturbed. A sample in `make test`,
all of it in `make soak`.
"""

import asyncio
import random
import signal
import time
from dataclasses import astuple
from typing import Any

from redis.asyncio import Redis
from sqlalchemy import text

from tests.backtests import STRANGLE, program_of, publish_sessions
from tests.campaigns import Campaign
from tests.zerodte.test_failpoints import BACKTESTS, KILL_SECONDS, Site, site
from usecases import strategies
from usecases.backtesting import run_library
from usecases.failpoints import Failpoint
from usecases.snapshots import in_full
from usecases.strategies import StrategyView

__all__ = ["site"]

SESSIONS = 60  # three chunks
TAKE_UP_SECONDS = 5


def config(number: int) -> dict[str, Any]:
    """A config of its own for each of 400 numbers."""
    return STRANGLE | {"exit": {"time": f"09:{31 + number // 60}:{number % 60:02}"}}


async def saved(site: Site, number: int) -> StrategyView:
    view = await strategies.save_strategy(site.town.ports, site.trader, config(number))
    assert isinstance(view, StrategyView)
    return view


async def unfinished(site: Site) -> int:
    async with site.town.ports.database.reading() as tx:
        return int((await tx.execute(text("SELECT count(*) FROM runs WHERE state <> 'idle'"))).scalar_one())


async def until_finished(site: Site, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while await unfinished(site):
            await asyncio.sleep(0.05)


async def is_undisturbed(site: Site, number: int, view: StrategyView) -> bool:
    found = await strategies.get_strategy(site.town.ports, site.trader, view.saved.id)
    assert isinstance(found, StrategyView)
    days = await in_full(site.town.ports, found.snapshot, found.snapshot.results.days)
    offline = run_library(site.town.ports.library, program_of(config(number)), None, None, lambda *_: None)
    return repr([astuple(day.run) for day in days]) == repr([astuple(run) for run in offline.days])


async def test_a_killed_workers_chunk_is_taken_up_within_seconds(site: Site) -> None:
    publish_sessions(site.town.days, 10)  # one chunk
    view = await saved(site, 0)
    with site.worker(Failpoint.CHUNK_LEASED) as armed:
        assert armed.wait(KILL_SECONDS) == -signal.SIGKILL
    killed_at = time.monotonic()
    with site.worker():
        await until_finished(site, KILL_SECONDS)
    assert time.monotonic() - killed_at < TAKE_UP_SECONDS
    assert await is_undisturbed(site, 0, view)


async def test_backtests_end_however_often_workers_are_killed_and_redis_forgets(
    site: Site, campaign: Campaign
) -> None:
    publish_sessions(site.town.days, SESSIONS)
    chance = random.Random(campaign.seed)
    count, kills = campaign.size(4, 200), campaign.size(3, 20)
    views = [await saved(site, number) for number in range(count)]
    flushed = chance.sample(range(kills), 2)
    for kill in range(kills):
        with site.worker(chance.choice(BACKTESTS)) as armed:
            assert armed.wait(KILL_SECONDS) == -signal.SIGKILL
        if kill in flushed:
            async with Redis.from_url(site.environment["ZERODTE_REDIS_URL"]) as redis:
                await redis.flushall()
    assert await unfinished(site) > 0
    with site.worker():
        await until_finished(site, campaign.size(KILL_SECONDS, 120))

    async with site.town.ports.database.reading() as tx:
        assert (await tx.execute(text("SELECT count(*) FROM day_results"))).scalar_one() == count * SESSIONS
    for number, view in enumerate(views):
        assert await is_undisturbed(site, number, view)
