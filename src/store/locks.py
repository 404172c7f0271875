"""Every row lock this product takes, in the one order that cannot deadlock:
idempotency key (by its claim) → user → account → market → session → strategy → run → chunk."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger

from store import accounts, recordings, runs, sessions, strategies
from store.accounts import StoredAccount
from store.database import Tx
from store.recordings import StoredRecording
from store.runs import StoredRun
from store.sessions import StoredSession
from store.strategies import StoredStrategy
from store.tables.outbox import OutboxRow
from store.tables.runs import ChunkRow
from store.tables.users import UserRow

_chunks = ChunkRow.__table__  # type: ignore[attr-defined]
_outbox = OutboxRow.__table__  # type: ignore[attr-defined]
_users = UserRow.__table__  # type: ignore[attr-defined]
_OWNED_SESSION = sessions.OWNED.with_for_update(key_share=True)
_OWNED_SIMULATION = sessions.OWNED_ALONE.with_for_update(key_share=True)
_WITH_IDS = sessions.with_ids(bindparam("ids", type_=ARRAY(BigInteger))).with_for_update(key_share=True)
_WITH_PENDING = (
    sessions.with_pending(bindparam("recording"))
    .limit(bindparam("limit", type_=BigInteger))
    .with_for_update(key_share=True)
)
_SHARED = select(func.pg_advisory_xact_lock_shared(bindparam("market")))
_ALONE = select(func.pg_advisory_xact_lock(bindparam("market")))


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


async def market_shared(tx: Tx, recording_id: UUID) -> StoredRecording | None:
    """Keep a live market at the second it is matched through until the transaction ends, beside others
    who do; the recording, or None where nobody has entered it yet.

    The lock is an advisory one: a crowd that shares a row would never let an exclusive one in, and here
    they queue. The row is read after the lock was granted, so it is what is matched by then."""
    await tx.execute(_SHARED, {"market": _market(recording_id)})
    return await recordings.find(tx, recording_id)


async def market_alone(tx: Tx, recording_id: UUID) -> None:
    """Hold a live market until the transaction ends: nobody else accepts or matches an order in it."""
    await tx.execute(_ALONE, {"market": _market(recording_id)})


def _market(recording_id: UUID) -> int:
    """The key of a recording's lock: half of an id that is random all over."""
    return int.from_bytes(recording_id.bytes[8:], signed=True)


async def sessions_with_ids(tx: Tx, ids: Sequence[int]) -> tuple[StoredSession, ...]:
    """Hold sessions until the transaction ends, by id; those that were deleted are not among them."""
    rows = await tx.execute(_WITH_IDS, {"ids": list(ids)})
    return tuple(sessions.from_row(row) for row in rows)


async def sessions_with_pending(tx: Tx, recording_id: UUID, limit: int) -> tuple[StoredSession, ...]:
    """Hold the sessions on a recording that have a pending order, by id, so many of them at most."""
    rows = await tx.execute(_WITH_PENDING, {"recording": recording_id, "limit": limit})
    return tuple(sessions.from_row(row) for row in rows)


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


async def strategy(tx: Tx, user_id: int, strategy_id: UUID) -> StoredStrategy | None:
    """Hold a saved strategy of the user's, or None where he has no such one."""
    held = strategies.owned(user_id, strategy_id).with_for_update(key_share=True)
    row = (await tx.execute(held)).one_or_none()
    return strategies.from_row(row) if row else None


async def run(tx: Tx, source_hash: str) -> StoredRun | None:
    """Hold the run of a program, or None where it never had one."""
    row = (await tx.execute(runs.of_program(source_hash).with_for_update(key_share=True))).one_or_none()
    return runs.from_row(row) if row else None


def free_chunk(source_hash: str, is_free: ColumnElement[bool], suspect_tries: int) -> Select[tuple[int]]:
    """The earliest free chunk of a locked run that no sweep holds, for a statement to lease; one that
    was tried so often comes last."""
    held = select(_chunks.c.id).where(_chunks.c.program_hash == source_hash, is_free)
    ordered = held.order_by(_chunks.c.tries >= suspect_tries, _chunks.c.id)
    return ordered.limit(1).with_for_update(skip_locked=True)


def waiting_chunks(waiting: Select[tuple[int]]) -> Select[tuple[int]]:
    """The chunks that no other transaction holds, for a statement to ring for them."""
    return waiting.with_for_update(of=_chunks, skip_locked=True)
