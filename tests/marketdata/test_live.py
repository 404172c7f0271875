"""The live market as a reader sees it that does not record."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import inf
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest

from engine.market import MISSING_DELTA, MISSING_INDEX, MISSING_TICKS, SettlementSource
from marketdata.live import TAPES_KEPT_MAX, LiveMarket, OnAir
from marketdata.recording_files import ON_AIR, RECORDING, TAPE, begin, write_closed
from marketdata.recordings import Closed, Recording
from marketdata.refusals import DayUnavailable
from marketdata.tapes import TapeWriter
from tests.days import tiny_day
from tests.tapes import opening_of, row_of

DAY = tiny_day()
SECOND_NS = 1_000_000_000
CLOSED = Closed(595_000, SettlementSource.OFFICIAL, "hash")


@dataclass(slots=True)
class Recorder:
    """Writes as a recorder does, at the times of a clock that a test sets."""

    root: Path
    recording: Recording
    tape: TapeWriter
    now_ns: int = 0

    def clock_ns(self) -> int:
        return self.now_ns

    def tell(self, *seconds: int) -> None:
        for second in seconds:
            self.tape.append(row_of(DAY, second), self.now_ns)

    def close(self, closed: Closed = CLOSED) -> None:
        write_closed(self.root / str(self.recording.id), closed)


def recorder_in(root: Path) -> Recorder:
    root.mkdir(exist_ok=True)
    recording = Recording(uuid4(), opening_of(DAY))
    folder = begin(root, recording)
    return Recorder(root, recording, TapeWriter(folder / TAPE, len(DAY.contracts)))


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    one = recorder_in(tmp_path / "live")
    yield one
    one.tape.close()


def seen(live: LiveMarket, recording_id: UUID | None = None) -> OnAir:
    found = live.on_air() if recording_id is None else live.tape(recording_id)
    assert found is not None
    return found


def test_nothing_is_on_air_where_no_feed_ever_was(tmp_path: Path) -> None:
    assert LiveMarket(tmp_path).on_air() is None
    assert LiveMarket(tmp_path).tape(uuid4()) is None


def test_before_the_first_row_it_is_the_second_before_the_open(recorder: Recorder) -> None:
    air = seen(LiveMarket(recorder.root))
    assert (air.recording, air.day, air.second) == (recorder.recording, None, -1)
    assert (air.at, air.tick_age_seconds, air.is_fresh) == (DAY.time_of(-1), inf, False)


def test_a_day_grows_row_by_row(recorder: Recorder) -> None:
    live = LiveMarket(recorder.root)
    for second in (3, 4, 5):
        recorder.tell(second)
        air = seen(live)
        assert air.day is not None
        assert (air.second, air.at) == (second, DAY.time_of(second))
        assert (air.day.known_from, air.day.known_until) == (3, second)
        known = slice(3, second + 1)
        assert np.array_equal(air.day.bid_ticks[:, known], DAY.bid_ticks[:, known])
        assert np.array_equal(air.day.ask_ticks[:, known], DAY.ask_ticks[:, known])
        assert np.array_equal(air.day.delta_e4[known], DAY.delta_e4[known])
        assert np.array_equal(air.day.spx_e4[known], DAY.spx_e4[known])
        assert np.array_equal(air.day.vix_e4[known], DAY.vix_e4[known])


def test_what_is_not_recorded_is_missing(recorder: Recorder) -> None:
    recorder.tell(10, 11)
    day = seen(LiveMarket(recorder.root)).day
    assert day is not None
    for unknown in (slice(0, 10), slice(12, None)):
        assert (day.bid_ticks[:, unknown] == MISSING_TICKS).all()
        assert (day.ask_ticks[:, unknown] == MISSING_TICKS).all()
        assert (day.delta_e4[unknown] == MISSING_DELTA).all()
        assert (day.spx_e4[unknown] == MISSING_INDEX).all()
        assert (day.vix_e4[unknown] == MISSING_INDEX).all()


def test_a_day_that_was_handed_out_knows_no_later_second(recorder: Recorder) -> None:
    live = LiveMarket(recorder.root)
    recorder.tell(0)
    earlier = seen(live).day
    recorder.tell(1)
    seen(live)
    assert earlier is not None
    assert (earlier.known_until, earlier.quote(DAY.contracts[0], 1)) == (0, None)


def test_nobody_can_write_to_the_day(recorder: Recorder) -> None:
    recorder.tell(0)
    day = seen(LiveMarket(recorder.root)).day
    assert day is not None
    with pytest.raises(ValueError, match="read-only"):
        day.bid_ticks[0, 0] = 1


def test_without_a_new_row_the_same_day_is_seen(recorder: Recorder) -> None:
    live = LiveMarket(recorder.root)
    recorder.tell(0)
    assert seen(live).day is seen(live).day


@pytest.mark.parametrize(
    ("age_ns", "is_fresh"), [(0, True), (5 * SECOND_NS, True), (5 * SECOND_NS + 1, False), (-1, False)]
)
def test_quotes_are_stale_after_five_seconds_without_a_row(
    recorder: Recorder, age_ns: int, *, is_fresh: bool
) -> None:
    """A row from the future is one from before the machine was started anew."""
    live = LiveMarket(recorder.root, recorder.clock_ns)
    recorder.now_ns = 100 * SECOND_NS
    recorder.tell(0)
    recorder.now_ns += age_ns
    assert seen(live).is_fresh == is_fresh


def test_a_torn_row_is_not_seen_until_it_is_whole(recorder: Recorder) -> None:
    live, path = LiveMarket(recorder.root), recorder.root / str(recorder.recording.id) / TAPE
    recorder.tell(0, 1)
    whole = path.read_bytes()
    for size in range(len(whole) // 2, len(whole)):
        path.write_bytes(whole[:size])
        assert seen(live).second == 0
    path.write_bytes(whole)
    assert seen(live).second == 1


def test_a_closed_recording_says_how_it_ended(recorder: Recorder) -> None:
    live = LiveMarket(recorder.root)
    recorder.tell(0)
    assert not seen(live).is_closed
    recorder.close(Closed(595_000, SettlementSource.OFFICIAL))
    assert seen(live).closed == Closed(595_000, SettlementSource.OFFICIAL)
    recorder.close()
    air = seen(live)
    assert (air.closed, air.second, air.at) == (CLOSED, 0, DAY.close_at)


def test_a_recording_that_is_no_longer_on_air_can_be_read(recorder: Recorder) -> None:
    live = LiveMarket(recorder.root)
    recorder.tell(0, 1)
    next_one = recorder_in(recorder.root)
    next_one.tape.close()

    assert (seen(live).recording, seen(live).second) == (next_one.recording, -1)
    assert seen(live, recorder.recording.id).second == 1


def test_only_a_few_days_are_kept_in_memory(recorder: Recorder) -> None:
    """One that was let go of is read again."""
    live = LiveMarket(recorder.root)
    recorder.tell(0)
    first = seen(live, recorder.recording.id).day
    for _ in range(TAPES_KEPT_MAX):
        recorder_in(recorder.root).tape.close()
        seen(live)
    again = seen(live, recorder.recording.id).day
    assert first is not again is not None


def test_a_market_taken_off_air_is_gone_and_its_tape_is_not(recorder: Recorder) -> None:
    live = LiveMarket(recorder.root)
    recorder.tell(0)
    (recorder.root / ON_AIR).unlink()
    assert live.on_air() is None
    assert seen(live, recorder.recording.id).second == 0


def test_threads_see_whole_days(recorder: Recorder) -> None:
    live = LiveMarket(recorder.root)
    recorder.tell(0)

    def watch(_: int) -> bool:
        """Each day that is seen has all its rows."""
        while (day := seen(live).day) is not None:
            known = slice(0, day.known_until + 1)
            if not np.array_equal(day.ask_ticks[:, known], DAY.ask_ticks[:, known]):
                return False
            if day.known_until == DAY.close_second:
                return True
        return False

    with ThreadPoolExecutor(3) as threads:
        watching = threads.map(watch, range(3))
        recorder.tell(*range(1, 601))
        assert list(watching) == [True] * 3


@pytest.mark.parametrize("name", [ON_AIR, RECORDING])
def test_a_broken_file_is_named(recorder: Recorder, name: str) -> None:
    path = recorder.root / (name if name == ON_AIR else f"{recorder.recording.id}/{name}")
    path.write_text("{}")
    with pytest.raises(DayUnavailable, match=str(path)):
        LiveMarket(recorder.root).on_air()


def test_a_recording_of_a_later_format_is_refused(recorder: Recorder) -> None:
    path = recorder.root / str(recorder.recording.id) / RECORDING
    path.write_text(path.read_text().replace('"format_version": 1', '"format_version": 2'))
    with pytest.raises(DayUnavailable, match=r"format version 2, known are \[1\]"):
        LiveMarket(recorder.root).on_air()
