"""What must always hold of the books, each rule as one query for whatever breaks it.

A query answers with the account it found at fault (none for a simulation) and what differs, in words.
Nothing here trusts what another table says: a sum is taken anew from the rows that it is the sum of.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import repeat
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Numeric,
    Row,
    Select,
    String,
    Uuid,
    column,
    func,
    select,
    text,
    tuple_,
)

from engine.closings import Outcome
from engine.fees import FeeSchedule
from engine.recomputing import FilledLeg
from store.database import Tx
from store.orders import legs_from
from store.tables.accounts import AccountRow
from store.tables.journal import JournalRow
from store.tables.orders import OrderRow
from store.tables.sessions import SessionRow
from store.tables.settlements import SettlementRow

_accounts = AccountRow.__table__  # type: ignore[attr-defined]
_journal = JournalRow.__table__  # type: ignore[attr-defined]
_orders = OrderRow.__table__  # type: ignore[attr-defined]
_sessions = SessionRow.__table__  # type: ignore[attr-defined]
_settlements = SettlementRow.__table__  # type: ignore[attr-defined]


def _rule(found: str | Select[Any]) -> Select[Any]:
    """``found`` selects (account_id, differs); the account is answered by the id that people know."""
    if isinstance(found, str):
        broken = text(found).columns(account_id=BigInteger, differs=String).subquery()
    else:
        broken = found.subquery()
    return (
        select(_accounts.c.uuid.label("account"), broken.c.differs)
        .select_from(broken.outerjoin(_accounts, _accounts.c.id == broken.c.account_id))
        .order_by(broken.c.account_id, broken.c.differs)
    )


UNBALANCED_ENTRIES = _rule("""
    SELECT account_id, format('entry %s sums to %s cents', seq,
                              cash_cents + capital_cents + options_cents + fees_cents) AS differs
    FROM journal WHERE cash_cents + capital_cents + options_cents + fees_cents <> 0
""")

MISNUMBERED_ENTRIES = _rule("""
    SELECT id AS account_id, format('%s entries numbered %s to %s, and the account counts %s',
                                    coalesce(n, 0), first, last, journal_seq) AS differs
    FROM accounts LEFT JOIN (
        SELECT account_id, count(*) AS n, min(seq) AS first, max(seq) AS last FROM journal GROUP BY account_id
    ) j ON j.account_id = id
    WHERE first IS DISTINCT FROM 1 OR n <> journal_seq OR last <> journal_seq
""")

UNPOSTED_CASH = _rule("""
    SELECT id AS account_id,
           format('cash is %s cents, and its entries sum to %s', cash_cents, coalesce(posted, 0)) AS differs
    FROM accounts LEFT JOIN (
        SELECT account_id, sum(cash_cents) AS posted FROM journal GROUP BY account_id
    ) j ON j.account_id = id
    WHERE cash_cents <> coalesce(posted, 0)
""")

UNCARRIED_CASH = _rule("""
    SELECT id AS account_id, format('cash is %s cents, and the capital with the settled days comes to %s',
                                    cash_cents, starting_cents + coalesce(profit, 0)) AS differs
    FROM accounts LEFT JOIN (
        SELECT account_id, sum(profit_cents) AS profit FROM settlements GROUP BY account_id
    ) t ON t.account_id = id
    WHERE cash_cents <> starting_cents + coalesce(profit, 0)
""")

UNPOSTED_CAPITAL = _rule("""
    SELECT id AS account_id,
           format('capital is %s cents, and %s was posted', starting_cents, coalesce(-posted, 0)) AS differs
    FROM accounts LEFT JOIN (
        SELECT account_id, sum(capital_cents) AS posted FROM journal
        WHERE kind IN ('genesis', 'capital') GROUP BY account_id
    ) j ON j.account_id = id
    WHERE starting_cents <> coalesce(-posted, 0)
""")

# Grouping every entry by its day is dear, so each account's are first added up as hashes: what settles
# a day counts for it, what takes that back against it, and so does the settlement that stands.
_SUSPECTS = text("""
    SELECT account_id FROM (
        SELECT account_id,
               CASE kind
                   WHEN 'settle' THEN hash_record_extended(
                       (session_uuid, date, revision, cash_cents, options_cents, fees_cents), 0)
                   ELSE -hash_record_extended(
                       (session_uuid, date, revision, -cash_cents, -options_cents, -fees_cents), 0)
               END AS print
        FROM journal WHERE session_uuid IS NOT NULL
        UNION ALL
        SELECT t.account_id, -hash_record_extended(
            (s.uuid, s.date, t.revision, t.profit_cents, t.debits_cents - t.credits_cents, t.fees_cents), 0)
        FROM settlements t JOIN sessions s ON s.id = t.session_id
    ) prints
    GROUP BY account_id HAVING sum(print) <> 0
