"""Live sessions of the market as they are recorded, and who matches orders against them."""

import datetime as dt
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, DateTime, Index, Integer, Uuid, text
from sqlmodel import Field, SQLModel


class RecordingRow(SQLModel, table=True):
    """One session as one feed told it. ``matched_second`` is how far its orders were matched, -1 before
    the first row; ``epoch`` counts who took it up to match it, of whom ``holder`` is the last and holds
    it until ``leased_until``. ``day_hash`` names the recorded day that it was published as."""

    __tablename__ = "recordings"
    __table_args__ = (
        CheckConstraint("matched_second BETWEEN -1 AND close_second", name="recordings_matched_within"),
        CheckConstraint("(holder IS NULL) = (leased_until IS NULL)", name="recordings_lease_whole"),
        CheckConstraint("day_hash IS NULL OR closed_at IS NOT NULL", name="recordings_published_once_closed"),
        Index("recordings_by_date", "date"),
    )

    uuid: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    date: dt.date = Field(sa_column=Column(Date, nullable=False))
    label: str
    open_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    close_second: int
    matched_second: int = Field(sa_column=Column(Integer, nullable=False, server_default=text("-1")))
    epoch: int = Field(sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
    holder: UUID | None = None
    leased_until: dt.datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
    day_hash: str | None = None
    closed_at: dt.datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
    created_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
