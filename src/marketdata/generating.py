"""Synthetic days on the dates of the session table, published like recorded ones and labelled."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeAlias

from engine.calendar import SessionBounds, session_of, sessions_between
from engine.session_table import FIRST_SESSION, LAST_SESSION
from engine.synthetic import GENERATOR_VERSION, SEED_DEFAULT, synthesize
from engine.synthetic_draws import SEED_MAX
from marketdata.library import DayInfo, Library
from marketdata.manifests import Provenance
from marketdata.publishing import publish

SOURCE = "synthetic"
WALKTHROUGH_DATE = date(2025, 1, 15)
FIRST_RUN_START = date(2025, 1, 13)

Progress: TypeAlias = Callable[[int, int], None]


class GenerationRefused(ValueError):
    """Dates or a seed that no synthetic day can be made from; the message names the accepted values."""


@dataclass(frozen=True, slots=True)
class GenerationReport:
    """The days published, and the dates left alone because a recorded day is there; both ascending."""

    published: tuple[DayInfo, ...]
    kept: tuple[date, ...]


def generate(
    root: Path, first_date: date, days: int, seed: int = SEED_DEFAULT, progress: Progress | None = None
) -> GenerationReport:
    """Publishes the first ``days`` sessions on or after a date. Raises GenerationRefused.

    ``progress`` is told the sessions done and their number, after each.
    """
    if days < 1:
        raise GenerationRefused(f"days must be at least 1, not {days}")
    sessions = sessions_between(first_date, LAST_SESSION)[:days]
    if first_date < FIRST_SESSION or len(sessions) < days:
        raise GenerationRefused(
            f"days: {days} from {first_date} leaves the session table, {FIRST_SESSION} to {LAST_SESSION}"
        )
    return generate_dates(root, [bounds.date for bounds in sessions], seed, progress)


def generate_dates(
    root: Path, dates: Sequence[date], seed: int = SEED_DEFAULT, progress: Progress | None = None
) -> GenerationReport:
    """Publishes the synthetic days of some sessions, in the order given. Raises GenerationRefused.

    A day depends on its date and the seed alone, so dates may be shared out among processes.
    """
    sessions = [_bounds(day) for day in dates]
    if not 0 <= seed <= SEED_MAX:
        raise GenerationRefused(f"seed must be a whole number from 0 to {SEED_MAX}, not {seed}")
    library = Library(root)
    published, kept = [], []
    for done, bounds in enumerate(sessions, start=1):
        if _is_recorded(library, bounds.date):
            kept.append(bounds.date)
        else:
            published.append(publish(root, synthesize(bounds, seed), _provenance(seed)))
        if progress:
            progress(done, len(sessions))
    return GenerationReport(tuple(sorted(published, key=lambda info: info.date)), tuple(sorted(kept)))


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


def _is_recorded(library: Library, day: date) -> bool:
    info = library.current(day)
    return info is not None and not info.synthetic


def _provenance(seed: int) -> Provenance:
    return Provenance(
        source=SOURCE,
        importer_version=f"generator {GENERATOR_VERSION}, seed {seed}",
        resolution_seconds=1,
    )
