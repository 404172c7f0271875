"""Queries on trading sessions. Each takes an open transaction and, always, the owner."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Row,
    Select,
    any_,
    bindparam,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.sql.dml import ReturningInsert

from engine.fees import DEFAULT_FEES, FeeSchedule
from engine.money import Cents
from store.database import Tx
from store.tables.accounts import AccountRow
from store.tables.events import SessionEventRow
from store.tables.orders import OrderRow
from store.tables.sessions import SessionRow
from store.tables.users import UserRow

_accounts = AccountRow.__table__  # type: ignore[attr-defined]
_sessions = SessionRow.__table__  # type: ignore[attr-defined]
_users = UserRow.__table__  # type: ignore[attr-defined]
_orders = OrderRow.__table__  # type: ignore[attr-defined]
_events = SessionEventRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session's row; times are UTC. A day of an account has no opening balance of its own, and a live
    session that is not settled no recorded day: it is traded on its recording. Once settled it keeps the
    ``fees`` that it settled with."""

    id: int
    uuid: UUID
    user_id: int
    account_id: int | None
    mode: str
    date: date
    day_hash: str | None
    opening_cents: Cents | None
    description: str | None
    clock_at: datetime | None
    version: int
    created_at: datetime
    recording_uuid: UUID | None = None
    settled_at: datetime | None = None
    settlement_tries: int = 0
    fees: FeeSchedule | None = None


@dataclass(frozen=True, slots=True)
class NewSession:
    uuid: UUID
    user_id: int
    mode: str
    date: date
    day_hash: str | None
    opening_cents: Cents | None
    description: str | None
    created_at: datetime
    account_id: int | None = None
    clock_at: datetime | None = None
    recording_uuid: UUID | None = None


def columns() -> Select[Any]:
    """A select of every session column, in the order of ``StoredSession``."""
    return select(
        _sessions.c.id,
        _sessions.c.uuid,
        _sessions.c.user_id,
        _sessions.c.account_id,
        _sessions.c.mode,
        _sessions.c.date,
        _sessions.c.day_hash,
        _sessions.c.opening_cents,
        _sessions.c.description,
        _sessions.c.clock_at,
        _sessions.c.version,
        _sessions.c.created_at,
        _sessions.c.recording_uuid,
        _sessions.c.settled_at,
        _sessions.c.settlement_tries,
        _sessions.c.settled_fee_micros,
    )


# asked on every request: building a statement costs more than running it
OWNED = columns().where(
    _sessions.c.uuid == bindparam("session_id"),
    _sessions.c.user_id == bindparam("user_id"),
    _sessions.c.deleted_at.is_(None),
)


_ACTIVE_LIVE = columns().where(
    _sessions.c.user_id == bindparam("user_id"),
    _sessions.c.mode == "live",
    _sessions.c.account_id.is_(None),
    _sessions.c.settled_at.is_(None),
    _sessions.c.deleted_at.is_(None),
)
OWNED_ALONE = OWNED.where(_sessions.c.account_id.is_(None))


def alone(user_id: int) -> Select[Any]:
    """A select of every session of a user that belongs to no account, oldest first."""
    mine = (_sessions.c.user_id == user_id, _sessions.c.account_id.is_(None))
    return columns().where(*mine).order_by(_sessions.c.id)


def with_ids(ids: BindParameter[Sequence[int]]) -> Select[Any]:
    """A select of the sessions whose ids are bound as one array, by id."""
    return (
        columns()
        .where(_sessions.c.id == any_(ids), _sessions.c.deleted_at.is_(None))
        .order_by(_sessions.c.id)
    )


def with_pending(recording_id: BindParameter[UUID]) -> Select[Any]:
    """A select of the sessions on a recording that have a pending order, by id."""
    waiting = select(_orders.c.session_id).where(_orders.c.status == "pending")
    on_it = (_sessions.c.recording_uuid == recording_id, _sessions.c.deleted_at.is_(None))
    return columns().where(*on_it, _sessions.c.id.in_(waiting)).order_by(_sessions.c.id)


def from_row(row: Row[*tuple[Any, ...]]) -> StoredSession:
    stored, fees = StoredSession(*row), row.settled_fee_micros
    return stored if fees is None else replace(stored, fees=FeeSchedule(**fees))


