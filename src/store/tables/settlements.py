"""What the settled days of accounts came to."""

import datetime as dt

from sqlalchemy import BigInteger, Column, Computed, Date, DateTime, ForeignKey, Index
from sqlmodel import Field, SQLModel


class SettlementRow(SQLModel, table=True):
    """A settled day of an account; a day that is not settled has no row.

    ``revision`` counts how often the day was settled. A later day opens with the capital plus the
    sum of ``profit_cents`` before it, so nothing of a later day changes when an earlier one does.
    """

    __tablename__ = "settlements"
    __table_args__ = (
        Index("settlements_carry", "account_id", "date", unique=True, postgresql_include=["profit_cents"]),
    )

    session_id: int = Field(
        sa_column=Column(
            BigInteger, ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
        )
    )
    account_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False)
    )
    date: dt.date = Field(sa_column=Column(Date, nullable=False))
    revision: int
    settled_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    credits_cents: int = Field(sa_column=Column(BigInteger, nullable=False))
    debits_cents: int = Field(sa_column=Column(BigInteger, nullable=False))
    fees_cents: int = Field(sa_column=Column(BigInteger, nullable=False))
    exercises: int
    profit_cents: int = Field(
        sa_column=Column(
            BigInteger, Computed("credits_cents - debits_cents - fees_cents", persisted=True), nullable=False
        )
    )
