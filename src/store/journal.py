"""The journal of accounts: adding entries, each with what it does to the account's cash."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update

from engine.journal import Entry, EntryKind
from store.accounts import StoredAccount
from store.database import Tx
from store.tables.accounts import AccountRow
from store.tables.journal import JournalRow

_accounts = AccountRow.__table__  # type: ignore[attr-defined]
_journal = JournalRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class DayPosted:
    """The day that an entry settles or takes back, and which of its settlements that is."""

    session_id: UUID
    date: date
    revision: int


@dataclass(frozen=True, slots=True)
class StoredEntry:
    seq: int
    entry: Entry
    day: DayPosted | None
    posted_at: datetime


async def post(
    tx: Tx, account: StoredAccount, entry: Entry, at: datetime, day: DayPosted | None = None
) -> None:
    """Add an entry to a locked account's books; its cash follows in the same statement's step."""
    moved = (
        update(_accounts)
        .where(_accounts.c.id == account.id)
        .values(journal_seq=_accounts.c.journal_seq + 1, cash_cents=_accounts.c.cash_cents + entry.cash_cents)
        .returning(_accounts.c.journal_seq)
    )
    seq = (await tx.execute(moved)).scalar_one()
    await tx.execute(
        insert(_journal).values(
            account_id=account.id,
            seq=seq,
            kind=entry.kind,
            session_uuid=day.session_id if day else None,
            date=day.date if day else None,
            revision=day.revision if day else None,
            cash_cents=entry.cash_cents,
            capital_cents=entry.capital_cents,
            options_cents=entry.options_cents,
            fees_cents=entry.fees_cents,
            posted_at=at,
        )
    )


async def entries(
    tx: Tx, account: StoredAccount, *, limit: int | None = None, after_seq: int = 0
) -> tuple[StoredEntry, ...]:
    """The account's entries in their order; ``after_seq`` is exclusive."""
    statement = (
        select(_journal)
        .where(_journal.c.account_id == account.id, _journal.c.seq > after_seq)
        .order_by(_journal.c.seq)
        .limit(limit)
    )
    return tuple(_from_row(row) for row in await tx.execute(statement))


def _from_row(row: Row[*tuple[Any, ...]]) -> StoredEntry:
    entry = Entry(EntryKind(row.kind), row.cash_cents, row.capital_cents, row.options_cents, row.fees_cents)
    day = DayPosted(row.session_uuid, row.date, row.revision) if row.session_uuid else None
    return StoredEntry(row.seq, entry, day, row.posted_at)
