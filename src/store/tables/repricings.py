"""Accounts that are being recomputed under another fee schedule."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class RepricingRow(SQLModel, table=True):
    """The schedule that an account is to be moved to, while its days are recomputed beside its books."""

    __tablename__ = "repricings"

    account_id: int = Field(
        sa_column=Column(
            BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
        )
    )
    fee_micros: dict[str, int] = Field(sa_column=Column(JSONB, nullable=False))
    asked_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    touched_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class RepricedDayRow(SQLModel, table=True):
    """One day's fees under the new schedule; of no use once the day was settled again."""

    __tablename__ = "repriced_days"
    __table_args__ = (Index("repriced_days_of_account", "account_id"),)

    session_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    account_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("repricings.account_id", ondelete="CASCADE"), nullable=False)
    )
    revision: int
    fees_cents: int = Field(sa_column=Column(BigInteger, nullable=False))
