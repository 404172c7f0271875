"""Queries on failed logins."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, delete, update
from sqlalchemy.dialects.postgresql import insert

from store.database import Tx
from store.tables.logins import LoginFailureRow

_failures = LoginFailureRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class LoginFailures:
    """Failures in a row for an account from one network, and when the last of them was."""

    failures: int
    failed_at: datetime


async def hold(tx: Tx, email: str, network: str, at: datetime) -> LoginFailures:
    """The failures so far, held until the transaction ends so that attempts count one by one."""
    statement = (
        insert(_failures)
        .values(email=email, network=network, failures=0, failed_at=at)
        .on_conflict_do_update(index_elements=["email", "network"], set_={"failures": _failures.c.failures})
        .returning(_failures.c.failures, _failures.c.failed_at)
    )
    row = (await tx.execute(statement)).one()
    return LoginFailures(row.failures, row.failed_at)


async def count(tx: Tx, email: str, network: str, at: datetime) -> None:
    """One more failure."""
    more = {"failures": _failures.c.failures + 1, "failed_at": at}
    await tx.execute(update(_failures).where(*_of(email, network)).values(more))


async def forgive(tx: Tx, email: str, network: str) -> None:
    """Start anew after a success."""
    await tx.execute(delete(_failures).where(*_of(email, network)))


async def prune(tx: Tx, failed_before: datetime) -> int:
    """Forget the failures with none since; how many rows there were."""
    old = _failures.c.failed_at < failed_before
    result: CursorResult[object] = await tx.execute(delete(_failures).where(old))
    return result.rowcount


def _of(email: str, network: str) -> tuple[Any, ...]:
    return _failures.c.email == email, _failures.c.network == network
