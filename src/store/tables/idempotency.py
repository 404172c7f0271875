"""Answers kept so that a repeated request gets the first one's."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Text,
)
from sqlmodel import Field, SQLModel


class IdempotencyKeyRow(SQLModel, table=True):
    """A key of a user's. ``answer`` is null until a request under it succeeds."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        CheckConstraint("octet_length(request_hash) = 32", name="idempotency_keys_hash_whole"),
        Index("idempotency_keys_by_time", "created_at"),
    )

    user_id: int = Field(
        sa_column=Column(
            BigInteger,
            ForeignKey("users.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        )
    )
    key: str = Field(sa_column=Column(Text, primary_key=True))
    request_hash: bytes
    answer: bytes | None = None
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
