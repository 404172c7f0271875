"""What the matcher of a live market reads and writes: one statement each, however many orders it is about.

Whoever writes here holds the market alone and the sessions whose orders these are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, String, Uuid, any_, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from engine.fees import DEFAULT_FEES, FeeSchedule
from engine.money import Cents
from engine.orders import Fill, Order
from store import orders
from store.database import Tx
from store.orders import StoredOrder
from store.recordings import StoredRecording
from store.tables.orders import OrderRow
from store.tables.sessions import SessionRow

_orders = OrderRow.__table__  # type: ignore[attr-defined]
_sessions = SessionRow.__table__  # type: ignore[attr-defined]


class Pending(NamedTuple):
    """An order that waits; ``id`` is its row's, which grows with the order of acceptance."""

    id: int
    session_id: int
    stored: StoredOrder


class Filled(NamedTuple):
    """What a pending order filled at; the fill tells the fees that were charged."""

    id: int
    fill: Fill


class Rejected(NamedTuple):
    """When and why a pending order was rejected."""

    id: int
    second: int
    reason: str


class Expired(NamedTuple):
    session_id: int
    order_id: UUID


class Told(NamedTuple):
    """An event of a session that is to be recorded."""

    session_id: int
    kind: str
    order_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What a live session opens with, the fees that its fills are charged, and which of its orders are
    pending and which filled, by their rows' ids."""

    opening_cents: Cents
    fees: FeeSchedule
    pending: tuple[int, ...]
    filled: tuple[int, ...]


_PENDING = (
    orders.columns()
    .add_columns(_orders.c.id, _orders.c.session_id)
    .join(_sessions, _sessions.c.id == _orders.c.session_id)
    .where(
        _sessions.c.recording_uuid == bindparam("recording"),
        _sessions.c.deleted_at.is_(None),
        _orders.c.status == "pending",
        _orders.c.id > bindparam("last_id"),
    )
    .order_by(_orders.c.id)
    .limit(bindparam("limit", type_=BigInteger))
)

_WITH_IDS = (
    orders.columns()
    .add_columns(_orders.c.id)
    .where(_orders.c.id == any_(bindparam("ids", type_=ARRAY(BigInteger))))
)

_FILL = text("""
    UPDATE orders SET status = 'filled', fill_at = given.at, fill_net_price_cents = given.net,
                      fill_leg_price_cents = given.prices, fill_leg_fee_cents = given.fees, updated_at = :at
    FROM jsonb_to_recordset(:given) AS given(id bigint, at timestamptz, net int, prices int[], fees int[])
    WHERE orders.id = given.id AND orders.status = 'pending'
""").bindparams(bindparam("given", type_=JSONB))

_REJECT = text("""
    UPDATE orders SET status = 'rejected', ended_at = given.at, rejection_reason = given.reason,
                      updated_at = :at
    FROM jsonb_to_recordset(:given) AS given(id bigint, at timestamptz, reason text)
    WHERE orders.id = given.id AND orders.status = 'pending'
""").bindparams(bindparam("given", type_=JSONB))

_EXPIRE = text("""
    WITH gone AS (
        UPDATE orders SET status = 'expired', ended_at = :ended_at, updated_at = :at
        WHERE orders.session_id = ANY(:ids) AND orders.status = 'pending'
        RETURNING orders.session_id, orders.uuid, orders.sequence
    )
    SELECT session_id, uuid FROM gone ORDER BY session_id, sequence
""").bindparams(bindparam("ids", type_=ARRAY(BigInteger)))

# the events of one session are numbered in the order in which they were given
_RECORD = text("""
    WITH given AS (
        SELECT session_id, kind, order_id, row_number() OVER (PARTITION BY session_id ORDER BY place) AS n
        FROM unnest(:session_ids, :kinds, :order_ids)
             WITH ORDINALITY AS t(session_id, kind, order_id, place)
    ), bumped AS (
        UPDATE sessions s SET version = version + counted.n
        FROM (SELECT session_id, count(*) AS n FROM given GROUP BY session_id) counted
        WHERE s.id = counted.session_id
        RETURNING s.id, s.version, s.version - counted.n AS before
    ), told AS (
        INSERT INTO session_events (session_id, seq, kind, order_id, at)
        SELECT given.session_id, bumped.before + given.n, given.kind, given.order_id, :at
        FROM given JOIN bumped ON bumped.id = given.session_id
    )
    SELECT id, version FROM bumped
""").bindparams(
    bindparam("session_ids", type_=ARRAY(BigInteger)),
    bindparam("kinds", type_=ARRAY(String)),
    bindparam("order_ids", type_=ARRAY(Uuid)),
)

