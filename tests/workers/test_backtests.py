"""The backtests worker at its queue: what is asked for is run, whatever gets lost."""

from dataclasses import replace
from pathlib import Path

import pytest
from redis.asyncio import Redis
from sqlalchemy import text

from bus.jobs import Jobs, Queue
from tests.backtests import STRANGLE, program_of, publish_sessions, strangle
from tests.people import Town
from tests.workers.test_main import until, working
from usecases import strategies
from usecases.backtesting import run_library
from usecases.ports import Viewer
from usecases.snapshots import ExecStatus, Snapshot, in_full
from usecases.strategies import Preview

SESSIONS = 60  # three chunks


@pytest.fixture(autouse=True)
def recorded(town: Town) -> None:
    publish_sessions(town.days, SESSIONS)


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    return tmp_path / "outbox"


async def asked(town: Town, trader: Viewer) -> str:
    answer = await strategies.preview(town.ports, trader, STRANGLE)
    assert isinstance(answer, Preview)
    return answer.snapshot.coverage.source_hash


async def until_complete(town: Town, trader: Viewer, source_hash: str) -> Snapshot:
    async def shown() -> Snapshot:
        found = await strategies.preview_results(town.ports, trader, source_hash)
        assert isinstance(found, Snapshot)
        return found

    async def is_complete() -> bool:
        coverage = (await shown()).coverage
        return coverage.exec_status is ExecStatus.IDLE and coverage.covered_days == SESSIONS

    await until(is_complete)
    return await shown()


async def ring_long_ago(town: Town) -> None:
    """Time passes for PostgreSQL since somebody was asked to come."""
    async with town.ports.database.transaction() as tx:
        await tx.execute(text("UPDATE chunks SET rung_at = rung_at - interval '3 seconds'"))


async def test_a_preview_is_run_by_the_worker(
    town: Town, trader: Viewer, redis_url: str, outbox: Path
) -> None:
    async with working(town, redis_url, outbox):
        source_hash = await asked(town, trader)
        shown = await until_complete(town, trader, source_hash)
    offline = run_library(town.ports.library, program_of(STRANGLE), None, None, lambda *_: None)
    assert tuple(day.run for day in await in_full(town.ports, shown, shown.results.days)) == offline.days


async def test_what_is_asked_for_is_rung_for_once_a_chunk(town: Town, trader: Viewer, redis_url: str) -> None:
    await asked(town, trader)
    await asked(town, trader)
    async with Redis.from_url(redis_url) as redis:
        assert await redis.zcard(Queue.BACKTESTS) == 3


async def test_a_flush_of_redis_loses_no_backtest(
    town: Town, trader: Viewer, redis_url: str, outbox: Path
) -> None:
    source_hash = await asked(town, trader)
    async with Redis.from_url(redis_url) as redis:
        await redis.flushall()
    await ring_long_ago(town)
    async with working(town, redis_url, outbox):
        await until_complete(town, trader, source_hash)


async def test_a_preview_is_taken_while_redis_is_away(
    town: Town, trader: Viewer, redis_url: str, outbox: Path
) -> None:
    cut_off = replace(town, ports=replace(town.ports, jobs=Jobs("unix:///nowhere/valkey.sock")))
    source_hash = await asked(cut_off, trader)
    await ring_long_ago(town)
    async with working(town, redis_url, outbox):
        await until_complete(town, trader, source_hash)


async def test_parked_runs_that_need_not_wait_are_begun_by_the_sweep(
    town: Town, trader: Viewer, redis_url: str, outbox: Path
) -> None:
    for minute in (31, 32, 33, 34):
        await strategies.save_strategy(town.ports, trader, strangle(minute))
    async with town.ports.database.transaction() as tx:  # as if the ends had been told to nobody
        await tx.execute(
            text(
                "DELETE FROM chunks USING runs r WHERE r.state = 'queued'"
                " AND r.program_hash = chunks.program_hash"
            )
        )
        await tx.execute(text("UPDATE runs SET state = 'idle' WHERE state = 'queued'"))
    async with working(town, redis_url, outbox):

        async def is_run() -> bool:
            async with town.ports.database.reading() as tx:
                return (await tx.execute(text("SELECT 1 FROM runs WHERE state <> 'idle'"))).first() is None

        await until(is_run)
    async with town.ports.database.reading() as tx:
        assert (await tx.execute(text("SELECT count(*) FROM day_results"))).scalar_one() == SESSIONS
