"""Live sessions of no account: started while the market is open, read at its clock, and ended."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import monotonic_ns
from uuid import UUID, uuid4

import numpy as np
import pytest

from engine.denials import Code, Denial
from engine.orders import OrderStatus
from marketdata.live import LiveMarket
from marketdata.recording_files import begin
from marketdata.recordings import Recording
from tests.days import DATE, tiny_day
from tests.engine.tapes import request
from tests.live_market import CAPITAL_CENTS, Market, on_air
from tests.people import Town, denied
from tests.tapes import opening_of
from usecases import account_sessions, live, orders, sessions
from usecases.airing import SECONDS_BEHIND_MAX
from usecases.live import NO_LIVE_SESSION, StartLive
from usecases.live_settling import settle_due
from usecases.matching import let_go
from usecases.ports import Ports, Viewer
from usecases.sessions import STILL_LIVE, CreateSimulation
from usecases.submissions import Submission
from usecases.views import OrderView, PositionsView, SessionMode, SessionStatus, SessionView, TransactionsView

OPEN = datetime(2025, 1, 15, 14, 30, tzinfo=UTC)
CALL = request("+1 5950C", type="market")
WAITING = request("+1 5950C", "1.00", "debit")
NEVER = request("+1 5930C", "0.05", "debit")


@pytest.fixture
def market(town: Town) -> Iterator[Market]:
    with on_air(town) as one:
        yield one


def stale(ports: Ports) -> Ports:
    """The same six seconds after the last row came."""
    return replace(ports, live=LiveMarket(ports.live.root, lambda: monotonic_ns() + 6_000_000_000))


async def started(ports: Ports, viewer: Viewer) -> SessionView | Denial:
    return await live.start(ports, viewer, StartLive(CAPITAL_CENTS, "my live session"))


async def test_a_live_session_starts_at_the_markets_clock(town: Town, trader: Viewer, market: Market) -> None:
    await market.tick(30)
    view = await started(town.ports, trader)
    assert isinstance(view, SessionView)
    assert (view.mode, view.date, view.account_id) == (SessionMode.LIVE, DATE, None)
    assert (view.at, view.start_at, view.end_at) == (
        OPEN + timedelta(seconds=30),
        OPEN,
        OPEN + timedelta(seconds=600),
    )
    assert (view.status, view.ended, view.settled_at) == (SessionStatus.OPEN, False, None)
    assert (view.description, view.financials.opening_cents) == ("my live session", CAPITAL_CENTS)
    assert await live.get_live(town.ports, trader) == view

    await market.tick(31)
    later = await live.get_live(town.ports, trader)
    assert later == replace(view, at=OPEN + timedelta(seconds=31))


async def test_nobody_has_a_live_session_that_he_did_not_start(
    town: Town, trader: Viewer, rival: Viewer, market: Market
) -> None:
    assert await live.get_live(town.ports, trader) is None
    assert denied(await live.end(town.ports, trader)) == NO_LIVE_SESSION
    assert denied(await live.active(town.ports, trader)) == NO_LIVE_SESSION
    view = await market.started(trader)
    assert await live.get_live(town.ports, rival) is None
    assert await live.active(town.ports, trader) == view.id


async def test_one_live_session_at_a_time(town: Town, trader: Viewer, market: Market) -> None:
    await market.match()
    answers = await asyncio.gather(*(started(town.ports, trader) for _ in range(20)))
    views = [view for view in answers if isinstance(view, SessionView)]
    refused = {answer.code for answer in answers if isinstance(answer, Denial)}
    assert (len(views), refused) == (1, {Code.LIVE_SESSION_EXISTS})
    again = denied(await started(town.ports, trader))
    assert again.message.startswith("live_session_exists: ")
    assert str(views[0].id) in again.message


async def test_nothing_starts_without_a_market(town: Town, trader: Viewer) -> None:
    assert denied(await started(town.ports, trader)).code is Code.MARKET_CLOSED


async def test_who_is_early_is_told_when_the_market_opens(town: Town, trader: Viewer) -> None:
    town.ports.live.root.mkdir(parents=True)
    begin(town.ports.live.root, Recording(uuid4(), opening_of(tiny_day())))
    opens = "market_closed: the market is closed: its session opens at 2025-01-15T14:30:00Z"
    assert denied(await started(town.ports, trader)) == Denial(Code.MARKET_CLOSED, opens)


async def test_nothing_starts_after_the_close(town: Town, trader: Viewer, market: Market) -> None:
    market.tell(600)
    assert denied(await started(town.ports, trader)).code is Code.MARKET_CLOSED
    market.end()
    await market.match()
    assert denied(await started(town.ports, trader)).code is Code.MARKET_CLOSED


async def test_nothing_starts_on_stale_data(town: Town, trader: Viewer, market: Market) -> None:
    await market.match()
    assert denied(await started(stale(town.ports), trader)).code is Code.NO_MARKET_DATA


async def test_nothing_starts_before_orders_are_matched(town: Town, trader: Viewer, market: Market) -> None:
    early = denied(await started(town.ports, trader))
    assert (early.code, early.retry_after_seconds) == (Code.LIVE_UNAVAILABLE, 1)
    assert await live.get_live(town.ports, trader) is None
    assert market.recording.opening.date == DATE


async def test_nothing_starts_while_no_order_would_be_taken(
    town: Town, trader: Viewer, market: Market
) -> None:
    await market.match()
    market.tell(SECONDS_BEHIND_MAX + 1)
    behind = denied(await started(town.ports, trader))
    assert (behind.code, behind.retry_after_seconds) == (Code.LIVE_UNAVAILABLE, 1)
    await market.match()
    await let_go(town.ports, market.matcher)
    assert denied(await started(town.ports, trader)) == behind
    await market.match()
    assert isinstance(await started(town.ports, trader), SessionView)


@pytest.mark.parametrize("cents", [999_99, 10_000_000_01])
async def test_the_capital_has_its_bounds(town: Town, trader: Viewer, market: Market, cents: int) -> None:
    await market.match()
    assert denied(await live.start(town.ports, trader, StartLive(cents))).code is Code.INVALID_INPUT


async def test_an_ended_session_makes_room_for_another(town: Town, trader: Viewer, market: Market) -> None:
    first = await market.started(trader)
    await market.placed(trader, first.id, CALL)
    await market.placed(trader, first.id, WAITING)
    assert await live.end(town.ports, trader) == first.id
    assert await live.get_live(town.ports, trader) is None
    assert denied(await sessions.get_session(town.ports, trader, first.id)).code is Code.NOT_FOUND
    assert denied(await orders.list_orders(town.ports, trader, first.id)).code is Code.NOT_FOUND

    second = await market.started(trader)
    assert second.id != first.id
    assert await orders.list_orders(town.ports, trader, second.id) == ()
    market.tell(600)
    await market.match()  # what was pending in the first is no longer anybody's
    assert market.matcher.tally.fills == 0


async def test_positions_and_transactions_are_those_of_the_last_matched_second(
    town: Town, trader: Viewer, market: Market
) -> None:
    session = await market.started(trader)
    await market.placed(trader, session.id, CALL)
    await market.tick(60)
    market.tell(120)  # on the tape, and not matched yet
    held = await orders.positions(town.ports, trader, session.id)
    rows = await orders.transactions(town.ports, trader, session.id)
    assert isinstance(held, PositionsView)
    assert isinstance(rows, TransactionsView)
    assert held.at == OPEN + timedelta(seconds=60)
    assert [(one.contract.strike_points, one.mark_half_ticks) for one in held.positions] == [(5950, 180)]
    assert [(row.second, row.fees_cents) for row in rows.transactions] == [(0, 1_72)]


async def test_a_live_session_looks_back_and_not_ahead(town: Town, trader: Viewer, market: Market) -> None:
    await market.tick(10)
    session = await market.started(trader)
    await market.placed(trader, session.id, CALL)
    await market.tick(60)
    before = await orders.positions(town.ports, trader, session.id, OPEN + timedelta(seconds=9))
    assert isinstance(before, PositionsView)
    assert before.positions == ()
    ahead = denied(await orders.positions(town.ports, trader, session.id, OPEN + timedelta(seconds=61)))
    assert ahead == Denial(
        Code.TIME_AFTER_END,
        "a live session is known up to the market's clock: "
        "at must be from 2025-01-15T14:30:00Z to 2025-01-15T14:31:00Z",
        ("at",),
    )


async def test_history_ends_with_the_last_matched_second(town: Town, trader: Viewer, market: Market) -> None:
    session = await market.started(trader)
    await market.placed(trader, session.id, CALL)
    await market.tick(60)
    history = await sessions.history(town.ports, trader, session.id)
    assert not isinstance(history, Denial)
    state = await sessions.get_session(town.ports, trader, session.id)
    assert isinstance(state, SessionView)
    assert len(history.net_liquidation_cents) == 61
    assert history.net_liquidation_cents[-1] == state.financials.net_liquidation_cents
    assert np.array_equal(history.seconds_every(25), [0, 25, 50, 60])


async def test_a_live_session_is_no_simulation_until_it_has_settled(
    town: Town, trader: Viewer, market: Market
) -> None:
    simulation = await sessions.create_simulation(town.ports, trader, CreateSimulation(DATE, CAPITAL_CENTS))
    assert isinstance(simulation, SessionView)
    session = await market.started(trader)
    order = await market.placed(trader, session.id, CALL)
    left = await market.placed(trader, session.id, NEVER)
    assert await sessions.list_simulations(town.ports, trader) == (simulation,)
    market.tell(599)
    market.end()
    await market.match()
    closed = await live.get_live(town.ports, trader)
    assert isinstance(closed, SessionView)
    assert (closed.ended, closed.at, closed.status) == (False, closed.end_at, SessionStatus.OPEN)

    market.publish()
    assert await settle_due(town.ports) == 1
    assert await live.get_live(town.ports, trader) is None
    settled = await sessions.get_session(town.ports, trader, session.id)
    assert isinstance(settled, SessionView)
    assert (settled.ended, settled.at, settled.status) == (True, settled.end_at, SessionStatus.SETTLED)
    assert settled.settled_at == town.clock.now
    assert settled.closing_cents is None
    assert await sessions.list_simulations(town.ports, trader) == (settled, simulation)
    listed = await orders.list_orders(town.ports, trader, session.id)
    assert not isinstance(listed, Denial)
    assert [one.status for one in listed] == [OrderStatus.FILLED, OrderStatus.EXPIRED]
    assert [one.id for one in listed] == [order.id, left.id]


async def test_a_settled_live_session_is_frozen(town: Town, trader: Viewer, market: Market) -> None:
    session = await market.started(trader)
    order = await market.placed(trader, session.id, CALL)
    market.tell(599)
    market.publish()
    await market.match()
    assert await settle_due(town.ports) == 1
    moved = await sessions.move_clock(town.ports, trader, session.id, OPEN)
    assert denied(moved).code is Code.SESSION_FROZEN
    assert denied(await place(town, trader, session.id)).code is Code.SESSION_FROZEN
    canceled = await orders.delete_order(town.ports, trader, session.id, order.id)
    assert denied(canceled).code is Code.SESSION_FROZEN
    assert await sessions.delete_simulation(town.ports, trader, session.id) is None
    assert await sessions.list_simulations(town.ports, trader) == ()


async def test_an_open_live_session_is_ended_and_not_deleted_as_a_simulation(
    town: Town, trader: Viewer, market: Market
) -> None:
    session = await market.started(trader)
    kept = denied(await sessions.delete_simulation(town.ports, trader, session.id))
    assert kept == STILL_LIVE
    assert await account_sessions.delete_session(town.ports, trader, session.id) == STILL_LIVE
    assert await live.get_live(town.ports, trader) == session
    assert await live.end(town.ports, trader) == session.id


async def test_an_open_live_session_is_frozen_against_its_clock(
    town: Town, trader: Viewer, market: Market
) -> None:
    session = await market.started(trader)
    moved = await sessions.move_clock(town.ports, trader, session.id, OPEN)
    assert denied(moved).code is Code.SESSION_FROZEN


async def test_a_session_of_a_market_that_left_the_air_is_read_on(
    town: Town, trader: Viewer, market: Market
) -> None:
    session = await market.started(trader)
    await market.placed(trader, session.id, CALL)
    await market.tick(60)
    before = await live.get_live(town.ports, trader)
    with on_air(town, tiny_day()):
        assert await live.get_live(town.ports, trader) == before
        assert denied(await place(town, trader, session.id)).code is Code.LIVE_UNAVAILABLE


async def test_a_session_reads_on_while_nobody_matches(town: Town, trader: Viewer, market: Market) -> None:
    session = await market.started(trader)
    order = await market.placed(trader, session.id, WAITING)
    await let_go(town.ports, market.matcher)
    market.tell(400)
    seen = await orders.get_order(stale(town.ports), trader, session.id, order.id)
    assert isinstance(seen, OrderView)
    assert seen.status is OrderStatus.PENDING


async def place(town: Town, trader: Viewer, session_id: UUID) -> object:
    return await orders.place_order(town.ports, trader, Submission(session_id, CALL))
