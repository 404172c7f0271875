"""Moving accounts to another fee schedule (rulings 3.6).

Fees do not move fills, so a settled day is recomputed from its filled orders alone (design 3). The
days are staged some at a time, beside the books; then all of them change in one transaction, so a
reader sees the old chain or the new one. Whoever stages next goes on where the last one stopped.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from engine.accounts import Engine
from engine.closings import with_fees
from engine.fees import FeeSchedule
from store import accounts, locks, repricings
from store.accounts import AboutAccount, StoredAccount
from store.database import Tx
from store.repricings import RepricedDay
from usecases.failpoints import Failpoint
from usecases.ports import Ports
from usecases.views import AccountEventKind, SessionEventKind

DAYS_A_STEP = 500
DAYS_IN_A_REQUEST = 250
ABANDONED_AFTER = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class Asked:
    """An account that is to be moved to other fees, with how many days it has to recompute; at once
    where the request has room for them."""

    account_id: int
    days: int
    is_at_once: bool = False


async def ask(tx: Tx, account: StoredAccount, fees: FeeSchedule, at: datetime) -> Asked | None:
    """Ask for a locked account to be moved to ``fees``; None where it is live, as what was charged for
    live fills stays."""
    if account.engine is not Engine.HISTORICAL:
        await accounts.set_fees(tx, account, fees)
        return None
    await repricings.ask(tx, account, fees, at)
    _, days = await repricings.progress(tx, account)
    return Asked(account.id, days)


def within_a_request(asked: Iterable[Asked]) -> tuple[Asked, ...]:
    """The accounts, marked those whose days together are as many as a request recomputes at most."""
    marked, room = [], DAYS_IN_A_REQUEST
    for one in asked:
        fits = one.days <= room
        room -= one.days if fits else 0
        marked.append(replace(one, is_at_once=fits))
    return tuple(marked)


async def unfinished(ports: Ports) -> tuple[int, ...]:
    """The accounts whose repricing nobody has been working on for a while. Each is named to one
    caller, and again only when as much time has passed."""
    async with ports.database.transaction() as tx:
        now = ports.wall()
        return await repricings.take_untouched(tx, now - ABANDONED_AFTER, now)


async def reprice(ports: Ports, account_id: int) -> None:
    """Move an account to the fees asked for, a step at a time. Any number may do so at once."""
    while await _step(ports, account_id):
        pass


async def _step(ports: Ports, account_id: int) -> bool:
    """Stage the next days, or switch once all are staged; whether there is more to do."""
    async with ports.database.transaction() as tx:
        account = await locks.account_with_id(tx, account_id)
        fees = None if account is None else await repricings.asked_fees(tx, account)
        if account is None or fees is None:
            return False
        staged = await _stage(ports, tx, account, fees)
        told = () if staged else await _switch(ports, tx, account, fees)
        about = AboutAccount(None, *(await repricings.progress(tx, account))) if staged else AboutAccount()
        kind = AccountEventKind.REPRICING if staged else AccountEventKind.REPRICED
        version = await accounts.record_event(tx, account, kind, ports.wall(), about)

    ports.reach(Failpoint.STAGED_COMMITTED if staged else Failpoint.COMMITTED)
    await ports.topics.account_changed(account.uuid, version)
    for session_id, session_version in told:
        await ports.topics.session_changed(session_id, session_version)
    return staged


async def _stage(ports: Ports, tx: Tx, account: StoredAccount, fees: FeeSchedule) -> bool:
    settled = await repricings.unstaged(tx, account, DAYS_A_STEP)
    if not settled:
        return False
    legs = await repricings.filled_legs(tx, [one.session_id for one in settled])
    days = (
        RepricedDay(
            one.session_id, one.revision, with_fees(one.outcome, legs[one.session_id], fees).fees_cents
        )
        for one in settled
    )
    await repricings.stage(tx, account, days, ports.wall())
    ports.reach(Failpoint.DAYS_STAGED)
    return True


async def _switch(
    ports: Ports, tx: Tx, account: StoredAccount, fees: FeeSchedule
) -> tuple[tuple[UUID, int], ...]:
    """Let all days change at once; the sessions that did, with their new versions."""
    now = ports.wall()
    await repricings.post(tx, account, now)
    ports.reach(Failpoint.REPRICING_POSTED)
    told = await repricings.tell_sessions(tx, account, SessionEventKind.REPRICED, now)
    await repricings.switch(tx, account, fees)
    return told
