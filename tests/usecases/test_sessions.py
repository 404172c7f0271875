"""Simulations: opened on recorded days, moved by their own clock, and deleted."""

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

from engine.denials import Code, Denial
from engine.fees import DEFAULT_FEES
from engine.sessions import Financials
from marketdata.library import Library
from tests.days import DATE, publish_tiny_day
from tests.engine.tapes import request
from tests.people import Town, denied
from usecases import orders, sessions
from usecases.ports import Viewer
from usecases.sessions import CreateSimulation
from usecases.submissions import Submission
from usecases.views import OrderReceipt, SessionMode, SessionView

OPEN = datetime(2025, 1, 15, 14, 30, tzinfo=UTC)
ASKED = CreateSimulation(DATE, 100_000_00, "Iron condor day")


async def opened(town: Town, viewer: Viewer, asked: CreateSimulation = ASKED) -> SessionView:
    answer = await sessions.create_simulation(town.ports, viewer, asked)
    assert isinstance(answer, SessionView), answer
    return answer


async def test_a_fresh_simulation_has_no_clock_and_its_capital(town: Town, trader: Viewer) -> None:
    view = await opened(town, trader)
    assert view == SessionView(
        id=view.id,
        account_id=None,
        mode=SessionMode.HISTORICAL,
        date=DATE,
        description="Iron condor day",
        start_at=OPEN,
        end_at=OPEN + timedelta(seconds=600),
        at=None,
        ended=False,
        version=1,
        created_at=town.clock.now,
        financials=Financials(100_000_00, 0, 0, 0, 0, 100_000_00, 0, 0, 0),
    )
    assert await sessions.get_session(town.ports, trader, view.id) == view
    assert await sessions.list_simulations(town.ports, trader) == (view,)


async def test_a_date_holds_one_simulation_a_person(town: Town, trader: Viewer, rival: Viewer) -> None:
    first = await opened(town, trader)
    again = await sessions.create_simulation(town.ports, trader, ASKED)
    assert denied(again).code is Code.SIMULATION_EXISTS
    await opened(town, rival)
    assert await sessions.delete_simulation(town.ports, trader, first.id) is None
    assert (await opened(town, trader)).id != first.id


async def test_only_recorded_dates_and_sound_capital_open_a_simulation(town: Town, trader: Viewer) -> None:
    asked = [
        replace(ASKED, date=date(2025, 1, 16)),
        replace(ASKED, starting_capital_cents=999_99),
        replace(ASKED, starting_capital_cents=10_000_000_01),
        replace(ASKED, description="x" * 501),
    ]
    answers = [denied(await sessions.create_simulation(town.ports, trader, one)) for one in asked]
    assert [(answer.code, answer.path) for answer in answers] == [
        (Code.SESSION_NOT_RECORDED, ("date",)),
        (Code.INVALID_INPUT, ("starting_capital",)),
        (Code.INVALID_INPUT, ("starting_capital",)),
        (Code.INVALID_INPUT, ("description",)),
    ]
    assert await sessions.list_simulations(town.ports, trader) == ()


async def test_the_clock_moves_both_ways_within_the_session(town: Town, trader: Viewer) -> None:
    view = await opened(town, trader)
    for seconds, ended in ((300, False), (600, True), (0, False)):
        moved = await sessions.move_clock(town.ports, trader, view.id, OPEN + timedelta(seconds=seconds))
        assert isinstance(moved, SessionView)
        assert (moved.at, moved.ended) == (OPEN + timedelta(seconds=seconds), ended)
        assert await sessions.get_session(town.ports, trader, view.id) == moved


async def test_the_clock_stays_within_the_session(town: Town, trader: Viewer) -> None:
    view = await opened(town, trader)
    late = await sessions.move_clock(town.ports, trader, view.id, OPEN + timedelta(seconds=601))
    early = await sessions.move_clock(town.ports, trader, view.id, OPEN - timedelta(seconds=1))
    assert denied(late).message == "simulation time cannot be after the end time"
    assert denied(early).message == "simulation time cannot be before the start time"
    assert await sessions.get_session(town.ports, trader, view.id) == view


async def test_a_stale_version_changes_nothing(town: Town, trader: Viewer) -> None:
    view = await opened(town, trader)
    at = OPEN + timedelta(seconds=60)
    stale = await sessions.move_clock(town.ports, trader, view.id, at, expected_version=7)
    assert denied(stale).code is Code.VERSION_CONFLICT
    moved = await sessions.move_clock(town.ports, trader, view.id, at, expected_version=1)
    assert isinstance(moved, SessionView)
    assert moved.version == 2
    again = await sessions.move_clock(town.ports, trader, view.id, at)
    assert again == moved