""")

# of the accounts at which that comes to something: what was posted for each day, beside its settlement
_days = (
    text("""
    SELECT coalesce(j.account_id, t.account_id) AS account_id, coalesce(j.session_uuid, t.uuid) AS uuid,
           coalesce(j.standing, 0) AS standing, coalesce(j.cash, 0) AS cash,
           coalesce(j.options, 0) AS options, coalesce(j.fees, 0) AS fees,
           (t.session_id IS NOT NULL)::int AS settled, coalesce(t.profit_cents, 0) AS profit,
           coalesce(t.debits_cents - t.credits_cents, 0) AS spent, coalesce(t.fees_cents, 0) AS charged
    FROM (
        SELECT session_uuid, min(account_id) AS account_id,
               sum(CASE kind WHEN 'settle' THEN 1 ELSE -1 END) AS standing,
               sum(cash_cents) AS cash, sum(options_cents) AS options, sum(fees_cents) AS fees
        FROM journal WHERE session_uuid IS NOT NULL AND account_id = ANY(:suspects) GROUP BY session_uuid
    ) j FULL JOIN (
        SELECT s.uuid, t.* FROM settlements t JOIN sessions s ON s.id = t.session_id
        WHERE t.account_id = ANY(:suspects)
    ) t ON t.uuid = j.session_uuid
    """)
    .columns(
        *(column(name, BigInteger) for name in ("account_id", "standing", "settled")),
        *(column(name, Numeric) for name in ("cash", "options", "fees", "profit", "spent", "charged")),
        column("uuid", Uuid),
    )
    .subquery()
)


def _of_days(differs: ColumnElement[str], broken: ColumnElement[bool]) -> Select[Any]:
    return _rule(select(_days.c.account_id, differs.label("differs")).where(broken))


MISCOUNTED_SETTLEMENTS = _of_days(
    func.format(
        "session %s: its entries settle it %s times net, and it has %s settlements",
        _days.c.uuid,
        _days.c.standing,
        _days.c.settled,
    ),
    _days.c.standing != _days.c.settled,
)

MISPOSTED_DAYS = _of_days(
    func.format(
        "session %s: posted are %s cents of cash, %s of options, %s of fees; its settlement is %s, %s, %s",
        *(_days.c.uuid, _days.c.cash, _days.c.options, _days.c.fees),
        *(_days.c.profit, _days.c.spent, _days.c.charged),
    ),
    tuple_(_days.c.cash, _days.c.options, _days.c.fees)
    != tuple_(_days.c.profit, _days.c.spent, _days.c.charged),
)

SUPERSEDED_SETTLEMENTS = _rule("""
    SELECT t.account_id,
           format('session %s: revision %s is settled, and was not posted', s.uuid, t.revision) AS differs
    FROM settlements t JOIN sessions s ON s.id = t.session_id
    WHERE t.account_id = ANY(:suspects) AND NOT EXISTS (
        SELECT FROM journal j WHERE j.session_uuid = s.uuid AND j.revision = t.revision
    )
    UNION ALL
    SELECT t.account_id,
           format('session %s: revision %s is settled, and a later one was posted', s.uuid, t.revision)
    FROM settlements t JOIN sessions s ON s.id = t.session_id
    WHERE EXISTS (SELECT FROM journal j WHERE j.session_uuid = s.uuid AND j.revision > t.revision)
""")

MISPLACED_DAYS = _rule("""
    SELECT s.account_id, format('session %s of %s: its settlement says %s', s.uuid, s.date, t.date) AS differs
    FROM settlements t JOIN sessions s ON s.id = t.session_id
    WHERE (t.account_id, t.date) IS DISTINCT FROM (s.account_id, s.date)
    UNION ALL
    SELECT j.account_id, format('session %s of %s: entry %s says %s', s.uuid, s.date, j.seq, j.date)
    FROM journal j JOIN sessions s ON s.uuid = j.session_uuid
    WHERE j.account_id = ANY(:suspects) AND (j.account_id, j.date) IS DISTINCT FROM (s.account_id, s.date)
""")

UNACCOUNTED_DAYS = _rule("""
    SELECT a.id AS account_id,
           format('session %s of %s is neither settled nor the open one', s.uuid, s.date) AS differs
    FROM sessions s JOIN accounts a ON a.id = s.account_id
    LEFT JOIN settlements t ON t.session_id = s.id
    WHERE s.deleted_at IS NULL AND t.session_id IS NULL AND a.open_session_id IS DISTINCT FROM s.id
