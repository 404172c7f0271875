"""Queries on the settled days of accounts, and on what they carry to the days after them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, delete, func, insert, select

from engine.closings import Outcome
from engine.money import Cents
from store.accounts import StoredAccount
from store.database import Tx
from store.sessions import StoredSession
from store.tables.accounts import AccountRow
from store.tables.journal import JournalRow
from store.tables.settlements import SettlementRow

_accounts = AccountRow.__table__  # type: ignore[attr-defined]
_journal = JournalRow.__table__  # type: ignore[attr-defined]
_settlements = SettlementRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class StoredSettlement:
    session_id: int
    date: date
    revision: int
    settled_at: datetime
    outcome: Outcome


_BEFORE = select(func.coalesce(func.sum(_settlements.c.profit_cents), 0)).where(
    _settlements.c.account_id == bindparam("of_account"), _settlements.c.date < bindparam("before")
)
_OF_SESSION = select(_settlements).where(_settlements.c.session_id == bindparam("of_session"))


async def profit_before(tx: Tx, account_id: int, on: date) -> Cents:
    """What the account's settled days before a date came to; a re-opened day counts nothing."""
    # the sum of bigints is a numeric
    return int((await tx.execute(_BEFORE, {"of_account": account_id, "before": on})).scalar_one())


async def find(tx: Tx, session: StoredSession) -> StoredSettlement | None:
    row = (await tx.execute(_OF_SESSION, {"of_session": session.id})).one_or_none()
    return _from_row(row) if row else None


async def of_account(tx: Tx, account: StoredAccount) -> tuple[StoredSettlement, ...]:
    """Every settled day of an account by date."""
    statement = (
        select(_settlements).where(_settlements.c.account_id == account.id).order_by(_settlements.c.date)
    )
    return settled_rows(await tx.execute(statement))


def settled_rows(rows: Iterable[Row[*tuple[Any, ...]]]) -> tuple[StoredSettlement, ...]:
    """Whole rows of the table as values."""
    return tuple(_from_row(row) for row in rows)


@dataclass(frozen=True, slots=True)
class Settled:
    """What an account began with, and what each of its settled days came to by date, as rows of
    (date, profit_cents, fees_cents)."""

    starting_cents: Cents
    days: tuple[tuple[date, Cents, Cents], ...]


async def of_owned(tx: Tx, user_id: int, account_id: UUID) -> Settled | None:
    """The settled days of a user's account, or None where he has no such one."""
    statement = (
        select(
            _accounts.c.starting_cents,
            _settlements.c.date,
            _settlements.c.profit_cents,
            _settlements.c.fees_cents,
        )
        .select_from(_accounts.outerjoin(_settlements, _settlements.c.account_id == _accounts.c.id))
        .where(
            _accounts.c.uuid == account_id, _accounts.c.user_id == user_id, _accounts.c.deleted_at.is_(None)
        )
        .order_by(_settlements.c.date)
    )
    rows = (await tx.execute(statement)).all()
    if not rows:
        return None
    days = tuple((row.date, row.profit_cents, row.fees_cents) for row in rows if row.date is not None)
    return Settled(rows[0].starting_cents, days)


async def add(tx: Tx, session: StoredSession, outcome: Outcome, at: datetime) -> StoredSettlement:
    """Store that a session of an account is settled, under the next revision."""
    last = select(func.coalesce(func.max(_journal.c.revision), 0)).where(
        _journal.c.session_uuid == session.uuid
    )
    values = {
        "session_id": session.id,
        "account_id": session.account_id,
        "date": session.date,
        "revision": last.scalar_subquery() + 1,
        "settled_at": at,
        "credits_cents": outcome.credits_cents,
        "debits_cents": outcome.debits_cents,
        "fees_cents": outcome.fees_cents,
        "exercises": outcome.exercises,
    }
    statement = insert(_settlements).values(values).returning(_settlements.c.revision)
    revision: int = (await tx.execute(statement)).scalar_one()
    return StoredSettlement(session.id, session.date, revision, at, outcome)


async def remove(tx: Tx, settled: StoredSettlement) -> None:
    await tx.execute(delete(_settlements).where(_settlements.c.session_id == settled.session_id))


def _from_row(row: Row[*tuple[Any, ...]]) -> StoredSettlement:
    outcome = Outcome(row.credits_cents, row.debits_cents, row.fees_cents, row.exercises)
    return StoredSettlement(row.session_id, row.date, row.revision, row.settled_at, outcome)
