"""Failed logins, counted per account and network so that guessing slows down."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, DateTime, Index, Text
from sqlmodel import Field, SQLModel


class LoginFailureRow(SQLModel, table=True):
    """Consecutive failures. ``email`` need not belong to anybody."""

    __tablename__ = "login_failures"
    __table_args__ = (
        CheckConstraint("failures >= 0", name="login_failures_counted"),
        Index("login_failures_by_time", "failed_at"),
    )

    email: str = Field(sa_column=Column(Text, primary_key=True))
    network: str = Field(sa_column=Column(Text, primary_key=True))
    failures: int
    failed_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
