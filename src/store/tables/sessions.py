"""Trading sessions: one day with a ledger, under any face."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Identity, Index, text
from sqlmodel import Field, SQLModel


class SessionRow(SQLModel, table=True):
    """A session's inputs. ``clock_at`` is null until first set; ``version`` counts its writes;
    a deleted session stays for those who follow its events."""

    __tablename__ = "sessions"
    __table_args__ = (
        CheckConstraint("mode IN ('historical', 'live')", name="sessions_mode_known"),
        CheckConstraint("opening_cents > 0", name="sessions_opening_positive"),
        Index(
            "sessions_one_simulation_a_date",
            "user_id",
            "date",
            unique=True,
            postgresql_where=text("account_id IS NULL AND mode = 'historical' AND deleted_at IS NULL"),
        ),
        Index("sessions_of_user", "user_id", "id"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    uuid: UUID = Field(unique=True)
    user_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("users.id", ondelete="CASCADE"), nullable=False)
    )
    account_id: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    mode: str
    date: date
    day_hash: str
    opening_cents: int = Field(sa_column=Column(BigInteger, nullable=False))
    description: str | None = None
    clock_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=True))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    deleted_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
