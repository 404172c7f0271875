"""An account with years of settled days: its first one real, the others written straight to the store."""

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlalchemy import text

from engine.calendar import sessions_between
from engine.fees import DEFAULT_FEES
from engine.settings import fee_texts
from store.database import Tx
from tests.days import publish_tiny_day
from tests.engine.tapes import request
from tests.people import Town
from usecases import account_sessions, accounts, orders, sessions
from usecases.account_sessions import Opened
from usecases.accounts import CreateAccount
from usecases.ports import Viewer
from usecases.submissions import Submission
from usecases.users import ProfileChanges
from usecases.views import AccountView, OrderReceipt, SessionView

CAPITAL_CENTS = 10_000_000_00
COST_CENTS = 5_10_00  # of a call at the ask of a tiny day's open, which expires
FEE_CENTS = 1_72
DAY_CENTS = -(COST_CENTS + FEE_CENTS)
DEARER = ProfileChanges(
    fee_schedule=fee_texts(replace(DEFAULT_FEES, buy_to_open_option=2_720_000))
)  # a dollar more for each call

_DATES = """
    SELECT on_date, n, gen_random_uuid() AS uuid
    FROM unnest(CAST(:dates AS date[])) WITH ORDINALITY AS t(on_date, n)
"""
_SESSIONS = f"""
    WITH d AS ({_DATES})
    INSERT INTO sessions (uuid, user_id, account_id, mode, date, day_hash, clock_at, version, created_at)
    SELECT uuid, :user, :account, 'historical', on_date, 'bare', on_date + time '21:00' AT TIME ZONE 'UTC', 1,
           CAST(:at AS timestamptz)
    FROM d ORDER BY n
"""
_OF_SESSIONS = "FROM sessions s WHERE s.account_id = :account AND s.day_hash = 'bare'"
_EVENTS = f"""
    INSERT INTO session_events (session_id, seq, kind, at)
    SELECT s.id, 1, 'created', CAST(:at AS timestamptz) {_OF_SESSIONS}
"""
_ORDERS = f"""
    INSERT INTO orders (uuid, user_id, session_id, sequence, placed_at, type, slippage_cents, legs, fill_at,
                        fill_net_price_cents, fill_leg_price_cents, request_hash, updated_at)
    SELECT gen_random_uuid(), :user, s.id, 1, s.clock_at - interval '6 hours', 'market', 0,
           '[[5950, "C", 1, "buy to open"]]', s.clock_at - interval '6 hours', 510, '{{510}}', '\\x00',
           CAST(:at AS timestamptz)
    {_OF_SESSIONS}
"""
_SETTLEMENTS = f"""
    INSERT INTO settlements (session_id, account_id, date, revision, settled_at, credits_cents, debits_cents,
                             fees_cents, exercises)
    SELECT s.id, :account, s.date, 1, CAST(:at AS timestamptz), 0, {COST_CENTS}, {FEE_CENTS}, 0 {_OF_SESSIONS}
"""
_JOURNAL = f"""
    INSERT INTO journal (account_id, seq, kind, session_uuid, date, revision, cash_cents, capital_cents,
                         options_cents, fees_cents, posted_at)
    SELECT :account, a.journal_seq + row_number() OVER (ORDER BY s.date), 'settle', s.uuid, s.date, 1,
           {DAY_CENTS}, 0, {COST_CENTS}, {FEE_CENTS}, CAST(:at AS timestamptz)
    FROM sessions s JOIN accounts a ON a.id = s.account_id
    WHERE s.account_id = :account AND s.day_hash = 'bare'
"""
_ACCOUNT = f"""
    UPDATE accounts SET journal_seq = journal_seq + :days, cash_cents = cash_cents + :days * {DAY_CENTS}
    WHERE id = :account
"""


@dataclass(frozen=True, slots=True)
class LongAccount:
    """An account of which each day bought one call that expired. ``first`` can be edited; of the
    other days nothing is recorded, so whatever reads their market fails."""

    id: UUID
    key: int
    first: SessionView
    first_order: UUID
    dates: tuple[date, ...]

    @property
    def cash_cents(self) -> int:
        return CAPITAL_CENTS + len(self.dates) * DAY_CENTS

    async def trade_first(self, town: Town, viewer: Viewer) -> UUID:
        """Open the first day again, buy its call and settle it; the order's id."""
        return (await _trade(town, viewer, self.id, self.first.date))[1]


async def long_account(town: Town, viewer: Viewer, days: int) -> LongAccount:
    """An account with that many settled days, at most those of the 26 years from 2005 on."""
    dates = tuple(bounds.date for bounds in sessions_between(date(2005, 1, 1), date(2030, 12, 31)))[:days]
    assert len(dates) == days, f"the calendar holds {len(dates)} sessions"
    publish_tiny_day(town.days, dates[0])
    new = CreateAccount(f"{days} days", "historical", CAPITAL_CENTS)
    account = await accounts.create_account(town.ports, viewer, new)
    assert isinstance(account, AccountView), account
    first, order = await _trade(town, viewer, account.id, dates[0])
    async with town.ports.database.transaction() as tx:
        await _write_days(town, tx, viewer, account.key, dates[1:])
    return LongAccount(account.id, account.key, first, order, dates)


async def _trade(town: Town, viewer: Viewer, account: UUID, on: date) -> tuple[SessionView, UUID]:
    opened = await account_sessions.open_session(town.ports, viewer, account, on)
    assert isinstance(opened, Opened), opened
    call = request("+1 5950C", type="market")
    leg = replace(call.legs[0], instrument=f"SPXW  {on:%y%m%d}C05950000")
    order = await orders.place_order(
        town.ports, viewer, Submission(opened.session.id, replace(call, legs=(leg,)))
    )
    assert isinstance(order, OrderReceipt), order
    settled = await sessions.move_clock(town.ports, viewer, opened.session.id, opened.session.end_at)
    assert isinstance(settled, SessionView), settled
    assert settled.financials.profit_cents == DAY_CENTS, settled
    return settled, order.order.id


async def _write_days(town: Town, tx: Tx, viewer: Viewer, key: int, dates: tuple[date, ...]) -> None:
    values = {
        "dates": list(dates),
        "days": len(dates),
        "user": viewer.user_id,
        "account": key,
        "at": town.clock(),
    }
    for statement in (_SESSIONS, _EVENTS, _ORDERS, _SETTLEMENTS, _JOURNAL, _ACCOUNT):
        prepared = text(statement.replace("\\x00", "\\\\x00"))
        names = set(prepared.compile().params)
        await tx.execute(prepared, {name: value for name, value in values.items() if name in names})
