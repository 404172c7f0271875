"""The matcher of a live market: fills, rejections, expiry, the lease and its fence."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text

from engine.denials import Code
from engine.fills import first_fill
from engine.orders import OrderStatus
from engine.tickets import OrderRequest, read_ticket
from tests.days import DATE, tiny_day
from tests.engine.tapes import request
from tests.live_market import Market, on_air
from tests.people import Town, denied
from tests.usecases.test_running import Killed, doomed
from usecases import orders
from usecases.deciding import HITS_A_BATCH
from usecases.failpoints import Failpoint
from usecases.matching import JOINING_AT_ONCE, SECONDS_AT_ONCE, Matcher, Tally, catch_up, let_go, turn
from usecases.ports import Viewer
from usecases.views import SessionView

MELTED = request("+1 5950C", "4.80", "debit")
"""The call is worth 5.00 at the open and melts away, so this one is met half a minute later."""
NEVER = request("+1 5950C", "0.05", "debit")
CRASH_SECOND = 10
_COPIES = """
    INSERT INTO orders (uuid, user_id, session_id, sequence, placed_at, type, effect, price_cents,
                        slippage_cents, legs, request_hash, updated_at, status)
    SELECT gen_random_uuid(), user_id, session_id, sequence + n, placed_at, type, effect, price_cents,
           slippage_cents, legs, request_hash, updated_at, status
    FROM orders, generate_series(1, :copies) n
