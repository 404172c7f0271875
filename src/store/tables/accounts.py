"""Accounts: cash that is carried from day to day, and what happened to them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Identity, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class AccountRow(SQLModel, table=True):
    """An account. ``cash_cents`` is the starting capital plus the profit of every settled day;
    ``fee_micros`` is the schedule that its books are kept with; ``open_session_id`` is the one day
    that is not settled; ``journal_seq`` and ``version`` number its entries and its events."""

    __tablename__ = "accounts"
    __table_args__ = (
        CheckConstraint("engine IN ('historical', 'live_sim')", name="accounts_engine_known"),
        CheckConstraint("type IN ('manual', 'bot')", name="accounts_type_known"),
        CheckConstraint("status IN ('active', 'archived')", name="accounts_status_known"),
        CheckConstraint("starting_cents BETWEEN 100000 AND 1000000000", name="accounts_capital_bounded"),
        Index(
            "accounts_name_of_active",
            "user_id",
            "name",
            unique=True,
            postgresql_where=text("status = 'active' AND deleted_at IS NULL"),
        ),
        Index("accounts_of_user", "user_id", "id"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    uuid: UUID = Field(unique=True)
    user_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("users.id", ondelete="CASCADE"), nullable=False)
    )
    name: str
    description: str | None = None
    engine: str
    type: str
    status: str
    starting_cents: int = Field(sa_column=Column(BigInteger, nullable=False))
    cash_cents: int = Field(sa_column=Column(BigInteger, nullable=False))
    fee_micros: dict[str, int] = Field(sa_column=Column(JSONB, nullable=False))
    open_session_id: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    journal_seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    deleted_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )


class AccountEventRow(SQLModel, table=True):
    """One change of an account. ``seq`` is its version after the write that made it; ``done`` of
    ``total`` days tells how far a recomputation has come."""

    __tablename__ = "account_events"

    account_id: int = Field(
        sa_column=Column(
            BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
        )
    )
    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    kind: str
    session_uuid: UUID | None = None
    done: int | None = None
    total: int | None = None
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
