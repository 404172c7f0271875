"""Running programs, a chunk of sessions at a time, by any number of workers on any machines.

PostgreSQL knows what is to be run and who has it in hand; a job only says that there is something.
A worker holds its chunk by a lease. Once that has run out the chunk is anybody's, and what its first
holder brings later counts for nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Ran:
    """What a chunk's days came to, and the dates of those that it was stopped before."""

    done: Sequence[DayRun]
    left: Sequence[date]


async def run_next_chunk(ports: Ports) -> bool:
    """Run the chunk that is the most urgent one and store its results; False where there is none."""
    claim = await _claim(ports)
    if claim is None:
        return False
    ports.reach(Failpoint.CHUNK_LEASED)
    async with _holding(ports, claim.chunk) as stopping:
        try:
            ran = await _run(ports, claim, stopping)
        except asyncio.CancelledError:
            await to_the_end(_let_go(ports, claim.chunk))
            raise
        ports.reach(Failpoint.CHUNK_RUN)
        told = await _finish(ports, claim.chunk, ran)
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


@asynccontextmanager
async def _holding(ports: Ports, chunk: LeasedChunk) -> AsyncIterator[Event]:
    """Renew the lease meanwhile; the event is set once the chunk is to be stopped."""
    stopping = Event()
    renewing = asyncio.create_task(_renew(ports, chunk, stopping))
    try:
        yield stopping
    finally:
        stopping.set()
        renewing.cancel()


async def _run(ports: Ports, claim: Claim, stopping: Event) -> Ran | None:
    """Run the chunk's days, or the first of them where it is stopped; None where the program cannot be
    run at all. The kernel works in a thread and holds no lock of the interpreter, so that the lease is
    renewed meanwhile."""
    dates = set(claim.chunk.dates)
    days = [day for day in await sessions_of(ports) if day.info.date in dates]
    try:
        done = await asyncio.to_thread(_run_until, stopping, ports, claim.program, days)
    except ValueError:
        log.exception("backtest_failed", source_hash=claim.chunk.program_hash)
        return None
    return Ran(done, [day.info.date for day in days[len(done) :]])


def _run_until(stopping: Event, ports: Ports, program: str, days: Sequence[RecordedDay]) -> Sequence[DayRun]:
    """Sessions are run one by one, so that none begins once the chunk is to be stopped."""
    done: list[DayRun] = []
    for day in days:
        if stopping.is_set():
            break
        done += run_days(ports.library, program, [day], unreadable)
    return done


async def _renew(ports: Ports, chunk: LeasedChunk, stopping: Event) -> None:
    """Hold the chunk for as long as this process lives; stop it once somebody else has it or nobody
    wants its run."""
    while not stopping.is_set():
        await asyncio.sleep(RENEWAL_SECONDS)
        with suppress(DatabaseUnavailable):
            if not await _renew_once(ports, chunk):
                stopping.set()


async def _renew_once(ports: Ports, chunk: LeasedChunk) -> bool:
    """Hold the chunk for longer; False where it is not to be gone on with."""
    async with ports.database.transaction() as tx:
        run = await locks.run(tx, chunk.program_hash)
        assert run is not None, "a run is never deleted"
        stopped = None if run.owner_id is None else await hand_on(ports, tx, run)
        is_held = await chunks.renew(tx, chunk, LEASE)
    if stopped is not None:
        await _tell(ports, stopped)
    return is_held and run.owner_id is not None and stopped is None


async def _let_go(ports: Ports, chunk: LeasedChunk) -> None:
    """Another may have the chunk at once; where that cannot be said, once the lease runs out."""
    with suppress(DatabaseUnavailable):
        async with ports.database.transaction() as tx:
            await chunks.let_go(tx, chunk)


async def _finish(ports: Ports, chunk: LeasedChunk, ran: Ran | None) -> Told | None:
    """Store the results and give the chunk up. A database that is busy, or away for a moment, is asked
    again: the work is done, and the chunk is still this worker's."""
    for _ in range(STORINGS_MAX - 1):
        try:
            return await _finish_once(ports, chunk, ran)
        except DatabaseUnavailable as unavailable:
            log.warning("results_postponed", source_hash=chunk.program_hash, reason=str(unavailable))
            await asyncio.sleep(RENEWAL_SECONDS)
    return await _finish_once(ports, chunk, ran)


async def _finish_once(ports: Ports, chunk: LeasedChunk, ran: Ran | None) -> Told | None:
    """Both in one step; None where another has the chunk by now."""
    async with ports.database.transaction() as tx:
        run = await locks.run(tx, chunk.program_hash)
        assert run is not None, "a run is never deleted"
        if not await chunks.finish(tx, chunk):
            return None
        told = await _fail(tx, run) if ran is None else await _store(tx, run, ran)
        ports.reach(Failpoint.RESULTS_STORED)

    ports.reach(Failpoint.CHUNK_COMMITTED)
    return told


async def _store(tx: Tx, run: StoredRun, ran: Ran) -> Told:
    await day_results.add(tx, run.program_hash, ran.done)
    again = [ran.left] if ran.left and run.owner_id is not None else []  # it is wanted again by now
    await chunks.add(tx, run.program_hash, again)
    if await chunks.count(tx, run.program_hash):
        version = await runs.change(tx, run, BacktestEventKind.DAY_COMPLETED)
        return Told(run.program_hash, version, len(again))
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
