"""Carrying a day of an account into its cash, and taking it back (rulings 4).

Whoever calls these holds the account and the session. Later days store no balance, so they follow
by themselves: each opens with the capital plus the profit of the settled days before it.
"""

from dataclasses import replace
from datetime import datetime

from engine.accounts import ACCOUNT_ARCHIVED, AccountStatus, session_open
from engine.closings import outcome_of
from engine.denials import Denial
from engine.journal import reversal, settlement
from store import accounts, journal, sessions, settlements
from store.accounts import AboutAccount, StoredAccount
from store.database import Tx
from store.journal import DayPosted
from store.sessions import StoredSession
from store.settlements import StoredSettlement
from usecases.failpoints import Failpoint
from usecases.loading import Loaded
from usecases.ports import Ports
from usecases.views import AccountEventKind, SessionEventKind


async def open_day_denial(tx: Tx, account: StoredAccount) -> Denial | None:
    """Why the account has to wait: a day of it is open."""
    if account.open_session_id is None:
        return None
    stored = await sessions.with_id(tx, account.open_session_id)
    return session_open(stored.date, stored.uuid)


async def reopening_denial(tx: Tx, account: StoredAccount) -> Denial | None:
    """Why a settled day may not be opened again: one day at a time is open, and none of an archive."""
    if account.status is AccountStatus.ARCHIVED:
        return ACCOUNT_ARCHIVED
    return await open_day_denial(tx, account)


async def clock_denial(tx: Tx, loaded: Loaded, second: int) -> Denial | None:
    """Why the clock may not be set to ``second``: it would open a second day of the account."""
    if loaded.account is None or loaded.settled is None or second >= loaded.day.close_second:
        return None
    return await reopening_denial(tx, loaded.account)


async def carry(ports: Ports, tx: Tx, moved: Loaded) -> Loaded:
    """Settle the day whose clock was moved to its close, or re-open the settled one that left it."""
    is_closed = moved.second >= moved.day.close_second
    if moved.account is None or is_closed == (moved.settled is not None):
        return moved
    return await settle(ports, tx, moved, ports.wall()) if is_closed else await reopen(ports, tx, moved)


async def settle(ports: Ports, tx: Tx, loaded: Loaded, now: datetime) -> Loaded:
    """Carry what the day came to into the account's cash."""
    account, stored = _account(loaded), loaded.stored
    outcome = outcome_of(loaded.state(), loaded.day)
    settled = await settlements.add(tx, stored, outcome, now)
    ports.reach(Failpoint.SETTLEMENT_STORED)
    await journal.post(tx, account, settlement(outcome), now, _posted(stored, settled))
    ports.reach(Failpoint.SETTLEMENT_POSTED)
    if account.open_session_id == stored.id:  # a settled day that was edited leaves another one open
        await accounts.set_open(tx, account, None)
    version = await sessions.record_event(tx, stored, SessionEventKind.SETTLED, now)
    kind = AccountEventKind.SESSION_SETTLED
    account_version = await accounts.record_event(tx, account, kind, now, AboutAccount(stored.uuid))
    return _at_versions(replace(loaded, settled=settled), version, account_version)


async def reopen(ports: Ports, tx: Tx, loaded: Loaded) -> Loaded:
    """Take a settled day back: it counts nothing until it settles again (rulings 4.3)."""
    account, stored, settled, now = _account(loaded), loaded.stored, loaded.settled, ports.wall()
    assert settled is not None, "only a settled day can be opened again"
    await take_back(tx, account, stored, settled, now)
    ports.reach(Failpoint.DAY_REOPENED)
    await accounts.set_open(tx, account, stored.id)
    version = await sessions.record_event(tx, stored, SessionEventKind.REOPENED, now)
    kind = AccountEventKind.SESSION_REOPENED
    account_version = await accounts.record_event(tx, account, kind, now, AboutAccount(stored.uuid))
    return _at_versions(replace(loaded, settled=None), version, account_version)


async def resettle(ports: Ports, tx: Tx, edited: Loaded) -> Loaded:
    """Settle a day again whose orders were edited while it was settled."""
    if edited.settled is None:
        return edited
    now = ports.wall()
    await take_back(tx, _account(edited), edited.stored, edited.settled, now)
    ports.reach(Failpoint.DAY_REOPENED)
    return await settle(ports, tx, replace(edited, settled=None), now)


async def take_back(
    tx: Tx, account: StoredAccount, stored: StoredSession, settled: StoredSettlement, at: datetime
) -> None:
    """Remove a day's settlement, and post that it was taken back."""
    await settlements.remove(tx, settled)
    await journal.post(tx, account, reversal(settled.outcome), at, _posted(stored, settled))


async def tell(ports: Ports, changed: Loaded) -> None:
    """Wake whoever follows the session, and the account whose day it is."""
    ports.reach(Failpoint.COMMITTED)
    await ports.topics.session_changed(changed.stored.uuid, changed.stored.version)
    if changed.account is not None:
        await ports.topics.account_changed(changed.account.uuid, changed.account.version)


def _account(loaded: Loaded) -> StoredAccount:
    assert loaded.account is not None, "only the days of accounts are carried"
    return loaded.account


def _posted(stored: StoredSession, settled: StoredSettlement) -> DayPosted:
    return DayPosted(stored.uuid, stored.date, settled.revision)


def _at_versions(loaded: Loaded, session_version: int, account_version: int) -> Loaded:
    return replace(
        loaded,
        stored=replace(loaded.stored, version=session_version),
        account=replace(_account(loaded), version=account_version),
    )
