"""Strategies: previewed, saved, read and managed. Equal configs are one program with one set of results.

Reading takes the viewer's costs off; nothing that is stored depends on who asked for it.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from uuid import UUID

from engine.configs import config_of, read_config
from engine.denials import Code, Denial
from engine.descriptions import Description, describe
from engine.outcomes import NetDay
from engine.programs import read_program, source_hash, write_program
from engine.settings import read_title
from engine.strategies import Strategy
from engine.trade_logs import daily_log_csv, days_csv, trade_log_csv
from store import interests, locks, programs, strategies
from store.programs import StoredProgram
from store.strategies import NewStrategy, StoredStrategy
from usecases.absence import ABSENT, Absent
from usecases.covering import Asking, Priority, cover, release, tell, unpark
from usecases.crowds import let_others_first
from usecases.ports import Ports, Viewer
from usecases.snapshots import (
    Coverage,
    Snapshot,
    covered,
    in_full,
    interest_since,
    sessions_of,
    snapshot,
)

NO_STRATEGY = Denial(Code.NOT_FOUND, "no such strategy")
NO_PREVIEW = Denial(Code.NOT_FOUND, "no such preview: preview its config first")


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

    @property
    def source_hash(self) -> str:
        return source_hash(self.program)


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
    strategy = read_config(config)
    if isinstance(strategy, Denial):
        return strategy
    made = artifacts_of(strategy)
    asking = Asking(viewer.user_id, _stored(made), await sessions_of(ports), Priority.WATCHED)
    if abandon_hash is not None and abandon_hash != made.source_hash:
        await _give_up(ports, viewer, abandon_hash)

    async with ports.database.transaction() as tx:
        await locks.user(tx, viewer.user_id)
        told = await cover(ports, tx, asking)
        if isinstance(told, Denial):
            return told
        await interests.touch(tx, viewer.user_id, made.source_hash, ports.wall())

    await tell(ports, told)
    return Preview(made, await snapshot(ports, viewer, made.source_hash))


async def preview_results(ports: Ports, viewer: Viewer, source_hash: str) -> Snapshot | Denial:
    """The results of a program that the viewer previewed lately or has saved, else NOT_FOUND. Reading
    keeps his interest alive."""
    async with ports.database.transaction() as tx:
        if not await interests.wants(tx, viewer.user_id, source_hash, interest_since(ports)):
            return NO_PREVIEW
        await interests.touch(tx, viewer.user_id, source_hash, ports.wall())
    return await snapshot(ports, viewer, source_hash)


async def abandon(ports: Ports, viewer: Viewer, source_hash: str) -> None:
    """Drop the viewer's interest. A run that nobody else wants stops at the end of a session."""
    freed = await _give_up(ports, viewer, source_hash)
    if freed is not None:
        await unpark(ports, freed)


async def _give_up(ports: Ports, viewer: Viewer, source_hash: str) -> int | None:
    """The user for whose cap the run may have ceased to count."""
    async with ports.database.transaction() as tx:
        await interests.drop(tx, viewer.user_id, source_hash)
    return await release(ports, source_hash)


async def save_strategy(
    ports: Ports, viewer: Viewer, config: Mapping[str, object], privacy: str | None = None
) -> StrategyView | Denial:
    """Link a config's program to the viewer, with the results it has. One that was removed comes back
    under its id; at the cap the run is parked, and never denied. Without ``privacy`` it is private, or
    stays what it is."""
    strategy = read_config(config)
    if isinstance(strategy, Denial):
        return strategy
    kept = None if privacy is None else _read_privacy(privacy)
    if isinstance(kept, Denial):
        return kept
    made = artifacts_of(strategy)
    sessions = await sessions_of(ports)
    asking = Asking(viewer.user_id, _stored(made), sessions, Priority.SAVED, may_park=True)

    async with ports.database.transaction() as tx:
        await locks.user(tx, viewer.user_id)
        told = await cover(ports, tx, asking)
        assert not isinstance(told, Denial), "a save is parked instead"
        new = NewStrategy(ports.new_id(), viewer.user_id, made.source_hash, kept, ports.wall())
        stored = await strategies.save(tx, new)

    await tell(ports, told)
    return await _view(ports, viewer, stored, made)


async def get_strategy(ports: Ports, viewer: Viewer | None, strategy_id: UUID) -> StrategyView | Denial:
    """A strategy of the viewer's, or a public one of anybody's for whoever asks; else NOT_FOUND."""
    found = await _readable(ports, viewer, strategy_id)
    if found is None:
        return NO_STRATEGY
    view = await _view(ports, viewer, *found)
    if viewer is not None and view.snapshot.coverage.is_in_flight:
        async with ports.database.transaction() as tx:
            await interests.touch(tx, viewer.user_id, view.saved.source_hash, ports.wall())
    return view


