"""Queries on bearer tokens, which are found by digest and never seen in clear."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CursorResult, bindparam, delete, insert, update

from store import users
from store.database import Tx
from store.tables.tokens import TokenRow
from store.tables.users import UserRow
from store.users import StoredUser

_tokens = TokenRow.__table__  # type: ignore[attr-defined]
_users = UserRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token's row with the person it belongs to."""

    id: int
    used_at: datetime
    user: StoredUser


async def add(tx: Tx, user_id: int, digest: bytes, at: datetime) -> int:
    values = {"user_id": user_id, "digest": digest, "created_at": at, "used_at": at}
    statement = insert(_tokens).values(values).returning(_tokens.c.id)
    token_id: int = (await tx.execute(statement)).scalar_one()
    return token_id


# asked on every request: building a statement costs more than running it
_with_digest = (
    users.columns()
    .add_columns(_tokens.c.id.label("token_id"), _tokens.c.used_at)
    .join_from(_tokens, _users, _tokens.c.user_id == _users.c.id)
    .where(_tokens.c.digest == bindparam("digest"))
)


async def find(tx: Tx, digest: bytes) -> StoredToken | None:
    row = (await tx.execute(_with_digest, {"digest": digest})).one_or_none()
    return StoredToken(row.token_id, row.used_at, users.from_row(row)) if row else None


async def touch(tx: Tx, token_id: int, at: datetime) -> None:
    """Record a use; an earlier one than is known changes nothing."""
    older = (_tokens.c.id == token_id) & (_tokens.c.used_at < at)
    await tx.execute(update(_tokens).where(older).values(used_at=at))


async def remove(tx: Tx, token_id: int) -> None:
    await tx.execute(delete(_tokens).where(_tokens.c.id == token_id))


async def remove_others(tx: Tx, user_id: int, kept_id: int) -> None:
    """End every session of a person's but one."""
    others = (_tokens.c.user_id == user_id) & (_tokens.c.id != kept_id)
    await tx.execute(delete(_tokens).where(others))


async def remove_all(tx: Tx, user_id: int) -> None:
    """End every session of a person's."""
    await tx.execute(delete(_tokens).where(_tokens.c.user_id == user_id))


async def prune(tx: Tx, used_before: datetime) -> int:
    """Forget the tokens that nobody used since; how many there were."""
    old = _tokens.c.used_at < used_before
    result: CursorResult[object] = await tx.execute(delete(_tokens).where(old))
    return result.rowcount
