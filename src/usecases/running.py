"""Running programs, a chunk of sessions at a time, by any number of workers on any machines.

PostgreSQL knows what is to be run and who has it in hand; a job only says that there is something.
A worker holds its chunk by a lease. Once that has run out the chunk is anybody's, and what its first
holder brings later counts for nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from threading import Event

import structlog

from engine.outcomes import DayRun
from store import chunks, day_results, locks, programs, runs
from store.chunks import LeasedChunk
from store.database import DatabaseUnavailable, Tx, to_the_end
from store.runs import StoredRun
from usecases.backtest_events import BacktestEventKind
from usecases.backtesting import RecordedDay, run_days
from usecases.covering import Told, hand_on, ring, tell, unpark
from usecases.failpoints import Failpoint
from usecases.folding import TooManyAtOnce
from usecases.leaderboard import keep_headline
from usecases.ports import Ports
from usecases.snapshots import ExecStatus, sessions_of, unreadable

LEASE = timedelta(seconds=3)
RENEWAL_SECONDS = 1.0
STORINGS_MAX = 10
RUNG_AGAIN_AFTER = timedelta(seconds=3)
RINGS_MAX = 100
TRIES_MAX = 10
CLAIMS_MAX = 10

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Claim:
    """A chunk in hand, and the program to run over its days."""

    chunk: LeasedChunk
    program: str


class LeaseLost(Exception):
    """Another has the chunk: nothing that its first holder writes may stay."""


@dataclass(slots=True)
class Work:
    """A chunk in hand: the days to run, which a thread does one by one until it is told to stop, the results
    so far, and how many of them are stored."""

    chunk: LeasedChunk
    program: str
    days: Sequence[RecordedDay]
    done: list[DayRun] = field(default_factory=list)
    stored: int = 0
    stopping: Event = field(default_factory=Event)

    def left(self, done: int) -> Sequence[date]:
        """The dates that remain after so many."""
        return [day.info.date for day in self.days[done:]]


async def run_next_chunk(ports: Ports) -> bool:
    """Run the chunk that is the most urgent one and store its results; False where there is none."""
    claim = await _claim(ports)
    if claim is None:
        return False
    ports.reach(Failpoint.CHUNK_LEASED)
    try:
        told = await _run_and_store(ports, claim)
    except asyncio.CancelledError:
        await to_the_end(_let_go(ports, claim.chunk))
        raise
    if told is not None:
        await _tell_end(ports, told)
    return True


async def ring_for_waiting(ports: Ports) -> None:
    """Ring for the chunks that nobody came for or whose worker fell silent, and begin parked runs
    that need not wait any more. To be done each second."""
    async with ports.database.transaction() as tx:
        waiting = await chunks.ring(tx, RUNG_AGAIN_AFTER, RINGS_MAX)
        parking = await runs.parking(tx)
    await ring(ports, waiting)
    for user_id in parking:
        await unpark(ports, user_id)


async def _claim(ports: Ports) -> Claim | None:
    """Take the next chunk; runs that turn out to be over are ended on the way."""
    for _ in range(CLAIMS_MAX):
        async with ports.database.transaction() as tx:
            source_hash = await chunks.best_run(tx)
            run = None if source_hash is None else await locks.run(tx, source_hash)
            if run is None:
                return None
            taken = await _take(ports, tx, run)
        if isinstance(taken, Claim):
            return taken
        if taken is not None:
            await _tell(ports, taken)
    return None


async def _take(ports: Ports, tx: Tx, run: StoredRun) -> Claim | Told | None:
    """Lease a chunk of a locked run, or end the run where nobody wants it or where it cannot be run."""
    stopped = await hand_on(ports, tx, run)
    if stopped is not None:
        return stopped
    chunk = await chunks.lease(tx, run.program_hash, ports.new_id(), LEASE) if run.is_executing else None
    if chunk is None:
        return None
    if chunk.tries > TRIES_MAX:
        log.error("backtest_failed", source_hash=run.program_hash, reason="given up too often")
        return await _fail(tx, run)
    if run.state == ExecStatus.QUEUED:
        await runs.change(tx, run, run.event, state=ExecStatus.RUNNING)
    return Claim(chunk, (await programs.with_hash(tx, run.program_hash)).text)


async def _fail(tx: Tx, run: StoredRun) -> Told:
    await chunks.drop_all(tx, run.program_hash)
    version = await runs.change(tx, run, BacktestEventKind.FAILED, state=ExecStatus.FAILED, owner_id=None)
    return Told(run.program_hash, version, freed=run.owner_id)


async def _run_and_store(ports: Ports, claim: Claim) -> Told | None:
    work = await _work_of(ports, claim)
    async with _holding(ports, work):
        can_run = await _run(ports, work)
        ports.reach(Failpoint.CHUNK_RUN)
        return await _finish(ports, work, can_run=can_run)


async def _work_of(ports: Ports, claim: Claim) -> Work:
    dates = set(claim.chunk.dates)
    days = [day for day in await sessions_of(ports) if day.info.date in dates]
    return Work(claim.chunk, claim.program, days)


@asynccontextmanager
async def _holding(ports: Ports, work: Work) -> AsyncIterator[None]:
    """Renew the lease meanwhile."""
    renewing = asyncio.create_task(_renew(ports, work))
    try:
        yield
    finally:
        work.stopping.set()
        renewing.cancel()


async def _run(ports: Ports, work: Work) -> bool:
    """Run the chunk's days, or the first of them where it is stopped; False where the program cannot be
    run at all. The kernel works in a thread and holds no lock of the interpreter, so that the lease is
    renewed meanwhile."""
    try:
        await asyncio.to_thread(_run_until_stopped, ports, work)
    except ValueError:
        log.exception("backtest_failed", source_hash=work.chunk.program_hash)
        return False
    return True


def _run_until_stopped(ports: Ports, work: Work) -> None:
    """Sessions are run one by one, so that none begins once the chunk is to be stopped."""
    for day in work.days:
        if work.stopping.is_set():
            break
        work.done.extend(run_days(ports.library, work.program, [day], unreadable))


async def _renew(ports: Ports, work: Work) -> None:
    """Hold the chunk for as long as this process lives, and store what is done of it; stop it once somebody
    else has it or nobody wants its run."""
    while not work.stopping.is_set():
        await asyncio.sleep(RENEWAL_SECONDS)
        try:
            goes_on = await _renew_once(ports, work)
        except DatabaseUnavailable:
            continue
        except LeaseLost:
            goes_on = False
        if not goes_on:
            work.stopping.set()


async def _renew_once(ports: Ports, work: Work) -> bool:
    """Hold the chunk for longer, and take what was done since out of it; False where it is not to be gone
    on with. Raises LeaseLost."""
    chunk, done = work.chunk, len(work.done)
    new = work.done[work.stored : done]
    async with ports.database.transaction() as tx:
        await day_results.add(tx, chunk.program_hash, new)  # it may take seconds: nobody waits for the run
        run = await locks.run(tx, chunk.program_hash)
        assert run is not None, "a run is never deleted"
        told = stopped = None if run.owner_id is None else await hand_on(ports, tx, run)
        if not await chunks.renew(tx, chunk, LEASE):
            raise LeaseLost
        if new:
            await chunks.shorten(tx, chunk, work.left(done))
            told = stopped or await _progress(tx, run)
    work.stored = done
    if told is not None:
        await _tell(ports, told)
    return run.owner_id is not None and stopped is None


async def _progress(tx: Tx, run: StoredRun, rings: int = 0) -> Told:
    version = await runs.change(tx, run, BacktestEventKind.DAY_COMPLETED)
    return Told(run.program_hash, version, rings)


async def _let_go(ports: Ports, chunk: LeasedChunk) -> None:
    """Another may have the chunk at once; where that cannot be said, once the lease runs out."""
    with suppress(DatabaseUnavailable):
        async with ports.database.transaction() as tx:
            await chunks.let_go(tx, chunk)


async def _finish(ports: Ports, work: Work, *, can_run: bool) -> Told | None:
    """Store the results and give the chunk up. A database that is busy, or away for a moment, is asked
    again: the work is done, and the chunk is still this worker's."""
    for _ in range(STORINGS_MAX):
        try:
            return await _finish_once(ports, work, can_run=can_run)
        except LeaseLost:
            return None
        except DatabaseUnavailable as unavailable:
            log.warning("results_postponed", source_hash=work.chunk.program_hash, reason=str(unavailable))
            await asyncio.sleep(RENEWAL_SECONDS)
    raise DatabaseUnavailable("the results could not be stored")