async def test_nobody_elses_session_is_there(town: Town, trader: Viewer, rival: Viewer) -> None:
    view = await opened(town, trader)
    answers: list[object] = [
        await sessions.get_session(town.ports, rival, view.id),
        await sessions.move_clock(town.ports, rival, view.id, OPEN),
        await sessions.delete_simulation(town.ports, rival, view.id),
        await sessions.history(town.ports, rival, view.id),
        await sessions.get_session(town.ports, trader, uuid4()),
    ]
    assert [denied(answer).code for answer in answers] == [Code.NOT_FOUND] * 5
    assert await sessions.get_session(town.ports, trader, view.id) == view
    assert await sessions.list_simulations(town.ports, rival) == ()


async def test_pages_go_from_the_newest_to_the_oldest(town: Town, trader: Viewer) -> None:
    dates = [DATE, date(2025, 1, 16), date(2025, 1, 17)]
    for on in dates[1:]:
        publish_tiny_day(town.days, on)
    for on in dates:
        await opened(town, trader, replace(ASKED, date=on))

    first = await sessions.page_simulations(town.ports, trader, first=2, before_key=None)
    last = await sessions.page_simulations(town.ports, trader, first=2, before_key=first.keys[-1])

    assert [view.date for view in first.simulations] == dates[:0:-1]
    assert [view.date for view in last.simulations] == dates[:1]
    assert (first.has_next, last.has_next) == (True, False)


async def test_history_covers_the_whole_day_whatever_the_clock(town: Town, trader: Viewer) -> None:
    view = await opened(town, trader)
    told = await sessions.history(town.ports, trader, view.id)
    assert not isinstance(told, Denial)
    assert told.net_liquidation_cents.tolist() == [100_000_00] * 601


async def test_a_change_of_fees_reprices_what_was_filled_before(town: Town, trader: Viewer) -> None:
    view = await opened(town, trader)
    submission = Submission(view.id, request("+2 5950C", type="market"))
    assert isinstance(await orders.place_order(town.ports, trader, submission), OrderReceipt)
    assert await fees_of(town, trader, view.id) == 3_44
    free = replace(trader, fees=replace(DEFAULT_FEES, buy_to_open_option=250_000))
    assert await fees_of(town, free, view.id) == 50


async def fees_of(town: Town, viewer: Viewer, session_id: UUID) -> int:
    view = await sessions.get_session(town.ports, viewer, session_id)
    assert isinstance(view, SessionView)
    return view.financials.fees_cents


async def test_a_day_that_cannot_be_read_is_not_opened(town: Town, trader: Viewer) -> None:
    for column in town.days.glob(f"{DATE}/*/*.arrow"):
        column.unlink()
    refused = denied(await sessions.create_simulation(town.ports, trader, ASKED))
    assert refused.code is Code.DAY_UNAVAILABLE
    shutil.rmtree(town.days / DATE.isoformat())
    publish_tiny_day(town.days)
    await opened(town, trader)


async def test_a_day_that_was_lost_takes_no_other_simulation_away(town: Town, trader: Viewer) -> None:
    later = date(2025, 1, 16)
    publish_tiny_day(town.days, later)
    lost, kept = await opened(town, trader), await opened(town, trader, replace(ASKED, date=later))
    shutil.rmtree(town.days / DATE.isoformat())
    ports = replace(town.ports, library=Library(town.days))

    as_opened = replace(lost, end_at=datetime(2025, 1, 15, 21, 0, tzinfo=UTC), is_readable=False)
    assert await sessions.list_simulations(ports, trader) == (kept, as_opened)
    page = await sessions.page_simulations(ports, trader, first=5, before_key=None)
    assert page.simulations == (kept, as_opened)
    refused = denied(await sessions.get_session(ports, trader, lost.id))
    assert (refused.code, refused.retry_after_seconds) == (Code.DAY_UNAVAILABLE, 60)
    assert str(DATE) in refused.message and str(lost.id) in refused.message
    order = Submission(lost.id, request("+1 5950C", type="market"))
    assert denied(await orders.place_order(ports, trader, order)).code is Code.DAY_UNAVAILABLE

    publish_tiny_day(town.days)
    again = denied(await sessions.create_simulation(ports, trader, ASKED))
    assert (again.code, str(lost.id) in again.message) == (Code.SIMULATION_EXISTS, True)
    assert await sessions.delete_simulation(ports, trader, lost.id) is None
