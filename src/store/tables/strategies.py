"""Strategies: people's links to programs, saved or only looked at."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Identity, Index, String
from sqlmodel import Field, SQLModel


class StrategyRow(SQLModel, table=True):
    """A saved strategy. Once removed it keeps its id for the day it is saved again."""

    __tablename__ = "strategies"
    __table_args__ = (
        CheckConstraint("privacy IN ('private', 'public')", name="strategies_privacy_known"),
        Index("strategies_once", "user_id", "program_hash", unique=True),
        Index("strategies_by_change", "user_id", "updated_at", "id"),
        Index("strategies_of_program", "program_hash"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    uuid: UUID = Field(unique=True)
    user_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("users.id", ondelete="CASCADE"), nullable=False)
    )
    program_hash: str = Field(sa_column=Column(String, ForeignKey("programs.hash"), nullable=False))
    privacy: str
    description: str | None = None
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    updated_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    removed_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )


class InterestRow(SQLModel, table=True):
    """Somebody looked at a program's results, last at ``seen_at``."""

    __tablename__ = "interests"
    __table_args__ = (Index("interests_of_program", "program_hash"),)

    user_id: int = Field(
        sa_column=Column(
            BigInteger, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
        )
    )
    program_hash: str = Field(sa_column=Column(String, ForeignKey("programs.hash"), primary_key=True))
    seen_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
