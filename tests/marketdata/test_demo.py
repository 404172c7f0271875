"""The market around the clock: made-up sessions, one after the other, labelled as such."""

import time
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from engine.calendar import session_of
from engine.market import Day, SettlementSource
from engine.session_table import LAST_SESSION
from engine.synthetic import SEED_DEFAULT, synthesize
from marketdata.demo import DEMO_SEED, Demo
from marketdata.recordings import ChainRow, Closing, FeedEvent, Opening, Reached, Recording
from tests.marketdata.comparing import difference
from tests.marketdata.tapes import day_of, heard

HALF_DAY = date(2026, 11, 27)
AFTER_IT = date(2026, 11, 30)
CLOSE_SECOND = 12_600


@pytest.fixture(scope="module")
def half_day() -> Day:
    bounds = session_of(HALF_DAY)
    assert bounds is not None
    return synthesize(bounds, DEMO_SEED)


def reached(opening: Opening, second: int) -> Reached:
    return Reached(Recording(UUID(int=1), opening), second)


def opening_in(told: list[FeedEvent]) -> Opening:
    assert isinstance(told[-1], Opening)
    return told[-1]


async def test_a_session_of_the_demo_is_the_synthetic_day_of_its_own_seed(half_day: Day) -> None:
    told = await heard(Demo(HALF_DAY).events(None), at_most=CLOSE_SECOND + 3)
    opening, *rows, closing = told
    assert isinstance(opening, Opening)
    assert isinstance(closing, Closing)
    tape = day_of(opening, [row for row in rows if isinstance(row, ChainRow)], closing)
    assert difference(tape, half_day) == []
    assert (opening.label, opening.synthetic) == ("demo", True)
    assert closing == Closing(half_day.settlement_cents, SettlementSource.PRINT)


async def test_the_next_session_follows_after_a_pause_and_opens_where_this_one_closed(half_day: Day) -> None:
    ending = reached(Demo(HALF_DAY).opening(half_day), CLOSE_SECOND)
    began = time.monotonic()
    closing, opening, first = await heard(Demo(HALF_DAY, pause_seconds=0.2).events(ending), at_most=3)
    assert time.monotonic() - began >= 0.2
    assert isinstance(opening, Opening)
    assert isinstance(first, ChainRow)
    assert (opening.date, first.second) == (AFTER_IT, 0)
    assert isinstance(closing, Closing)
    assert closing.settlement_cents is not None
    assert abs(first.spx_e4 / 100 / closing.settlement_cents - 1) < 0.03


async def test_an_unfinished_session_is_gone_on_with_whatever_the_date_is_now(half_day: Day) -> None:
    unfinished = reached(Demo(HALF_DAY).opening(half_day), CLOSE_SECOND - 2)
    told = await heard(Demo(date(2027, 3, 1)).events(unfinished), at_most=3)
    assert [event.second for event in told if isinstance(event, ChainRow)] == [12_599, 12_600]


async def test_the_recording_of_another_market_is_left_to_its_end(half_day: Day) -> None:
    opening = Demo(HALF_DAY).opening(half_day)
    other = replace(
        opening, label="replay 2026-11-27", provenance=replace(opening.provenance, source="replay")
    )
    assert opening_in(await heard(Demo(HALF_DAY).events(reached(other, 5)), at_most=1)) == opening


async def test_it_ends_with_the_table_of_sessions() -> None:
    bounds = session_of(LAST_SESSION)
    assert bounds is not None
    last = Demo(LAST_SESSION).opening(synthesize(bounds, DEMO_SEED))
    told = await heard(Demo(LAST_SESSION).events(reached(last, bounds.close_second)))
    assert [type(event) for event in told] == [Closing]


def test_who_knows_the_synthetic_days_does_not_know_the_demo(half_day: Day) -> None:
    bounds = session_of(HALF_DAY)
    assert bounds is not None
    assert synthesize(bounds, SEED_DEFAULT, (6000,)).spx_e4.tolist() != half_day.spx_e4.tolist()
