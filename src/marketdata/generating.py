"""Synthetic days on the dates of the session table, published like recorded ones and labelled."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from engine.calendar import SessionBounds, session_of, sessions_between
from engine.session_table import FIRST_SESSION, LAST_SESSION
from engine.synthetic import GENERATOR_VERSION, SEED_DEFAULT, synthesize
from engine.synthetic_draws import SEED_MAX
from marketdata.library import DayInfo, Library
from marketdata.manifests import Provenance
from marketdata.publishing import publish
from marketdata.refusals import DayUnavailable
from marketdata.sharing import Told, processes_for, shared_out

SOURCE = "synthetic"
WALKTHROUGH_DATE = date(2025, 1, 15)
FIRST_RUN_START = date(2025, 1, 13)


class GenerationRefused(ValueError):
    """Dates or a seed that no synthetic day can be made from; the message names the accepted values."""


@dataclass(frozen=True, slots=True)
class GenerationReport:
    """The days made, those that were there already, and the dates left alone because a recorded day
    is there; each ascending."""

    published: tuple[DayInfo, ...]
    unchanged: tuple[DayInfo, ...]
    kept: tuple[date, ...]


def generate(
    root: Path, first_date: date, days: int, seed: int = SEED_DEFAULT, progress: Told | None = None
) -> GenerationReport:
    """Publishes the first ``days`` sessions on or after a date. Raises GenerationRefused.

    ``progress`` is told the sessions done and their number, after each. The sessions are shared out
    among processes; after an interruption, the same again makes those that are missing.
    """
    if days < 1:
        raise GenerationRefused(f"days must be at least 1, not {days}")
    sessions = sessions_between(first_date, LAST_SESSION)[:days]
    if first_date < FIRST_SESSION or len(sessions) < days:
        raise GenerationRefused(
            f"days: {days} from {first_date} leaves the session table, {FIRST_SESSION} to {LAST_SESSION}"
        )
    dates = [bounds.date for bounds in sessions]
    return generate_dates(root, dates, seed, progress, processes=processes_for(days))


def generate_dates(
    root: Path,
    dates: Sequence[date],
    seed: int = SEED_DEFAULT,
    progress: Told | None = None,
    *,
    processes: int = 1,
) -> GenerationReport:
    """Publishes the synthetic days of some sessions, begun in the order given. Raises GenerationRefused.

    A day depends on its date and the seed alone, so dates may be shared out among ``processes``, and
    ImportStopped is raised when one of them dies.
    """
    sessions = [_bounds(day) for day in dates]
    if not 0 <= seed <= SEED_MAX:
        raise GenerationRefused(f"seed must be a whole number from 0 to {SEED_MAX}, not {seed}")
    generating = _Generating(root, seed)
    if processes > 1:
        outcomes = shared_out(generating.outcome, sessions, processes, progress)
    else:
        outcomes = list(generating.one_by_one(sessions, progress))
    return _report(sessions, outcomes)


@dataclass(frozen=True, slots=True)
class _Made:
    info: DayInfo
    is_new: bool


@dataclass(frozen=True, slots=True)
class _Generating:
    root: Path
    seed: int

    def one_by_one(self, sessions: Sequence[SessionBounds], progress: Told | None) -> Iterator[_Made | None]:
        for done, bounds in enumerate(sessions, start=1):
            yield self.outcome(bounds)
            if progress:
                progress(done, len(sessions))

    def outcome(self, bounds: SessionBounds) -> _Made | None:
        """The synthetic day of a session as published, or None where a recorded day is."""
        provenance = _provenance(self.seed)
        there = _there(Library(self.root), bounds.date)
        if there is not None and not there.synthetic:
            return None
        if there is not None and (there.source, there.importer_version) == (
            provenance.source,
            provenance.importer_version,
        ):
            return _Made(there, is_new=False)
        return _Made(publish(self.root, synthesize(bounds, self.seed), provenance), is_new=True)


def _there(library: Library, day: date) -> DayInfo | None:
    """The day in force; None where a synthetic one is damaged. Raises DayUnavailable where
    a manifest cannot be read."""
    info = library.current(day)
    if info is None or not info.synthetic:
        return info
    try:
        library.open(day, info.content_hash)
    except DayUnavailable:
        return None
    return info


def _report(sessions: Sequence[SessionBounds], outcomes: Sequence[_Made | None]) -> GenerationReport:
    made = sorted((outcome for outcome in outcomes if outcome), key=lambda one: one.info.date)
    return GenerationReport(
        published=tuple(one.info for one in made if one.is_new),
        unchanged=tuple(one.info for one in made if not one.is_new),
        kept=tuple(
            sorted(bounds.date for bounds, one in zip(sessions, outcomes, strict=True) if one is None)
        ),
    )


def first_run_dates(count: int) -> tuple[date, ...]:
    """The sessions a fresh data directory is filled with, in the order to make them.

    The day of the API walkthrough comes first, so that its examples run as soon as anything does.
    """
    sessions = sessions_between(FIRST_RUN_START, LAST_SESSION)[: count + 1]
    others = [bounds.date for bounds in sessions if bounds.date != WALKTHROUGH_DATE]
    return (WALKTHROUGH_DATE, *others)[:count]


def _bounds(day: date) -> SessionBounds:
    bounds = session_of(day)
    if bounds is None:
        raise GenerationRefused(f"{day} is no session of the table, {FIRST_SESSION} to {LAST_SESSION}")
    return bounds


def _provenance(seed: int) -> Provenance:
    return Provenance(
        source=SOURCE,
        importer_version=f"generator {GENERATOR_VERSION}, seed {seed}",
        resolution_seconds=1,
    )
