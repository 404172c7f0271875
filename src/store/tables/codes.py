"""Mailed verification codes, at most one an address."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Identity, Index
from sqlmodel import Field, SQLModel


class EmailCodeRow(SQLModel, table=True):
    """The newest code of an address. The code itself is nowhere: it is derived from ``nonce`` and
    the server's secret. ``attempts`` counts every submission, right or wrong."""

    __tablename__ = "email_codes"
    __table_args__ = (
        CheckConstraint("octet_length(nonce) = 16", name="email_codes_nonce_whole"),
        CheckConstraint("attempts >= 0", name="email_codes_attempts_counted"),
        Index("email_codes_by_request", "requested_at"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    email: str = Field(unique=True)
    nonce: bytes
    requested_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    attempts: int
    spent_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=True))
