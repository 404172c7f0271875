"""Seeing to it that programs are run over every session: a run is begun, joined, parked or stopped.

What a step in its caller's transaction answers with is to be told once that is committed. A
transaction holds one run at most, after the user whose cap it counts for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

import structlog

from bus.connections import BusUnavailable
from bus.jobs import JobName
from engine.denials import Code, Denial
from store import chunks, day_results, interests, locks, programs, runs
from store.database import Tx
from store.programs import StoredProgram
from store.runs import StoredRun
from usecases.backtest_events import BacktestEventKind
from usecases.backtesting import CHUNK_DAYS, RecordedDay
from usecases.ports import Ports
from usecases.snapshots import ExecStatus, inputs_of_day, interest_since

RETRY_SECONDS = 5

log = structlog.get_logger()


class Priority(IntEnum):
    """Whose run is taken first: one that somebody is looking at."""

    SAVED = 0
    WATCHED = 1


@dataclass(frozen=True, slots=True)
class Asking:
    """A user wants a program to be run over the sessions, ``again`` those that failed too; beyond his
    cap that is denied, or parked."""

    user_id: int
    program: StoredProgram
    sessions: Sequence[RecordedDay]
    priority: Priority
    may_park: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """A run that changed to ``version``, how many of its chunks are to be rung for, and for whose cap it
    has ceased to count, if for anybody's."""

    source_hash: str
    version: int
    rings: int = 0
    freed: int | None = None


async def cover(ports: Ports, tx: Tx, asking: Asking) -> Told | Denial | None:
    """Let the sessions that are missing be run; None where nothing is to be done. The user is held.
    A denial has written nothing."""
    is_full = await runs.executing(tx, asking.user_id) >= ports.policy.active_backtests
    denied = _too_many(ports.policy.active_backtests) if is_full and not asking.may_park else None
    run = await locks.run(tx, asking.program.hash)
    if run is None:
        if denied is not None and asking.sessions:
            return denied
        run = await _new_run(ports, tx, asking)
    missing = await _missing(tx, asking)
    if run.is_executing and run.owner_id is not None:
        return await _join(tx, run, asking, missing)
    if not missing and run.state != ExecStatus.PARKED:
        if run.is_executing and not is_full:  # it was being stopped, and its last chunks are in hand
            await runs.hand_over(tx, run, asking.user_id)
        return None
    if denied is not None:
        return denied
    if is_full and run.state == ExecStatus.PARKED:
        return None
    await _add(tx, asking, missing)
    return await _begin(ports, tx, run, asking, is_parked=is_full)


async def _new_run(ports: Ports, tx: Tx, asking: Asking) -> StoredRun:
    """The program's first run, or the one that somebody else began a moment ago."""
    await programs.add(tx, asking.program, ports.wall())
    await runs.ensure(tx, asking.program.hash, ports.wall())
    run = await locks.run(tx, asking.program.hash)
    assert run is not None, "it was ensured"
    return run


async def _missing(tx: Tx, asking: Asking) -> tuple[tuple[date, ...], ...]:
    """The sessions without a result that are in no chunk yet, in chunks."""
    there = await day_results.keys_of(tx, asking.program.hash, with_failed=not asking.again)
    waiting = await chunks.dates_left(tx, asking.program.hash)
    dates = [
        day.info.date
        for day in asking.sessions
        if day.info.date not in waiting and (day.info.date, inputs_of_day(day)) not in there
    ]
    return tuple(tuple(dates[start : start + CHUNK_DAYS]) for start in range(0, len(dates), CHUNK_DAYS))


async def _add(tx: Tx, asking: Asking, missing: Sequence[Sequence[date]]) -> None:
    if asking.again:
        await day_results.drop_failed(tx, asking.program.hash)
    await chunks.add(tx, asking.program.hash, missing)


async def _join(tx: Tx, run: StoredRun, asking: Asking, missing: Sequence[Sequence[date]]) -> Told | None:
    """Add new sessions to a run that is under way, whoever answers for it; it may get more urgent."""
    if not missing and asking.priority <= run.priority:
        return None
    await _add(tx, asking, missing)
    priority = max(run.priority, asking.priority)
    version = await runs.change(tx, run, run.event, priority=priority)
    return Told(run.program_hash, version, len(missing))


