"""The recorder: what a feed tells becomes a tape, and at the close a recorded day."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from bus.topics import EVERY_TOPIC, UNKNOWN_SEQ
from engine.market import MISSING_TICKS, Day, SettlementSource
from marketdata.live import LiveMarket, OnAir
from marketdata.recording_files import (
    ON_AIR,
    TAPE,
    AnotherRecorder,
    begin,
    recording_ids,
    sole_recorder,
    write_closed,
)
from marketdata.recordings import Closed, Closing, FeedEvent, Reached, Recording
from store import recordings
from store.database import Database
from store.recordings import NewRecording
from tests.days import DATE, publish_day, publish_tiny_day, tiny_day
from tests.people import Town
from tests.tapes import Replayed, Told, closing_of, opening_of, room_for, row_of, rows_of
from usecases.recording import BELL_SECONDS, Pace, RecorderFacts, Timetable, record

DAY = tiny_day()
AS_FAST_AS_IT_GOES = None
LEASE = timedelta(minutes=1)


@dataclass(slots=True)
class Log:
    """What a recorder told of itself."""

    facts: list[RecorderFacts] = field(default_factory=lambda: [RecorderFacts()])

    def __call__(self, facts: RecorderFacts) -> None:
        self.facts.append(facts)

    @property
    def counts(self) -> dict[str, int]:
        """The counters that are not 0."""
        last = self.facts[-1]
        names = ("rows", "carried", "missing", "disordered", "unsound", "refused", "resumed", "published")
        return {name: count for name in names if (count := getattr(last, name))}


async def recorded(town: Town, *script: FeedEvent) -> Log:
    log = Log()
    await record(town.ports, Told(list(script)), AS_FAST_AS_IT_GOES, log)
    return log


def on_air(town: Town) -> OnAir:
    seen = town.ports.live.on_air()
    assert seen is not None
    return seen


def day_of(seen: OnAir) -> Day:
    assert seen.day is not None
    return seen.day


def new_recording(recording: Recording) -> NewRecording:
    opening = recording.opening
    return NewRecording(
        uuid=recording.id,
        date=opening.date,
        label=opening.label,
        open_at=opening.open_at,
        close_second=opening.close_second,
        created_at=opening.open_at,
    )


async def patiently(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not is_so():
            await asyncio.sleep(0.01)


async def test_a_replayed_day_is_published_with_the_hash_of_its_source(town: Town) -> None:
    source = publish_day(town.days / "elsewhere", DAY)
    log = Log()
    await record(town.ports, Replayed(DAY), AS_FAST_AS_IT_GOES, log)

    assert log.counts == {"rows": 601, "published": 1}
    assert town.ports.library.current(DATE).content_hash == source.content_hash
    assert on_air(town).closed == Closed(595_000, SettlementSource.OFFICIAL, source.content_hash)


async def test_a_day_whose_recording_began_late_and_ended_early_keeps_its_hash(town: Town) -> None:
    """What the source knows nothing of, the tape knows nothing of either."""
    arrays = {"bid_ticks": np.array(DAY.bid_ticks), "ask_ticks": np.array(DAY.ask_ticks)}
    arrays["bid_ticks"][:, :60] = arrays["ask_ticks"][:, :60] = MISSING_TICKS
    arrays["bid_ticks"][:, 501:] = arrays["ask_ticks"][:, 501:] = MISSING_TICKS
    arrays |= {name: np.array(getattr(DAY, name)) for name in ("delta_e4", "spx_e4", "vix_e4")}
    for name in ("delta_e4", "spx_e4", "vix_e4"):
        arrays[name][:60] = arrays[name][501:] = -1
    late = replace(DAY, known_from=60, known_until=500, **arrays)
    source = publish_day(town.days / "elsewhere", late)

    await record(town.ports, Replayed(late), AS_FAST_AS_IT_GOES)
    assert town.ports.library.current(DATE).content_hash == source.content_hash


async def test_a_published_day_stays_in_force_beside_its_recording(town: Town) -> None:
    published = publish_tiny_day(town.days)
    await recorded(town, opening_of(DAY), *rows_of(DAY, range(0, 601, 2)), closing_of(DAY))

    own = on_air(town).closed.day_hash
    assert town.ports.library.current(DATE).content_hash == published.content_hash != own
    assert town.ports.library.open(DATE, own).settlement_cents == 595_000


async def test_the_same_values_are_not_written_twice(town: Town) -> None:
    published = publish_tiny_day(town.days)
    await record(town.ports, Replayed(DAY), AS_FAST_AS_IT_GOES)

    assert on_air(town).closed.day_hash == published.content_hash
    assert [path.name for path in (town.days / DATE.isoformat()).glob("[!.C]*")] == [published.content_hash]


async def test_today_is_seen_as_it_grows(town: Town) -> None:
    await recorded(town, opening_of(DAY), *rows_of(DAY, range(5, 31)))
    seen = on_air(town)
    today = day_of(seen)

    assert (seen.second, seen.at, seen.is_closed) == (30, DAY.time_of(30), False)
    assert (today.known_from, today.known_until, today.settlement_cents) == (5, 30, None)
    assert today.content_hash == f"live {seen.recording.id}"
    assert today.quote(DAY.contracts[0], 30) == DAY.quote(DAY.contracts[0], 30)
    assert today.quote(DAY.contracts[0], 31) is None


async def test_duplicate_and_falling_seconds_are_ignored_and_counted(town: Town) -> None:
    other = tiny_day(spx_points=5960)
    rows = [row_of(DAY, 3), row_of(DAY, 4), row_of(other, 4), row_of(other, 2), row_of(DAY, 5)]
    log = await recorded(town, opening_of(DAY), *rows)

    assert log.counts == {"rows": 3, "disordered": 2}
    assert day_of(on_air(town)).spx_e4[3:6].tolist() == [59_500_000] * 3


async def test_rows_outside_the_session_are_ignored_and_counted(town: Town) -> None:
    early, late = replace(row_of(DAY, 0), second=-1), replace(row_of(DAY, 600), second=601)
    log = await recorded(town, row_of(DAY, 0), opening_of(DAY), early, late)
    assert log.counts == {"disordered": 3}


async def test_skipped_seconds_are_carried_and_then_missing_and_both_are_counted(town: Town) -> None:
    log = await recorded(town, opening_of(DAY), row_of(DAY, 0), row_of(DAY, 10))

    assert log.counts == {"rows": 2, "carried": 5, "missing": 4}
    today = day_of(on_air(town))
    quoted = [today.quote(DAY.contracts[0], second) is not None for second in range(11)]
    assert quoted == [True] * 6 + [False] * 4 + [True]


def _crossed(day: Day) -> FeedEvent:
    row = row_of(day, 1)
    return replace(row, bid_ticks=row.ask_ticks, ask_ticks=row.bid_ticks)


@pytest.mark.parametrize(
    "row",
    [
        _crossed(DAY),
        replace(row_of(DAY, 1), bid_ticks=np.full(10, MISSING_TICKS, np.uint16)),
        replace(row_of(DAY, 1), bid_ticks=DAY.bid_ticks[1:, 1]),
        replace(row_of(DAY, 1), delta_e4=np.full(10, 10_001, np.int16)),
        replace(row_of(DAY, 1), spx_e4=0),
    ],
    ids=["crossed", "half a quote", "too few contracts", "delta above 1", "index of 0"],
)
async def test_a_row_that_would_spoil_the_day_is_ignored_and_counted(town: Town, row: FeedEvent) -> None:
    log = await recorded(town, opening_of(DAY), row_of(DAY, 0), row, row_of(DAY, 2), closing_of(DAY))
    assert log.counts == {"rows": 2, "carried": 1, "unsound": 1, "published": 1}


async def test_a_recorder_goes_on_with_what_another_left(town: Town) -> None:
    await recorded(town, opening_of(DAY), *rows_of(DAY, range(100)))
    log, feed = Log(), Told([*rows_of(DAY, range(100, 601)), closing_of(DAY)])
    await record(town.ports, feed, AS_FAST_AS_IT_GOES, log)

    assert (feed.unfinished.second, log.counts) == (99, {"rows": 501, "resumed": 1, "published": 1})
    assert len(recording_ids(town.ports.live.root)) == 1


async def test_a_feed_that_begins_again_goes_on_with_its_recording(town: Town) -> None:
    await recorded(town, opening_of(DAY), *rows_of(DAY, range(100)))
    log = await recorded(town, opening_of(DAY), *rows_of(DAY, range(90, 110)))

    assert log.counts == {"resumed": 1, "disordered": 10, "rows": 10}
    assert len(recording_ids(town.ports.live.root)) == 1


@pytest.mark.parametrize("is_new_process", [False, True])
async def test_an_opening_closes_the_unfinished_session(town: Town, *, is_new_process: bool) -> None:
    tomorrow = tiny_day(on=date(2025, 1, 16))
    first = [opening_of(DAY), *rows_of(DAY, range(300))]
    then = [opening_of(tomorrow), row_of(tomorrow, 0)]
    for script in [first, then] if is_new_process else [[*first, *then]]:
        log = await recorded(town, *script)

    published = town.ports.library.current(DATE)
    assert (published.settlement_cents, published.settlement_source) == (595_000, SettlementSource.DERIVED)
    assert (published.data_end_at, log.counts["published"]) == (DAY.time_of(299), 1)
    assert on_air(town).recording.opening.date == tomorrow.date


async def test_without_an_official_value_the_last_print_settles(town: Town) -> None:
    await recorded(town, opening_of(DAY), *rows_of(DAY, range(601)), Closing())
    published = town.ports.library.current(DATE)
    assert (published.settlement_cents, published.settlement_source) == (595_000, SettlementSource.PRINT)


async def test_a_session_without_a_row_becomes_no_day(town: Town) -> None:
    await recorded(town, opening_of(DAY), Closing())
    assert on_air(town).closed == Closed(None, None, refusal="not a single row was told")
    assert town.ports.library.days() == ()


async def test_a_session_without_a_quote_becomes_no_day(town: Town) -> None:
    nothing = np.full(10, MISSING_TICKS, np.uint16)
    row = replace(row_of(DAY, 0), bid_ticks=nothing, ask_ticks=nothing)
    await recorded(town, opening_of(DAY), row, closing_of(DAY))
    assert on_air(town).closed.refusal == "2025-01-15: no quote in the whole session"


async def test_two_feeds_do_not_record_at_once(town: Town) -> None:
    with sole_recorder(town.ports.live.root), pytest.raises(AnotherRecorder, match="another feed"):
        await recorded(town, opening_of(DAY))


async def test_a_closed_recording_stays_on_air_at_its_close(town: Town) -> None:
    await recorded(town, opening_of(DAY), *rows_of(DAY, range(500)), closing_of(DAY))
    seen = on_air(town)
    assert (seen.second, seen.at, seen.is_closed) == (499, DAY.close_at, True)


def test_rows_are_due_by_the_timetable_and_do_not_drift() -> None:
    timetable = Timetable(speed=4)
    assert timetable.rest_seconds(100, now=50.0) == 0
    assert timetable.rest_seconds(101, now=50.125) == 0.125
    assert timetable.rest_seconds(102, now=50.75) == 0  # late by a quarter
    assert timetable.rest_seconds(103, now=50.75) == 0
    assert timetable.rest_seconds(104, now=50.75) == 0.25  # and back in time


def test_who_was_stopped_for_long_begins_anew() -> None:
    timetable = Timetable(speed=1)
    assert timetable.rest_seconds(0, now=0.0) == 0
    assert timetable.rest_seconds(1, now=3600.0) == 0
    assert timetable.rest_seconds(2, now=3600.25) == 0.75


@pytest.mark.parametrize(("speed", "is_lockstep"), [(0.5, False), (1, False), (1.5, True), (60, True)])
def test_only_faster_markets_wait_for_the_matcher(speed: float, *, is_lockstep: bool) -> None:
    assert Pace(speed).is_lockstep == is_lockstep


LONG = tiny_day(close_second=8_000)
"""Long enough that its tape is larger than any other file that a test writes."""


async def half_recorded(town: Town) -> int:
    """A recording of half of the long day; the size of its tape."""
    await recorded(town, opening_of(LONG), row_of(LONG, 0), row_of(LONG, 4_000))
    return (town.ports.live.root / str(on_air(town).recording.id) / TAPE).stat().st_size


async def test_a_paced_feed_waits_for_room_on_the_disk(town: Town) -> None:
    size, log = await half_recorded(town), Log()
    feed = Told([row_of(LONG, 4_001)])
    with room_for(size + 50):
        recorder = asyncio.create_task(record(town.ports, feed, Pace(1), log))
        await patiently(lambda: bool(log.counts.get("refused")))
        assert on_air(town).second == 4_000
    await recorder

    assert (on_air(town).second, log.counts["rows"]) == (4_001, 1)


@dataclass(frozen=True, slots=True)
class Squeezed:
    """A feed that cannot wait: one row comes while the disk is full, the next one when it is not."""

    size: int

    async def events(self, _: Reached | None) -> AsyncIterator[FeedEvent]:
        with room_for(self.size + 50):
            yield row_of(LONG, 4_001)
        yield row_of(LONG, 4_002)


async def test_a_row_that_was_pushed_while_there_was_no_room_is_a_skipped_second(town: Town) -> None:
    size, log = await half_recorded(town), Log()
    await record(town.ports, Squeezed(size), AS_FAST_AS_IT_GOES, log)
    assert log.counts == {"resumed": 1, "refused": 1, "carried": 1, "rows": 1}


async def test_in_lockstep_no_row_is_out_before_the_last_one_was_matched(town: Town) -> None:
    ports, last = town.ports, 4
    recorder = asyncio.create_task(record(ports, Told([opening_of(DAY), *rows_of(DAY, range(5))]), Pace(1e6)))
    await patiently(lambda: (air := ports.live.on_air()) is not None and air.second == 0)
    recording = on_air(town).recording
    async with ports.database.transaction() as tx:
        await recordings.enter(tx, new_recording(recording))
        epoch = await recordings.take(tx, recording.id, ports.new_id(), LEASE)
    assert epoch is not None
    for second in range(last):
        await asyncio.sleep(2 * BELL_SECONDS)
        assert on_air(town).second == second
        async with ports.database.transaction() as tx:
            assert await recordings.advance(tx, recording.id, epoch, second, LEASE)
        if second % 2:  # every other wake-up is lost
            await ports.topics.market_matched(recording.id, second)
        await patiently(lambda reached=second + 1: on_air(town).second == reached)
    recorder.cancel()


async def test_a_recording_that_was_never_put_on_air_is_closed(town: Town) -> None:
    """Its recorder was killed right after it had made the folder."""
    root = town.ports.live.root
    root.mkdir()
    begun = Recording(town.ports.new_id(), opening_of(DAY))
    begin(root, begun)
    (root / ON_AIR).unlink()
    log = await recorded(town)

    assert log.counts == {}
    seen = town.ports.live.tape(begun.id)
    assert seen is not None
    assert seen.closed == Closed(None, None, refusal="not a single row was told")
    assert town.ports.live.on_air() is None


async def test_a_day_that_was_closed_but_not_published_is_published_on_the_next_start(town: Town) -> None:
    await recorded(town, opening_of(DAY), *rows_of(DAY, range(601)))
    folder = town.ports.live.root / str(on_air(town).recording.id)
    write_closed(folder, Closed(595_123, SettlementSource.OFFICIAL))
    log = await recorded(town)

    published = town.ports.library.current(DATE)
    assert log.counts == {"published": 1}
    assert published is not None
    assert on_air(town).closed == Closed(595_123, SettlementSource.OFFICIAL, published.content_hash)


async def test_whoever_ends_a_recorder_is_heard_while_the_database_is_away(
    town: Town, tmp_path: Path
) -> None:
    """In lockstep it asks for the matcher's word again and again, and a bell may ring as it is cancelled."""
    away = replace(town.ports, database=Database(f"postgresql://zerodte@/zerodte?host={tmp_path}"))
    draws = random.Random(9)

    async def ended(number: int) -> None:
        ports = replace(away, live=LiveMarket(tmp_path / str(number)))
        recorder = asyncio.create_task(record(ports, Replayed(DAY), Pace(500)))
        await asyncio.sleep(draws.uniform(0.1, 1))
        recorder.cancel()
        await asyncio.wait([recorder], timeout=2)
        assert recorder.cancelled()

    async def ringing() -> None:
        while True:
            await town.ports.topics.publish(EVERY_TOPIC, UNKNOWN_SEQ)

    bell = asyncio.create_task(ringing())
    await asyncio.gather(*(ended(number) for number in range(200)))
    bell.cancel()
    await away.database.close()
