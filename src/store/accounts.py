"""Queries on accounts. Each takes an open transaction and, where a person asks, the owner."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from engine.accounts import AccountStatus, AccountType, Engine
from engine.fees import FeeSchedule
from engine.money import Cents
from store.database import Tx
from store.tables.accounts import AccountEventRow, AccountRow
from store.tables.sessions import SessionRow

_accounts = AccountRow.__table__  # type: ignore[attr-defined]
_events = AccountEventRow.__table__  # type: ignore[attr-defined]
_sessions = SessionRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class StoredAccount:
    """An account's row. ``fees`` is the schedule its books are kept with."""

    id: int
    uuid: UUID
    user_id: int
    name: str
    description: str | None
    engine: Engine
    type: AccountType
    status: AccountStatus
    starting_cents: Cents
    cash_cents: Cents
    fees: FeeSchedule
    open_session_id: int | None
    version: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewAccount:
    uuid: UUID
    user_id: int
    name: str
    description: str | None
    engine: Engine
    type: AccountType
    starting_cents: Cents
    fees: FeeSchedule
    created_at: datetime


def columns() -> Select[Any]:
    """A select of the account columns, in the order of ``StoredAccount``."""
    return select(
        _accounts.c.id,
        _accounts.c.uuid,
        _accounts.c.user_id,
        _accounts.c.name,
        _accounts.c.description,
        _accounts.c.engine,
        _accounts.c.type,
        _accounts.c.status,
        _accounts.c.starting_cents,
        _accounts.c.cash_cents,
        _accounts.c.fee_micros,
        _accounts.c.open_session_id,
        _accounts.c.version,
        _accounts.c.created_at,
    )


def owned(user_id: int, account_id: UUID) -> Select[Any]:
    return columns().where(
        _accounts.c.uuid == account_id, _accounts.c.user_id == user_id, _accounts.c.deleted_at.is_(None)
    )


def alive(account_id: int) -> Select[Any]:
    return columns().where(_accounts.c.id == account_id, _accounts.c.deleted_at.is_(None))


def of_session(user_id: int, session_id: UUID) -> Select[Any]:
    """The account that one of the user's sessions belongs to. A session never changes it."""
    mine = select(_sessions.c.account_id).where(
        _sessions.c.uuid == session_id, _sessions.c.user_id == user_id, _sessions.c.deleted_at.is_(None)
    )
    return columns().where(_accounts.c.id == mine.scalar_subquery(), _accounts.c.deleted_at.is_(None))


def all_of(user_id: int) -> Select[Any]:
    """Every account of a user, oldest first."""
    return (
        columns()
        .where(_accounts.c.user_id == user_id, _accounts.c.deleted_at.is_(None))
        .order_by(_accounts.c.id)
    )


def from_row(row: Row[*tuple[Any, ...]]) -> StoredAccount:
    return StoredAccount(
        id=row.id,
        uuid=row.uuid,
        user_id=row.user_id,
        name=row.name,
        description=row.description,
        engine=Engine(row.engine),
        type=AccountType(row.type),
        status=AccountStatus(row.status),
        starting_cents=row.starting_cents,
        cash_cents=row.cash_cents,
        fees=FeeSchedule(**row.fee_micros),
        open_session_id=row.open_session_id,
        version=row.version,
        created_at=row.created_at,
    )


async def add(tx: Tx, new: NewAccount) -> StoredAccount | None:
    """Insert an account without cash or events, or None where an active one has its name."""
    values = {
        "uuid": new.uuid,
        "user_id": new.user_id,
        "name": new.name,
        "description": new.description,
        "engine": new.engine,
        "type": new.type,
        "status": AccountStatus.ACTIVE,
        "starting_cents": new.starting_cents,
        "cash_cents": 0,
        "fee_micros": asdict(new.fees),
        "journal_seq": 0,
        "version": 0,
        "created_at": new.created_at,
    }
    statement = upsert(_accounts).values(values).on_conflict_do_nothing()
    row = (await tx.execute(statement.returning(*columns().selected_columns))).one_or_none()
    return from_row(row) if row else None


