"""Queries on the outbox: jobs written by the transaction that owes them, taken once it committed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert

from store import locks
from store.database import Tx
from store.tables.outbox import OutboxRow

_outbox = OutboxRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class OwedJob:
    """A job by name, with the identifiers it is about."""

    id: int
    job: str
    arguments: Mapping[str, Any]


async def add(tx: Tx, job: str, arguments: Mapping[str, Any], at: datetime) -> None:
    """Owe a job. It is delivered after the commit, at least once; never put a secret in it."""
    values = {"job": job, "arguments": dict(arguments), "created_at": at}
    await tx.execute(insert(_outbox).values(values))


async def take(tx: Tx, limit: int) -> tuple[OwedJob, ...]:
    """Remove the oldest jobs that nobody else is delivering. A rollback puts them back."""
    statement = (
        delete(_outbox)
        .where(_outbox.c.id.in_(locks.jobs_owed(limit)))
        .returning(_outbox.c.id, _outbox.c.job, _outbox.c.arguments)
    )
    jobs = [OwedJob(*row) for row in await tx.execute(statement)]
    return tuple(sorted(jobs, key=lambda job: job.id))
