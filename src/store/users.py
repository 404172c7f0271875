"""Queries on people."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from engine.fees import FeeSchedule
from engine.money import PriceCents
from store.database import Tx
from store.tables.users import UserRow

_users = UserRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class StoredUser:
    """A person. ``fees`` is None while the default schedule applies."""

    id: int
    uuid: UUID
    email: str
    password_hash: str | None
    fees: FeeSchedule | None
    slippage_cents: PriceCents
    operator: bool


def columns() -> Select[Any]:
    """A select of every user column, in the order of ``StoredUser``."""
    return select(
        _users.c.id,
        _users.c.uuid,
        _users.c.email,
        _users.c.password_hash,
        _users.c.fee_micros,
        _users.c.slippage_cents,
        _users.c.operator,
    )


def from_row(row: Row[Any]) -> StoredUser:
    return StoredUser(
        id=row.id,
        uuid=row.uuid,
        email=row.email,
        password_hash=row.password_hash,
        fees=FeeSchedule(**row.fee_micros) if row.fee_micros else None,
        slippage_cents=row.slippage_cents,
        operator=row.operator,
    )


async def add(
    tx: Tx, uuid: UUID, email: str, password_hash: str | None, created_at: datetime
) -> StoredUser | None:
    """Insert a person with default settings, or None where the address has an account."""
    values = {
        "uuid": uuid,
        "email": email,
        "password_hash": password_hash,
        "slippage_cents": 0,
        "operator": False,
        "created_at": created_at,
    }
    statement = insert(_users).values(values).on_conflict_do_nothing(index_elements=["email"])
    row = (await tx.execute(statement.returning(*columns().selected_columns))).one_or_none()
    return from_row(row) if row else None


async def with_email(tx: Tx, email: str) -> StoredUser | None:
    row = (await tx.execute(columns().where(_users.c.email == email))).one_or_none()
    return from_row(row) if row else None


async def with_id(tx: Tx, user_id: int) -> StoredUser:
    return from_row((await tx.execute(columns().where(_users.c.id == user_id))).one())


async def set_fees(tx: Tx, user_id: int, fees: FeeSchedule | None) -> None:
    await _set(tx, user_id, fee_micros=asdict(fees) if fees else None)


async def set_slippage(tx: Tx, user_id: int, slippage_cents: PriceCents) -> None:
    await _set(tx, user_id, slippage_cents=slippage_cents)


async def set_password(tx: Tx, user_id: int, password_hash: str) -> None:
    await _set(tx, user_id, password_hash=password_hash)


async def set_email(tx: Tx, user_id: int, email: str) -> bool:
    """Move a person to another address; False where somebody else has it."""
    try:
        async with tx.begin_nested():
            await _set(tx, user_id, email=email)
    except IntegrityError:
        return False
    return True


async def set_operator(tx: Tx, user_id: int) -> None:
    await _set(tx, user_id, operator=True)


async def _set(tx: Tx, user_id: int, **values: object) -> None:
    await tx.execute(update(_users).where(_users.c.id == user_id).values(**values))
