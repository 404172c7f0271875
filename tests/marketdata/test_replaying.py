"""A published day told again: every value as it is stored, from any second, and only once."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from engine.market import Day
from marketdata.hashing import content_hash
from marketdata.importing import ImportRequest, run_import
from marketdata.library import Library
from marketdata.recordings import ChainRow, Closing, FeedEvent, Opening, Reached, Recording
from marketdata.replaying import Replay
from tests.days import DATE, publish_tiny_day
from tests.marketdata.comparing import difference
from tests.marketdata.tapes import day_of, heard
from tests.oracle.vendor import ARCHIVE

ID = UUID(int=1)


@pytest.fixture
def day(tmp_path: Path) -> Day:
    publish_tiny_day(tmp_path)
    return Library(tmp_path).open(DATE)


def written_down(told: list[FeedEvent]) -> Day:
    opening, *rows, closing = told
    assert isinstance(opening, Opening)
    assert isinstance(closing, Closing)
    return day_of(opening, [row for row in rows if isinstance(row, ChainRow)], closing)


def seconds_of(told: list[FeedEvent]) -> list[int]:
    return [event.second for event in told if isinstance(event, ChainRow)]


def reached(opening: Opening, second: int) -> Reached:
    return Reached(Recording(ID, opening), second)


async def test_a_replay_tells_the_day_value_for_value(day: Day) -> None:
    told = await heard(Replay(day).events(None))
    assert difference(written_down(told), day) == ["content_hash"]
    assert content_hash(written_down(told)) == day.content_hash


async def test_what_a_recording_did_not_know_is_not_told(day: Day) -> None:
    late = day.ask_ticks.copy()
    late[:, :100], late[:, 501:] = 65_535, 65_535
    short = replace(day, bid_ticks=late, ask_ticks=late, known_from=100, known_until=500)
    assert seconds_of(await heard(Replay(short).events(None))) == list(range(100, 501))


async def test_a_replay_may_begin_at_any_second(day: Day) -> None:
    told = await heard(Replay(day, first_second=595).events(None))
    assert seconds_of(told) == [595, 596, 597, 598, 599, 600]
    assert told[0] == Replay(day).opening
    assert told[-1] == Closing(day.settlement_cents, day.settlement_source)


@pytest.mark.parametrize("first_second", [0, 100, 599])
async def test_its_own_unfinished_recording_is_gone_on_with(day: Day, first_second: int) -> None:
    told = await heard(Replay(day, first_second).events(reached(Replay(day).opening, 597)))
    assert [type(event) for event in told] == [ChainRow, ChainRow, ChainRow, Closing]
    assert seconds_of(told) == [598, 599, 600]


async def test_a_recording_without_a_row_begins_where_it_was_to_begin(day: Day) -> None:
    told = await heard(Replay(day, first_second=599).events(reached(Replay(day).opening, -1)))
    assert seconds_of(told) == [599, 600]


async def test_a_recording_that_lacks_only_its_end_gets_it(day: Day) -> None:
    told = await heard(Replay(day).events(reached(Replay(day).opening, 600)))
    assert told == [Closing(day.settlement_cents, day.settlement_source)]


async def test_the_recording_of_another_market_is_not_its_own(day: Day) -> None:
    other = replace(Replay(day).opening, label="demo")
    told = await heard(Replay(day).events(reached(other, 597)), at_most=2)
    assert [told[0], *seconds_of(told)] == [Replay(day).opening, 0]


async def test_another_revision_of_the_date_is_another_market(day: Day) -> None:
    other = Replay(replace(day, content_hash="f" * 64)).opening
    assert other != Replay(day).opening
    assert (await heard(Replay(day).events(reached(other, 597)), at_most=1)) == [Replay(day).opening]


async def test_a_row_holds_on_to_no_other(day: Day) -> None:
    _, row = await heard(Replay(day).events(None), at_most=2)
    assert isinstance(row, ChainRow)
    assert [values.base for values in (row.bid_ticks, row.ask_ticks, row.delta_e4)] == [None] * 3


async def test_a_tape_of_the_real_day_has_the_hash_of_its_source(shared_data: Path, tmp_path: Path) -> None:
    request = ImportRequest("cboe", (shared_data / ARCHIVE,))
    (info,) = run_import(request, tmp_path, datetime(2026, 1, 2, tzinfo=UTC)).days
    told = await heard(Replay(Library(tmp_path).open(info.date)).events(None))
    assert content_hash(written_down(told)) == info.content_hash
