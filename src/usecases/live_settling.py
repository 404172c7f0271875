"""Settling live sessions once their market is over and recorded, exactly once each.

PostgreSQL knows what is due: whoever looks settles it, however often and by whomever he was asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import structlog

from engine.market import Day
from engine.sessions import Session
from marketdata.refusals import DayUnavailable
from store import locks, orders, recordings, sessions, settlements
from store.accounts import StoredAccount
from store.database import DatabaseUnavailable, Tx
from store.recordings import StoredRecording
from store.sessions import StoredSession
from usecases.failpoints import Failpoint
from usecases.loading import Loaded
from usecases.ports import Ports
from usecases.settling import settle
from usecases.views import SessionEventKind

TRIES = 5

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Settled:
    """What is to be told: the session, and the account that it was carried into."""

    session: StoredSession
    account: StoredAccount | None


@dataclass(frozen=True, slots=True)
class Unsettled:
    """How many live sessions wait for their settlement, their market being over; ``failed`` are those of
    them that could not be settled ``TRIES`` times."""

    due: int
    failed: int


class Unpublished(Exception):
    """A recording that is over will never be a recorded day; the message says why."""


async def unsettled(ports: Ports) -> Unsettled:
    """What is due."""
    async with ports.database.asking() as tx:
        return Unsettled(*await recordings.count_unsettled(tx, TRIES))


async def settle_due(ports: Ports, *, with_failed: bool = False) -> int:
    """Settle every live session whose market is over and recorded; how many were.

    A session that could not be settled ``TRIES`` times is told of once, and tried again only
    ``with_failed``.
    """
    async with ports.database.reading() as tx:
        due = await recordings.with_unsettled(tx)
    return sum([await _settle_all(ports, recording, with_failed=with_failed) for recording in due])


async def _settle_all(ports: Ports, recording: StoredRecording, *, with_failed: bool) -> int:
    async with ports.database.reading() as tx:
        unsettled = await sessions.unsettled_of(tx, recording.uuid)
    waiting = [stored for stored in unsettled if with_failed or stored.settlement_tries < TRIES]
    if not waiting:
        return 0
    try:
        day = await _recorded_day(ports, recording)
    except (DayUnavailable, Unpublished) as reason:
        await _fail(ports, waiting, str(reason))
        return 0
    return 0 if day is None else sum([await _try(ports, stored, day) for stored in waiting])


async def _recorded_day(ports: Ports, recording: StoredRecording) -> Day | None:
    """The day that a recording was published as, None until it is. Raises DayUnavailable, or Unpublished
    where it never will be."""
    day_hash = recording.day_hash or await _published(ports, recording.uuid)
    return None if day_hash is None else ports.library.open(recording.date, day_hash)


async def _published(ports: Ports, recording_id: UUID) -> str | None:
    """Read off the tape what it was published as, and store that."""
    tape = ports.live.tape(recording_id)
    closed = None if tape is None else tape.closed
    if closed is None:
        return None
    if closed.refusal is not None:
        raise Unpublished(closed.refusal)
    if closed.day_hash is not None:
        async with ports.database.transaction() as tx:
            await recordings.published(tx, recording_id, closed.day_hash)
    return closed.day_hash


async def _try(ports: Ports, stored: StoredSession, day: Day) -> bool:
    """Settle one session; whatever is wrong with it keeps no other from being settled."""
    try:
        settled = await _settle(ports, stored, day)
    except DatabaseUnavailable:
        raise
    except Exception as error:
        log.exception("live_settlement_failed", session=str(stored.uuid))
        await _fail(ports, (stored,), repr(error))
        return False
    if settled is None:
        return False
    ports.reach(Failpoint.SETTLEMENT_COMMITTED)
    await ports.topics.session_changed(settled.session.uuid, settled.session.version)
    if settled.account is not None:
        await ports.topics.account_changed(settled.account.uuid, settled.account.version)
    return True


async def _settle(ports: Ports, stored: StoredSession, day: Day) -> Settled | None:
    """Pin a session to its recorded day and carry what it came to; None where that was done already."""
    async with ports.database.transaction() as tx:
        account = await locks.account_with_id(tx, stored.account_id) if stored.account_id else None
        held = await locks.sessions_with_ids(tx, [stored.id])
        now, close_at, day_hash = ports.wall(), day.close_at, day.content_hash
        if not held or not await sessions.set_settled(tx, held[0], day_hash, clock_at=close_at, at=now):
            return None
        ports.reach(Failpoint.LIVE_PINNED)
        pinned = replace(held[0], day_hash=day_hash, clock_at=close_at, settled_at=now)
        settled = None
        if account is None:
            await sessions.record_event(tx, pinned, SessionEventKind.SETTLED, now)
        else:
            settled = (await settle(ports, tx, await _loaded(tx, pinned, day, account), now)).account
        version = await sessions.record_event(tx, pinned, SessionEventKind.FINANCIALS_CHANGED, now)
        ports.reach(Failpoint.LIVE_SETTLED)
    return Settled(replace(pinned, version=version), settled)


async def _loaded(tx: Tx, pinned: StoredSession, day: Day, account: StoredAccount) -> Loaded:
    """A day of a locked account with its trades."""
    placed = await orders.of_session(tx, pinned, day.open_at)
    opening_cents = account.starting_cents + await settlements.profit_before(tx, account.id, pinned.date)
    session = Session(pinned.uuid, opening_cents, account.fees, tuple(one.order for one in placed))
    return Loaded(pinned, day, placed, session, account)


async def _fail(ports: Ports, waiting: Sequence[StoredSession], reason: str) -> None:
    """Count one more try that came to nothing; the last of ``TRIES`` is told."""
    for stored in waiting:
        async with ports.database.transaction() as tx:
            held = await locks.sessions_with_ids(tx, [stored.id])
            if not held or held[0].settled_at is not None:
                continue
            if await sessions.settlement_failed(tx, held[0]) != TRIES:
                continue
            log.error("live_settlement_given_up", session=str(stored.uuid), reason=reason)
            kind = SessionEventKind.SETTLEMENT_FAILED
            version = await sessions.record_event(tx, held[0], kind, ports.wall())
        await ports.topics.session_changed(stored.uuid, version)
