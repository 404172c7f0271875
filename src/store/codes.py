"""Queries on mailed codes: one row an address, holding what a code is derived from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from store.database import Tx
from store.tables.codes import EmailCodeRow

_codes = EmailCodeRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class CodeRequest:
    """An address's code: the one just requested, or the older one that was not replaced."""

    id: int
    requested_at: datetime
    is_fresh: bool


@dataclass(frozen=True, slots=True)
class LiveCode:
    """Whom a code is for, and what it is derived from."""

    email: str
    nonce: bytes


@dataclass(frozen=True, slots=True)
class CodeAttempt:
    """One submission against a live code; ``attempts`` counts it and those before."""

    nonce: bytes
    attempts: int


async def request(tx: Tx, email: str, nonce: bytes, at: datetime, free_after: datetime) -> CodeRequest:
    """Replace the address's code by a new one; where its code was requested later than
    ``free_after``, that one stays."""
    fresh = {"nonce": nonce, "requested_at": at, "attempts": 0, "spent_at": None}
    statement = insert(_codes).values(email=email, **fresh)
    statement = statement.on_conflict_do_update(
        index_elements=["email"], set_=fresh, where=_codes.c.requested_at <= free_after
    )
    found = _codes.c.id, _codes.c.requested_at
    row = (await tx.execute(statement.returning(*found))).one_or_none()
    if row is not None:
        return CodeRequest(row.id, row.requested_at, is_fresh=True)
    row = (await tx.execute(select(*found).where(_codes.c.email == email))).one()
    return CodeRequest(row.id, row.requested_at, is_fresh=False)


async def live(tx: Tx, code_id: int, requested_after: datetime) -> LiveCode | None:
    """A code that can still be used."""
    columns = select(_codes.c.email, _codes.c.nonce)
    statement = columns.where(_codes.c.id == code_id, *_live(requested_after))
    row = (await tx.execute(statement)).one_or_none()
    return LiveCode(row.email, row.nonce) if row else None


async def attempt(tx: Tx, email: str, requested_after: datetime) -> CodeAttempt | None:
    """Count one submission and hold the code until the transaction ends; None without a live one.

    The count stays only if the transaction commits, so a wrong code must end in a commit.
    """
    statement = (
        update(_codes)
        .where(_codes.c.email == email, *_live(requested_after))
        .values(attempts=_codes.c.attempts + 1)
        .returning(_codes.c.nonce, _codes.c.attempts)
    )
    row = (await tx.execute(statement)).one_or_none()
    return CodeAttempt(row.nonce, row.attempts) if row else None


async def spend(tx: Tx, email: str, at: datetime) -> None:
    """Use the address's code up."""
    await tx.execute(update(_codes).where(_codes.c.email == email).values(spent_at=at))


async def prune(tx: Tx, requested_before: datetime) -> int:
    """Forget the codes that were requested before; how many there were."""
    old = _codes.c.requested_at < requested_before
    result: CursorResult[object] = await tx.execute(delete(_codes).where(old))
    return result.rowcount


def _live(requested_after: datetime) -> tuple[Any, ...]:
    return _codes.c.requested_at > requested_after, _codes.c.spent_at.is_(None)
