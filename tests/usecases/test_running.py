"""Runs: how many at once, who keeps them alive, and what becomes of a chunk whose worker is gone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from itertools import count, pairwise
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import text

from engine.denials import Code
from marketdata.library import Library
from marketdata.mappings import MappedDay
from store.chunks import SUSPECT_TRIES
from store.database import Bounds, Database
from tests.backtests import STRANGLE, program_of, publish_sessions, run_all, strangle
from tests.people import Town, denied
from tests.usecases.test_strategies import previewed, results, saved
from usecases import backtest_events, running, strategies
from usecases.backtest_events import BacktestEvent, BacktestEventKind
from usecases.backtesting import run_library
from usecases.failpoints import Failpoint
from usecases.ports import Ports, Viewer
from usecases.running import RENEWAL_SECONDS, TRIES_MAX, ring_for_waiting, run_next_chunk
from usecases.snapshots import Coverage, ExecStatus, Snapshot, in_full

SESSIONS = 60  # three chunks


class SlowLibrary(Library):
    """Hands out two days, and the others only once it is let to."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.opened, self.stuck, self.free = count(), Event(), Event()

    def open_mapped(self, on: date, content_hash: str | None = None) -> MappedDay:
        if next(self.opened) == 2:
            self.stuck.set()
            self.free.wait(30)
        return super().open_mapped(on, content_hash)


class Killed(BaseException):
    """The worker was killed at a failure point, which no handler of failures hears of."""


@pytest.fixture(autouse=True)
def recorded(town: Town) -> None:
    publish_sessions(town.days, SESSIONS)


def doomed(ports: Ports, point: Failpoint) -> Ports:
    """The ports of a worker that is killed when it gets to ``point``."""

    def kill(reached: Failpoint) -> None:
        if reached is point:
            raise Killed

    return replace(ports, reach=kill)


async def tell(town: Town, statement: str) -> list[tuple[object, ...]]:
    async with town.ports.database.reading() as tx:
        return [tuple(row) for row in await tx.execute(text(statement))]


async def state(town: Town, source_hash: str) -> str:
    ((found,),) = await tell(town, f"SELECT state FROM runs WHERE program_hash = '{source_hash}'")
    return str(found)


async def let_leases_end(town: Town) -> None:
    """Time passes for PostgreSQL: a lease that is not renewed runs out."""
    async with town.ports.database.transaction() as tx:
        await tx.execute(text("UPDATE chunks SET leased_until = now() - interval '1 second'"))


@asynccontextmanager
async def stuck_worker(town: Town) -> AsyncIterator[Event]:
    """A worker that is in the third session of its chunk until the event is set."""
    library = SlowLibrary(town.days)
    work = asyncio.create_task(run_next_chunk(replace(town.ports, library=library)))
    try:
        assert await asyncio.to_thread(library.stuck.wait, 30)
        yield library.free
    finally:
        library.free.set()
        assert await work


async def hashes(town: Town, viewer: Viewer, *minutes: int) -> list[str]:
    return [(await previewed(town, viewer, strangle(minute))).coverage.source_hash for minute in minutes]


async def is_as_offline(town: Town, viewer: Viewer, source_hash: str, config: dict[str, object]) -> bool:
    offline = run_library(town.ports.library, program_of(config), None, None, lambda *_: None)
    shown = await results(town, viewer, source_hash)
    return tuple(day.run for day in await in_full(town.ports, shown, shown.results.days)) == offline.days


async def test_a_fourth_preview_is_denied_and_writes_nothing(town: Town, trader: Viewer) -> None:
    await hashes(town, trader, 31, 32, 33)
    denial = denied(await strategies.preview(town.ports, trader, strangle(34)))
    assert denial.code is Code.TOO_MANY_ACTIVE_BACKTESTS
    assert denial.retry_after_seconds is not None
    assert await tell(town, "SELECT count(*) FROM programs") == [(3,)]
    assert await tell(town, "SELECT count(*) FROM interests") == [(3,)]


