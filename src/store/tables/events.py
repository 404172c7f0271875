"""The retained, gap-free events of sessions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Index, text
from sqlmodel import Field, SQLModel


class SessionEventRow(SQLModel, table=True):
    """One change. ``seq`` is the session's version after the write that made it."""

    __tablename__ = "session_events"
    __table_args__ = (
        Index("session_events_of_order", "order_id", postgresql_where=text("order_id IS NOT NULL")),
    )

    session_id: int = Field(
        sa_column=Column(
            BigInteger, ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
        )
    )
    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    kind: str
    order_id: UUID | None = None
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
