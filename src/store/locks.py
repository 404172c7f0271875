"""Every row lock this product takes, in the one order that cannot deadlock:
idempotency key (by its claim) → user → account → session."""

from uuid import UUID

from sqlalchemy import Select, select

from store import accounts, sessions
from store.accounts import StoredAccount
from store.database import Tx
from store.sessions import StoredSession
from store.tables.outbox import OutboxRow
from store.tables.users import UserRow

_outbox = OutboxRow.__table__  # type: ignore[attr-defined]
_users = UserRow.__table__  # type: ignore[attr-defined]
_OWNED_SESSION = sessions.OWNED.with_for_update(key_share=True)
_OWNED_SIMULATION = sessions.OWNED_ALONE.with_for_update(key_share=True)


async def user(tx: Tx, user_id: int) -> None:
    """Hold a user's row until the transaction ends; rows that refer to it are not held up."""
    held = select(_users.c.id).where(_users.c.id == user_id)
    await tx.execute(held.with_for_update(key_share=True))


async def account(tx: Tx, user_id: int, account_id: UUID) -> StoredAccount | None:
    """Hold an account of the user's until the transaction ends, or None where he has no such one."""
    held = accounts.owned(user_id, account_id).with_for_update(key_share=True)
    row = (await tx.execute(held)).one_or_none()
    return accounts.from_row(row) if row else None


async def account_with_id(tx: Tx, account_id: int) -> StoredAccount | None:
    """Hold an account until the transaction ends, or None where it was deleted."""
    row = (await tx.execute(accounts.alive(account_id).with_for_update(key_share=True))).one_or_none()
    return accounts.from_row(row) if row else None


async def account_of(tx: Tx, user_id: int, session_id: UUID) -> StoredAccount | None:
    """Hold the account that a session of the user's belongs to, or None where it belongs to none."""
    held = accounts.of_session(user_id, session_id).with_for_update(key_share=True)
    row = (await tx.execute(held)).one_or_none()
    return accounts.from_row(row) if row else None


async def accounts_of(tx: Tx, user_id: int) -> tuple[StoredAccount, ...]:
    """Hold every account of a user, oldest first."""
    held = accounts.all_of(user_id).with_for_update(key_share=True)
    return tuple(accounts.from_row(row) for row in await tx.execute(held))


async def simulation(tx: Tx, user_id: int, session_id: UUID) -> StoredSession | None:
    """Hold a session of the user's that belongs to no account, or None where he has no such one."""
    mine = {"user_id": user_id, "session_id": session_id}
    row = (await tx.execute(_OWNED_SIMULATION, mine)).one_or_none()
    return sessions.from_row(row) if row else None


async def session(tx: Tx, user_id: int, session_id: UUID) -> StoredSession | None:
    """Hold a session of the user's until the transaction ends, or None where he has no such one.
    The account it belongs to must be held by then."""
    mine = {"user_id": user_id, "session_id": session_id}
    row = (await tx.execute(_OWNED_SESSION, mine)).one_or_none()
    return sessions.from_row(row) if row else None


def jobs_owed(limit: int) -> Select[tuple[int]]:
    """The oldest jobs of the outbox that no other transaction holds, for a statement to take."""
    held = select(_outbox.c.id).order_by(_outbox.c.id).limit(limit)
    return held.with_for_update(skip_locked=True)


async def simulations_of(tx: Tx, user_id: int) -> None:
    """Hold every session of a user that belongs to no account, oldest first."""
    await tx.execute(sessions.alone(user_id).with_for_update())
