"""The market that is on air, as a process that does not record it sees it: today's day, which grows."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from math import inf
from pathlib import Path
from threading import Lock
from time import monotonic_ns
from uuid import UUID

import numpy as np

from engine.market import MISSING_DELTA, MISSING_INDEX, MISSING_TICKS, Day
from marketdata.recording_files import CLOSING, ON_AIR, TAPE, id_on_air, read_closed, read_recording
from marketdata.recordings import Closed, Recording
from marketdata.tapes import TapeRows, all_rows, row_type

FRESH_SECONDS = 5.0
TAPES_KEPT_MAX = 3
"""Each is a day in memory, some 70 MB of a full chain: the one on air and those that worker and faces
still have to do with after its close."""


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
    enough to be asked each time: a few system calls, and the rows that are new.

    ``clock_ns`` has to be the recorder's own: the system's monotonic one is, in all its processes.
    """

    def __init__(self, root: Path, clock_ns: Callable[[], int] = monotonic_ns) -> None:
        self._root = root
        self._clock_ns = clock_ns
        self._lock = Lock()
        self._tails: OrderedDict[UUID, _Tail] = OrderedDict()
        self._pointer: tuple[tuple[int, int], UUID] | None = None

    @property
    def root(self) -> Path:
        return self._root

    def on_air(self) -> OnAir | None:
        """The recording on air, which may be closed; None where there is none. Raises DayUnavailable
        naming the file that is at fault."""
        with self._lock:
            recording_id = self._id_on_air()
            return None if recording_id is None else self._seen(recording_id)

    def tape(self, recording_id: UUID) -> OnAir | None:
        """The same of any recording that is kept here, on air or not."""
        with self._lock:
            is_kept = (self._root / str(recording_id)).is_dir()
            return self._seen(recording_id) if is_kept else None

    def _id_on_air(self) -> UUID | None:
        stamp = _stamp(self._root / ON_AIR)
        if stamp is None:
            return None
        if self._pointer is None or self._pointer[0] != stamp:
            recording_id = id_on_air(self._root)
            if recording_id is None:
                return None
            self._pointer = stamp, recording_id
        return self._pointer[1]

    def _seen(self, recording_id: UUID) -> OnAir:
        tail = self._tails.get(recording_id)
        if tail is None:
            tail = self._tails[recording_id] = _Tail(self._root / str(recording_id))
            while len(self._tails) > TAPES_KEPT_MAX:
                self._tails.popitem(last=False)
        self._tails.move_to_end(recording_id)
        return tail.seen(self._clock_ns)


class _Tail:
    """One recording as far as it was read, in arrays that are filled as it grows."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._recording = read_recording(folder)
        opening = self._recording.opening
        seconds, width = opening.close_second + 1, len(opening.contracts)
        self._row_bytes = row_type(width).itemsize
        self._bid_ticks = np.full((width, seconds), MISSING_TICKS, np.uint16)
        self._ask_ticks = np.full((width, seconds), MISSING_TICKS, np.uint16)
        self._delta_e4 = np.full((seconds, width), MISSING_DELTA, np.int16)
        self._spx_e4 = np.full(seconds, MISSING_INDEX, np.int32)
        self._vix_e4 = np.full(seconds, MISSING_INDEX, np.int32)
        self._rows, self._told_at_ns = 0, 0
        self._day: Day | None = None
        self._closed: Closed | None = None
        self._closing_stamp: tuple[int, int] | None = None

    def seen(self, clock_ns: Callable[[], int]) -> OnAir:
        """What there is now. How the recording ended is looked at first: no row comes after it."""
        self._read_closing()
        self._read_rows()
        day = self._day
        age_seconds = inf if day is None else (clock_ns() - self._told_at_ns) / 1e9
        second = -1 if day is None else day.known_until
        return OnAir(self._recording, day, second, age_seconds, self._closed)

    def _read_closing(self) -> None:
        stamp = _stamp(self._folder / CLOSING)
        if stamp != self._closing_stamp:
            self._closed, self._closing_stamp = read_closed(self._folder), stamp

    def _read_rows(self) -> None:
        tape, width = self._folder / TAPE, len(self._recording.opening.contracts)
        try:
            if tape.stat().st_size < (self._rows + 1) * self._row_bytes:
                return
        except FileNotFoundError:
            return
        for rows in all_rows(tape, width, self._rows):
            self._take(rows)

    def _take(self, rows: TapeRows) -> None:
        first, last = int(rows["second"][0]), int(rows["second"][-1])
        seconds = slice(first, last + 1)
        self._bid_ticks[:, seconds] = rows["bid_ticks"].T
        self._ask_ticks[:, seconds] = rows["ask_ticks"].T
        self._delta_e4[seconds] = rows["delta_e4"]
        self._spx_e4[seconds] = rows["spx_e4"]
        self._vix_e4[seconds] = rows["vix_e4"]
        self._rows += len(rows)
        self._told_at_ns = int(rows["told_at_ns"][-1])
        self._day = self._known(first if self._day is None else self._day.known_from, last)

    def _known(self, first: int, last: int) -> Day:
        """The day between two seconds. A day forbids to write to its arrays, so it gets views of these."""
        opening = self._recording.opening
        return Day(
            date=opening.date,
            open_at=opening.open_at,
            close_second=opening.close_second,
            contracts=opening.contracts,
            bid_ticks=self._bid_ticks.view(),
            ask_ticks=self._ask_ticks.view(),
            delta_e4=self._delta_e4.view(),
            spx_e4=self._spx_e4.view(),
            vix_e4=self._vix_e4.view(),
            known_from=first,
            known_until=last,
            settlement_cents=None,
            settlement_source=None,
            content_hash=f"live {self._recording.id}",
            synthetic=opening.synthetic,
            index_derived=opening.index_derived,
        )


def _stamp(path: Path) -> tuple[int, int] | None:
    """The inode and time of a file that is only ever replaced; None where there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns
