"""Programs of strategies, by the hash of their text, and what each came to on each day."""

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Column, Date, DateTime, ForeignKey, Numeric, SmallInteger, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class ProgramRow(SQLModel, table=True):
    """A program, which everybody with the same config shares. It never changes."""

    __tablename__ = "programs"

    hash: str = Field(primary_key=True)
    text: str
    config: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    created_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class DayResultRow(SQLModel, table=True):
    """A session of a program, free of costs. It follows from the program, the engine's version and
    ``inputs``: the day's revision and the settlement before it."""

    __tablename__ = "day_results"

    program_hash: str = Field(sa_column=Column(String, ForeignKey("programs.hash"), primary_key=True))
    engine_version: int = Field(primary_key=True)
    date: dt.date = Field(sa_column=Column(Date, primary_key=True))
    inputs: str = Field(primary_key=True)
    status: int = Field(sa_column=Column(SmallInteger, nullable=False))
    gross_cents: int = Field(sa_column=Column(BigInteger, nullable=False))
    drawdown_cents: int = Field(sa_column=Column(BigInteger, nullable=False))
    skipped: int
    first_skip: int | None = Field(default=None, sa_column=Column(SmallInteger, nullable=True))
    decisions_hash: Decimal = Field(sa_column=Column(Numeric(20, 0), nullable=False))
    facts: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    trades: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    error: str
