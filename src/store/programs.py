"""Queries on programs, by the hash of their text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert

from store.database import Tx
from store.tables.programs import ProgramRow

_programs = ProgramRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class StoredProgram:
    hash: str
    text: str
    config: Mapping[str, object]


async def add(tx: Tx, program: StoredProgram, at: datetime) -> None:
    """Insert a program; nothing where it is there."""
    values = {"hash": program.hash, "text": program.text, "config": program.config, "created_at": at}
    await tx.execute(upsert(_programs).values(values).on_conflict_do_nothing())


async def with_hash(tx: Tx, source_hash: str) -> StoredProgram:
    statement = select(_programs.c.hash, _programs.c.text, _programs.c.config)
    return StoredProgram(*(await tx.execute(statement.where(_programs.c.hash == source_hash))).one())


async def texts(tx: Tx, hashes: Sequence[str]) -> Mapping[str, str]:
    """The texts of programs, by hash."""
    statement = select(_programs.c.hash, _programs.c.text).where(_programs.c.hash.in_(hashes))
    return {row.hash: row.text for row in await tx.execute(statement)}