async def _begin(ports: Ports, tx: Tx, run: StoredRun, asking: Asking, *, is_parked: bool) -> Told:
    """The run takes its place among those of its priority, or waits for one of the user's to end."""
    values = {"owner_id": asking.user_id, "priority": asking.priority, "asked_at": ports.wall()}
    if is_parked:
        version = await runs.change(tx, run, run.event, state=ExecStatus.PARKED, **values)
        return Told(run.program_hash, version)
    state = ExecStatus.RUNNING if run.is_executing else ExecStatus.QUEUED
    version = await runs.change(tx, run, BacktestEventKind.STARTED, state=state, **values)
    return Told(run.program_hash, version, await chunks.count(tx, run.program_hash))


def _too_many(most: int) -> Denial:
    what_to_do = "abandon one, or wait for one to end"
    message = f"too_many_active_backtests: {most} of your backtests are running; {what_to_do}"
    return Denial(Code.TOO_MANY_ACTIVE_BACKTESTS, message, retry_after_seconds=RETRY_SECONDS)


async def release(ports: Ports, source_hash: str) -> int | None:
    """Let somebody else who wants a program answer for its run, or stop it where nobody does; the user
    whose cap it does not count for any more."""
    async with ports.database.transaction() as tx:
        run = await locks.run(tx, source_hash)
        if run is None or run.owner_id is None:
            return None
        told = await hand_on(ports, tx, run)
    await tell(ports, told)
    return run.owner_id


async def hand_on(ports: Ports, tx: Tx, run: StoredRun) -> Told | None:
    """See who answers for a locked run from now on; where nobody wants it, it is stopped."""
    heir = await interests.heir(tx, run.program_hash, run.owner_id, interest_since(ports))
    if heir is None:
        return await _stop(tx, run)
    if heir != run.owner_id:
        await runs.hand_over(tx, run, heir)
    return None


async def _stop(tx: Tx, run: StoredRun) -> Told:
    """Chunks in hand end with the session that they are at, and their results are kept."""
    await chunks.drop_free(tx, run.program_hash)
    in_hand = await chunks.count(tx, run.program_hash)
    state = ExecStatus.RUNNING if in_hand else ExecStatus.IDLE
    version = await runs.change(tx, run, BacktestEventKind.STOPPED, state=state, owner_id=None)
    return Told(run.program_hash, version, freed=run.owner_id)


async def unpark(ports: Ports, user_id: int) -> None:
    """Begin the user's parked runs, the oldest first, as many as his cap allows."""
    while told := await _unpark_one(ports, user_id):
        await tell(ports, told)


async def _unpark_one(ports: Ports, user_id: int) -> Told | None:
    async with ports.database.transaction() as tx:
        await locks.user(tx, user_id)
        if await runs.executing(tx, user_id) >= ports.policy.active_backtests:
            return None
        oldest = await runs.oldest_parked(tx, user_id)
        run = None if oldest is None else await locks.run(tx, oldest)
        if run is None or run.state != ExecStatus.PARKED or run.owner_id != user_id:
            return None
        version = await runs.change(tx, run, BacktestEventKind.STARTED, state=ExecStatus.QUEUED)
        return Told(run.program_hash, version, await chunks.count(tx, run.program_hash))


async def tell(ports: Ports, told: Told | None) -> None:
    """Wake the followers of a run, and workers for its chunks."""
    if told is None:
        return
    await ports.topics.backtest_changed(told.source_hash, told.version)
    await ring(ports, told.rings)


async def ring(ports: Ports, times: int) -> None:
    """Ask workers to come for so many chunks. It never fails: the sweep rings again for what waits."""
    try:
        for _ in range(times):
            await ports.jobs.enqueue(JobName.RUN_CHUNK, {})
    except BusUnavailable as error:
        log.warning("ring_postponed", reason=str(error))
