"""Every lock this product takes, in the one order that cannot deadlock:
idempotency key → user → account → session → outbox."""

import hashlib

from sqlalchemy import func, select

from store.database import Tx
from store.tables.users import UserRow

_users = UserRow.__table__  # type: ignore[attr-defined]


async def idempotency_key(tx: Tx, user_id: int, key: str) -> None:
    """Wait until no other transaction is answering this key of this user."""
    digest = hashlib.sha256(f"{user_id} {key}".encode()).digest()
    number = int.from_bytes(digest[:8], "big", signed=True)
    await tx.execute(select(func.pg_advisory_xact_lock(number)))


async def user(tx: Tx, user_id: int) -> None:
    """Hold a user's row until the transaction ends; new rows that refer to it are not held up."""
    await tx.execute(
        select(_users.c.id)
        .where(_users.c.id == user_id)
        .with_for_update(key_share=True)
    )
