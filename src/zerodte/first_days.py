"""A program of its own, so that `up` can let it run beside the product: it makes the synthetic days
that a data directory starts with. ``python -m zerodte.first_days DAYS_DIRECTORY COUNT [DATE]``"""

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from marketdata.generating import first_run_dates, generate_dates
from marketdata.library import Library
from marketdata.refusals import DayUnavailable


def make_first_days(root: Path, count: int, wanted: Sequence[date] = ()) -> None:
    """Publish the ``wanted`` ones and those of the first ``count`` days that are missing; a recorded
    day stays in its place, and so does one that cannot be read."""
    library = Library(root)
    dates = dict.fromkeys((*wanted, *first_run_dates(count)))
    generate_dates(root, [on for on in dates if _is_missing(library, on)])


def _is_missing(library: Library, on: date) -> bool:
    try:
        return library.current(on) is None
    except DayUnavailable:
        return False


if __name__ == "__main__":
    make_first_days(Path(sys.argv[1]), int(sys.argv[2]), [date.fromisoformat(on) for on in sys.argv[3:]])
