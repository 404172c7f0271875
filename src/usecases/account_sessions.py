"""The days of an account: opened, re-opened, read and deleted."""

from dataclasses import dataclass, replace
from datetime import date
from itertools import accumulate
from uuid import UUID

from engine.accounts import SESSION_TRADED, Engine, insertion_denial
from engine.calendar import session_of
from engine.closings import settled_financials
from engine.denials import Code, Denial
from engine.money import Cents
from store import accounts, locks, orders, sessions, settlements
from store.accounts import AboutAccount, StoredAccount
from store.database import Tx
from store.sessions import NewSession, StoredSession
from store.settlements import StoredSettlement
from usecases.accounts import NO_ACCOUNT
from usecases.belonging import Belonging, remember
from usecases.failpoints import Failpoint
from usecases.live import give_up
from usecases.live_days import OpenDay, enter_day, open_live_day
from usecases.loading import NO_SESSION, Loaded, abandoned_view, listed, load, pinned_day, session_view
from usecases.ports import Ports, Viewer
from usecases.sessions import STILL_LIVE, is_still_live
from usecases.settling import reopen, reopening_denial, take_back, tell
from usecases.views import AccountEventKind, SessionEventKind, SessionMode, SessionView

NO_CURRENT = Denial(Code.NOT_FOUND, "a historical account has no current session; use head")


@dataclass(frozen=True, slots=True)
class Opened:
    """The opened day; ``is_new`` where it was not there before."""

    session: SessionView
    is_new: bool


@dataclass(frozen=True, slots=True)
class SessionsPage:
    """A page of an account's days, newest first."""

    sessions: tuple[SessionView, ...]
    has_next: bool


async def open_session(ports: Ports, viewer: Viewer, account_id: UUID, on: date | None) -> Opened | Denial:
    """Open a day of the account, or open a settled one again for editing.

    A new day starts at its open with the carried cash; a re-opened one is parked there with its trades.
    A live account opens today's session, at the market's clock.
    """
    async with ports.database.transaction() as tx:
        account = await locks.account(tx, viewer.user_id, account_id)
        if account is None:
            return NO_ACCOUNT
        open_day = open_live_day if account.engine is Engine.LIVE_SIM else _open_recorded
        found = await open_day(ports, tx, viewer, account, on)
        if isinstance(found, Denial):
            return found

    opened = found.loaded
    remember(opened.stored.uuid, Belonging(account_id, opened.stored.recording_uuid))
    await tell(ports, opened)
    return Opened(session_view(opened), found.is_new)


async def _open_recorded(
    ports: Ports, tx: Tx, viewer: Viewer, account: StoredAccount, on: date | None
) -> OpenDay | Denial:
    if on is None:
        message = "date is required: the recorded day to open"
        return Denial(Code.INVALID_INPUT, message, ("date",), {"date": message})
    existing = await sessions.day_of_account(tx, account.id, on)
    if existing is None:
        opened = await _open_new(ports, tx, viewer, account, on)
    else:
        opened = await _open_again(ports, tx, viewer, account, existing)
    return opened if isinstance(opened, Denial) else OpenDay(opened, existing is None)


async def _open_new(
    ports: Ports, tx: Tx, viewer: Viewer, account: StoredAccount, on: date
) -> Loaded | Denial:
    denial = await reopening_denial(tx, account) or insertion_denial(
        on, await accounts.latest_day(tx, account)
    )
    if denial is not None:
        return denial
    info = ports.library.current(on)
    if info is None:
        message = f"{on} is not a recorded session"
        return Denial(Code.SESSION_NOT_RECORDED, message, ("date",), {"date": message})
    day = pinned_day(ports, on, info.content_hash)
    if isinstance(day, Denial):
        return day

    now = ports.wall()
    new = NewSession(
        uuid=ports.new_id(),
        user_id=viewer.user_id,
        account_id=account.id,
        mode=SessionMode.HISTORICAL,
        date=on,
        day_hash=info.content_hash,
        opening_cents=None,
        description=None,
        clock_at=day.open_at,
        created_at=now,
    )
    return await load(ports, tx, viewer, await enter_day(tx, account, new))


async def _open_again(
    ports: Ports, tx: Tx, viewer: Viewer, account: StoredAccount, existing: StoredSession
) -> Loaded | Denial:
    """The open day as it is, or a settled one parked at its open."""
    held = await locks.session(tx, viewer.user_id, existing.uuid)
    assert held is not None, "the account is held, so its days stay"
    loaded = await load(ports, tx, viewer, held)
    if isinstance(loaded, Denial) or loaded.settled is None:
        return loaded
    denial = await reopening_denial(tx, account)
    if denial is not None:
        return denial
    clock = loaded.day.open_at
    kind = SessionEventKind.CLOCK_MOVED
    version = await sessions.set_clock(tx, held, kind, clock_at=clock, at=ports.wall())
    parked = replace(loaded, stored=replace(held, clock_at=clock, version=version))
    return await reopen(ports, tx, parked)


async def page_sessions(
    ports: Ports, viewer: Viewer, account_id: UUID, *, first: int | None = None, before: date | None = None
) -> SessionsPage | Denial:
    """``first`` days of the account older than ``before``, newest first; all of them without a number."""
    async with ports.database.reading() as tx:
        account = await accounts.find(tx, viewer.user_id, account_id)
        if account is None:
            return NO_ACCOUNT
        limit = None if first is None else first + 1
        found = await sessions.of_account(tx, account.id, limit=limit, before=before)
        views = await _views(ports, tx, viewer, account, found[:first])
    return SessionsPage(views, first is not None and len(found) > first)


