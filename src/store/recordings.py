"""Queries on the recordings of the live market. Whoever matches orders against one holds its lease by
PostgreSQL's clock, and writes under the epoch that came with it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Interval,
    Select,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from store.database import Tx
from store.tables.recordings import RecordingRow
from store.tables.sessions import SessionRow

_recordings = RecordingRow.__table__  # type: ignore[attr-defined]
_sessions = SessionRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class NewRecording:
    uuid: UUID
    date: date
    label: str
    open_at: datetime
    close_second: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class StoredRecording:
    """A recording's row. ``matched_second`` is -1 before the first row; ``is_held`` says that a lease of
    it was alive when it was read."""

    uuid: UUID
    date: date
    label: str
    open_at: datetime
    close_second: int
    matched_second: int
    epoch: int
    holder: UUID | None
    leased_until: datetime | None
    day_hash: str | None
    closed_at: datetime | None
    created_at: datetime
    is_held: bool

    @property
    def close_at(self) -> datetime:
        return self.time_of(self.close_second)

    def time_of(self, second: int) -> datetime:
        return self.open_at + timedelta(seconds=second)

    @property
    def is_closed(self) -> bool:
        """True once all of it was matched and what was pending has expired."""
        return self.closed_at is not None


def _is_held() -> ColumnElement[bool]:
    """A lease is alive now: not as of the transaction's start, for it may have waited for a lock since."""
    return func.coalesce(_recordings.c.leased_until > func.clock_timestamp(), False)


def columns() -> Select[Any]:
    """A select of every column, in the order of ``StoredRecording``."""
    return select(
        _recordings.c.uuid,
        _recordings.c.date,
        _recordings.c.label,
        _recordings.c.open_at,
        _recordings.c.close_second,
        _recordings.c.matched_second,
        _recordings.c.epoch,
        _recordings.c.holder,
        _recordings.c.leased_until,
        _recordings.c.day_hash,
        _recordings.c.closed_at,
        _recordings.c.created_at,
        _is_held(),
    )


_UNSETTLED = (
    _sessions.c.mode == "live",
    _sessions.c.settled_at.is_(None),
    _sessions.c.deleted_at.is_(None),
)

# asked for with every order: building a statement costs more than running it
_WITH_ID = columns().where(_recordings.c.uuid == bindparam("recording"))

_before = select(_recordings.c.uuid, _recordings.c.matched_second.label("before")).subquery()
_ADVANCE = (
    update(_recordings)
    .where(
        _recordings.c.uuid == bindparam("recording"),
        _recordings.c.epoch == bindparam("of_epoch"),
        _recordings.c.closed_at.is_(None),
        _recordings.c.matched_second < bindparam("second"),
        _before.c.uuid == _recordings.c.uuid,
    )
    .values(
        matched_second=bindparam("second"),
        leased_until=func.clock_timestamp() + bindparam("lease", type_=Interval),
    )
    .returning(*columns().selected_columns, _before.c.before)
)


def from_row(row: Sequence[Any]) -> StoredRecording:
    return StoredRecording(*row)


async def enter(tx: Tx, new: NewRecording) -> None:
    """Store a recording that nothing of is matched, unless somebody did."""
    values = {
        "uuid": new.uuid,
        "date": new.date,
        "label": new.label,
        "open_at": new.open_at,
        "close_second": new.close_second,
        "created_at": new.created_at,
    }
    await tx.execute(insert(_recordings).values(values).on_conflict_do_nothing())


async def find(tx: Tx, recording_id: UUID) -> StoredRecording | None:
    row = (await tx.execute(_WITH_ID, {"recording": recording_id})).one_or_none()
    return from_row(row) if row else None