async def add(tx: Tx, new: NewSession) -> StoredSession | None:
    """Insert a session with version 0, or None where there is one already: the user's simulation or the
    account's day on its date, or the user's live session."""
    statement = (
        upsert(_sessions)
        .values(
            uuid=new.uuid,
            user_id=new.user_id,
            account_id=new.account_id,
            mode=new.mode,
            date=new.date,
            day_hash=new.day_hash,
            opening_cents=new.opening_cents,
            description=new.description,
            clock_at=new.clock_at,
            recording_uuid=new.recording_uuid,
            version=0,
            created_at=new.created_at,
        )
        .on_conflict_do_nothing()
        .returning(_sessions.c.id)
    )
    session_id = (await tx.execute(statement)).scalar_one_or_none()
    if session_id is None:
        return None
    row = (await tx.execute(columns().where(_sessions.c.id == session_id))).one()
    return from_row(row)


async def find(tx: Tx, user_id: int, session_id: UUID) -> StoredSession | None:
    row = (await tx.execute(OWNED, {"user_id": user_id, "session_id": session_id})).one_or_none()
    return from_row(row) if row else None


async def active_live(tx: Tx, user_id: int) -> StoredSession | None:
    """The user's live session of no account that is not settled yet, or None where he has none."""
    row = (await tx.execute(_ACTIVE_LIVE, {"user_id": user_id})).one_or_none()
    return from_row(row) if row else None


async def abandoned(tx: Tx, user_id: int, session_id: UUID) -> StoredSession | None:
    """A live day of an account of the user's that was given up before it settled, or None."""
    statement = columns().where(
        _sessions.c.uuid == session_id,
        _sessions.c.user_id == user_id,
        _sessions.c.mode == "live",
        _sessions.c.account_id.in_(select(_accounts.c.id).where(_accounts.c.deleted_at.is_(None))),
        _sessions.c.settled_at.is_(None),
        _sessions.c.deleted_at.is_not(None),
    )
    row = (await tx.execute(statement)).one_or_none()
    return from_row(row) if row else None


async def unsettled_of(tx: Tx, recording_id: UUID) -> tuple[StoredSession, ...]:
    """The sessions on a recording that are not settled, by id; not locked."""
    statement = columns().where(
        _sessions.c.recording_uuid == recording_id,
        _sessions.c.mode == "live",
        _sessions.c.settled_at.is_(None),
        _sessions.c.deleted_at.is_(None),
    )
    return tuple(from_row(row) for row in await tx.execute(statement.order_by(_sessions.c.id)))


async def set_settled(
    tx: Tx, session: StoredSession, day_hash: str, *, clock_at: datetime, at: datetime
) -> bool:
    """Pin the locked live session to the day its recording was published as, with its clock at the
    close and the fees of its account, or its user, as they are; False where it is settled already. It
    counts as no write: its event does."""
    carried = select(_accounts.c.fee_micros).where(_accounts.c.id == _sessions.c.account_id)
    own = select(_users.c.fee_micros).where(_users.c.id == _sessions.c.user_id)
    default = literal(asdict(DEFAULT_FEES), _sessions.c.settled_fee_micros.type)
    fees = func.coalesce(carried.scalar_subquery(), own.scalar_subquery(), default)
    statement = (
        update(_sessions)
        .where(_sessions.c.id == session.id, _sessions.c.settled_at.is_(None))
        .values(day_hash=day_hash, settled_at=at, clock_at=clock_at, settled_fee_micros=fees)
    )
    return (await tx.execute(statement)).rowcount == 1


async def settlement_failed(tx: Tx, session: StoredSession) -> int:
    """Count one more try of settling the session that came to nothing; how many there were."""
    statement = (
        update(_sessions)
        .where(_sessions.c.id == session.id)
        .values(settlement_tries=_sessions.c.settlement_tries + 1)
        .returning(_sessions.c.settlement_tries)
    )
    tries: int = (await tx.execute(statement)).scalar_one()
    return tries


async def with_id(tx: Tx, session_id: int) -> StoredSession:
    return from_row((await tx.execute(columns().where(_sessions.c.id == session_id))).one())


