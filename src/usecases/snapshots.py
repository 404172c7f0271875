"""What is told of a program's backtest: how far it is, and its results after a viewer's costs."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import partial
from hashlib import sha256

import structlog

from engine.costs import DEFAULT_COSTS, Costs
from engine.outcomes import ENGINE_VERSION, DayRun, NetDay, net_day, net_days
from engine.performance import Performance, performance_of
from marketdata.refusals import DayUnavailable
from store import day_results, runs
from store.database import Tx
from store.day_results import PackedRun, inputs_of
from store.runs import StoredRun
from usecases.backtesting import RecordedDay, days_to_run
from usecases.ports import Ports, Viewer

log = structlog.get_logger()

WINDOW_LABEL = "all recorded sessions"


class ExecStatus(StrEnum):
    """``PARKED``: its owner runs as many as he may. ``FAILED``: a worker could not run it, whatever the
    day; asked for again it is tried again."""

    QUEUED = "queued"
    RUNNING = "running"
    PARKED = "parked"
    IDLE = "idle"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far a program has been run. ``total_sessions`` are the library's, the recorded ones where
    there are any, else the ``synthetic`` ones; ``window_from`` and ``window_to`` are their first and
    last date. ``new_sessions_available`` counts those that nothing is about to run."""

    source_hash: str
    exec_status: ExecStatus
    covered_days: int
    total_sessions: int
    new_sessions_available: int
    window_from: date | None
    window_to: date | None
    synthetic: bool

    @property
    def window_label(self) -> str:
        return WINDOW_LABEL

    @property
    def is_in_flight(self) -> bool:
        return self.exec_status in (ExecStatus.QUEUED, ExecStatus.RUNNING, ExecStatus.PARKED)

    @property
    def update_allowed(self) -> bool:
        return self.new_sessions_available > 0


@dataclass(frozen=True, slots=True)
class Results:
    """The covered days in brief, by ascending date, and what they are worth, both after the viewer's
    costs. ``in_full`` has their trades."""

    performance: Performance
    days: tuple[NetDay, ...]


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the results follow from. ``days_digest`` is the SHA-256 in hex of a line ``DATE HASH`` for each
    covered day."""

    source_hash: str
    days_digest: str
    engine_version: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Results after ``costs``, as they follow from ``basis``."""

    coverage: Coverage
    results: Results
    certificate: Certificate
    costs: Costs
    basis: str


def costs_of(viewer: Viewer | None) -> Costs:
    """A viewer's own costs; a visitor's are the default ones."""
    return DEFAULT_COSTS if viewer is None else Costs(viewer.fees, viewer.slippage_cents)


def interest_since(ports: Ports) -> datetime:
    """Who looked at a program before then does not count any more."""
    return ports.wall() - timedelta(minutes=ports.policy.interest_minutes)


async def sessions_of(ports: Ports) -> tuple[RecordedDay, ...]:
    """The sessions that every program is run over."""
    return await asyncio.to_thread(days_to_run, ports.library, None, None)


async def covered(tx: Tx, source_hash: str, sessions: Sequence[RecordedDay]) -> Coverage:
    """How many of the sessions have a result; one of a revision that is not in force is none."""
    run = await runs.find(tx, source_hash)
    there = await day_results.keys_of(tx, source_hash, with_failed=True)
    return coverage_of(source_hash, run, sessions, len(there & _in_force(sessions)))


def _in_force(sessions: Iterable[RecordedDay]) -> frozenset[tuple[date, str]]:
    return frozenset((day.info.date, inputs_of_day(day)) for day in sessions)


def digest_of(sessions: Sequence[RecordedDay]) -> str:
    """The SHA-256 in hex of all that results follow from in the library."""
    lines = (f"{day.info.date} {inputs_of_day(day)}\n" for day in sessions)
    return sha256("".join(lines).encode()).hexdigest()


def basis_of(source_hash: str, run: StoredRun | None, days_digest: str, costs: Costs) -> str:
    """Names what shown results follow from, the code apart. Whatever changes the results of a program
    changes the version of its run."""
    version = None if run is None else run.version
    return f"{source_hash} {version} {ENGINE_VERSION} {days_digest} {costs}"


def inputs_of_day(day: RecordedDay) -> str:
    """What a result of this day follows from, besides its program and the engine."""
    return inputs_of(day.info.content_hash, day.previous_settlement_cents)


