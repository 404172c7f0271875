"""Trading sessions: one day with a ledger, under any face."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Identity, Index, text
from sqlmodel import Field, SQLModel


class SessionRow(SQLModel, table=True):
    """A session's inputs. ``clock_at`` is null until first set; ``version`` counts its writes;
    a deleted session stays for those who follow its events. A day of an account stores no
    ``opening_cents``: it opens with what the days before it left."""

    __tablename__ = "sessions"
    __table_args__ = (
        CheckConstraint("mode IN ('historical', 'live')", name="sessions_mode_known"),
        CheckConstraint("opening_cents > 0", name="sessions_opening_positive"),
        CheckConstraint(
            "(account_id IS NULL) = (opening_cents IS NOT NULL)", name="sessions_opening_carried_or_own"
        ),
        Index(
            "sessions_one_simulation_a_date",
            "user_id",
            "date",
            unique=True,
            postgresql_where=text("account_id IS NULL AND mode = 'historical' AND deleted_at IS NULL"),
        ),
        Index("sessions_of_user", "user_id", "id"),
        Index(
            "sessions_one_a_date_of_account",
            "account_id",
            "date",
            unique=True,
            postgresql_where=text("account_id IS NOT NULL AND deleted_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    uuid: UUID = Field(unique=True)
    user_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("users.id", ondelete="CASCADE"), nullable=False)
    )
    account_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("accounts.id"), nullable=True)
    )
    mode: str
    date: date
    day_hash: str
    opening_cents: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    description: str | None = None
    clock_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=True))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    deleted_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