_TERMS = text("""
    SELECT s.id, coalesce(s.opening_cents, a.starting_cents + coalesce(before.profit, 0)) AS opening_cents,
           coalesce(a.fee_micros, u.fee_micros) AS fee_micros,
           ARRAY(SELECT o.id FROM orders o WHERE o.session_id = s.id AND o.status = 'pending') AS pending,
           ARRAY(SELECT o.id FROM orders o WHERE o.session_id = s.id AND o.status = 'filled') AS filled
    FROM sessions s JOIN users u ON u.id = s.user_id LEFT JOIN accounts a ON a.id = s.account_id
    LEFT JOIN LATERAL (
        SELECT sum(t.profit_cents)::bigint AS profit FROM settlements t
        WHERE t.account_id = s.account_id AND t.date < s.date
    ) before ON true
    WHERE s.id = ANY(:ids)
""").bindparams(bindparam("ids", type_=ARRAY(BigInteger)))


async def pending_after(
    tx: Tx, recording: StoredRecording, last_id: int, limit: int | None = None
) -> tuple[Pending, ...]:
    """The pending orders on a recording that were accepted after the one of ``last_id``, as accepted; the
    first ``limit`` of them where there are more.

    While the market is held alone these are all, for nobody is accepting any."""
    after = {"recording": recording.uuid, "last_id": last_id, "limit": limit}
    rows = (await tx.execute(_PENDING, after)).all()
    return tuple(Pending(row.id, row.session_id, orders.from_row(row, recording.open_at)) for row in rows)


async def orders_with_ids(tx: Tx, ids: Sequence[int], open_at: datetime) -> Mapping[int, Order]:
    """Orders by their rows' ids."""
    rows = await tx.execute(_WITH_IDS, {"ids": list(ids)})
    return {row.id: orders.from_row(row, open_at).order for row in rows}


async def terms_of(tx: Tx, session_ids: Sequence[int]) -> Mapping[int, Terms]:
    """What each of the sessions opens with, the schedule it pays, its account's or its user's, and what
    is pending in it or has filled."""
    rows = await tx.execute(_TERMS, {"ids": list(session_ids)})
    return {
        row.id: Terms(
            row.opening_cents,
            FeeSchedule(**row.fee_micros) if row.fee_micros else DEFAULT_FEES,
            tuple(row.pending),
            tuple(row.filled),
        )
        for row in rows
    }


async def fill_each(tx: Tx, recording: StoredRecording, filled: Iterable[Filled], at: datetime) -> int:
    """Store what pending orders filled at; how many of them were pending still."""
    rows = [
        {
            "id": row_id,
            "at": _time(recording, fill.second),
            "net": fill.net_price_cents,
            "prices": fill.leg_price_cents,
            "fees": fill.leg_fee_cents,
        }
        for row_id, fill in filled
    ]
    return (await tx.execute(_FILL, {"given": rows, "at": at})).rowcount


async def reject_each(tx: Tx, recording: StoredRecording, rejected: Iterable[Rejected], at: datetime) -> int:
    """Store that pending orders were rejected; how many of them were pending still."""
    rows = [{"id": one.id, "at": _time(recording, one.second), "reason": one.reason} for one in rejected]
    return (await tx.execute(_REJECT, {"given": rows, "at": at})).rowcount


async def expire_each(
    tx: Tx, recording: StoredRecording, session_ids: Iterable[int], at: datetime
) -> tuple[Expired, ...]:
    """Let what is pending in held sessions expire at the close of their recording; which orders those
    were, by session and then as placed."""
    values = {"ids": list(session_ids), "ended_at": recording.close_at, "at": at}
    return tuple(Expired(row.session_id, row.uuid) for row in await tx.execute(_EXPIRE, values))


async def record_events_many(tx: Tx, told: Sequence[Told], at: datetime) -> Mapping[int, int]:
    """Record events on held sessions, each session's in the order given and numbered without a gap; every
    session's new version, which is the number of its last."""
    values = {
        "session_ids": [one.session_id for one in told],
        "kinds": [one.kind for one in told],
        "order_ids": [one.order_id for one in told],
        "at": at,
    }
    return {row.id: row.version for row in await tx.execute(_RECORD, values)}


def _time(recording: StoredRecording, second: int) -> str:
    return recording.time_of(second).isoformat()