async def _views(
    ports: Ports, tx: Tx, viewer: Viewer, account: StoredAccount, found: tuple[StoredSession, ...]
) -> tuple[SessionView, ...]:
    """The days as they are read in a list: a settled one from what it came to, without its market."""
    settled = await settlements.of_account(tx, account)
    openings = accumulate((one.outcome.profit_cents for one in settled), initial=account.starting_cents)
    carried = {one.session_id: (one, opening) for one, opening in zip(settled, openings, strict=False)}
    views = []
    for stored in found:
        if stored.id in carried:
            views.append(_settled_view(account, stored, *carried[stored.id]))
        else:
            views += await listed(ports, tx, viewer, (stored,))
    return tuple(views)


def _settled_view(
    account: StoredAccount, stored: StoredSession, settled: StoredSettlement, opening_cents: Cents
) -> SessionView:
    bounds = session_of(stored.date)
    assert bounds is not None, "a recorded day is a trading day"
    assert stored.clock_at is not None, "a settled day's clock stands at its close"
    return SessionView(
        id=stored.uuid,
        account_id=account.uuid,
        mode=SessionMode(stored.mode),
        date=stored.date,
        description=stored.description,
        start_at=bounds.open_at,
        end_at=stored.clock_at,
        at=stored.clock_at,
        ended=True,
        version=stored.version,
        created_at=stored.created_at,
        financials=settled_financials(opening_cents, settled.outcome),
        settled_at=settled.settled_at,
    )


async def head(ports: Ports, viewer: Viewer, account_id: UUID) -> SessionView | Denial | None:
    """The day to land on: the open one if any, else the latest; None where there is no day."""
    async with ports.database.reading() as tx:
        account = await accounts.find(tx, viewer.user_id, account_id)
        if account is None:
            return NO_ACCOUNT
        if account.open_session_id is not None:
            stored = await sessions.with_id(tx, account.open_session_id)
        else:
            latest = await sessions.of_account(tx, account.id, limit=1)
            if not latest:
                return None
            stored = latest[0]
        loaded = await load(ports, tx, viewer, stored)
    return loaded if isinstance(loaded, Denial) else session_view(loaded)


async def get_day(ports: Ports, viewer: Viewer, session_id: UUID) -> SessionView | Denial:
    """One day of an account at its clock; one that was given up while it was live is told of as abandoned."""
    async with ports.database.reading() as tx:
        stored = await sessions.find(tx, viewer.user_id, session_id)
        if stored is None:
            stored = await sessions.abandoned(tx, viewer.user_id, session_id)
            return NO_SESSION if stored is None else await abandoned_view(tx, stored)
        loaded = await load(ports, tx, viewer, stored)
    return loaded if isinstance(loaded, Denial) else session_view(loaded)


async def session_on(ports: Ports, viewer: Viewer, account_id: UUID, on: date) -> SessionView | Denial:
    """The account's day on a date."""
    async with ports.database.reading() as tx:
        account = await accounts.find(tx, viewer.user_id, account_id)
        if account is None:
            return NO_ACCOUNT
        stored = await sessions.day_of_account(tx, account.id, on)
        if stored is None:
            return NO_SESSION
        loaded = await load(ports, tx, viewer, stored)
    return loaded if isinstance(loaded, Denial) else session_view(loaded)


async def current(ports: Ports, viewer: Viewer, account_id: UUID) -> SessionView | Denial | None:
    """The open live session, or None; a historical account has no such thing."""
    async with ports.database.reading() as tx:
        account = await accounts.find(tx, viewer.user_id, account_id)
        if account is None:
            return NO_ACCOUNT
        if account.engine is Engine.HISTORICAL:
            return NO_CURRENT
        if account.open_session_id is None:
            return None
        loaded = await load(ports, tx, viewer, await sessions.with_id(tx, account.open_session_id))
    return loaded if isinstance(loaded, Denial) else session_view(loaded)


async def delete_session(ports: Ports, viewer: Viewer, session_id: UUID) -> Denial | None:
    """Delete a day of an account with its trades; every later day follows.

    Its market is not read, so that a recorded day that was lost does not block the account. A live
    session stays once it has an order, and one of no account is ended, not deleted.
    """
    async with ports.database.transaction() as tx:
        account = await locks.account_of(tx, viewer.user_id, session_id)
        stored = await locks.session(tx, viewer.user_id, session_id) if account else None
        if account is None or stored is None:
            own = await locks.simulation(tx, viewer.user_id, session_id)
            return STILL_LIVE if own is not None and is_still_live(own) else NO_SESSION
        if stored.mode == SessionMode.LIVE and await orders.are_in(tx, stored):
            return SESSION_TRADED
        settled = await settlements.find(tx, stored)

        now = ports.wall()
        if settled is not None:
            await take_back(tx, account, stored, settled, now)
        else:
            await accounts.set_open(tx, account, None)
        ports.reach(Failpoint.DAY_DELETED)
        version = await give_up(ports, tx, stored)
        kind = AccountEventKind.SESSION_DELETED
        account_version = await accounts.record_event(tx, account, kind, now, AboutAccount(session_id))

    ports.reach(Failpoint.COMMITTED)
    await ports.topics.session_changed(session_id, version)
    await ports.topics.account_changed(account.uuid, account_version)
    return None
