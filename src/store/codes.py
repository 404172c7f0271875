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
class CodeAttempt:
    """One submission against a live code; ``attempts`` counts it and those before."""

    nonce: bytes
    attempts: int


async def request(
    tx: Tx, email: str, nonce: bytes, at: datetime, free_after: datetime
) -> datetime | None:
    """Replace the address's code by a new one. Where its code was requested later than
    ``free_after``, nothing changes and the answer is when that was."""
    fresh = {"nonce": nonce, "requested_at": at, "attempts": 0, "spent_at": None}
    statement = insert(_codes).values(email=email, **fresh)
    statement = statement.on_conflict_do_update(
        index_elements=["email"], set_=fresh, where=_codes.c.requested_at <= free_after
    )
    if (await tx.execute(statement.returning(_codes.c.email))).one_or_none():
        return None
    requested = select(_codes.c.requested_at).where(_codes.c.email == email)
    requested_at: datetime = (await tx.execute(requested)).scalar_one()
    return requested_at


async def live_nonce(tx: Tx, email: str, requested_after: datetime) -> bytes | None:
    """What the address's code is derived from, while it can still be used."""
    nonce: bytes | None = (
        await tx.execute(select(_codes.c.nonce).where(*_live(email, requested_after)))
    ).scalar_one_or_none()
    return nonce


async def attempt(tx: Tx, email: str, requested_after: datetime) -> CodeAttempt | None:
    """Count one submission and hold the code until the transaction ends; None without a live one.

    The count stays only if the transaction commits, so a wrong code must end in a commit.
    """
    statement = (
        update(_codes)
        .where(*_live(email, requested_after))
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


def _live(email: str, requested_after: datetime) -> tuple[Any, ...]:
    return (
        _codes.c.email == email,
        _codes.c.requested_at > requested_after,
        _codes.c.spent_at.is_(None),
    )