"""
IN_A_TICK = (Failpoint.TICK_ADVANCED, Failpoint.TICK_FILLED)


@pytest.fixture
def market(town: Town) -> Iterator[Market]:
    with on_air(town) as one:
        yield one


@pytest_asyncio.fixture
async def session(market: Market, trader: Viewer) -> SessionView:
    return await market.started(trader)


def scanned(market: Market, asked: OrderRequest, from_second: int) -> int:
    """The second at which a historical order placed then would fill."""
    ticket = read_ticket(asked, DATE)
    fill = first_fill(market.day, ticket, 0, from_second, market.day.close_second)  # type: ignore[arg-type]
    assert fill is not None
    return fill.second


async def asked(town: Town, statement: str) -> list[tuple[object, ...]]:
    async with town.ports.database.reading() as tx:
        return [tuple(row) for row in await tx.execute(text(statement))]


async def kinds(town: Town) -> list[str]:
    rows = await asked(town, "SELECT seq, kind FROM session_events ORDER BY session_id, seq")
    assert [seq for seq, _ in rows] == list(range(1, len(rows) + 1)), "numbers without a gap"
    return [str(kind) for _, kind in rows]


async def let_the_lease_end(town: Town) -> None:
    async with town.ports.database.transaction() as tx:
        await tx.execute(
            text("UPDATE recordings SET leased_until = now() - interval '1 second' WHERE holder IS NOT NULL")
        )


async def test_an_order_fills_at_the_second_that_a_scan_of_the_day_finds(
    market: Market, trader: Viewer, session: SessionView
) -> None:
    await market.tick(3)
    placed = await market.placed(trader, session.id, MELTED)
    assert placed.status is OrderStatus.PENDING
    at = scanned(market, MELTED, 3)
    await market.tick(at - 1)
    assert (await market.seen(trader, session.id, placed.id)).status is OrderStatus.PENDING
    await market.tick(at)

    filled = (await market.seen(trader, session.id, placed.id)).state
    assert (filled.status, filled.fill.second) == (OrderStatus.FILLED, at)  # type: ignore[union-attr]
    assert filled.fees_cents == 1_72


async def test_a_market_that_begins_late_is_matched_up_to_there_at_once(town: Town) -> None:
    with on_air(town, first_second=2 * SECONDS_AT_ONCE - 1) as late:
        await late.match()
        assert (late.matcher.tally.ticks, late.matcher.tally.second) == (1, 2 * SECONDS_AT_ONCE - 1)


async def test_a_matcher_that_is_behind_comes_to_the_same_as_second_by_second(
    town: Town, market: Market, trader: Viewer, session: SessionView
) -> None:
    limits = [request("+1 5950C", price, "debit") for price in ("4.90", "4.80", "4.40", "4.30", "2.00")]
    placed = [(await market.placed(trader, session.id, one)).id for one in limits]
    market.tell(80)
    await market.match()

    seen = [(await market.seen(trader, session.id, one)).state.fill for one in placed]
    expected = [scanned(market, one, 0) for one in limits]
    assert [fill and fill.second for fill in seen] == [at if at <= 80 else None for at in expected]
    assert sum(fill is not None for fill in seen) == 4
    assert market.matcher.tally.fills == 4
    assert (await kinds(town))[-2:] == ["order_filled", "financials_changed"]


async def test_an_order_accepted_while_the_matcher_is_behind_is_matched_from_there(
    market: Market, trader: Viewer, session: SessionView
) -> None:
    market.tell(5)
    receipt = await orders.place_order(market.ports, trader, market.submission(session.id, MELTED))
    placed = receipt.order  # type: ignore[union-attr]
    assert placed.state.order.placed_second == 0, "the last second that is matched"
    market.tell(60)
    await market.match()
    filled = (await market.seen(trader, session.id, placed.id)).state.fill
    assert filled is not None
    assert filled.second == scanned(market, MELTED, 0)


async def test_an_order_is_rejected_where_the_market_has_made_it_too_dear(town: Town, trader: Viewer) -> None:
    """A naked put is within the means of 150,000 dollars, until the index falls by a sixth."""
    day = tiny_day()
    index = day.spx_e4.copy()
    index[CRASH_SECOND:] = 5_000 * 10_000
    naked = request(
        "-1 5950P", effect="credit", type="stop", stop_trigger="4.80", trigger_direction="at_or_below"
    )
    with on_air(town, replace(day, spx_e4=index)) as market:
        session = await market.started(trader, 150_000_00)
        placed = await market.placed(trader, session.id, naked)
        assert placed.status is OrderStatus.PENDING
        await market.tick(40)
        rejected = await market.seen(trader, session.id, placed.id)

    assert rejected.status is OrderStatus.REJECTED
    end = rejected.state.order.end
    assert end is not None
    assert end.second == scanned(market, naked, 0)
    assert end.reason is not None and end.reason.startswith("insufficient buying power: ")
    assert (market.matcher.tally.fills, market.matcher.tally.rejections) == (0, 1)
    assert (await kinds(town))[-2:] == ["order_rejected", "financials_changed"]


async def test_what_is_pending_at_the_close_expires_and_nobody_matches_any_more(
    town: Town, market: Market, trader: Viewer, session: SessionView
) -> None:
    placed = [(await market.placed(trader, session.id, NEVER)).id for _ in range(3)]
    market.tell(300)
    await market.match()
    market.end()
    await market.match()

    seen = [await market.seen(trader, session.id, one) for one in placed]
    assert [one.status for one in seen] == [OrderStatus.EXPIRED] * 3
    assert (await kinds(town))[-4:] == ["order_expired"] * 3 + ["financials_changed"]
    assert market.matcher.tally.expiries == 3
    assert await asked(town, "SELECT matched_second, closed_at IS NULL, holder FROM recordings") == [
        (600, False, None)
    ]
    await market.match()
    other = Matcher(uuid4())
    await turn(market.ports, other)
    assert (market.matcher.hand, other.hand, other.over) == (None, None, market.id)


async def test_nothing_fills_at_the_close(market: Market, trader: Viewer, session: SessionView) -> None:
    await market.tick(10)
    at_the_end = request("+1 5950C", "0.10", "debit")
    placed = await market.placed(trader, session.id, at_the_end)
    assert scanned(market, request("+1 5950C", "0.15", "debit"), 10) < 600
    market.tell(600)
    await market.match()
    seen = await market.seen(trader, session.id, placed.id)
    historical = first_fill(market.day, read_ticket(at_the_end, DATE), 0, 10, 600)  # type: ignore[arg-type]
    assert seen.state.fill is None or historical is not None
    assert seen.status is (OrderStatus.EXPIRED if historical is None else OrderStatus.FILLED)


async def test_a_canceled_order_is_not_filled(market: Market, trader: Viewer, session: SessionView) -> None:
    placed = await market.placed(trader, session.id, MELTED)
    await market.tick(2)
    assert await orders.delete_order(market.ports, trader, session.id, placed.id) is None
    await market.tick(60)
    assert (await market.seen(trader, session.id, placed.id)).status is OrderStatus.CANCELED
    assert market.matcher.tally.fills == 0


@pytest.mark.parametrize("head_start", [0, 0.002, 0.004, 0.006, 0.01])
async def test_cancel_and_fill_have_one_winner(
    town: Town, market: Market, trader: Viewer, session: SessionView, head_start: float
) -> None:
    placed = await market.placed(trader, session.id, MELTED)
    await market.tick(scanned(market, MELTED, 0) - 1)
    market.tell(market.tape.second + 1)

    async def cancel() -> object:
        await asyncio.sleep(head_start)
        return await orders.delete_order(market.ports, trader, session.id, placed.id)

    canceled, _ = await asyncio.gather(cancel(), market.match())
    status = (await market.seen(trader, session.id, placed.id)).status
    if canceled is None:
        assert status is OrderStatus.CANCELED
    else:
        assert (denied(canceled).code, status) == (Code.ORDER_NOT_PENDING, OrderStatus.FILLED)
    told = [kind for kind in await kinds(town) if kind in ("order_filled", "order_canceled")]
    assert told == [f"order_{status}"]


async def test_one_matcher_at_a_time_holds_the_lease(town: Town, market: Market) -> None:
    other = Matcher(uuid4())
    await market.match()
    await turn(market.ports, other)
    assert market.matcher.hand is not None
    assert other.hand is None

    await let_the_lease_end(town)
    await turn(market.ports, other)
    assert other.hand is not None
    assert (market.matcher.hand.epoch, other.hand.epoch) == (1, 2)
    await market.match()
    assert market.matcher.hand is None, "he learns of it when he asks to hold it for longer"


async def test_a_matcher_that_stops_lets_another_match_at_once(market: Market) -> None:
    await market.match()
    await let_go(market.ports, market.matcher)
    other = Matcher(uuid4())
    await turn(market.ports, other)
    assert other.hand is not None


async def test_a_holder_who_was_overtaken_writes_nothing(
    town: Town, market: Market, trader: Viewer, session: SessionView
) -> None:
    await market.placed(trader, session.id, MELTED)
    stale = market.matcher
    await let_the_lease_end(town)
    market.matcher = Matcher(uuid4())
    await market.match()
    market.tell(60)
    await turn(market.ports, stale)
    assert (stale.hand, stale.tally.fills) == (None, 0)
    assert await asked(town, "SELECT matched_second FROM recordings") == [(0,)]
    await market.match()
    assert market.matcher.tally.fills == 1
    assert (await kinds(town)).count("order_filled") == 1


async def test_matchers_that_all_believe_to_hold_it_fill_an_order_once(
    town: Town, market: Market, trader: Viewer, session: SessionView
) -> None:
    await market.placed(trader, session.id, MELTED)
    rivals = []
    for _ in range(4):
        await let_the_lease_end(town)
        rivals.append(Matcher(uuid4()))
        await turn(market.ports, rivals[-1])
    market.tell(60)
    await asyncio.gather(*(turn(market.ports, one) for one in (*rivals, market.matcher)))
    assert [one.tally.fills for one in rivals] == [0, 0, 0, 1]
    assert (await kinds(town)).count("order_filled") == 1


@pytest.mark.parametrize("point", [*IN_A_TICK, Failpoint.TICK_COMMITTED, Failpoint.MATCHER_LEASED])
async def test_a_matcher_killed_in_the_middle_loses_and_doubles_nothing(
    town: Town, market: Market, trader: Viewer, session: SessionView, point: Failpoint
) -> None:
    placed = await market.placed(trader, session.id, MELTED)
    market.tell(60)
    if point is Failpoint.MATCHER_LEASED:
        await let_the_lease_end(town)
        market.matcher = Matcher(uuid4())
    with pytest.raises(Killed):
        await turn(doomed(market.ports, point), market.matcher)
    before = await kinds(town)
    assert before.count("order_filled") == (point is Failpoint.TICK_COMMITTED)

    await let_the_lease_end(town)
    market.matcher = Matcher(uuid4())
    await market.match()
    filled = (await market.seen(trader, session.id, placed.id)).state.fill
    assert filled is not None
    assert filled.second == scanned(market, MELTED, 0)
    assert (await kinds(town)).count("order_filled") == 1


@pytest.mark.parametrize("point", [*IN_A_TICK, Failpoint.TICK_EXPIRED, Failpoint.TICK_COMMITTED])
async def test_a_close_that_was_cut_off_is_made_good(
    town: Town, market: Market, trader: Viewer, session: SessionView, point: Failpoint
) -> None:
    placed = await market.placed(trader, session.id, NEVER)
    market.end()
    with pytest.raises(Killed):
        await turn(doomed(market.ports, point), market.matcher)
    await let_the_lease_end(town)
    await turn(market.ports, Matcher(uuid4()))
    assert (await market.seen(trader, session.id, placed.id)).status is OrderStatus.EXPIRED
    assert (await kinds(town)).count("order_expired") == 1


async def test_the_same_matcher_goes_on_after_a_failure(
    market: Market, trader: Viewer, session: SessionView
) -> None:
    placed = await market.placed(trader, session.id, MELTED)
    market.tell(60)
    for point in IN_A_TICK:
        with pytest.raises(Killed):
            await turn(doomed(market.ports, point), market.matcher)
    await market.match()
    assert (await market.seen(trader, session.id, placed.id)).status is OrderStatus.FILLED


async def test_a_market_that_went_off_the_air_is_matched_to_its_end(
    town: Town, market: Market, trader: Viewer, session: SessionView
) -> None:
    """No worker was there at the close, and the next session is on air already."""
    melted = (await market.placed(trader, session.id, MELTED)).id
    never = (await market.placed(trader, session.id, NEVER)).id
    market.tell(500)
    tally = Tally()
    with on_air(town) as next_one:
        await catch_up(town.ports, tally)
        assert tally.ticks == 0, "another may hold the lease, and it is not over"
        market.end()
        await let_the_lease_end(town)
        await catch_up(town.ports, tally)
        await next_one.match()

    assert (tally.fills, tally.expiries) == (1, 1)
    fill = (await market.seen(trader, session.id, melted)).state.fill
    assert fill is not None
    assert fill.second == scanned(market, MELTED, 0)
    assert (await market.seen(trader, session.id, never)).status is OrderStatus.EXPIRED
    assert next_one.matcher.hand is not None


async def test_a_wall_clock_that_jumps_changes_nothing(
    town: Town, market: Market, trader: Viewer, session: SessionView
) -> None:
    placed = await market.placed(trader, session.id, MELTED)
    for days in (1, -3, 500):
        town.clock.pass_(days=days)
        await market.tick(market.tape.second + 1)
        assert market.matcher.hand is not None
        assert market.matcher.hand.epoch == 1
        other = Matcher(uuid4())
        await turn(market.ports, other)
        assert other.hand is None
    await market.tick(60)
    fill = (await market.seen(trader, session.id, placed.id)).state.fill
    assert fill is not None
    assert fill.second == scanned(market, MELTED, 0)


async def test_the_sessions_of_many_are_matched_in_one_tick(town: Town, market: Market) -> None:
    placed = []
    for number in range(3):
        viewer = await town.viewer(await town.person(f"trader{number}@example.com", None))
        assert viewer is not None
        session = await market.started(viewer)
        placed.append((viewer, session.id, (await market.placed(viewer, session.id, MELTED)).id))
    market.tell(60)
    await market.match()
    for viewer, session_id, order_id in placed:
        assert (await market.seen(viewer, session_id, order_id)).status is OrderStatus.FILLED
    assert (market.matcher.tally.fills, market.matcher.tally.pending) == (3, 0)


async def test_a_session_with_more_hits_than_a_batch_is_filled_in_one_tick(
    town: Town, market: Market, trader: Viewer
) -> None:
    session = await market.started(trader, 10_000_000_00)
    placed = await market.placed(trader, session.id, MELTED)
    async with town.ports.database.transaction() as tx:
        await tx.execute(text(_COPIES), {"copies": HITS_A_BATCH + 10})
    before = await kinds(town)
    market.tell(60)
    await market.match()

    seen = await orders.list_orders(town.ports, trader, session.id)
    assert isinstance(seen, tuple)
    assert seen[0].id == placed.id
    assert [one.status for one in seen] == [OrderStatus.FILLED] * (HITS_A_BATCH + 11)
    assert (await kinds(town))[len(before) :] == ["order_filled", "financials_changed"] * len(seen)
    assert (market.matcher.tally.fills, market.matcher.tally.pending) == (len(seen), 0)


async def test_orders_that_were_canceled_do_not_fill_the_matchers_memory(
    market: Market, trader: Viewer, session: SessionView
) -> None:
    placed = [(await market.placed(trader, session.id, one)).id for one in (NEVER, NEVER, MELTED)]
    await market.tick(1)
    assert await orders.delete_order(market.ports, trader, session.id, placed[0]) is None
    hand = market.matcher.hand
    assert hand is not None
    assert len(hand.waiting.known) == 3
    hand.waiting.room = 2
    await market.tick(2)
    assert len(hand.waiting.known) == 0, "there were more than it has room for"
    await market.tick(3)
    assert len(hand.waiting.known) == 2
    await market.tick(60)
    assert (await market.seen(trader, session.id, placed[2])).status is OrderStatus.FILLED


async def test_a_matcher_that_takes_over_reads_any_number_of_pending_orders(
    town: Town, market: Market, trader: Viewer, session: SessionView
) -> None:
    await market.placed(trader, session.id, NEVER)
    async with town.ports.database.transaction() as tx:
        await tx.execute(text(_COPIES), {"copies": 2 * JOINING_AT_ONCE - 1})
    await market.tick(1)
    assert market.matcher.tally.pending == 2 * JOINING_AT_ONCE


async def test_a_matcher_that_is_hours_behind_goes_on_in_steps(town: Town, trader: Viewer) -> None:
    with on_air(town, tiny_day(close_second=3 * SECONDS_AT_ONCE + 10)) as market:
        session = await market.started(trader)
        placed = await market.placed(trader, session.id, MELTED)
        never = await market.placed(trader, session.id, NEVER)
        market.tell(3 * SECONDS_AT_ONCE + 5)
        market.end()
        await market.match()
        fill = (await market.seen(trader, session.id, placed.id)).state.fill
        assert fill is not None
        assert fill.second == scanned(market, MELTED, 0)
        assert (await market.seen(trader, session.id, never.id)).status is not OrderStatus.PENDING
    assert market.matcher.over == market.id
    assert market.matcher.tally.ticks == 5, "the first second, and four steps"