async def take(tx: Tx, recording_id: UUID, holder: UUID, lease: timedelta) -> int | None:
    """Take up an unfinished recording that nobody holds; the epoch, or None where somebody does."""
    is_free = or_(_recordings.c.leased_until.is_(None), _recordings.c.leased_until <= func.clock_timestamp())
    statement = (
        update(_recordings)
        .where(_recordings.c.uuid == recording_id, _recordings.c.closed_at.is_(None), is_free)
        .values(holder=holder, epoch=_recordings.c.epoch + 1, leased_until=func.clock_timestamp() + lease)
        .returning(_recordings.c.epoch)
    )
    epoch: int | None = (await tx.execute(statement)).scalar_one_or_none()
    return epoch


async def renew(tx: Tx, recording_id: UUID, epoch: int, lease: timedelta) -> bool:
    """Hold a recording for longer; False where it was taken from its holder, or is finished."""
    return await _write(tx, recording_id, epoch, leased_until=func.clock_timestamp() + lease)


async def advance(
    tx: Tx, recording_id: UUID, epoch: int, second: int, lease: timedelta
) -> StoredRecording | None:
    """Say that all is matched through ``second``, and hold the recording for longer; the recording with
    the second that it was matched through before. None, and nothing may be written then, where it was
    taken from its holder or was matched so far already. Its market must be held alone by then."""
    written = {"recording": recording_id, "of_epoch": epoch, "second": second, "lease": lease}
    row = (await tx.execute(_ADVANCE, written)).one_or_none()
    return replace(from_row(row[:-1]), matched_second=row.before) if row else None


async def release(tx: Tx, recording_id: UUID, epoch: int) -> None:
    """Let another take it up at once; nothing where it was taken already."""
    await _write(tx, recording_id, epoch, holder=None, leased_until=None)


async def closed(tx: Tx, recording_id: UUID, epoch: int, at: datetime) -> bool:
    """Say that it is over: nobody matches it any more. False where it was taken from its holder."""
    return await _write(tx, recording_id, epoch, closed_at=at, holder=None, leased_until=None)


async def published(tx: Tx, recording_id: UUID, day_hash: str) -> None:
    """Name the recorded day that a closed recording was published as."""
    named = update(_recordings).where(_recordings.c.uuid == recording_id).values(day_hash=day_hash)
    await tx.execute(named)


async def unfinished(tx: Tx) -> tuple[StoredRecording, ...]:
    """The recordings of which not all was matched, the earliest first."""
    statement = columns().where(_recordings.c.closed_at.is_(None))
    rows = await tx.execute(statement.order_by(_recordings.c.open_at, _recordings.c.uuid))
    return tuple(from_row(row) for row in rows)


async def with_unsettled(tx: Tx) -> tuple[StoredRecording, ...]:
    """The closed recordings on which a session is not settled, the earliest first."""
    unsettled = exists().where(_sessions.c.recording_uuid == _recordings.c.uuid, *_UNSETTLED)
    statement = columns().where(_recordings.c.closed_at.is_not(None), unsettled)
    rows = await tx.execute(statement.order_by(_recordings.c.open_at, _recordings.c.uuid))
    return tuple(from_row(row) for row in rows)


async def count_unsettled(tx: Tx, tries: int) -> tuple[int, int]:
    """How many sessions on closed recordings are not settled, and how many of them after so many tries."""
    failed = func.count().filter(_sessions.c.settlement_tries >= tries)
    of_closed = and_(_sessions.c.recording_uuid == _recordings.c.uuid, _recordings.c.closed_at.is_not(None))
    statement = (
        select(func.count(), failed).select_from(_sessions).join(_recordings, of_closed).where(*_UNSETTLED)
    )
    due, failures = (await tx.execute(statement)).one()
    return due, failures


async def _write(tx: Tx, recording_id: UUID, epoch: int, **values: object) -> bool:
    statement = update(_recordings).where(_of_epoch(recording_id, epoch)).values(**values)
    return (await tx.execute(statement)).rowcount == 1


def _of_epoch(recording_id: UUID, epoch: int) -> ColumnElement[bool]:
    """The fence: whoever was overtaken finds no row."""
    mine = (_recordings.c.uuid == recording_id, _recordings.c.epoch == epoch)
    return and_(*mine, _recordings.c.closed_at.is_(None))