""")

WRONG_OPEN_DAYS = _rule("""
    SELECT a.id AS account_id,
           format('open session %s is deleted, settled, or not of this account', a.open_session_id) AS differs
    FROM accounts a
    LEFT JOIN sessions s ON s.id = a.open_session_id AND s.account_id = a.id AND s.deleted_at IS NULL
    LEFT JOIN settlements t ON t.session_id = a.open_session_id
    WHERE a.open_session_id IS NOT NULL AND (s.id IS NULL OR t.session_id IS NOT NULL)
""")

SETTLED_DELETED_DAYS = _rule("""
    SELECT a.id AS account_id, format('session %s of %s is deleted and settled', s.uuid, s.date) AS differs
    FROM settlements t JOIN sessions s ON s.id = t.session_id JOIN accounts a ON a.id = t.account_id
    WHERE s.deleted_at IS NOT NULL AND a.deleted_at IS NULL
""")

BROKEN_CHAINS = _rule("""
    SELECT account_id, format('%s opens with %s cents, and the day before it closed with %s',
                              date, opening, before) AS differs
    FROM (
        SELECT account_id, date, opening,
               lag(opening + profit_cents, 1, starting_cents)
                   OVER (PARTITION BY account_id ORDER BY date) AS before
        FROM (
            SELECT t.account_id, t.date, t.profit_cents, a.starting_cents,
                   a.starting_cents + coalesce(sum(t.profit_cents) OVER (
                       PARTITION BY t.account_id ORDER BY t.date
                       RANGE BETWEEN UNBOUNDED PRECEDING AND '1 day' PRECEDING), 0) AS opening
            FROM settlements t JOIN accounts a ON a.id = t.account_id
        ) days
    ) chain
    WHERE opening <> before
""")

MISNUMBERED_ACCOUNT_EVENTS = _rule("""
    SELECT id AS account_id,
           format('%s events, %s to %s, at version %s', coalesce(n, 0), first, last, version) AS differs
    FROM accounts LEFT JOIN (
        SELECT account_id, count(*) AS n, min(seq) AS first, max(seq) AS last
        FROM account_events GROUP BY account_id
    ) e ON e.account_id = id
    WHERE first IS DISTINCT FROM 1 OR n <> version OR last <> version
""")

MISNUMBERED_SESSION_EVENTS = _rule("""
    SELECT account_id, format('session %s: %s events numbered %s to %s at version %s',
                              uuid, coalesce(n, 0), first, last, version) AS differs
    FROM sessions LEFT JOIN (
        SELECT session_id, count(*) AS n, min(seq) AS first, max(seq) AS last
        FROM session_events GROUP BY session_id
    ) e ON e.session_id = id
    WHERE (first IS DISTINCT FROM 1 OR n <> version OR last <> version) AND NOT (
        -- as numbers are not given twice, it is enough that there are as many and none is too high
        SELECT (SELECT sum(version) FROM sessions) = (SELECT count(*) FROM session_events) AND NOT EXISTS (
            SELECT FROM session_events e JOIN sessions s ON s.id = e.session_id
            WHERE e.seq NOT BETWEEN 1 AND s.version
        )
    )
""")

UNENDED_LIVE_ORDERS = _rule("""
    SELECT s.account_id,
           format('order %s of session %s is pending, and its market closed at %s', o.uuid, s.uuid,
                  r.closed_at) AS differs
    FROM orders o JOIN sessions s ON s.id = o.session_id JOIN recordings r ON r.uuid = s.recording_uuid
    WHERE o.status = 'pending' AND r.closed_at IS NOT NULL AND s.deleted_at IS NULL
""")

UNMATCHED_LIVE_FILLS = _rule("""
    SELECT account_id, format('order %s of session %s was placed at %s, filled at %s and ended at %s, and its'
                              ' market is matched through %s and closes at %s', order_uuid, uuid, placed_at,
                              fill_at, ended_at, matched_at, close_at) AS differs
    FROM (
        SELECT s.account_id, s.uuid, o.uuid AS order_uuid, o.placed_at, o.fill_at, o.ended_at,
               r.open_at + r.matched_second * interval '1 second' AS matched_at,
               r.open_at + r.close_second * interval '1 second' AS close_at
        FROM orders o JOIN sessions s ON s.id = o.session_id JOIN recordings r ON r.uuid = s.recording_uuid
        WHERE o.fill_at IS NOT NULL
    ) filled
    WHERE fill_at < placed_at OR fill_at >= close_at OR fill_at > matched_at OR fill_at >= ended_at