async def test_nobody_elses_runs_count(town: Town, trader: Viewer, rival: Viewer) -> None:
    await hashes(town, trader, 31, 32, 33)
    await hashes(town, rival, 31, 32, 33, 34)
    assert await tell(town, "SELECT owner_id, count(*) FROM runs GROUP BY 1 ORDER BY 1") == [(1, 3), (2, 1)]


async def test_what_is_covered_is_never_denied(town: Town, trader: Viewer) -> None:
    (covered,) = await hashes(town, trader, 31)
    await run_all(town.ports)
    await hashes(town, trader, 32, 33, 34)
    assert await hashes(town, trader, 31) == [covered]
    assert await hashes(town, trader, 32, 33, 34)


async def test_the_abandoned_run_makes_room_for_the_next(town: Town, trader: Viewer) -> None:
    first, *_ = await hashes(town, trader, 31, 32, 33)
    await previewed(town, trader, strangle(34), abandon_hash=first)
    assert await state(town, first) == ExecStatus.IDLE
    assert denied(await strategies.preview(town.ports, trader, strangle(31))).code is (
        Code.TOO_MANY_ACTIVE_BACKTESTS
    )


async def test_previews_at_the_same_time_keep_to_the_cap(town: Town, trader: Viewer) -> None:
    asked = (strategies.preview(town.ports, trader, strangle(minute)) for minute in range(31, 39))
    answers = await asyncio.gather(*asked)
    assert sum(isinstance(answer, strategies.Preview) for answer in answers) == 3


async def test_a_save_at_the_cap_is_parked_and_begins_when_a_run_ends(town: Town, trader: Viewer) -> None:
    (first,) = await hashes(town, trader, 31)
    town.clock.pass_(seconds=1)
    await hashes(town, trader, 32, 33)
    views = [await saved(town, trader, strangle(minute)) for minute in (34, 35)]
    parked = [view.saved.source_hash for view in views]
    assert [view.snapshot.coverage.exec_status for view in views] == [ExecStatus.PARKED] * 2
    for _ in range(3):  # the chunks of the first run
        assert await run_next_chunk(town.ports)
    assert [await state(town, one) for one in (first, *parked)] == ["idle", "queued", "parked"]
    assert await run_all(town.ports) == 4 * 3
    assert [await state(town, one) for one in parked] == ["idle", "idle"]
    assert await tell(town, "SELECT count(*) FROM day_results") == [(5 * SESSIONS,)]


async def test_a_parked_run_begins_when_another_is_abandoned(town: Town, trader: Viewer) -> None:
    first, *_ = await hashes(town, trader, 31, 32, 33)
    parked = (await saved(town, trader, strangle(34))).saved.source_hash
    await strategies.abandon(town.ports, trader, first)
    assert await state(town, parked) == ExecStatus.QUEUED


async def test_a_parked_run_is_begun_by_whoever_else_previews_it(
    town: Town, trader: Viewer, rival: Viewer
) -> None:
    await hashes(town, trader, 31, 32, 33)
    parked = (await saved(town, trader, strangle(34))).saved.source_hash
    assert await hashes(town, rival, 34) == [parked]
    assert await state(town, parked) == ExecStatus.QUEUED


async def test_what_is_looked_at_is_run_before_what_is_only_saved(town: Town, trader: Viewer) -> None:
    kept = (await saved(town, trader, strangle(31))).saved.source_hash
    town.clock.pass_(seconds=1)
    (watched,) = await hashes(town, trader, 32)
    for _ in range(3):
        await run_next_chunk(town.ports)
    assert [await state(town, one) for one in (watched, kept)] == ["idle", "queued"]


async def test_an_abandoned_preview_keeps_what_it_has_and_goes_on_from_there(
    town: Town, trader: Viewer
) -> None:
    (source_hash,) = await hashes(town, trader, 31)
    await run_next_chunk(town.ports)
    await strategies.abandon(town.ports, trader, source_hash)
    assert await run_all(town.ports) == 0
    assert denied(await strategies.preview_results(town.ports, trader, source_hash)).code is Code.NOT_FOUND
    again = (await previewed(town, trader, strangle(31))).coverage
    assert (again.exec_status, again.covered_days) == (ExecStatus.QUEUED, 25)
    assert await run_all(town.ports) == 2
    assert await is_as_offline(town, trader, source_hash, strangle(31))