def _inputs_of_run(run: DayRun) -> str:
    return inputs_of(run.facts.content_hash, run.facts.previous_settlement_cents)


def coverage_of(
    source_hash: str, run: StoredRun | None, sessions: Sequence[RecordedDay], covered_days: int
) -> Coverage:
    status = ExecStatus.IDLE if run is None else ExecStatus(run.state)
    is_awaited = run is not None and run.is_awaited
    return Coverage(
        source_hash=source_hash,
        exec_status=status,
        covered_days=covered_days,
        total_sessions=len(sessions),
        new_sessions_available=0 if is_awaited else len(sessions) - covered_days,
        window_from=sessions[0].info.date if sessions else None,
        window_to=sessions[-1].info.date if sessions else None,
        synthetic=any(day.info.synthetic for day in sessions),
    )


async def snapshot(ports: Ports, viewer: Viewer | None, source_hash: str) -> Snapshot:
    """A program's results so far, after the viewer's costs."""
    return await snapshot_after(ports, costs_of(viewer), source_hash)


async def snapshot_after(ports: Ports, costs: Costs, source_hash: str) -> Snapshot:
    """A program's results so far, after these costs: this process's last answer where it still holds."""
    sessions = await sessions_of(ports)
    days_digest = digest_of(sessions)
    async with ports.database.asking() as tx:
        basis = basis_of(source_hash, await runs.find(tx, source_hash), days_digest, costs)
    known = ports.memory.find(basis)
    if isinstance(known, Snapshot):
        return known
    shown = await ports.folding.once(basis, partial(_fold, ports, costs, source_hash, sessions))
    ports.memory.keep(shown.basis, shown, 1 + len(shown.results.days))
    return shown


async def _fold(ports: Ports, costs: Costs, source_hash: str, sessions: Sequence[RecordedDay]) -> Snapshot:
    """Read what is stored and, once that is over, work it out in a thread."""
    async with ports.database.reading() as tx:
        run = await runs.find(tx, source_hash)
        stored = await day_results.of_program(tx, source_hash)
    in_force = _in_force(sessions)
    current = [one for one in stored if (one.date, one.inputs) in in_force]
    coverage = coverage_of(source_hash, run, sessions, len(current))
    basis = basis_of(source_hash, run, digest_of(sessions), costs)
    return await asyncio.to_thread(_snapshot_of, coverage, current, costs, basis)


def _snapshot_of(coverage: Coverage, stored: Sequence[PackedRun], costs: Costs, basis: str) -> Snapshot:
    days: list[NetDay] = []
    performance = performance_of(_passing(stored, costs, days))
    certificate = Certificate(coverage.source_hash, _digest(day.run for day in days), ENGINE_VERSION)
    return Snapshot(coverage, Results(performance, tuple(days)), certificate, costs, basis)


def _passing(stored: Iterable[PackedRun], costs: Costs, briefs: list[NetDay]) -> Iterator[NetDay]:
    """The days one by one, of which only ``briefs`` stay."""
    for one in stored:
        day = net_day(one.unpacked(), costs)
        briefs.append(day.brief)
        yield day


def _unpacked(stored: Iterable[PackedRun], costs: Costs) -> tuple[NetDay, ...]:
    return net_days((one.unpacked() for one in stored), costs)


async def in_full(ports: Ports, shown: Snapshot, days: Sequence[NetDay]) -> tuple[NetDay, ...]:
    """Some days of a snapshot with their trades, which no process remembers."""
    source_hash, wanted = shown.coverage.source_hash, [(day.date, _inputs_of_run(day.run)) for day in days]

    async def unpacked() -> tuple[NetDay, ...]:
        async with ports.database.asking() as tx:
            stored = await day_results.of_days(tx, source_hash, wanted)
        return await asyncio.to_thread(_unpacked, stored, shown.costs)

    return await ports.folding.once(f"in full {shown.basis} {wanted}", unpacked) if wanted else ()


def _digest(days: Iterable[DayRun]) -> str:
    lines = (f"{day.facts.date} {day.facts.content_hash}\n" for day in days)
    return sha256("".join(lines).encode()).hexdigest()


def unreadable(reason: DayUnavailable) -> str:
    """What anybody may be told of a day that cannot be read; where its files are, the log says."""
    log.warning("day_unavailable", reason=str(reason))
    return "the recorded day cannot be read until it is restored"
