"""Queries on saved strategies. Each takes an open transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, case, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from store.database import Tx
from store.tables.strategies import StrategyRow

_strategies = StrategyRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class StoredStrategy:
    id: int
    uuid: UUID
    user_id: int
    program_hash: str
    privacy: str
    description: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class NewStrategy:
    uuid: UUID
    user_id: int
    program_hash: str
    privacy: str | None
    at: datetime


async def save(tx: Tx, new: NewStrategy) -> StoredStrategy:
    """Link a program to a user, or bring a removed link back: it keeps its id, and nothing else. One
    that stands keeps its description, and its privacy where none is given."""
    privacy = new.privacy or "private"
    values = {
        "uuid": new.uuid,
        "user_id": new.user_id,
        "program_hash": new.program_hash,
        "privacy": privacy,
        "created_at": new.at,
        "updated_at": new.at,
    }
    stands = _strategies.c.removed_at.is_(None)
    again = {
        "privacy": case((stands, func.coalesce(new.privacy, _strategies.c.privacy)), else_=privacy),
        "description": case((stands, _strategies.c.description)),
        "updated_at": new.at,
        "removed_at": None,
    }
    statement = (
        upsert(_strategies)
        .values(values)
        .on_conflict_do_update(index_elements=["user_id", "program_hash"], set_=again)
    )
    return from_row((await tx.execute(statement.returning(*_columns().selected_columns))).one())


def owned(user_id: int, strategy_id: UUID) -> Select[Any]:
    return _alive().where(_strategies.c.uuid == strategy_id, _strategies.c.user_id == user_id)


async def readable(tx: Tx, user_id: int | None, strategy_id: UUID) -> StoredStrategy | None:
    """The strategy with this id if it is the user's or public, and was not removed."""
    may_read = or_(_strategies.c.privacy == "public", _strategies.c.user_id == (user_id or 0))
    row = (await tx.execute(_alive().where(_strategies.c.uuid == strategy_id, may_read))).one_or_none()
    return from_row(row) if row else None


async def page(
    tx: Tx, user_id: int, limit: int | None, after: tuple[datetime, int] | None
) -> tuple[StoredStrategy, ...]:
    """The user's strategies by ``updated_at`` and id, both descending; ``after`` is exclusive."""
    place = tuple_(_strategies.c.updated_at, _strategies.c.id)
    statement = _alive().where(_strategies.c.user_id == user_id)
    if after is not None:
        statement = statement.where(place < after)
    ordered = statement.order_by(_strategies.c.updated_at.desc(), _strategies.c.id.desc()).limit(limit)
    return tuple(from_row(row) for row in await tx.execute(ordered))


async def change(
    tx: Tx, strategy: StoredStrategy, description: str | None, privacy: str, at: datetime
) -> StoredStrategy:
    changed = update(_strategies).where(_strategies.c.id == strategy.id)
    values = changed.values(description=description, privacy=privacy, updated_at=at)
    return from_row((await tx.execute(values.returning(*_columns().selected_columns))).one())


async def remove(tx: Tx, strategy: StoredStrategy, at: datetime) -> None:
    await tx.execute(update(_strategies).where(_strategies.c.id == strategy.id).values(removed_at=at))


def _columns() -> Select[Any]:
    """A select of the columns in the order of ``StoredStrategy``."""
    return select(
        _strategies.c.id,
        _strategies.c.uuid,
        _strategies.c.user_id,
        _strategies.c.program_hash,
        _strategies.c.privacy,
        _strategies.c.description,
        _strategies.c.created_at,
        _strategies.c.updated_at,
    )


def _alive() -> Select[Any]:
    return _columns().where(_strategies.c.removed_at.is_(None))


def from_row(row: Row[*tuple[Any, ...]]) -> StoredStrategy:
    return StoredStrategy(*row)
