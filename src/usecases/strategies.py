"""Strategies: previewed, saved, read and managed. Equal configs are one program with one set of results.

Reading takes the viewer's costs off; nothing that is stored depends on who asked for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from engine.denials import Denial
from engine.descriptions import Description
from engine.outcomes import NetDay
from engine.performance import Performance
from usecases.absence import ABSENT, Absent
from usecases.ports import Ports, Viewer
from usecases.snapshots import Coverage, Snapshot


class Privacy(StrEnum):
    """``PUBLIC`` is for whoever holds the link; it is listed nowhere."""

    PRIVATE = "private"
    PUBLIC = "public"


class Table(StrEnum):
    """The results as comma-separated text: the day list, and the logs that traders' tools read."""

    DAYS = "days"
    TRADES = "trades"
    DAILY = "daily"


@dataclass(frozen=True, slots=True)
class Artifacts:
    """What follows from a config alone: its normalised form, its program and the words about it."""

    config: Mapping[str, object]
    program: str
    generated: Description


@dataclass(frozen=True, slots=True)
class Preview:
    artifacts: Artifacts
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class SavedStrategy:
    """Somebody's link to a program. ``description`` is his own, or else the generated one."""

    key: int
    id: UUID
    source_hash: str
    privacy: Privacy
    description: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class StrategyView:
    """A saved strategy as one viewer sees it."""

    saved: SavedStrategy
    artifacts: Artifacts
    is_owner: bool
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class ListedStrategy:
    """A line of the leaderboard: ``performance`` is after the default costs, whoever reads it."""

    saved: SavedStrategy
    coverage: Coverage
    performance: Performance


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the list, which is ordered by ``updated_at`` and then ``key``, both descending."""

    updated_at: datetime
    key: int


@dataclass(frozen=True, slots=True)
class StrategiesPage:
    """A page of the viewer's strategies, the latest change first."""

    strategies: tuple[ListedStrategy, ...]
    has_next: bool


@dataclass(frozen=True, slots=True)
class StrategyDays:
    """The day list, by ascending date."""

    coverage: Coverage
    days: tuple[NetDay, ...]


@dataclass(frozen=True, slots=True)
class StrategyChanges:
    """What to change, as it was sent. ``description`` None brings the generated one back."""

    description: str | Absent | None = ABSENT
    privacy: str | None = None


async def preview(
    ports: Ports, viewer: Viewer, config: Mapping[str, object], abandon_hash: str | None = None
) -> Preview | Denial:
    """See to it that a config's program is run over every session, and answer with what there is.

    ``abandon_hash`` is given up first. INVALID_CONFIG names every wrong field and creates nothing;
    TOO_MANY_ACTIVE_BACKTESTS where a run would have to begin beyond the viewer's cap.
    """
    raise NotImplementedError


async def preview_results(ports: Ports, viewer: Viewer, source_hash: str) -> Snapshot | Denial:
    """The results of a program that the viewer previewed lately or has saved, else NOT_FOUND. Reading
    keeps his interest alive."""
    raise NotImplementedError


async def abandon(ports: Ports, viewer: Viewer, source_hash: str) -> None:
    """Drop the viewer's interest. A run that nobody else wants stops at the end of its chunks in hand."""
    raise NotImplementedError


async def save_strategy(
    ports: Ports, viewer: Viewer, config: Mapping[str, object], privacy: str | None = None
) -> StrategyView | Denial:
    """Link a config's program to the viewer, with the results it has. One that was removed comes back
    under its id; at the cap the run is parked, and never denied."""
    raise NotImplementedError


async def list_strategies(ports: Ports, viewer: Viewer) -> tuple[ListedStrategy, ...]:
    """The leaderboard: the viewer's strategies, the latest change first."""
    raise NotImplementedError


async def page_strategies(
    ports: Ports, viewer: Viewer, *, first: int | None, after: Place | None = None
) -> StrategiesPage:
    """``first`` strategies that follow ``after``; all of them without a number."""
    raise NotImplementedError


async def get_strategy(ports: Ports, viewer: Viewer | None, strategy_id: UUID) -> StrategyView | Denial:
    """A strategy of the viewer's, or a public one of anybody's for whoever asks; else NOT_FOUND."""
    raise NotImplementedError


async def change_strategy(
    ports: Ports, viewer: Viewer, strategy_id: UUID, changes: StrategyChanges
) -> StrategyView | Denial:
    """Change what belongs to the viewer's link; the program never changes."""
    raise NotImplementedError


async def remove_strategy(ports: Ports, viewer: Viewer, strategy_id: UUID) -> Denial | None:
    """Take a strategy off the viewer's list; the program and its results stay."""
    raise NotImplementedError


async def strategy_days(ports: Ports, viewer: Viewer | None, strategy_id: UUID) -> StrategyDays | Denial:
    """The day list of a strategy that ``get_strategy`` would answer with."""
    raise NotImplementedError


async def strategy_csv(
    ports: Ports, viewer: Viewer | None, strategy_id: UUID, table: Table = Table.DAYS
) -> str | Denial:
    """The same results as CSV."""
    raise NotImplementedError


async def update_results(ports: Ports, viewer: Viewer, strategy_id: UUID) -> Coverage | Denial:
    """Run the sessions that are missing, and those that failed again, for everybody with this program.

    TOO_MANY_ACTIVE_BACKTESTS at the viewer's cap.
    """
    raise NotImplementedError