""")

UNRECORDED_LIVE_SESSIONS = _rule("""
    SELECT s.account_id, format('session %s is settled on day %s, and its market was recorded as %s', s.uuid,
                                s.day_hash, r.day_hash) AS differs
    FROM sessions s JOIN recordings r ON r.uuid = s.recording_uuid
    WHERE s.settled_at IS NOT NULL AND s.day_hash IS DISTINCT FROM r.day_hash
""")

UNSETTLED_LIVE_DAYS = _rule("""
    SELECT s.account_id, format('session %s of %s was settled at %s, and its settlement stands since %s',
                                s.uuid, s.date, s.settled_at, t.settled_at) AS differs
    FROM sessions s LEFT JOIN settlements t ON t.session_id = s.id
    WHERE s.mode = 'live' AND s.account_id IS NOT NULL AND s.deleted_at IS NULL
      AND (s.settled_at IS NULL) <> (t.session_id IS NULL)
""")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that a rule found: the account, none for a simulation, and what differs."""

    account_id: UUID | None
    differs: str


@dataclass(frozen=True, slots=True)
class Extent:
    """How much there is to audit."""

    accounts: int
    settled_days: int
    entries: int


@dataclass(frozen=True, slots=True)
class BookedDay:
    """A day of an account as it is booked: ``outcome`` is its settlement's, None while it is open, as is
    ``day_hash`` while it is live; ``schedule`` is the one that its account's books are kept with."""

    session_id: int
    session_uuid: UUID
    account_id: UUID
    date: date
    day_hash: str | None
    clock_at: datetime | None
    outcome: Outcome | None
    schedule: FeeSchedule


async def take_room(tx: Tx) -> None:
    """Let the queries of this transaction group whole tables in memory."""
    await tx.execute(text("SET LOCAL work_mem = '64MB'"))


async def suspects(tx: Tx) -> list[int]:
    """The accounts whose entries about days do not come to their settlements."""
    return [*(await tx.execute(_SUSPECTS)).scalars()]


async def faults(tx: Tx, rule: Select[Any], suspects: list[int], most: int) -> tuple[Fault, ...]:
    """What breaks a rule, at most so many. Entries are held to their days in the suspects only."""
    found = await tx.execute(rule.limit(most), {"suspects": suspects})
    return tuple(Fault(row.account, row.differs) for row in found)


async def extent(tx: Tx) -> Extent:
    counts = [
        select(func.count()).select_from(t).scalar_subquery() for t in (_accounts, _settlements, _journal)
    ]
    return Extent(*(await tx.execute(select(*counts))).one())


async def booked_days(tx: Tx, after_id: int, limit: int) -> tuple[BookedDay, ...]:
    """Days of living accounts, by session; ``after_id`` is exclusive."""
    statement = (
        select(
            _sessions.c.id,
            _sessions.c.uuid,
            _accounts.c.uuid.label("account"),
            _sessions.c.date,
            _sessions.c.day_hash,
            _sessions.c.clock_at,
            _settlements.c.credits_cents,
            _settlements.c.debits_cents,
            _settlements.c.fees_cents,
            _settlements.c.exercises,
            _accounts.c.fee_micros,
        )
        .join(_accounts, _accounts.c.id == _sessions.c.account_id)
        .outerjoin(_settlements, _settlements.c.session_id == _sessions.c.id)
        .where(_sessions.c.id > after_id, _sessions.c.deleted_at.is_(None))
        .order_by(_sessions.c.id)
        .limit(limit)
    )
    return tuple(_booked(row) for row in await tx.execute(statement))


def _booked(row: Row[*tuple[Any, ...]]) -> BookedDay:
    came_to = row.credits_cents, row.debits_cents, row.fees_cents, row.exercises
    outcome = None if row.credits_cents is None else Outcome(*came_to)
    day = row.id, row.uuid, row.account, row.date, row.day_hash, row.clock_at
    return BookedDay(*day, outcome, FeeSchedule(**row.fee_micros))


async def filled_legs(tx: Tx, session_ids: Sequence[int]) -> Mapping[int, list[FilledLeg]]:
    """The legs of the filled orders of each of the sessions, with what they were filled at and, of live
    ones, charged."""
    statement = select(
        _orders.c.session_id,
        _orders.c.legs,
        _orders.c.fill_leg_price_cents,
        _orders.c.fill_leg_fee_cents,
    ).where(_orders.c.session_id.in_(session_ids), _orders.c.fill_at.is_not(None))
    filled: dict[int, list[FilledLeg]] = {session_id: [] for session_id in session_ids}
    for session_id, legs, prices, fees in await tx.execute(statement):
        filled[session_id] += map(FilledLeg, legs_from(legs), prices, fees or repeat(None))
    return filled
