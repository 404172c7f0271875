"""Bearer tokens, known only by their digests."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
)
from sqlmodel import Field, SQLModel


class TokenRow(SQLModel, table=True):
    """One logged-in session of a user. ``digest`` is the token's SHA-256; ``used_at`` slides."""

    __tablename__ = "tokens"
    __table_args__ = (
        CheckConstraint("octet_length(digest) = 32", name="tokens_digest_whole"),
        Index("tokens_of_user", "user_id"),
        Index("tokens_by_use", "used_at"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    user_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("users.id", ondelete="CASCADE"), nullable=False)
    )
    digest: bytes = Field(unique=True)
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    used_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
