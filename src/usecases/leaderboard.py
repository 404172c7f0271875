"""The leaderboard: what each of somebody's strategies came to, after the default costs, whoever reads it.

A headline is kept with its run, beside what it follows from. Whoever ends a run folds it; reading folds only
what has changed since.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.costs import DEFAULT_COSTS
from engine.performance import Headline, Performance, headline_of
from engine.programs import read_program
from store import programs, runs, strategies
from store.runs import KeptHeadline, StoredRun
from store.strategies import StoredStrategy
from usecases.backtesting import RecordedDay
from usecases.ports import Ports, Viewer
from usecases.snapshots import (
    Coverage,
    basis_of,
    coverage_of,
    digest_of,
    sessions_of,
    snapshot_after,
)
from usecases.strategies import SavedStrategy, artifacts_of, saved_of

FORMULAS = 1
"""Raised whenever a headline may come out otherwise from the same results."""


@dataclass(frozen=True, slots=True)
class ListedStrategy:
    """A line of the leaderboard; its headline is after the default costs."""

    saved: SavedStrategy
    coverage: Coverage
    headline: Headline


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
class _Fold:
    """A run's coverage and headline; ``is_new`` where that is to be kept."""

    coverage: Coverage
    kept: KeptHeadline
    is_new: bool


async def list_strategies(ports: Ports, viewer: Viewer) -> tuple[ListedStrategy, ...]:
    """The viewer's strategies, the latest change first."""
    page = await page_strategies(ports, viewer, first=None)
    return page.strategies


async def page_strategies(
    ports: Ports, viewer: Viewer, *, first: int | None, after: Place | None = None
) -> StrategiesPage:
    """``first`` strategies that follow ``after``; all of them without a number."""
    sessions = await sessions_of(ports)
    limit = None if first is None else first + 1
    place = None if after is None else (after.updated_at, after.key)
    async with ports.database.reading() as tx:
        stored = await strategies.page(tx, viewer.user_id, limit, place)
        shown = stored[:first]
        hashes = [one.program_hash for one in shown]
        texts = await programs.texts(tx, hashes)
        found = await runs.with_headlines(tx, hashes)

    folds = await _folds(ports, found, sessions)
    await _keep(ports, folds.values())
    lines = [_line(one, texts[one.program_hash], folds[one.program_hash]) for one in shown]
    return StrategiesPage(tuple(lines), first is not None and len(stored) > first)


async def keep_headline(ports: Ports, source_hash: str) -> None:
    """Fold a program's headline for whoever reads the leaderboard next. To be done when its run has ended."""
    sessions = await sessions_of(ports)
    async with ports.database.reading() as tx:
        found = await runs.with_headlines(tx, [source_hash])
    await _keep(ports, (await _folds(ports, found, sessions)).values())


async def _keep(ports: Ports, folds: Iterable[_Fold]) -> None:
    for fold in folds:
        if fold.is_new:
            async with ports.database.transaction() as tx:
                await runs.keep_headline(tx, fold.coverage.source_hash, fold.kept)


async def performance_of_listed(ports: Ports, listed: ListedStrategy) -> Performance:
    """All that is behind a line of the leaderboard."""
    return (await snapshot_after(ports, DEFAULT_COSTS, listed.saved.source_hash)).results.performance


async def _folds(
    ports: Ports, found: Iterable[tuple[StoredRun, KeptHeadline | None]], sessions: Sequence[RecordedDay]
) -> dict[str, _Fold]:
    """What was kept and is still true, and the rest anew."""
    digest, folds = digest_of(sessions), {}
    for run, kept in found:
        source_hash = run.program_hash
        if kept is not None and kept.basis == _kept_basis(basis_of(source_hash, run, digest, DEFAULT_COSTS)):
            coverage = coverage_of(source_hash, run, sessions, kept.headline.sessions)
            folds[source_hash] = _Fold(coverage, kept, is_new=False)
            continue
        shown = await snapshot_after(ports, DEFAULT_COSTS, source_hash)
        new = KeptHeadline(_kept_basis(shown.basis), headline_of(shown.results.performance))
        folds[source_hash] = _Fold(shown.coverage, new, is_new=True)
    return folds


def _kept_basis(basis: str) -> str:
    return f"{FORMULAS} {basis}"


def _line(stored: StoredStrategy, program: str, fold: _Fold) -> ListedStrategy:
    return ListedStrategy(
        saved_of(stored, artifacts_of(read_program(program))), fold.coverage, fold.kept.headline
    )
