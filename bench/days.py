"""The day that is measured on: 600 contracts by 23,401 seconds, published and mapped like any other."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.calendar import session_of
from engine.market import Day
from engine.synthetic import SEED_DEFAULT, synthesize
from marketdata.library import DayInfo, Library
from marketdata.manifests import Provenance
from marketdata.publishing import publish

DATE = date(2025, 1, 15)
STRIKES = tuple(range(5_200, 6_700, 5))
PROVENANCE = Provenance(source="bench", importer_version="1", resolution_seconds=1)


def made_day() -> Day:
    bounds = session_of(DATE)
    assert bounds is not None, "the bench's date is a session"
    return synthesize(bounds, SEED_DEFAULT, STRIKES)


@contextmanager
def published_day() -> Iterator[tuple[Day, DayInfo]]:
    """A synthetic day in a directory of its own, mapped and with every column in memory."""
    with TemporaryDirectory(prefix="zerodte-bench-") as folder:
        info = publish(Path(folder), made_day(), PROVENANCE)
        library = Library(Path(folder))
        day = library.open(DATE)
        asyncio.run(library.warm(day, day.contracts))
        yield day, info
