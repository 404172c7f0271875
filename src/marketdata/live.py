"""The market that is on air, as a process that does not record it sees it: today's day, which grows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic_ns
from uuid import UUID

from engine.market import Day
from marketdata.recordings import Closed, Recording

FRESH_SECONDS = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class OnAir:
    """A recording as far as its tape has come.

    ``day`` is known from the first row to the last, has no settlement value and ``live UUID`` for a hash;
    None before the first row. ``second`` is the last row's, -1 before the first. ``tick_age_seconds`` is
    how long ago that row came, by a clock that no one sets; infinite before the first.
    """

    recording: Recording
    day: Day | None
    second: int
    tick_age_seconds: float
    closed: Closed | None

    @property
    def at(self) -> datetime:
        """The feed's clock: the time of the last row, a second before the open without one, and the close
        once the session is over."""
        opening = self.recording.opening
        return opening.time_of(self.second if self.closed is None else opening.close_second)

    @property
    def is_closed(self) -> bool:
        return self.closed is not None

    @property
    def is_fresh(self) -> bool:
        """Whether quotes may still be traded on: a row came within five seconds, whatever the speed."""
        return 0 <= self.tick_age_seconds <= FRESH_SECONDS


class LiveMarket:
    """Reads what a recorder of this or another process writes under ``root``. Thread-safe, and cheap
    enough to be asked each time: a few system calls, and the rows that are new."""

    def __init__(self, root: Path, clock_ns: Callable[[], int] = monotonic_ns) -> None:
        self._root = root
        self._clock_ns = clock_ns

    @property
    def root(self) -> Path:
        return self._root

    def on_air(self) -> OnAir | None:
        """The recording on air, which may be closed; None where no feed ever was. Raises DayUnavailable
        naming the file that is at fault."""
        return None

    def tape(self, recording_id: UUID) -> OnAir | None:
        """The same of any recording that is kept here, on air or not."""
        raise NotImplementedError
