"""The journal of accounts: balanced entries that are only ever added."""

import datetime as dt
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, DateTime, ForeignKey, Index
from sqlmodel import Field, SQLModel


class JournalRow(SQLModel, table=True):
    """One event of the books, a column a ledger account, debits positive. ``session_uuid`` outlives
    its session: what was posted stays posted. ``seq`` is 1, 2, 3 … in each account."""

    __tablename__ = "journal"
    __table_args__ = (
        CheckConstraint("kind IN ('genesis', 'capital', 'settle', 'reverse')", name="journal_kind_known"),
        CheckConstraint(
            "cash_cents + capital_cents + options_cents + fees_cents = 0", name="journal_balanced"
        ),
        CheckConstraint(
            "(kind IN ('settle', 'reverse')) = (session_uuid IS NOT NULL)"
            " AND (session_uuid IS NULL) = (revision IS NULL)"
            " AND (session_uuid IS NULL) = (date IS NULL)",
            name="journal_day_named",
        ),
        Index("journal_once", "session_uuid", "revision", "kind", unique=True),
    )

    account_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    )
    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    kind: str
    session_uuid: UUID | None = None
    date: dt.date | None = Field(default=None, sa_column=Column(Date, nullable=True))
    revision: int | None = None
    cash_cents: int = Field(sa_column=Column(BigInteger, nullable=False))
    capital_cents: int = Field(sa_column=Column(BigInteger, nullable=False))
    options_cents: int = Field(sa_column=Column(BigInteger, nullable=False))
    fees_cents: int = Field(sa_column=Column(BigInteger, nullable=False))
    posted_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
