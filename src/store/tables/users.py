"""People, with the settings that their orders are stamped with."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Identity
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class UserRow(SQLModel, table=True):
    """A person. ``email`` is normalised, ``password_hash`` null for a passwordless account, and
    ``fee_micros`` (rate name to micros, all seven) null while the default schedule applies."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("email = lower(email)", name="users_email_normalised"),
        CheckConstraint(
            "slippage_cents BETWEEN 0 AND 500 AND slippage_cents % 5 = 0",
            name="users_slippage_on_grid",
        ),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    uuid: UUID = Field(unique=True)
    email: str = Field(unique=True)
    password_hash: str | None = None
    fee_micros: dict[str, int] | None = Field(
        default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True)
    )
    slippage_cents: int
    operator: bool
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