async def test_a_run_goes_on_for_another_and_counts_for_him(
    town: Town, trader: Viewer, rival: Viewer
) -> None:
    (source_hash,) = await hashes(town, trader, 31)
    await hashes(town, rival, 31)
    await strategies.abandon(town.ports, trader, source_hash)
    assert await tell(town, "SELECT state, owner_id FROM runs") == [("queued", rival.user_id)]
    assert await run_all(town.ports) == 3


async def test_a_preview_that_nobody_reads_stops_and_a_saved_one_does_not(town: Town, trader: Viewer) -> None:
    (unread, read) = await hashes(town, trader, 31, 32)
    kept = (await saved(town, trader, strangle(33))).saved.source_hash
    town.clock.pass_(minutes=14)
    await results(town, trader, read)
    town.clock.pass_(minutes=1)
    assert await run_all(town.ports) == 6
    assert await tell(town, "SELECT DISTINCT program_hash FROM day_results ORDER BY 1") == [
        (one,) for one in sorted((read, kept))
    ]
    assert await state(town, unread) == ExecStatus.IDLE


async def test_a_removed_strategy_is_not_run_on(town: Town, trader: Viewer) -> None:
    view = await saved(town, trader, strangle(31))
    await strategies.remove_strategy(town.ports, trader, view.saved.id)
    assert await run_all(town.ports) == 0
    assert await state(town, view.saved.source_hash) == ExecStatus.IDLE


async def test_a_parked_run_of_a_removed_strategy_is_dropped(town: Town, trader: Viewer) -> None:
    await hashes(town, trader, 31, 32, 33)
    view = await saved(town, trader, strangle(34))
    await strategies.remove_strategy(town.ports, trader, view.saved.id)
    assert await state(town, view.saved.source_hash) == ExecStatus.IDLE
    assert await run_all(town.ports) == 9


async def test_an_update_at_the_cap_is_denied_and_forgets_nothing(town: Town, trader: Viewer) -> None:
    view = await saved(town, trader, strangle(34))
    await run_all(town.ports)
    async with town.ports.database.transaction() as tx:
        await tx.execute(text("UPDATE day_results SET status = 2 WHERE date = '2025-01-14'"))
    await hashes(town, trader, 31, 32, 33)
    denial = denied(await strategies.update_results(town.ports, trader, view.saved.id))
    assert denial.code is Code.TOO_MANY_ACTIVE_BACKTESTS
    assert await tell(town, "SELECT count(*) FROM day_results") == [(SESSIONS,)]


async def test_who_looks_at_a_public_strategy_keeps_its_run_alive(
    town: Town, trader: Viewer, rival: Viewer
) -> None:
    view = await saved(town, trader, strangle(31), privacy="public")
    assert isinstance(
        await strategies.get_strategy(town.ports, rival, view.saved.id), strategies.StrategyView
    )
    await strategies.remove_strategy(town.ports, trader, view.saved.id)
    assert await tell(town, "SELECT state, owner_id FROM runs") == [("queued", rival.user_id)]
    assert await run_all(town.ports) == 3


async def test_who_comes_back_while_the_last_chunk_is_in_hand_has_the_run_again(
    town: Town, trader: Viewer
) -> None:
    (source_hash,) = await hashes(town, trader, 31)
    for _ in range(2):
        await run_next_chunk(town.ports)
    with pytest.raises(Killed):
        await run_next_chunk(doomed(town.ports, Failpoint.CHUNK_LEASED))
    await strategies.abandon(town.ports, trader, source_hash)
    assert await tell(town, "SELECT state, owner_id FROM runs") == [("running", None)]
    await hashes(town, trader, 31)
    assert await tell(town, "SELECT state, owner_id FROM runs") == [("running", trader.user_id)]
    await let_leases_end(town)
    assert await run_all(town.ports) == 1
    assert await is_as_offline(town, trader, source_hash, strangle(31))


