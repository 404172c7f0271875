"""Runs of programs over the recorded sessions, in chunks that workers lease."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    String,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel


class RunRow(SQLModel, table=True):
    """The one run of a program. ``owner_id`` is whose cap it counts for, None once nobody wants it;
    ``version`` counts its changes, of which ``event`` is the kind of the last. ``headline`` is what its
    results came to when somebody last looked."""

    __tablename__ = "runs"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'running', 'parked', 'idle', 'failed')", name="runs_state"),
        Index("runs_of_owner", "owner_id", "state"),
    )

    program_hash: str = Field(sa_column=Column(String, ForeignKey("programs.hash"), primary_key=True))
    state: str
    owner_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, ForeignKey("users.id", ondelete="SET NULL"), nullable=True)
    )
    priority: int
    asked_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    event: str
    headline: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB, nullable=True))


class ChunkRow(SQLModel, table=True):
    """Sessions that are still to be run. ``worker`` names the claim that holds them until
    ``leased_until``; ``rung_at`` is when a worker was last asked to come for them."""

    __tablename__ = "chunks"
    __table_args__ = (Index("chunks_of_run", "program_hash"),)

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    program_hash: str = Field(sa_column=Column(String, ForeignKey("runs.program_hash"), nullable=False))
    dates: list[date] = Field(sa_column=Column(ARRAY(Date), nullable=False))
    worker: UUID | None = None
    leased_until: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
    tries: int
    rung_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
