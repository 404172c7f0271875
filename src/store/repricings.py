"""Queries on accounts that are being moved to another fee schedule.

New fees are staged beside the books, some days at a time, and then replace the old ones in one step.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import repeat
from uuid import UUID

from sqlalchemy import BigInteger, and_, cast, delete, func, insert, literal, or_, select, union_all, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.sql.selectable import CTE

from engine.closings import ChargedLeg
from engine.fees import FeeSchedule
from engine.journal import EntryKind
from engine.money import Cents
from store.accounts import StoredAccount
from store.database import Tx
from store.orders import legs_from
from store.settlements import StoredSettlement, settled_rows
from store.tables.accounts import AccountRow
from store.tables.events import SessionEventRow
from store.tables.journal import JournalRow
from store.tables.orders import OrderRow
from store.tables.repricings import RepricedDayRow, RepricingRow
from store.tables.sessions import SessionRow
from store.tables.settlements import SettlementRow

_accounts = AccountRow.__table__  # type: ignore[attr-defined]
_events = SessionEventRow.__table__  # type: ignore[attr-defined]
_journal = JournalRow.__table__  # type: ignore[attr-defined]
_orders = OrderRow.__table__  # type: ignore[attr-defined]
_repriced = RepricedDayRow.__table__  # type: ignore[attr-defined]
_repricings = RepricingRow.__table__  # type: ignore[attr-defined]
_sessions = SessionRow.__table__  # type: ignore[attr-defined]
_settlements = SettlementRow.__table__  # type: ignore[attr-defined]

# the fees that are staged for a day, as long as it was not settled again since
_STAGED = and_(
    _repriced.c.session_id == _settlements.c.session_id,
    _repriced.c.revision == _settlements.c.revision,
)


@dataclass(frozen=True, slots=True)
class RepricedDay:
    """A settled day, by session and revision, with its fees under the new schedule."""

    session_id: int
    revision: int
    fees_cents: Cents


async def ask(tx: Tx, account: StoredAccount, fees: FeeSchedule, at: datetime) -> None:
    """Ask for a locked account to be moved to ``fees``; what was staged for other ones is dropped."""
    await drop(tx, account)
    values = {"account_id": account.id, "fee_micros": asdict(fees), "asked_at": at, "touched_at": at}
    await tx.execute(upsert(_repricings).values(values))


async def drop(tx: Tx, account: StoredAccount) -> None:
    """Nobody asks any more for the locked account to be moved; what was staged goes too."""
    await tx.execute(delete(_repricings).where(_repricings.c.account_id == account.id))


async def asked_fees(tx: Tx, account: StoredAccount) -> FeeSchedule | None:
    """The schedule that an account is to be moved to, or None where it is settled with its own."""
    statement = select(_repricings.c.fee_micros).where(_repricings.c.account_id == account.id)
    micros = (await tx.execute(statement)).scalar_one_or_none()
    return FeeSchedule(**micros) if micros else None


async def take_untouched(tx: Tx, since: datetime, at: datetime) -> tuple[int, ...]:
    """The accounts whose repricing has not come further since then; they count as touched ``at``."""
    taken = update(_repricings).where(_repricings.c.touched_at <= since).values(touched_at=at)
    return tuple((await tx.execute(taken.returning(_repricings.c.account_id))).scalars())


async def unstaged(tx: Tx, account: StoredAccount, limit: int) -> tuple[StoredSettlement, ...]:
    """The account's oldest settled days whose new fees are not staged."""
    statement = (
        select(_settlements)
        .outerjoin(_repriced, _STAGED)
        .where(_settlements.c.account_id == account.id, _repriced.c.session_id.is_(None))
        .order_by(_settlements.c.date)
        .limit(limit)
    )
    return settled_rows(await tx.execute(statement))


async def filled_legs(tx: Tx, session_ids: Sequence[int]) -> Mapping[int, list[ChargedLeg]]:
    """The legs of the filled orders of each of the sessions, with what the live ones were charged."""
    statement = select(_orders.c.session_id, _orders.c.legs, _orders.c.fill_leg_fee_cents).where(
        _orders.c.session_id.in_(session_ids), _orders.c.fill_at.is_not(None)
    )
    legs: dict[int, list[ChargedLeg]] = {session_id: [] for session_id in session_ids}
    for session_id, rows, fees in await tx.execute(statement):
        legs[session_id] += map(ChargedLeg, legs_from(rows), fees or repeat(None))
    return legs


async def stage(tx: Tx, account: StoredAccount, days: Iterable[RepricedDay], at: datetime) -> None:
    rows = [{"account_id": account.id, **asdict(day)} for day in days]
    new = upsert(_repriced)
    same_day = ["session_id"]
    latest = {"revision": new.excluded.revision, "fees_cents": new.excluded.fees_cents}
    await tx.execute(new.on_conflict_do_update(index_elements=same_day, set_=latest), rows)
    touched = update(_repricings).where(_repricings.c.account_id == account.id)
    await tx.execute(touched.values(touched_at=at))