@pytest.mark.parametrize("point", [Failpoint.CHUNK_LEASED, Failpoint.CHUNK_RUN, Failpoint.RESULTS_STORED])
async def test_a_chunk_whose_worker_was_killed_is_run_by_another_once_its_lease_ran_out(
    town: Town, trader: Viewer, point: Failpoint
) -> None:
    (source_hash,) = await hashes(town, trader, 31)
    with pytest.raises(Killed):
        await run_next_chunk(doomed(town.ports, point))
    assert await tell(town, "SELECT count(*) FROM day_results") == [(0,)]
    assert await run_all(town.ports) == 2
    assert await state(town, source_hash) == ExecStatus.RUNNING
    await let_leases_end(town)
    assert await run_all(town.ports) == 1
    assert await is_as_offline(town, trader, source_hash, strangle(31))


async def test_what_a_worker_brings_after_its_chunk_was_taken_counts_for_nothing(
    town: Town, trader: Viewer
) -> None:
    (source_hash,) = await hashes(town, trader, 31)
    claim = await running._claim(town.ports)
    assert claim is not None
    work = await running._work_of(town.ports, claim)
    done = await running._run(town.ports, work)
    await let_leases_end(town)
    assert await run_all(town.ports) == 3
    before = await tell(town, "SELECT xmin::text, * FROM day_results ORDER BY date")
    await running._finish(town.ports, work, can_run=done)
    assert await tell(town, "SELECT xmin::text, * FROM day_results ORDER BY date") == before
    assert await is_as_offline(town, trader, source_hash, strangle(31))


async def test_a_slow_chunk_tells_of_its_sessions_as_it_goes(town: Town, trader: Viewer) -> None:
    (source_hash,) = await hashes(town, trader, 31)
    async with stuck_worker(town), following(town, trader, source_hash) as events:
        await asyncio.sleep(2 * RENEWAL_SECONDS)
        assert [(event.kind, event.snapshot.coverage.covered_days) for event in events] == [
            (BacktestEventKind.DAY_COMPLETED, 2)
        ]
    assert await tell(town, "SELECT count(*) FROM day_results") == [(25,)]


async def test_only_what_a_killed_worker_had_not_stored_is_run_again(town: Town, trader: Viewer) -> None:
    (source_hash,) = await hashes(town, trader, 31)
    async with stuck_worker(town):
        await asyncio.sleep(2 * RENEWAL_SECONDS)
        assert await tell(town, "SELECT cardinality(dates), tries FROM chunks ORDER BY id LIMIT 1") == [
            (23, 1)
        ]
        before = await tell(town, "SELECT xmin::text, * FROM day_results ORDER BY date")
        await let_leases_end(town)
        assert await run_all(town.ports) == 3
        assert await tell(town, "SELECT xmin::text, * FROM day_results ORDER BY date LIMIT 2") == before
    assert await is_as_offline(town, trader, source_hash, strangle(31))


async def test_a_fast_chunk_is_stored_in_one_step(town: Town, trader: Viewer) -> None:
    await hashes(town, trader, 31)
    assert await run_next_chunk(town.ports)
    assert await tell(town, "SELECT count(DISTINCT xmin::text) FROM day_results") == [(1,)]


@asynccontextmanager
async def lock_on(town: Town, table: str) -> AsyncIterator[None]:
    """Somebody else's lock, for as long as it is held here."""
    async with town.ports.database.transaction() as tx:
        await tx.execute(text(f"SELECT 1 FROM {table} FOR UPDATE"))
        yield


