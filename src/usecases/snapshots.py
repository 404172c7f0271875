"""What is told of a program's backtest: how far it is, and its results after a viewer's costs."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256

import structlog

from engine.costs import DEFAULT_COSTS, Costs
from engine.outcomes import ENGINE_VERSION, DayRun, NetDay, net_days
from engine.performance import Performance, performance_of
from marketdata.refusals import DayUnavailable
from store import day_results, runs
from store.database import Tx
from store.day_results import inputs_of
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
    """The covered days, by ascending date, and what they are worth, both after the viewer's costs."""

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
    coverage: Coverage
    results: Results
    certificate: Certificate


def costs_of(viewer: Viewer | None) -> Costs:
    """A viewer's own costs; a visitor's are the default ones."""
    return DEFAULT_COSTS if viewer is None else Costs(viewer.fees, viewer.slippage_cents)


@dataclass(frozen=True, slots=True)
class Covered:
    """A program's results on the sessions of the library, as of one moment."""

    coverage: Coverage
    runs: tuple[DayRun, ...]


def interest_since(ports: Ports) -> datetime:
    """Who looked at a program before then does not count any more."""
    return ports.wall() - timedelta(minutes=ports.policy.interest_minutes)


async def sessions_of(ports: Ports) -> tuple[RecordedDay, ...]:
    """The sessions that every program is run over."""
    return await asyncio.to_thread(days_to_run, ports.library, None, None)


async def covered(tx: Tx, source_hash: str, sessions: Sequence[RecordedDay]) -> Covered:
    """What is stored of the sessions; results of revisions that are not in force are left out."""
    run = await runs.find(tx, source_hash)
    current = await current_runs(tx, source_hash, sessions)
    return Covered(coverage_of(source_hash, run, sessions, len(current)), current)


async def current_runs(tx: Tx, source_hash: str, sessions: Sequence[RecordedDay]) -> tuple[DayRun, ...]:
    stored = await day_results.of_program(tx, source_hash)
    in_force = {(day.info.date, inputs_of_day(day)) for day in sessions}
    return tuple(one for one in stored if (one.facts.date, _inputs_of_run(one)) in in_force)


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
    is_awaited = status not in (ExecStatus.IDLE, ExecStatus.FAILED)
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
    async with ports.database.reading() as tx:
        basis = basis_of(source_hash, await runs.find(tx, source_hash), digest_of(sessions), costs)
        known = ports.memory.find(basis)
        if isinstance(known, Snapshot):
            return known
        found = await covered(tx, source_hash, sessions)
    shown = await asyncio.to_thread(_snapshot_of, found, costs)
    ports.memory.keep(basis, shown, sum(1 + len(day.trades) for day in shown.results.days))
    return shown


def _snapshot_of(found: Covered, costs: Costs) -> Snapshot:
    days = net_days(found.runs, costs)
    digest = _digest(found.runs)
    certificate = Certificate(found.coverage.source_hash, digest, ENGINE_VERSION)
    return Snapshot(found.coverage, Results(performance_of(days), days), certificate)


def _digest(days: Iterable[DayRun]) -> str:
    lines = (f"{day.facts.date} {day.facts.content_hash}\n" for day in days)
    return sha256("".join(lines).encode()).hexdigest()


def unreadable(reason: DayUnavailable) -> str:
    """What anybody may be told of a day that cannot be read; where its files are, the log says."""
    log.warning("day_unavailable", reason=str(reason))
    return "the recorded day cannot be read until it is restored"