async def has_traded(tx: Tx, account_id: int) -> bool:
    """True when an order was ever placed in a session of the account."""
    statement = (
        select(_events.c.seq)
        .join(_sessions, _sessions.c.id == _events.c.session_id)
        .where(_sessions.c.account_id == account_id, _events.c.order_id.is_not(None))
        .limit(1)
    )
    return (await tx.execute(statement)).first() is not None


async def simulations(
    tx: Tx, user_id: int, *, limit: int | None = None, before_id: int | None = None
) -> tuple[StoredSession, ...]:
    """The user's simulations and settled live sessions, newest first; ``before_id`` is exclusive."""
    statement = (
        columns()
        .where(
            _sessions.c.user_id == user_id,
            _sessions.c.account_id.is_(None),
            _sessions.c.deleted_at.is_(None),
            or_(_sessions.c.mode == "historical", _sessions.c.settled_at.is_not(None)),
        )
        .order_by(_sessions.c.id.desc())
        .limit(limit)
    )
    if before_id is not None:
        statement = statement.where(_sessions.c.id < before_id)
    return tuple(from_row(row) for row in await tx.execute(statement))


async def of_account(
    tx: Tx, account_id: int, *, limit: int | None = None, before: date | None = None
) -> tuple[StoredSession, ...]:
    """The days of an account, newest first; ``before`` is exclusive."""
    statement = (
        columns()
        .where(_sessions.c.account_id == account_id, _sessions.c.deleted_at.is_(None))
        .order_by(_sessions.c.date.desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(_sessions.c.date < before)
    return tuple(from_row(row) for row in await tx.execute(statement))


async def day_of_account(tx: Tx, account_id: int, on: date) -> StoredSession | None:
    """The account's day on a date."""
    statement = columns().where(
        _sessions.c.account_id == account_id, _sessions.c.date == on, _sessions.c.deleted_at.is_(None)
    )
    row = (await tx.execute(statement)).one_or_none()
    return from_row(row) if row else None


async def belonging(tx: Tx, user_id: int, session_id: UUID) -> tuple[UUID | None, UUID | None] | None:
    """The ids of the account whose day a session of the user's is or was and of the recording that it is
    traded on, each if there is one; None where he never had such a session."""
    statement = (
        select(_accounts.c.uuid, _sessions.c.recording_uuid)
        .select_from(_sessions.outerjoin(_accounts, _accounts.c.id == _sessions.c.account_id))
        .where(_sessions.c.uuid == session_id, _sessions.c.user_id == user_id)
    )
    row = (await tx.execute(statement)).one_or_none()
    return (row.uuid, row.recording_uuid) if row else None


async def simulation_on(tx: Tx, user_id: int, on: date) -> UUID | None:
    """The id of the user's simulation on a date."""
    statement = select(_sessions.c.uuid).where(
        _sessions.c.user_id == user_id,
        _sessions.c.date == on,
        _sessions.c.mode == "historical",
        _sessions.c.account_id.is_(None),
        _sessions.c.deleted_at.is_(None),
    )
    found: UUID | None = (await tx.execute(statement)).scalars().first()
    return found


def _counting_write(*changed: str) -> ReturningInsert[int]:
    """One statement that sets the ``changed`` columns of a session, counts the write and records its
    event; it returns the new version. Built once each: that costs more than running it."""
    bumped = (
        update(_sessions)
        .where(_sessions.c.id == bindparam("of_session"))
        .values(version=_sessions.c.version + 1, **{name: bindparam(f"new_{name}") for name in changed})
        .returning(_sessions.c.id, _sessions.c.version)
        .cte("bumped")
    )
    event = [bindparam(name, type_=_events.c[name].type) for name in ("kind", "order_id", "at")]
    return (
        insert(_events)
        .from_select(
            ["session_id", "seq", "kind", "order_id", "at"], select(bumped.c.id, bumped.c.version, *event)
        )
        .returning(_events.c.seq)
    )


_EVENT = _counting_write()
_MOVE = _counting_write("clock_at")
_REMOVAL = _counting_write("deleted_at")


async def record_event(
    tx: Tx, session: StoredSession, kind: str, at: datetime, order_id: UUID | None = None
) -> int:
    """Count one write of the locked session and record its event; the new version, which is its seq."""
    event = {"of_session": session.id, "kind": kind, "order_id": order_id, "at": at}
    seq: int = (await tx.execute(_EVENT, event)).scalar_one()
    return seq


async def set_clock(tx: Tx, session: StoredSession, kind: str, *, clock_at: datetime, at: datetime) -> int:
    """Set the clock of the locked session and record that as an event; the new version."""
    event = {"of_session": session.id, "kind": kind, "order_id": None, "at": at, "new_clock_at": clock_at}
    seq: int = (await tx.execute(_MOVE, event)).scalar_one()
    return seq


async def remove(tx: Tx, session: StoredSession, kind: str, at: datetime) -> int:
    """Delete the locked session: nothing finds it any more, and its events stay for those who follow
    it, with this one as the last; the new version."""
    event = {"of_session": session.id, "kind": kind, "order_id": None, "at": at, "new_deleted_at": at}
    seq: int = (await tx.execute(_REMOVAL, event)).scalar_one()
    return seq


async def remove_each(tx: Tx, account_id: int, kind: str, at: datetime) -> tuple[tuple[UUID, int], ...]:
    """Delete every session of the locked account as ``remove`` does; each one's id and new version."""
    bumped = (
        update(_sessions)
        .where(_sessions.c.account_id == account_id, _sessions.c.deleted_at.is_(None))
        .values(version=_sessions.c.version + 1, deleted_at=at)
        .returning(_sessions.c.id, _sessions.c.uuid, _sessions.c.version)
        .cte("bumped")
    )
    event = select(bumped.c.id, bumped.c.version, literal(kind), literal(at, _events.c.at.type))
    told = insert(_events).from_select(["session_id", "seq", "kind", "at"], event).cte("told")
    rows = await tx.execute(select(bumped.c.uuid, bumped.c.version).add_cte(told))
    return tuple((row.uuid, row.version) for row in rows)


async def record_event_each(
    tx: Tx, user_id: int, mode: str, kind: str, at: datetime
) -> tuple[tuple[UUID, int], ...]:
    """Record an event on every session of a user that is in ``mode``, belongs to no account and whose
    row is locked; each one's id and new version."""
    bumped = (
        update(_sessions)
        .where(
            _sessions.c.user_id == user_id,
            _sessions.c.mode == mode,
            _sessions.c.account_id.is_(None),
            _sessions.c.deleted_at.is_(None),
        )
        .values(version=_sessions.c.version + 1)
        .returning(_sessions.c.id, _sessions.c.uuid, _sessions.c.version)
    )
    rows = (await tx.execute(bumped)).all()
    if rows:
        values = [{"session_id": row.id, "seq": row.version, "kind": kind, "at": at} for row in rows]
        await tx.execute(insert(_events).values(values))
    return tuple((row.uuid, row.version) for row in rows)


_LATER = (
    select(_events.c.seq, _events.c.kind, _events.c.order_id, _events.c.at)
    .where(_events.c.session_id == _sessions.c.id, _events.c.seq > bindparam("after"))
    .order_by(_events.c.seq)
    .limit(bindparam("limit", type_=BigInteger))
    .lateral("later")
)
_FOLLOWED = (
    select(_sessions.c.deleted_at.is_(None).label("exists"), _LATER)
    .select_from(_sessions.outerjoin(_LATER, true()))
    .where(_sessions.c.uuid == bindparam("session_id"), _sessions.c.user_id == bindparam("user_id"))
    .order_by(_LATER.c.seq)
)


async def events_after(
    tx: Tx, user_id: int, session_id: UUID, seq: int, limit: int
) -> tuple[tuple[Row[*tuple[Any, ...]], ...], bool]:
    """The events of one user's session, deleted or not, as rows of (seq, kind, order_id, at) later
    than ``seq``, oldest first, and whether the session is there still. One statement: a crowd that
    follows asks it all at once."""
    asked = {"user_id": user_id, "session_id": session_id, "after": seq, "limit": limit}
    rows = (await tx.execute(_FOLLOWED, asked)).all()
    return tuple(row for row in rows if row.seq is not None), any(row.exists for row in rows)
