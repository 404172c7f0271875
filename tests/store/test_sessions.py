"""Live sessions in the store: one a user at a time, listed once they are settled."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from store import sessions
from store.database import Database
from store.sessions import StoredSession
from tests.store.live import WALL, Pit, live_session, pit

HISTORICAL = "mode = 'historical', recording_uuid = NULL, day_hash = 'hash'"


async def settled(one: Pit, session: StoredSession) -> None:
    async with one.database.transaction() as tx:
        await sessions.set_settled(tx, session, "hash", clock_at=one.recording.close_at, at=WALL)


async def test_a_user_has_one_live_session_until_it_is_settled(database: Database) -> None:
    one = await pit(database)
    session = await one.session()
    with pytest.raises(AssertionError, match="has a live session already"):
        async with database.transaction() as tx:
            await live_session(tx, session.user_id, one.recording.uuid)
    async with database.reading() as tx:
        assert await sessions.active_live(tx, session.user_id) == session
        assert await sessions.simulations(tx, session.user_id) == ()

    await settled(one, session)
    async with database.transaction() as tx:
        assert await sessions.active_live(tx, session.user_id) is None
        (listed,) = await sessions.simulations(tx, session.user_id)
        again = await live_session(tx, session.user_id, one.recording.uuid)
        assert await sessions.active_live(tx, session.user_id) == again
    assert (listed.uuid, listed.day_hash, listed.settled_at) == (session.uuid, "hash", WALL)
    assert listed.clock_at == one.recording.close_at


async def test_failed_settlements_are_counted(database: Database) -> None:
    one = await pit(database)
    session = await one.session()
    async with database.transaction() as tx:
        assert await sessions.settlement_failed(tx, session) == 1
        assert await sessions.settlement_failed(tx, session) == 2
        assert (await sessions.with_id(tx, session.id)).settlement_tries == 2


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("sessions_recording_of_live", "recording_uuid = NULL"),
        ("sessions_day_unless_pending", "day_hash = 'hash'"),
        ("sessions_day_unless_pending", "settled_at = created_at"),
        ("sessions_settled_live", f"{HISTORICAL}, settled_at = created_at"),
    ],
)
async def test_a_live_sessions_row_makes_sense(database: Database, constraint: str, change: str) -> None:
    session = await (await pit(database)).session()
    with pytest.raises(IntegrityError, match=constraint):
        async with database.transaction() as tx:
            await tx.execute(text(f"UPDATE sessions SET {change} WHERE id = :id"), {"id": session.id})