async def _finish_once(ports: Ports, work: Work, *, can_run: bool) -> Told:
    """Both in one step. Raises LeaseLost."""
    async with ports.database.transaction() as tx:
        if can_run:
            await day_results.add(tx, work.chunk.program_hash, work.done[work.stored :])
        run = await locks.run(tx, work.chunk.program_hash)
        assert run is not None, "a run is never deleted"
        if not await chunks.finish(tx, work.chunk):
            raise LeaseLost
        told = await _store(tx, run, work) if can_run else await _fail(tx, run)
        ports.reach(Failpoint.RESULTS_STORED)

    ports.reach(Failpoint.CHUNK_COMMITTED)
    return told


async def _store(tx: Tx, run: StoredRun, work: Work) -> Told:
    """The run goes on, or it has ended with these results."""
    left = work.left(len(work.done))
    again = [left] if left and run.owner_id is not None else []  # it is wanted again by now
    await chunks.add(tx, run.program_hash, again)
    if await chunks.count(tx, run.program_hash):
        return await _progress(tx, run, len(again))
    kind = BacktestEventKind.STOPPED if run.owner_id is None else BacktestEventKind.COMPLETED
    version = await runs.change(tx, run, kind, state=ExecStatus.IDLE, owner_id=None)
    return Told(run.program_hash, version, freed=run.owner_id)


async def _tell_end(ports: Ports, told: Told) -> None:
    """Tell of a chunk's end, and where it was the run's, see that the leaderboard is read at once."""
    await _tell(ports, told)
    if told.freed is not None:
        with suppress(DatabaseUnavailable, TooManyAtOnce):  # whoever reads it folds it then
            await keep_headline(ports, told.source_hash)


async def _tell(ports: Ports, told: Told) -> None:
    """Tell of a run's change; where it has ended, one that was parked has its place."""
    await tell(ports, told)
    if told.freed is not None:
        await unpark(ports, told.freed)
