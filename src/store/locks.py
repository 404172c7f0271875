"""Every row lock this product takes, in the one order that cannot deadlock:
idempotency key (by its claim) → user → account → session."""

from uuid import UUID

from sqlalchemy import Select, select

from store import sessions
from store.database import Tx
from store.sessions import StoredSession
from store.tables.outbox import OutboxRow
from store.tables.users import UserRow

_outbox = OutboxRow.__table__  # type: ignore[attr-defined]
_users = UserRow.__table__  # type: ignore[attr-defined]
_OWNED_SESSION = sessions.OWNED.with_for_update(key_share=True)


async def user(tx: Tx, user_id: int) -> None:
    """Hold a user's row until the transaction ends; rows that refer to it are not held up."""
    held = select(_users.c.id).where(_users.c.id == user_id)
    await tx.execute(held.with_for_update(key_share=True))


async def session(tx: Tx, user_id: int, session_id: UUID) -> StoredSession | None:
    """Hold a session of the user's until the transaction ends, or None where he has no such one."""
    mine = {"user_id": user_id, "session_id": session_id}
    row = (await tx.execute(_OWNED_SESSION, mine)).one_or_none()
    return sessions.from_row(row) if row else None


def jobs_owed(limit: int) -> Select[tuple[int]]:
    """The oldest jobs of the outbox that no other transaction holds, for a statement to take."""
    held = select(_outbox.c.id).order_by(_outbox.c.id).limit(limit)
    return held.with_for_update(skip_locked=True)


async def sessions_of(tx: Tx, user_id: int) -> None:
    """Hold every session of a user, oldest first, until the transaction ends."""
    await tx.execute(sessions.all_of(user_id).with_for_update())
