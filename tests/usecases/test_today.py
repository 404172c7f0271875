"""Today's unfinished day among the published ones, as the market data of both faces tells of it."""

from dataclasses import replace
from datetime import timedelta

from engine.aggregates import Series, series_column
from engine.denials import Code, Denial
from engine.market import Day
from marketdata.recordings import FeedEvent
from runtime.clocks import market_clock
from tests.days import DATE, STRIKES, publish_tiny_day, tiny_day
from tests.people import Town, denied
from tests.tapes import Told, closing_of, opening_of, rows_of
from usecases import market
from usecases.market import ChainSnapshot, MarketSession, SeriesFrame
from usecases.ports import Ports, Viewer
from usecases.recording import record

DAY = tiny_day()
YESTERDAY = DATE - timedelta(days=1)


def by_the_feed(town: Town) -> Ports:
    """The ports of a process whose market clock is the feed's."""
    return replace(town.ports, market_now=market_clock(town.ports.live, town.ports.library))


async def told(town: Town, *script: FeedEvent) -> None:
    await record(town.ports, Told(list(script)), pace=None)


async def told_until(town: Town, second: int, day: Day = DAY) -> None:
    await told(town, opening_of(day), *rows_of(day, range(second + 1)))


async def trader(town: Town) -> Viewer:
    return (await town.person(password=None)).viewer


async def sessions(town: Town, viewer: Viewer | None = None) -> list[MarketSession]:
    return list(await market.list_sessions(by_the_feed(town), viewer))


async def test_today_is_listed_as_far_as_it_is_recorded(town: Town) -> None:
    publish_tiny_day(town.days, YESTERDAY)
    await told_until(town, 200)

    yesterday, today = await sessions(town)
    assert (yesterday.date, yesterday.current, yesterday.restricted) == (YESTERDAY, False, False)
    assert today == MarketSession(
        date=DATE,
        start_at=DAY.open_at,
        end_at=DAY.close_at,
        data_start_at=DAY.open_at,
        data_end_at=DAY.time_of(200),
        synthetic=False,
        restricted=False,
        current=True,
        upcoming=False,
    )


async def test_before_its_first_row_a_session_is_upcoming(town: Town) -> None:
    await told(town, opening_of(DAY))
    (today,) = await sessions(town)
    assert (today.date, today.current, today.upcoming, today.data_start_at) == (DATE, False, True, None)


async def test_after_the_close_it_is_a_recorded_day(town: Town) -> None:
    await told(town, opening_of(DAY), *rows_of(DAY, range(601)), closing_of(DAY))
    (today,) = await sessions(town)
    assert (today.current, today.data_end_at) == (False, DAY.close_at)
    assert town.ports.library.current(DATE).settlement_cents == 595_000


async def test_todays_strikes(town: Town) -> None:
    await told_until(town, 0)
    assert await market.strikes(by_the_feed(town), await trader(town), DATE) == STRIKES


async def test_todays_chain_is_told_up_to_now(town: Town) -> None:
    await told_until(town, 200)
    ports, viewer = by_the_feed(town), await trader(town)
    now, later = [await market.chain_at(ports, viewer, DAY.time_of(second)) for second in (200, 201)]

    assert isinstance(now, ChainSnapshot) and isinstance(later, ChainSnapshot)
    assert (now.bid_ticks == DAY.bid_ticks[:, 200]).all() and all(now.quoted)
    assert not any(later.quoted)


async def test_todays_series_grow_with_it(town: Town) -> None:
    """Each second is computed once, to the same values as those of the whole day."""
    ports, viewer, names = by_the_feed(town), await trader(town), [*Series]
    await told_until(town, 0)
    for second in (0, 7, 8, 300):
        await told(town, *rows_of(DAY, range(second + 1)))
        frame = await market.series(ports, viewer, DATE, names)
        assert isinstance(frame, SeriesFrame)
        assert frame.seconds == range(second + 1)
        for name in names:
            assert (frame.columns[name] == series_column(DAY, name)[: second + 1]).all()


async def test_visitors_see_the_session_in_progress_at_every_second(town: Town) -> None:
    await told_until(town, 100)
    frame = await market.series(by_the_feed(town), None, DATE, ["spx"])
    assert isinstance(frame, SeriesFrame)
    assert frame.seconds == range(101)


async def test_a_published_day_is_told_of_in_place_of_its_replay(town: Town) -> None:
    published = publish_tiny_day(town.days)
    await told_until(town, 100)
    frame = await market.series(by_the_feed(town), await trader(town), DATE, ["spx"])

    assert isinstance(frame, SeriesFrame)
    assert (frame.content_hash, frame.seconds) == (published.content_hash, range(601))


async def test_another_date_than_todays_is_not_recorded(town: Town) -> None:
    await told_until(town, 100)
    outcome = await market.strikes(by_the_feed(town), await trader(town), YESTERDAY)
    assert isinstance(outcome, Denial)
    assert denied(outcome).code is Code.SESSION_NOT_RECORDED
