"""A live market in the store, with sessions that trade on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

from engine.contracts import Contract, Right
from engine.orders import Action, Effect, Fill, Leg, Order, OrderType, Ticket
from store import locks, matching, orders, recordings, sessions, users
from store.database import Database, Tx
from store.orders import StoredOrder
from store.recordings import NewRecording, StoredRecording
from store.sessions import NewSession, StoredSession

DATE = date(2025, 1, 15)
OPEN_AT = datetime(2025, 1, 15, 14, 30, tzinfo=UTC)
WALL = datetime(2026, 6, 1, tzinfo=UTC)
CLOSE_SECOND = 60
CALL = Ticket(
    OrderType.LIMIT,
    (Leg(Contract(5950, Right.CALL), 1, Action.BUY_TO_OPEN),),
    Effect.DEBIT,
    price_cents=500,
)
FILL = Fill(3, 480, (480,), (172,))
LEASE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Pit:
    """A recording that one holder matches under ``epoch``."""

    database: Database
    recording: StoredRecording
    epoch: int

    async def session(self) -> StoredSession:
        """A live session of a new user on it."""
        async with self.database.transaction() as tx:
            user = await users.add(tx, uuid4(), f"{uuid4()}@example.com", None, WALL)
            assert user is not None
            return await live_session(tx, user.id, self.recording.uuid)

    async def order(self, session: StoredSession, fill: Fill | None = None) -> Order:
        """One more order of the session, pending unless it has a fill."""
        async with self.database.transaction() as tx:
            sequence = 1 + len(await orders.of_session(tx, session, OPEN_AT))
            order = Order(uuid4(), sequence, 2, CALL, 0, fill)
            await orders.add(tx, session, StoredOrder(order, None, None, b"", WALL), OPEN_AT)
        return order

    async def pending(self, after: int = 0) -> tuple[matching.Pending, ...]:
        async with self.database.transaction() as tx:
            await locks.market_alone(tx, self.recording.uuid)
            return await matching.pending_after(tx, self.recording, after)

    async def orders_of(self, session: StoredSession) -> tuple[StoredOrder, ...]:
        async with self.database.reading() as tx:
            return await orders.of_session(tx, session, OPEN_AT)


async def pit(database: Database, recording_id: UUID | None = None) -> Pit:
    new = NewRecording(recording_id or uuid4(), DATE, "demo", OPEN_AT, CLOSE_SECOND, WALL)
    async with database.transaction() as tx:
        await recordings.enter(tx, new)
        epoch = await recordings.take(tx, new.uuid, uuid4(), LEASE)
        entered = await recordings.find(tx, new.uuid)
    assert entered is not None
    assert epoch is not None
    return Pit(database, entered, epoch)


async def live_session(tx: Tx, user_id: int, recording_id: UUID) -> StoredSession:
    new = NewSession(
        uuid=uuid4(),
        user_id=user_id,
        mode="live",
        date=DATE,
        day_hash=None,
        opening_cents=100_000_00,
        description=None,
        created_at=WALL,
        recording_uuid=recording_id,
    )
    stored = await sessions.add(tx, new)
    assert stored is not None, "the user has a live session already"
    return stored


def ids(pending: Sequence[matching.Pending]) -> list[UUID]:
    return [one.stored.order.id for one in pending]
