"""What is told of a program's backtest, and to whom: its coverage, and its results after a viewer's costs."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from engine.costs import DEFAULT_COSTS, Costs
from engine.outcomes import NetDay
from engine.performance import Performance
from usecases.ports import Viewer

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
