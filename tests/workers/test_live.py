"""The live worker as real processes: whoever is killed or stopped, another goes on, and nothing is lost
or done twice."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import text

from bus.topics import matched_topic
from engine.denials import Code, Denial
from engine.orders import OrderStatus
from engine.tickets import OrderRequest
from tests.databases import hanging
from tests.engine.tapes import request
from tests.live_workers import Floor, floor, until
from tests.usecases.test_matching import kinds, scanned
from usecases import live, orders, sessions
from usecases.failpoints import Failpoint
from usecases.live import StartLive
from usecases.ports import Viewer
from usecases.submissions import Submission
from usecases.telling import Role
from usecases.views import OrderReceipt, SessionView

KILL_SECONDS = 1.5
STOP_SECONDS = 2.0
PRICES = [f"{ticks * 0.1:.2f}" for ticks in range(49, 19, -2)]
"""Limits that the melting call meets one after the other, over most of the day."""


@pytest_asyncio.fixture
async def pit(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Floor]:
    async with floor(database_url, redis_url, tmp_path) as one:
        yield one


@pytest_asyncio.fixture
async def trader(pit: Floor) -> Viewer:
    viewer = await pit.town.viewer(await pit.town.person("trader@example.com", None))
    assert viewer is not None
    return viewer


async def started(pit: Floor, trader: Viewer) -> UUID:
    """A live session, on a market that was not silent for as long as workers take to start."""
    await pit.until_matched(pit.market.tape.second)
    await pit.tell(pit.market.tape.second + 1)
    await pit.until_matched(pit.market.tape.second)
    session = await live.start(pit.town.ports, trader, StartLive(100_000_00))
    assert isinstance(session, SessionView), session
    return session.id


async def placed(pit: Floor, trader: Viewer, session: UUID, asked: OrderRequest) -> UUID:
    """Asked for again while nobody matches, as a client does."""
    answers: list[OrderReceipt] = []

    async def is_taken() -> bool:
        answer = await orders.place_order(pit.town.ports, trader, Submission(session, asked))
        if isinstance(answer, Denial):
            assert answer.code is Code.LIVE_UNAVAILABLE, answer
            return False
        answers.append(answer)
        return True

    await until(is_taken)
    return answers[0].order.id


async def two_workers(pit: Floor, stack: ExitStack) -> None:
    """One that holds the market and one that stands by."""
    stack.enter_context(pit.worker())
    stack.enter_context(pit.worker())

    async def are_there() -> bool:
        return await pit.holder() is not None and await pit.standing_by() == 2

    await until(are_there)


async def are_filled_as_scanned(pit: Floor, trader: Viewer, session: UUID, ids: dict[UUID, str]) -> None:
    """Each order that the market reached is filled, once and at the second that a scan finds."""
    _, matched = await pit.matched()
    for order_id, price in ids.items():
        view = await pit.market.seen(trader, session, order_id)
        at = scanned(pit.market, request("+1 5950C", price, "debit"), view.state.order.placed_second)
        fill = view.state.fill
        assert (None if fill is None else fill.second) == (at if at <= matched else None)
    told = await kinds(pit.town)
    filled = [i for i in ids if (await pit.market.seen(trader, session, i)).status is OrderStatus.FILLED]
    assert filled
    assert told.count("order_filled") == len(filled)


@pytest.mark.parametrize(
    ("number", "most_seconds"), [(signal.SIGKILL, KILL_SECONDS), (signal.SIGSTOP, STOP_SECONDS)]
)
async def test_another_goes_on_where_a_silenced_worker_stopped(
    pit: Floor, trader: Viewer, number: signal.Signals, most_seconds: float
) -> None:
    with ExitStack() as stack:
        await two_workers(pit, stack)
        session = await started(pit, trader)
        ids = {
            await placed(pit, trader, session, request("+1 5950C", price, "debit")): price for price in PRICES
        }
        async with pit.running(20):
            await pit.until_matched(15)
            silenced = await pit.holder()
            assert silenced is not None
            taken = await pit.failover(number)
            if number is signal.SIGSTOP:
                silenced.send_signal(signal.SIGCONT)  # and it believes for a moment that it still holds it
            await pit.until_matched(120)
        await pit.until_matched(pit.market.tape.second)
        await are_filled_as_scanned(pit, trader, session, ids)
    assert taken <= most_seconds


async def test_a_worker_stopped_inside_a_transaction_frees_its_locks(pit: Floor, trader: Viewer) -> None:
    with ExitStack() as stack:
        await two_workers(pit, stack)
        session = await started(pit, trader)
        order = await placed(pit, trader, session, request("+1 5950C", "4.80", "debit"))
        holder = await pit.holder()
        assert holder is not None
        async with pit.town.ports.database.transaction() as tx:
            await tx.execute(text("SELECT 1 FROM sessions FOR UPDATE"))
            await pit.tell(60)

            async def is_in_the_middle() -> bool:
                waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
                return (await tx.execute(text(waiting))).first() is not None

            await until(is_in_the_middle)
            holder.send_signal(signal.SIGSTOP)
            began = time.monotonic()
        await pit.until_matched(60)
        taken = time.monotonic() - began
        assert (await pit.market.seen(trader, session, order)).status is OrderStatus.FILLED
        assert (await kinds(pit.town)).count("order_filled") == 1
    assert taken <= STOP_SECONDS


async def test_a_worker_goes_on_with_its_lease_while_redis_hangs_and_hears_again_after_it(
    pit: Floor, redis_url: str
) -> None:
    with pit.worker():
        await pit.until_matched(0)
        epoch, _ = await pit.matched()
        async with hanging(redis_url), pit.running(2):
            await pit.until_matched(8)
            assert (await pit.matched())[0] == epoch
        with pit.town.ports.topics.listen(matched_topic(pit.market.id)) as wakes:
            async with pit.running(2), asyncio.timeout(5):
                while await wakes.next() < 10:
                    pass


async def test_a_worker_that_starts_while_redis_hangs_matches(pit: Floor, redis_url: str) -> None:
    async with hanging(redis_url):
        with pit.worker():
            await pit.until_matched(0)


async def test_a_worker_that_is_asked_to_stop_hands_the_market_over(pit: Floor) -> None:
    with ExitStack() as stack:
        await two_workers(pit, stack)
        async with pit.running(20):
            taken = await pit.failover(signal.SIGTERM)
    assert taken < 1, "nobody waits for a lease that was given up"


async def test_a_worker_that_is_asked_to_stop_ends_and_hands_over_though_redis_hangs(
    pit: Floor, redis_url: str
) -> None:
    with pit.worker() as worker:
        await pit.until_matched(0)
        async with hanging(redis_url):
            worker.terminate()
            assert await asyncio.to_thread(worker.wait, STOP_SECONDS) == 0
            async with pit.town.ports.database.asking() as tx:
                assert (await tx.scalar(text("SELECT holder FROM recordings"))) is None


@pytest.mark.parametrize("point", [Failpoint.TICK_ADVANCED, Failpoint.TICK_FILLED, Failpoint.TICK_COMMITTED])
async def test_a_worker_killed_inside_a_tick_loses_and_doubles_nothing(
    pit: Floor, trader: Viewer, point: Failpoint
) -> None:
    with pit.worker():
        session = await started(pit, trader)
        order = await placed(pit, trader, session, request("+1 5950C", "4.80", "debit"))
    with pit.worker(point) as armed:
        await pit.tell(60)
        assert await asyncio.to_thread(armed.wait, 20) == -signal.SIGKILL
    with pit.worker():
        await pit.until_matched(60)
        view = await pit.market.seen(trader, session, order)
    assert view.state.fill is not None
    assert view.state.fill.second == scanned(pit.market, request("+1 5950C", "4.80", "debit"), 0)
    assert (await kinds(pit.town)).count("order_filled") == 1


async def test_the_worker_settles_what_closed_while_it_was_down(pit: Floor, trader: Viewer) -> None:
    with pit.worker():
        session = await started(pit, trader)
        await placed(pit, trader, session, request("+1 5940C", "16.00", "debit"))
    pit.market.tell(600)
    pit.market.end()
    pit.market.publish()
    with pit.worker(), pit.worker():

        async def is_settled() -> bool:
            view = await sessions.get_session(pit.town.ports, trader, session)
            assert isinstance(view, SessionView)
            return view.ended

        await until(is_settled)
    assert (await kinds(pit.town)).count("settled") == 1


async def test_the_worker_tells_how_it_is(pit: Floor) -> None:
    with pit.worker():
        await pit.until_matched(0)
        await pit.tell(3)
        await pit.until_matched(3)
        told: list[dict[str, object]] = []

        async def is_told() -> bool:
            pulses = await pit.town.ports.health.all()
            told[:] = [dict(pulse.facts) for pulse in pulses if pulse.role == Role.MATCHER]
            return bool(told) and told[0]["second"] == 3

        await until(is_told)
    (facts,) = told
    assert facts.pop("lag_ms") in range(5_000)
    assert facts.pop("ticks") in (2, 3, 4)
    assert facts == {
        "fills": 0, "rejections": 0, "expiries": 0, "takeovers": 1, "pending": 0, "epoch": 1, "second": 3,
        "lag_seconds": facts["lag_seconds"], "recording": str(pit.market.id),
    }  # fmt: skip
