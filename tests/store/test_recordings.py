"""One holder at a time matches a recording, and who was overtaken writes nothing."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from store import recordings, sessions
from store.database import Database
from store.recordings import NewRecording, StoredRecording
from tests.store.live import CLOSE_SECOND, DATE, LEASE, OPEN_AT, WALL, Pit, pit

OVER = timedelta(seconds=-1)


async def found(database: Database, recording_id: UUID) -> StoredRecording:
    async with database.reading() as tx:
        stored = await recordings.find(tx, recording_id)
    assert stored is not None
    return stored


async def test_a_recording_is_entered_once_and_unmatched(database: Database) -> None:
    new = NewRecording(uuid4(), DATE, "demo", OPEN_AT, CLOSE_SECOND, WALL)
    async with database.transaction() as tx:
        await recordings.enter(tx, new)
        await recordings.enter(tx, new)
    assert await found(database, new.uuid) == StoredRecording(
        uuid=new.uuid,
        date=DATE,
        label="demo",
        open_at=OPEN_AT,
        close_second=CLOSE_SECOND,
        matched_second=-1,
        epoch=0,
        holder=None,
        leased_until=None,
        day_hash=None,
        closed_at=None,
        created_at=WALL,
        is_held=False,
    )


async def test_nobody_takes_what_is_held_and_anybody_what_ran_out(database: Database) -> None:
    one = await pit(database)
    async with database.transaction() as tx:
        assert await recordings.take(tx, one.recording.uuid, uuid4(), LEASE) is None
        assert await recordings.renew(tx, one.recording.uuid, one.epoch, OVER)
        assert await recordings.take(tx, one.recording.uuid, uuid4(), LEASE) == one.epoch + 1
    assert (await found(database, one.recording.uuid)).is_held


async def test_who_was_overtaken_writes_nothing(database: Database) -> None:
    one = await pit(database)
    market = one.recording.uuid
    async with database.transaction() as tx:
        await recordings.renew(tx, market, one.epoch, OVER)
        assert await recordings.take(tx, market, uuid4(), LEASE) == one.epoch + 1
    before = await found(database, market)
    async with database.transaction() as tx:
        assert not await recordings.advance(tx, market, one.epoch, 5, LEASE)
        assert not await recordings.renew(tx, market, one.epoch, LEASE)
        assert not await recordings.closed(tx, market, one.epoch, WALL)
        await recordings.release(tx, market, one.epoch)
    assert await found(database, market) == before


async def test_no_second_is_matched_twice(database: Database) -> None:
    one = await pit(database)
    market = one.recording.uuid
    async with database.transaction() as tx:
        assert await recordings.advance(tx, market, one.epoch, 5, LEASE)
        assert not await recordings.advance(tx, market, one.epoch, 5, LEASE)
        assert not await recordings.advance(tx, market, one.epoch, 4, LEASE)
    assert (await found(database, market)).matched_second == 5


async def test_what_was_let_go_is_taken_at_once(database: Database) -> None:
    one = await pit(database)
    async with database.transaction() as tx:
        await recordings.release(tx, one.recording.uuid, one.epoch)
        assert await recordings.take(tx, one.recording.uuid, uuid4(), LEASE) == one.epoch + 1


async def test_a_closed_recording_is_taken_by_nobody(database: Database) -> None:
    one = await pit(database)
    market = one.recording.uuid
    async with database.transaction() as tx:
        assert await recordings.closed(tx, market, one.epoch, WALL)
        assert await recordings.take(tx, market, uuid4(), LEASE) is None
        assert not await recordings.renew(tx, market, one.epoch, LEASE)
        assert not await recordings.advance(tx, market, one.epoch, CLOSE_SECOND, LEASE)
    assert (await found(database, market)).is_closed


async def test_closed_recordings_wait_for_their_sessions_to_settle(database: Database) -> None:
    one, idle = await pit(database), await pit(database)
    session = await one.session()
    assert await waiting(database) == []
    for market in (one, idle):
        async with database.transaction() as tx:
            await recordings.closed(tx, market.recording.uuid, market.epoch, WALL)
    assert await waiting(database) == [one.recording.uuid]
    async with database.transaction() as tx:
        await recordings.published(tx, one.recording.uuid, "hash")
        assert [s.uuid for s in await sessions.unsettled_of(tx, one.recording.uuid)] == [session.uuid]
        closes = one.recording.close_at
        assert await sessions.set_settled(tx, session, "hash", clock_at=closes, at=WALL)
        assert not await sessions.set_settled(tx, session, "hash", clock_at=closes, at=WALL)
    assert await waiting(database) == []
    assert (await found(database, one.recording.uuid)).day_hash == "hash"


async def waiting(database: Database) -> list[UUID]:
    async with database.reading() as tx:
        return [one.uuid for one in await recordings.with_unsettled(tx)]


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("recordings_matched_within", f"matched_second = {CLOSE_SECOND + 1}"),
        ("recordings_matched_within", "matched_second = -2"),
        ("recordings_lease_whole", "leased_until = NULL"),
        ("recordings_published_once_closed", "day_hash = 'hash'"),
    ],
)
async def test_a_recordings_row_makes_sense(database: Database, constraint: str, change: str) -> None:
    one: Pit = await pit(database)
    with pytest.raises(IntegrityError, match=constraint):
        async with database.transaction() as tx:
            await tx.execute(
                text(f"UPDATE recordings SET {change} WHERE uuid = :uuid"), {"uuid": one.recording.uuid}
            )
