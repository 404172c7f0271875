"""Queries on the chunks of runs, which workers lease by PostgreSQL's clock. The run of a chunk that is
written to must be locked, except to renew a lease or to ring."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, update

from store import locks
from store.database import Tx
from store.runs import EXECUTING
from store.tables.runs import ChunkRow, RunRow

_chunks = ChunkRow.__table__  # type: ignore[attr-defined]
_runs = RunRow.__table__  # type: ignore[attr-defined]

SUSPECT_TRIES = 3
"""What so many workers did not finish may be what killed them: it waits until all else is done."""


@dataclass(frozen=True, slots=True)
class LeasedChunk:
    """A chunk in a worker's hand. ``tries`` counts how often it was leased, this time too."""

    id: int
    program_hash: str
    dates: tuple[date, ...]
    worker: UUID
    tries: int


def _free() -> ColumnElement[bool]:
    """Nobody holds the chunk, or he has let its lease run out."""
    return or_(_chunks.c.leased_until.is_(None), _chunks.c.leased_until < func.now())


async def add(tx: Tx, source_hash: str, chunks: Iterable[Sequence[date]]) -> None:
    rows = [{"program_hash": source_hash, "dates": list(dates), "tries": 0} for dates in chunks]
    if rows:
        await tx.execute(insert(_chunks).values(rung_at=func.now()), rows)


async def dates_left(tx: Tx, source_hash: str) -> frozenset[date]:
    """The days that are still in a chunk of a program's run."""
    rows = (await tx.execute(select(_chunks.c.dates).where(_chunks.c.program_hash == source_hash))).scalars()
    return frozenset(on for dates in rows for on in dates)


async def count(tx: Tx, source_hash: str) -> int:
    """How many chunks of a program's run are left, in hand or not."""
    counted = select(func.count()).where(_chunks.c.program_hash == source_hash)
    return int((await tx.execute(counted)).scalar_one())


async def drop_free(tx: Tx, source_hash: str) -> None:
    """Take back the chunks that nobody has in hand."""
    await tx.execute(delete(_chunks).where(_chunks.c.program_hash == source_hash, _free()))


async def drop_all(tx: Tx, source_hash: str) -> None:
    await tx.execute(delete(_chunks).where(_chunks.c.program_hash == source_hash))


async def best_run(tx: Tx) -> str | None:
    """The program whose chunk is to be taken next: by priority, then by when its run was asked for; last
    of all a suspect one."""
    statement = (
        select(_runs.c.program_hash)
        .join(_chunks, _chunks.c.program_hash == _runs.c.program_hash)
        .where(_runs.c.state.in_(EXECUTING), _free())
        .order_by(
            _chunks.c.tries >= SUSPECT_TRIES,
            _runs.c.priority.desc(),
            _runs.c.asked_at,
            _runs.c.program_hash,
        )
        .limit(1)
    )
    found: str | None = (await tx.execute(statement)).scalar_one_or_none()
    return found


async def lease(tx: Tx, source_hash: str, worker: UUID, term: timedelta) -> LeasedChunk | None:
    """Lease the earliest free chunk of a locked run, a suspect one last, or None where none is left."""
    statement = (
        update(_chunks)
        .where(_chunks.c.id == locks.free_chunk(source_hash, _free(), SUSPECT_TRIES).scalar_subquery())
        .values(worker=worker, leased_until=func.now() + term, tries=_chunks.c.tries + 1)
        .returning(_chunks.c.id, _chunks.c.dates, _chunks.c.tries)
    )
    row = (await tx.execute(statement)).one_or_none()
    return LeasedChunk(row.id, source_hash, tuple(row.dates), worker, row.tries) if row else None


async def renew(tx: Tx, chunk: LeasedChunk, term: timedelta) -> bool:
    """Hold a chunk for longer; False where it was taken from its holder."""
    held = update(_chunks).where(_held(chunk)).values(leased_until=func.now() + term)
    return (await tx.execute(held)).rowcount == 1


async def shorten(tx: Tx, chunk: LeasedChunk, left: Sequence[date]) -> None:
    """Leave these days in a chunk that is held. Who gets on is none that it kills."""
    await tx.execute(update(_chunks).where(_held(chunk)).values(dates=list(left), tries=1))


async def let_go(tx: Tx, chunk: LeasedChunk) -> None:
    """Give a chunk back as it was, for another to take at once."""
    given = {"worker": None, "leased_until": None, "tries": _chunks.c.tries - 1}
    await tx.execute(update(_chunks).where(_held(chunk)).values(given))


async def finish(tx: Tx, chunk: LeasedChunk) -> bool:
    """A chunk is done; False where it was taken from its holder, whose work then counts for nothing."""
    return (await tx.execute(delete(_chunks).where(_held(chunk)))).rowcount == 1


async def ring(tx: Tx, after: timedelta, limit: int) -> int:
    """Count the chunks that wait and for which nobody was asked to come for so long, as asked now."""
    waiting = (
        select(_chunks.c.id)
        .join(_runs, _runs.c.program_hash == _chunks.c.program_hash)
        .where(_runs.c.state.in_(EXECUTING), _free(), _chunks.c.rung_at <= func.now() - after)
        .order_by(_chunks.c.id)
        .limit(limit)
    )
    held = locks.waiting_chunks(waiting)
    rung = update(_chunks).where(_chunks.c.id.in_(held)).values(rung_at=func.now())
    return (await tx.execute(rung)).rowcount


def _held(chunk: LeasedChunk) -> ColumnElement[bool]:
    return and_(_chunks.c.id == chunk.id, _chunks.c.worker == chunk.worker)