async def progress(tx: Tx, account: StoredAccount) -> tuple[int, int]:
    """How many of the account's settled days are staged, and how many there are."""
    statement = (
        select(func.count(_repriced.c.session_id), func.count())
        .select_from(_settlements.outerjoin(_repriced, _STAGED))
        .where(_settlements.c.account_id == account.id)
    )
    done, total = (await tx.execute(statement)).one()
    return int(done), int(total)


async def post(tx: Tx, account: StoredAccount, at: datetime) -> None:
    """Take the settlement of each day whose fees have changed back and post it anew."""
    changed = _changed(account)
    before = select(_accounts.c.journal_seq).where(_accounts.c.id == account.id).scalar_subquery()
    nothing = cast(literal(0), BigInteger)
    realized = changed.c.credits_cents - changed.c.debits_cents
    taken_back = select(
        literal(account.id),
        before + 2 * changed.c.place - 1,
        literal(EntryKind.REVERSE.value),
        changed.c.uuid,
        changed.c.date,
        changed.c.revision,
        changed.c.fees_cents - realized,
        nothing,
        realized,
        -changed.c.fees_cents,
        literal(at, _journal.c.posted_at.type),
    )
    anew = select(
        literal(account.id),
        before + 2 * changed.c.place,
        literal(EntryKind.SETTLE.value),
        changed.c.uuid,
        changed.c.date,
        changed.c.revision + 1,
        realized - changed.c.new_fees_cents,
        nothing,
        -realized,
        changed.c.new_fees_cents,
        literal(at, _journal.c.posted_at.type),
    )
    names = [
        "account_id",
        "seq",
        "kind",
        "session_uuid",
        "date",
        "revision",
        "cash_cents",
        "capital_cents",
        "options_cents",
        "fees_cents",
        "posted_at",
    ]
    await tx.execute(insert(_journal).from_select(names, union_all(taken_back, anew)))


async def tell_sessions(
    tx: Tx, account: StoredAccount, kind: str, at: datetime
) -> tuple[tuple[UUID, int], ...]:
    """Record an event on each day whose fees have changed, and on the open one, whose will; each
    one's id and new version."""
    changed = _changed(account)
    told = or_(_sessions.c.id.in_(select(changed.c.session_id)), _sessions.c.id == account.open_session_id)
    bumped = (
        update(_sessions)
        .where(told)
        .values(version=_sessions.c.version + 1)
        .returning(_sessions.c.id, _sessions.c.uuid, _sessions.c.version)
        .cte("bumped")
    )
    event = select(bumped.c.id, bumped.c.version, literal(kind), literal(at, _events.c.at.type))
    recorded = insert(_events).from_select(["session_id", "seq", "kind", "at"], event).cte("recorded")
    rows = await tx.execute(select(bumped.c.uuid, bumped.c.version).add_cte(recorded))
    return tuple((row.uuid, row.version) for row in rows)


async def switch(tx: Tx, account: StoredAccount, fees: FeeSchedule) -> None:
    """Let the staged fees be the days' fees, and ``fees`` the account's; its cash follows."""
    changed = _changed(account)
    totals = select(
        func.count().label("days"),
        func.coalesce(func.sum(changed.c.fees_cents - changed.c.new_fees_cents), 0).label("saved"),
    ).subquery()
    await tx.execute(
        update(_accounts)
        .where(_accounts.c.id == account.id)
        .values(
            fee_micros=asdict(fees),
            journal_seq=_accounts.c.journal_seq + 2 * select(totals.c.days).scalar_subquery(),
            cash_cents=_accounts.c.cash_cents + cast(select(totals.c.saved).scalar_subquery(), BigInteger),
        )
    )
    await tx.execute(
        update(_settlements)
        .where(_settlements.c.session_id == changed.c.session_id)
        .values(fees_cents=changed.c.new_fees_cents, revision=_settlements.c.revision + 1)
    )
    await drop(tx, account)


def _changed(account: StoredAccount) -> CTE:
    """The account's settled days whose staged fees are others than those posted, numbered by date."""
    return (
        select(
            _settlements,
            _repriced.c.fees_cents.label("new_fees_cents"),
            _sessions.c.uuid,
            func.row_number().over(order_by=_settlements.c.date).label("place"),
        )
        .join(_repriced, _STAGED)
        .join(_sessions, _sessions.c.id == _settlements.c.session_id)
        .where(_settlements.c.account_id == account.id, _repriced.c.fees_cents != _settlements.c.fees_cents)
        .cte("changed")
    )