async def test_a_worker_whose_results_meet_a_lock_stores_them_once_it_is_gone(
    town: Town, trader: Viewer, database_url: str
) -> None:
    (source_hash,) = await hashes(town, trader, 31)
    library = SlowLibrary(town.days)
    hurried = Database(database_url, Bounds(lock_ms=50))
    work = asyncio.create_task(run_next_chunk(replace(town.ports, library=library, database=hurried)))
    assert await asyncio.to_thread(library.stuck.wait, 30)
    async with lock_on(town, "runs"):
        library.free.set()
        await asyncio.sleep(RENEWAL_SECONDS)
        assert not work.done()
    assert await work
    await hurried.close()
    assert await tell(town, "SELECT count(*) FROM day_results") == [(25,)]
    assert await run_all(town.ports) == 2
    assert await is_as_offline(town, trader, source_hash, strangle(31))


async def test_a_worker_that_is_stopped_gives_its_chunk_back(town: Town, trader: Viewer) -> None:
    await hashes(town, trader, 31)

    def stop(reached: Failpoint) -> None:
        if reached is Failpoint.CHUNK_LEASED:
            working.cancel()  # to be told at the worker's next wait

    working = asyncio.create_task(run_next_chunk(replace(town.ports, reach=stop)))
    await asyncio.wait([working])
    assert working.cancelled()
    assert await tell(town, "SELECT count(*) FROM chunks WHERE worker IS NOT NULL") == [(0,)]


async def test_a_chunk_that_kills_every_worker_holds_up_no_other_and_fails_its_run(
    town: Town, trader: Viewer
) -> None:
    (source_hash,) = await hashes(town, trader, 31)
    for _ in range(SUSPECT_TRIES):
        await let_leases_end(town)
        with pytest.raises(Killed):
            await run_next_chunk(doomed(town.ports, Failpoint.CHUNK_LEASED))
    await let_leases_end(town)
    assert [await run_next_chunk(town.ports) for _ in range(2)] == [True, True]
    assert await tell(town, "SELECT tries FROM chunks") == [(SUSPECT_TRIES,)]
    for _ in range(TRIES_MAX - SUSPECT_TRIES):
        with pytest.raises(Killed):
            await run_next_chunk(doomed(town.ports, Failpoint.CHUNK_LEASED))
        await let_leases_end(town)
    assert not await run_next_chunk(town.ports)
    assert await state(town, source_hash) == ExecStatus.FAILED
    assert (await previewed(town, trader, strangle(31))).coverage.exec_status is ExecStatus.QUEUED
    assert await run_all(town.ports) == 1


async def test_many_workers_do_no_work_twice(town: Town, trader: Viewer) -> None:
    found = await hashes(town, trader, 31, 32, 33)
    done = await asyncio.gather(*(run_all(town.ports) for _ in range(5)))
    assert sum(done) == 9
    for source_hash, minute in zip(found, (31, 32, 33), strict=True):
        assert await is_as_offline(town, trader, source_hash, strangle(minute))


async def test_what_waits_is_rung_for_once_in_a_while(town: Town, trader: Viewer) -> None:
    await hashes(town, trader, 31)
    async with town.ports.database.transaction() as tx:
        await tx.execute(text("UPDATE chunks SET rung_at = now() - interval '3 seconds'"))
    before = await tell(town, "SELECT max(rung_at) FROM chunks")
    await ring_for_waiting(town.ports)
    after = await tell(town, "SELECT min(rung_at) FROM chunks")
    assert after[0][0] > before[0][0]  # type: ignore[operator]
    await ring_for_waiting(town.ports)
    assert await tell(town, "SELECT min(rung_at) FROM chunks") == after


async def test_a_day_imported_again_is_run_again_with_the_one_after_it(town: Town, trader: Viewer) -> None:
    view = await saved(town, trader, STRANGLE)
    await run_all(town.ports)
    tuesday = town.ports.library.days()[1].date
    (town.days / tuesday.isoformat() / "CURRENT").unlink()
    await asyncio.to_thread(publish_sessions, town.days, 0)
    shown = await strategies.get_strategy(town.ports, trader, view.saved.id)
    assert isinstance(shown, strategies.StrategyView)
    coverage = shown.snapshot.coverage
    assert (coverage.total_sessions, coverage.covered_days) == (SESSIONS - 1, SESSIONS - 2)
    updated = await strategies.update_results(town.ports, trader, view.saved.id)
    assert isinstance(updated, Coverage)
    assert updated.exec_status is ExecStatus.QUEUED
    await run_all(town.ports)
    assert await is_as_offline(town, trader, view.saved.source_hash, STRANGLE)


