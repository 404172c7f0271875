"""The matcher's statements: any number of orders at once, and what nobody may lose meanwhile."""

import asyncio
from uuid import uuid4

from sqlalchemy import text

from engine.fees import DEFAULT_FEES
from store import locks, matching, recordings, sessions
from store.database import Database
from store.matching import Filled, Rejected, Terms, Told
from tests.databases import opened
from tests.store.live import FILL, LEASE, OPEN_AT, WALL, ids, pit


async def test_pending_orders_come_as_accepted_and_only_once(database: Database) -> None:
    one, other = await pit(database), await pit(database)
    mine, yours, elsewhere = await one.session(), await one.session(), await other.session()
    first = await one.order(mine)
    await one.order(mine, FILL)
    await other.order(elsewhere)
    second = await one.order(yours)

    found = await one.pending()
    assert ids(found) == [first.id, second.id]
    assert [pending.session_id for pending in found] == [mine.id, yours.id]
    third = await one.order(mine)
    assert ids(await one.pending(found[-1].id)) == [third.id]


async def test_nothing_is_pending_in_a_deleted_session(database: Database) -> None:
    one = await pit(database)
    session = await one.session()
    await one.order(session)
    async with database.transaction() as tx:
        await sessions.remove(tx, session, "deleted", WALL)
        assert await locks.sessions_with_pending(tx, one.recording.uuid, 9) == ()
        assert await locks.sessions_with_ids(tx, [session.id]) == ()
    assert await one.pending() == ()


async def test_sessions_are_held_and_read_in_bulk(database: Database) -> None:
    one = await pit(database)
    mine, yours, idle = await one.session(), await one.session(), await one.session()
    order, other = await one.order(mine), await one.order(yours)
    filled = await one.order(yours, FILL)
    waiting = {found.stored.order.id: found.id for found in await one.pending()}
    async with database.transaction() as tx:
        assert await locks.sessions_with_ids(tx, [yours.id, mine.id]) == (mine, yours)
        assert await locks.sessions_with_pending(tx, one.recording.uuid, 9) == (mine, yours)
        assert await locks.sessions_with_pending(tx, one.recording.uuid, 1) == (mine,)
        all_three = [mine.id, yours.id, idle.id]
        terms = await matching.terms_of(tx, all_three)
        done = await matching.orders_with_ids(tx, terms[yours.id].filled, OPEN_AT)
    assert list(done.values()) == [filled]
    assert terms == {
        mine.id: Terms(100_000_00, DEFAULT_FEES, (waiting[order.id],), ()),
        yours.id: Terms(100_000_00, DEFAULT_FEES, (waiting[other.id],), tuple(done)),
        idle.id: Terms(100_000_00, DEFAULT_FEES, (), ()),
    }


async def test_only_what_is_pending_is_filled_or_rejected(database: Database) -> None:
    one = await pit(database)
    session = await one.session()
    await one.order(session)
    (waiting,) = await one.pending()
    async with database.transaction() as tx:
        assert await matching.fill_each(tx, one.recording, [Filled(waiting.id, FILL)], WALL) == 1
        assert await matching.fill_each(tx, one.recording, [Filled(waiting.id, FILL)], WALL) == 0
        refused = Rejected(waiting.id, 4, "too dear")
        assert await matching.reject_each(tx, one.recording, [refused], WALL) == 0


async def test_events_of_each_session_are_numbered_without_a_gap(database: Database) -> None:
    one = await pit(database)
    mine, yours = await one.session(), await one.session()
    first, second = uuid4(), uuid4()
    async with database.transaction() as tx:
        assert await sessions.record_event(tx, mine, "created", WALL) == 1
        told = [
            Told(mine.id, "order_filled", first),
            Told(yours.id, "order_expired", second),
            Told(mine.id, "financials_changed"),
        ]
        assert await matching.record_events_many(tx, told, WALL) == {mine.id: 3, yours.id: 1}
        assert await matching.record_events_many(tx, [], WALL) == {}
    assert await events(database, mine.id) == [
        (1, "created", None),
        (2, "order_filled", first),
        (3, "financials_changed", None),
    ]
    assert await events(database, yours.id) == [(1, "order_expired", second)]


async def events(database: Database, session_id: int) -> list[tuple[object, ...]]:
    statement = "SELECT seq, kind, order_id FROM session_events WHERE session_id = :id ORDER BY seq"
    async with database.reading() as tx:
        return [tuple(row) for row in await tx.execute(text(statement), {"id": session_id})]


async def test_who_accepts_keeps_the_matcher_out_and_sees_what_is_matched_by_then(database_url: str) -> None:
    async with opened(database_url) as database:
        one = await pit(database)
        market, matched = one.recording.uuid, asyncio.Event()

        async def match() -> None:
            async with database.transaction() as tx:
                await locks.market_alone(tx, market)
                await recordings.advance(tx, market, one.epoch, 9, LEASE)
                matched.set()

        async with database.transaction() as tx, database.transaction() as beside:
            assert await locks.market_shared(tx, market) == await locks.market_shared(beside, market)
            matcher = asyncio.create_task(match())
            await asyncio.sleep(0.1)
            assert not matched.is_set()
        await matcher
        async with database.transaction() as tx:
            held = await locks.market_shared(tx, market)
        assert held is not None
        assert held.matched_second == 9


async def test_whoever_waited_for_the_matcher_reads_its_second(database_url: str) -> None:
    async with opened(database_url) as database:
        one = await pit(database)
        market = one.recording.uuid

        async def accept() -> int:
            async with database.transaction() as tx:
                held = await locks.market_shared(tx, market)
                assert held is not None
                return held.matched_second

        async with database.transaction() as tx:
            await locks.market_alone(tx, market)
            acceptance = asyncio.create_task(accept())
            await asyncio.sleep(0.1)
            await recordings.advance(tx, market, one.epoch, 9, LEASE)
        assert await acceptance == 9
