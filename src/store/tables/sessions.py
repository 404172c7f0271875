"""Trading sessions: one day with a ledger, under any face."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class SessionRow(SQLModel, table=True):
    """A session's inputs. ``clock_at`` is null until first set; ``version`` counts its writes;
    a deleted session stays for those who follow its events. A day of an account stores no
    ``opening_cents``: it opens with what the days before it left.

    A live session is traded on the recording that it names; it has neither ``day_hash`` nor
    ``settled_at`` until it is settled, which was tried ``settlement_tries`` times without success.
    ``settled_fee_micros`` is the schedule that it settled with, which no later one changes."""

    __tablename__ = "sessions"
    __table_args__ = (
        CheckConstraint("mode IN ('historical', 'live')", name="sessions_mode_known"),
        CheckConstraint("opening_cents > 0", name="sessions_opening_positive"),
        CheckConstraint(
            "(account_id IS NULL) = (opening_cents IS NOT NULL)", name="sessions_opening_carried_or_own"
        ),
        CheckConstraint("(mode = 'live') = (recording_uuid IS NOT NULL)", name="sessions_recording_of_live"),
        CheckConstraint("settled_at IS NULL OR mode = 'live'", name="sessions_settled_live"),
        CheckConstraint(
            "(day_hash IS NULL) = (mode = 'live' AND settled_at IS NULL)", name="sessions_day_unless_pending"
        ),
        Index(
            "sessions_one_live_a_user",
            "user_id",
            unique=True,
            postgresql_where=text(
                "mode = 'live' AND account_id IS NULL AND settled_at IS NULL AND deleted_at IS NULL"
            ),
        ),
        Index(
            "sessions_of_recording",
            "recording_uuid",
            "id",
            postgresql_where=text("mode = 'live' AND settled_at IS NULL AND deleted_at IS NULL"),
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
    day_hash: str | None = None
    opening_cents: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    description: str | None = None
    clock_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=True))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    deleted_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
    recording_uuid: UUID | None = Field(
        default=None, sa_column=Column(Uuid, ForeignKey("recordings.uuid"), nullable=True)
    )
    settled_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
    settled_fee_micros: dict[str, int] | None = Field(
        default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True)
    )
    settlement_tries: int = Field(
        default=0, sa_column=Column(Integer, nullable=False, server_default=text("0"))
    )