@asynccontextmanager
async def following(town: Town, viewer: Viewer, source_hash: str) -> AsyncIterator[list[BacktestEvent]]:
    """What a follower is told until the block ends."""
    told: list[BacktestEvent] = []

    async def follow() -> None:
        async for event in backtest_events.backtest_events(town.ports, viewer, source_hash):
            told.append(event)  # noqa: PERF401 - as they come

    task = asyncio.create_task(follow())
    await asyncio.sleep(0.2)
    try:
        yield told
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_followers_are_told_of_each_change_up_to_the_last(town: Town, trader: Viewer) -> None:
    (source_hash,) = await hashes(town, trader, 31)
    async with following(town, trader, source_hash) as told:
        await run_all(town.ports)
        async with asyncio.timeout(10):
            while not told or told[-1].kind is not BacktestEventKind.COMPLETED:
                await asyncio.sleep(0.02)
    assert all(before.seq < after.seq for before, after in pairwise(told))
    assert told[-1].snapshot == await results(town, trader, source_hash)
    kinds = {event.kind for event in told}
    assert kinds <= {BacktestEventKind.STARTED, BacktestEventKind.DAY_COMPLETED, BacktestEventKind.COMPLETED}


async def test_a_stranger_follows_nothing(town: Town, trader: Viewer, rival: Viewer) -> None:
    (source_hash,) = await hashes(town, trader, 31)
    denial = await backtest_events.following_denial(town.ports, rival, source_hash)
    assert denied(denial).code is Code.NOT_FOUND
    async with asyncio.timeout(5):
        assert [
            event async for event in backtest_events.backtest_events(town.ports, rival, source_hash)
        ] == []
    assert await backtest_events.following_denial(town.ports, trader, source_hash) is None
    assert isinstance(await strategies.preview_results(town.ports, trader, source_hash), Snapshot)


async def test_an_abandoned_run_stops_at_the_end_of_a_session(town: Town, trader: Viewer) -> None:
    (source_hash,) = await hashes(town, trader, 31)
    async with stuck_worker(town) as free:
        await strategies.abandon(town.ports, trader, source_hash)
        assert await state(town, source_hash) == ExecStatus.RUNNING
        await asyncio.sleep(2 * RENEWAL_SECONDS)
        free.set()
    assert await tell(town, "SELECT count(*) FROM day_results") == [(3,)]
    assert await tell(town, "SELECT state, event FROM runs") == [("idle", "stopped")]
    assert await tell(town, "SELECT count(*) FROM chunks") == [(0,)]


async def test_a_run_that_nobody_looks_at_any_more_stops_at_the_end_of_a_session(
    town: Town, trader: Viewer
) -> None:
    await hashes(town, trader, 31)
    async with stuck_worker(town) as free:
        town.clock.pass_(minutes=16)
        await asyncio.sleep(2 * RENEWAL_SECONDS)
        free.set()
    assert await tell(town, "SELECT count(*) FROM day_results") == [(3,)]
    assert await tell(town, "SELECT state, event FROM runs") == [("idle", "stopped")]


async def test_what_was_being_stopped_and_is_wanted_again_is_run_to_its_end(
    town: Town, trader: Viewer
) -> None:
    (source_hash,) = await hashes(town, trader, 31)
    async with stuck_worker(town) as free:
        await strategies.abandon(town.ports, trader, source_hash)
        await asyncio.sleep(2 * RENEWAL_SECONDS)
        assert await hashes(town, trader, 31) == [source_hash]
        free.set()
    assert await state(town, source_hash) == ExecStatus.RUNNING
    await run_all(town.ports)
    assert await tell(town, "SELECT count(*) FROM day_results") == [(SESSIONS,)]
    assert await is_as_offline(town, trader, source_hash, strangle(31))