async def find(tx: Tx, user_id: int, account_id: UUID) -> StoredAccount | None:
    row = (await tx.execute(owned(user_id, account_id))).one_or_none()
    return from_row(row) if row else None


async def with_id(tx: Tx, account_id: int) -> StoredAccount:
    return from_row((await tx.execute(columns().where(_accounts.c.id == account_id))).one())


async def page(
    tx: Tx,
    user_id: int,
    *,
    limit: int | None = None,
    after_id: int = 0,
    status: AccountStatus | None = None,
) -> tuple[StoredAccount, ...]:
    """The user's accounts, oldest first; ``after_id`` is exclusive, ``status`` None is any."""
    statement = all_of(user_id).where(_accounts.c.id > after_id).limit(limit)
    if status is not None:
        statement = statement.where(_accounts.c.status == status)
    return tuple(from_row(row) for row in await tx.execute(statement))


async def latest_day(tx: Tx, account: StoredAccount) -> date | None:
    """The date of the account's last day, settled or open."""
    found: date | None = (
        await tx.execute(
            select(func.max(_sessions.c.date)).where(
                _sessions.c.account_id == account.id, _sessions.c.deleted_at.is_(None)
            )
        )
    ).scalar_one()
    return found


async def describe(
    tx: Tx, account: StoredAccount, name: str, description: str | None, status: AccountStatus
) -> bool:
    """Rename, describe, archive or make active again; False where another active one has the name."""
    try:
        async with tx.begin_nested():
            await _set(tx, account, name=name, description=description, status=status)
    except IntegrityError:
        return False
    return True


async def set_capital(tx: Tx, account: StoredAccount, starting_cents: Cents) -> None:
    await _set(tx, account, starting_cents=starting_cents)


async def set_fees(tx: Tx, account: StoredAccount, fees: FeeSchedule) -> None:
    await _set(tx, account, fee_micros=asdict(fees))


async def set_open(tx: Tx, account: StoredAccount, session_id: int | None) -> None:
    """Name the one session of the account that is not settled, or that there is none."""
    await _set(tx, account, open_session_id=session_id)


async def remove(tx: Tx, account: StoredAccount, at: datetime) -> None:
    """Delete an account, whose sessions go with it: nothing finds it any more, and the books stay."""
    await _set(tx, account, deleted_at=at)


@dataclass(frozen=True, slots=True)
class AboutAccount:
    """What an event says beside its kind: a day, or how far a recomputation has come."""

    session_id: UUID | None = None
    done: int | None = None
    total: int | None = None


NOTHING_MORE = AboutAccount()


async def record_event(
    tx: Tx, account: StoredAccount, kind: str, at: datetime, about: AboutAccount = NOTHING_MORE
) -> int:
    """Count one write of the locked account and record its event; the new version, which is its seq."""
    bump = (
        update(_accounts)
        .where(_accounts.c.id == account.id)
        .values(version=_accounts.c.version + 1)
        .returning(_accounts.c.version)
    )
    seq: int = (await tx.execute(bump)).scalar_one()
    event = {"account_id": account.id, "seq": seq, "kind": kind, "at": at}
    more = {"session_uuid": about.session_id, "done": about.done, "total": about.total}
    await tx.execute(insert(_events).values(**event, **more))
    return seq


async def events_after(
    tx: Tx, user_id: int, account_id: UUID, seq: int, limit: int
) -> tuple[Row[*tuple[Any, ...]], ...]:
    """The events of one user's account, deleted or not, later than ``seq``, oldest first."""
    statement = (
        select(
            _events.c.seq,
            _events.c.kind,
            _events.c.session_uuid,
            _events.c.done,
            _events.c.total,
            _events.c.at,
        )
        .join(_accounts, _accounts.c.id == _events.c.account_id)
        .where(_accounts.c.uuid == account_id, _accounts.c.user_id == user_id, _events.c.seq > seq)
        .order_by(_events.c.seq)
        .limit(limit)
    )
    return tuple(await tx.execute(statement))


async def _set(tx: Tx, account: StoredAccount, **values: object) -> None:
    await tx.execute(update(_accounts).where(_accounts.c.id == account.id).values(**values))