async def change_strategy(
    ports: Ports, viewer: Viewer, strategy_id: UUID, changes: StrategyChanges
) -> StrategyView | Denial:
    """Change what belongs to the viewer's link; the program never changes."""
    async with ports.database.transaction() as tx:
        stored = await locks.strategy(tx, viewer.user_id, strategy_id)
        if stored is None:
            return NO_STRATEGY
        privacy = Privacy(stored.privacy) if changes.privacy is None else _read_privacy(changes.privacy)
        if isinstance(privacy, Denial):
            return privacy
        sent = changes.description
        description = stored.description if isinstance(sent, Absent) else read_title(sent)
        if isinstance(description, Denial):
            return description
        stored = await strategies.change(tx, stored, description, privacy, ports.wall())
        program = await programs.with_hash(tx, stored.program_hash)

    return await _view(ports, viewer, stored, artifacts_of(read_program(program.text)))


async def remove_strategy(ports: Ports, viewer: Viewer, strategy_id: UUID) -> Denial | None:
    """Take a strategy off the viewer's list; the program and its results stay."""
    async with ports.database.transaction() as tx:
        stored = await locks.strategy(tx, viewer.user_id, strategy_id)
        if stored is None:
            return NO_STRATEGY
        await strategies.remove(tx, stored, ports.wall())

    freed = await release(ports, stored.program_hash)
    if freed is not None:
        await unpark(ports, freed)
    return None


async def strategy_days(ports: Ports, viewer: Viewer | None, strategy_id: UUID) -> StrategyDays | Denial:
    """The day list of a strategy that ``get_strategy`` would answer with."""
    found = await _readable(ports, viewer, strategy_id)
    if found is None:
        return NO_STRATEGY
    shown = await snapshot(ports, viewer, found[0].program_hash)
    return StrategyDays(shown.coverage, shown.results.days)


async def strategy_csv(
    ports: Ports, viewer: Viewer | None, strategy_id: UUID, table: Table = Table.DAYS
) -> str | Denial:
    """The same results as CSV."""
    found = await _readable(ports, viewer, strategy_id)
    if found is None:
        return NO_STRATEGY
    shown = await snapshot(ports, viewer, found[0].program_hash)
    match table:
        case Table.DAYS:
            return await asyncio.to_thread(days_csv, shown.results.days)
        case Table.TRADES:
            days, title = await in_full(ports, shown, shown.results.days), saved_of(*found).description
            written = partial(asyncio.to_thread, trade_log_csv, days, title)
            return await ports.folding.once(f"trade log {shown.basis} {title}", written)
        case Table.DAILY:
            return await asyncio.to_thread(daily_log_csv, shown.results.performance.curve)


async def update_results(ports: Ports, viewer: Viewer, strategy_id: UUID) -> Coverage | Denial:
    """Run the sessions that are missing, and those that failed again, for everybody with this program.

    TOO_MANY_ACTIVE_BACKTESTS at the viewer's cap.
    """
    found = await _readable(ports, viewer, strategy_id)
    if found is None:
        return NO_STRATEGY
    sessions = await sessions_of(ports)
    asking = Asking(viewer.user_id, _stored(found[1]), sessions, Priority.SAVED, again=True)
    async with ports.database.transaction() as tx:
        await locks.user(tx, viewer.user_id)
        told = await cover(ports, tx, asking)
        if isinstance(told, Denial):
            return told

    await tell(ports, told)
    async with ports.database.reading() as tx:
        return await covered(tx, asking.program.hash, sessions)


async def _readable(
    ports: Ports, viewer: Viewer | None, strategy_id: UUID
) -> tuple[StoredStrategy, Artifacts] | None:
    if viewer is None:
        let_others_first()
    async with ports.database.reading() as tx:
        user_id = None if viewer is None else viewer.user_id
        stored = await strategies.readable(tx, user_id, strategy_id)
        if stored is None:
            return None
        program = await programs.with_hash(tx, stored.program_hash)
    return stored, artifacts_of(read_program(program.text))


async def _view(ports: Ports, viewer: Viewer | None, stored: StoredStrategy, made: Artifacts) -> StrategyView:
    is_owner = viewer is not None and viewer.user_id == stored.user_id
    return StrategyView(
        saved_of(stored, made), made, is_owner, await snapshot(ports, viewer, stored.program_hash)
    )


def _stored(made: Artifacts) -> StoredProgram:
    return StoredProgram(made.source_hash, made.program, made.config)


def artifacts_of(strategy: Strategy) -> Artifacts:
    return Artifacts(config_of(strategy), write_program(strategy), describe(strategy))


def saved_of(stored: StoredStrategy, made: Artifacts) -> SavedStrategy:
    return SavedStrategy(
        key=stored.id,
        id=stored.uuid,
        source_hash=stored.program_hash,
        privacy=Privacy(stored.privacy),
        description=made.generated.description if stored.description is None else stored.description,
        created_at=stored.created_at,
        updated_at=stored.updated_at,
    )


def _read_privacy(text: str) -> Privacy | Denial:
    if text in set(Privacy):
        return Privacy(text)
    message = f"privacy must be one of {', '.join(Privacy)}"
    return Denial(Code.INVALID_INPUT, message, ("privacy",), {"privacy": message})
