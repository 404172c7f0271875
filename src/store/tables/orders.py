"""Orders with the cached result of their scan."""

from datetime import datetime
from typing import Any
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
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel


class OrderRow(SQLModel, table=True):
    """A placed order; its id is unique for its owner, who may choose it.

    Prices are cents of the quoted price; ``legs`` is a list of ``[strike_points, right, quantity,
    action]``; the ``fill_`` columns are null together, but for the fees, which only live fills keep.
    The ``status`` of an order of a live session is a fact; that of another one is derived, and null
    here. ``ended_at`` is the market's time.
    """

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint("type IN ('limit', 'market', 'stop')", name="orders_type_known"),
        CheckConstraint("effect IN ('debit', 'credit')", name="orders_effect_known"),
        CheckConstraint(
            "trigger_direction IN ('at_or_below', 'at_or_above')", name="orders_trigger_direction_known"
        ),
        CheckConstraint(
            "(fill_at IS NULL) = (fill_net_price_cents IS NULL)"
            " AND (fill_at IS NULL) = (fill_leg_price_cents IS NULL)",
            name="orders_fill_whole",
        ),
        CheckConstraint(
            "status IN ('pending', 'filled', 'canceled', 'expired', 'rejected')", name="orders_status_known"
        ),
        CheckConstraint(
            "status IS NULL OR (status = 'filled') = (fill_at IS NOT NULL)", name="orders_filled_of_live"
        ),
        CheckConstraint(
            "(ended_at IS NOT NULL) = coalesce(status IN ('canceled', 'expired', 'rejected'), false)",
            name="orders_end_of_live",
        ),
        CheckConstraint(
            "(rejection_reason IS NOT NULL) = coalesce(status = 'rejected', false)",
            name="orders_reason_of_rejected",
        ),
        CheckConstraint(
            "(fill_leg_fee_cents IS NOT NULL) = coalesce(status = 'filled', false)",
            name="orders_fees_of_live_fill",
        ),
        Index("orders_pending", "id", postgresql_where=text("status = 'pending'")),
        Index("orders_sequence", "session_id", "sequence", unique=True),
        Index("orders_id_of_owner", "user_id", "uuid", unique=True),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    uuid: UUID
    user_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("users.id", ondelete="CASCADE"), nullable=False)
    )
    session_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False)
    )
    sequence: int
    placed_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    type: str
    effect: str | None = None
    price_cents: int | None = None
    trigger_cents: int | None = None
    trigger_direction: str | None = None
    slippage_cents: int
    legs: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    fill_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=True))
    fill_net_price_cents: int | None = None
    fill_leg_price_cents: list[int] | None = Field(
        default=None, sa_column=Column(ARRAY(Integer), nullable=True)
    )
    replaces_order_id: UUID | None = None
    client_order_id: UUID | None = None
    request_hash: bytes
    updated_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    status: str | None = None
    ended_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=True))
    rejection_reason: str | None = None
    fill_leg_fee_cents: list[int] | None = Field(
        default=None, sa_column=Column(ARRAY(Integer), nullable=True)
    )
