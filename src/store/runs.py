"""Queries on runs: who answers for each, in which state it is, and what changed last."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from engine.performance import Headline
from store.database import Tx
from store.tables.runs import RunRow

_runs = RunRow.__table__  # type: ignore[attr-defined]
EXECUTING = ("queued", "running")
PARKED = "parked"


@dataclass(frozen=True, slots=True)
class StoredRun:
    program_hash: str
    state: str
    owner_id: int | None
    priority: int
    version: int
    event: str

    @property
    def is_executing(self) -> bool:
        """True when workers are to take its chunks."""
        return self.state in EXECUTING

    @property
    def is_awaited(self) -> bool:
        """True when its missing sessions will be run without anybody's asking again."""
        return self.is_executing or self.state == PARKED


@dataclass(frozen=True, slots=True)
class KeptHeadline:
    """``basis`` names all that the headline follows from: with another one it is out of date."""

    basis: str
    headline: Headline


async def ensure(tx: Tx, source_hash: str, at: datetime) -> None:
    """Let a program have a run, idle where it is new."""
    values = {
        "program_hash": source_hash,
        "state": "idle",
        "priority": 0,
        "asked_at": at,
        "version": 0,
        "event": "stopped",
    }
    await tx.execute(upsert(_runs).values(values).on_conflict_do_nothing())


async def find(tx: Tx, source_hash: str) -> StoredRun | None:
    row = (await tx.execute(of_program(source_hash))).one_or_none()
    return from_row(row) if row else None


async def with_headlines(tx: Tx, hashes: Sequence[str]) -> list[tuple[StoredRun, KeptHeadline | None]]:
    """The runs of programs, each with what was kept of it."""
    statement = _columns().add_columns(_runs.c.headline).where(_runs.c.program_hash.in_(hashes))
    rows = await tx.execute(statement)
    return [(StoredRun(*run), _kept(headline)) for *run, headline in rows]


def _kept(document: Mapping[str, Any] | None) -> KeptHeadline | None:
    if document is None:
        return None
    return KeptHeadline(document["basis"], Headline(**document["headline"]))


async def keep_headline(tx: Tx, source_hash: str, kept: KeptHeadline) -> None:
    """Keep what a run came to. That is no change of the run."""
    of_run = update(_runs).where(_runs.c.program_hash == source_hash)
    await tx.execute(of_run.values(headline=asdict(kept)))


async def change(tx: Tx, run: StoredRun, event: str, **values: object) -> int:
    """Write to a locked run and count the change; the new version."""
    changed = update(_runs).where(_runs.c.program_hash == run.program_hash)
    counted = changed.values(version=_runs.c.version + 1, event=event, **values)
    version: int = (await tx.execute(counted.returning(_runs.c.version))).scalar_one()
    return version


async def hand_over(tx: Tx, run: StoredRun, owner_id: int) -> None:
    """Let another user answer for a locked run."""
    of_run = update(_runs).where(_runs.c.program_hash == run.program_hash)
    await tx.execute(of_run.values(owner_id=owner_id))


async def executing(tx: Tx, owner_id: int) -> int:
    """How many runs of the user count for his cap."""
    counted = select(func.count()).where(_runs.c.owner_id == owner_id, _runs.c.state.in_(EXECUTING))
    return int((await tx.execute(counted)).scalar_one())


async def oldest_parked(tx: Tx, owner_id: int) -> str | None:
    """The program of the user's that has waited longest for one of his runs to end."""
    parked = select(_runs.c.program_hash).where(_runs.c.owner_id == owner_id, _runs.c.state == "parked")
    oldest = parked.order_by(_runs.c.asked_at, _runs.c.program_hash).limit(1)
    found: str | None = (await tx.execute(oldest)).scalar_one_or_none()
    return found


async def parking(tx: Tx) -> tuple[int, ...]:
    """The users with parked runs."""
    owners = select(_runs.c.owner_id).where(_runs.c.state == "parked", _runs.c.owner_id.is_not(None))
    return tuple((await tx.execute(owners.distinct().order_by(_runs.c.owner_id))).scalars())


def of_program(source_hash: str) -> Select[Any]:
    return _columns().where(_runs.c.program_hash == source_hash)


def _columns() -> Select[Any]:
    """A select of the columns in the order of ``StoredRun``."""
    return select(
        _runs.c.program_hash,
        _runs.c.state,
        _runs.c.owner_id,
        _runs.c.priority,
        _runs.c.version,
        _runs.c.event,
    )


def from_row(row: Row[*tuple[Any, ...]]) -> StoredRun:
    return StoredRun(*row)
