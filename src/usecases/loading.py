"""A stored session brought together with its day and orders, as the engine wants it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import structlog

from engine.calendar import session_of
from engine.closings import Outcome, settled_financials
from engine.denials import Code, Denial
from engine.market import Day, known_through
from engine.money import Cents
from engine.sessions import Session, SessionState, order_state, state_at
from marketdata.refusals import DayUnavailable
from store import accounts, locks, orders, recordings, sessions, settlements
from store.accounts import StoredAccount
from store.database import Tx
from store.orders import StoredOrder
from store.recordings import StoredRecording
from store.sessions import StoredSession
from store.settlements import StoredSettlement
from usecases.ports import Ports, Viewer
from usecases.views import OrderView, SessionMode, SessionView

log = structlog.get_logger()

NO_SESSION = Denial(Code.NOT_FOUND, "no such session")
RETRY_DAY_SECONDS = 60  # somebody has to restore the files

_UNTRADED = Outcome(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A session with everything that decisions about it read; the day's columns are warm.

    ``account`` is the one whose day it is, ``settled`` its settlement while it has one. A live session
    that is not settled has the market's clock, the last second that was matched, and its day is known
    through that.
    """

    stored: StoredSession
    day: Day
    orders: tuple[StoredOrder, ...]
    session: Session
    account: StoredAccount | None = None
    settled: StoredSettlement | None = None

    @property
    def second(self) -> int:
        """The clock in seconds since the open; an unset clock counts as the open."""
        at = self.stored.clock_at
        return 0 if at is None else self.day.second_of(at)

    @property
    def is_live(self) -> bool:
        """True while the session is traded live: until it is settled."""
        return self.stored.mode == SessionMode.LIVE and self.stored.settled_at is None

    def second_asked(self, at: datetime | None) -> int | Denial:
        """The second of ``at``, or of the clock without one; denied outside the session, and beyond the
        clock of a live one."""
        if at is None:
            return self.second
        second = at_second(self.day, at)
        until = self.day.time_of(self.second) if self.is_live else self.day.close_at
        if not isinstance(second, Denial):
            if at <= until:
                return second
            second = Denial(Code.TIME_AFTER_END, "a live session is known up to the market's clock")
        bounds = f"{self.day.open_at:%Y-%m-%dT%H:%M:%SZ} to {until:%Y-%m-%dT%H:%M:%SZ}"
        return Denial(second.code, f"{second.message}: at must be from {bounds}", ("at",))

    def state(self, second: int | None = None) -> SessionState:
        """What is visible at ``second``, at the clock without one."""
        return state_at(self.session, self.day, self.second if second is None else second)

    def order(self, order_id: UUID) -> StoredOrder | None:
        return next((stored for stored in self.orders if stored.order.id == order_id), None)


def pinned_day(ports: Ports, on: date, content_hash: str, session_id: UUID | None = None) -> Day | Denial:
    """The revision of a day that a session is, or (without an id) is to be, traded on."""
    try:
        return ports.library.open(on, content_hash)
    except DayUnavailable as reason:
        log.warning("day_unavailable", date=str(on), reason=str(reason))
        which = f"{on}" if session_id is None else f"{on} of session {session_id}"
        message = f"the recorded day {which} cannot be read until it is restored"
        return Denial(Code.DAY_UNAVAILABLE, message, retry_after_seconds=RETRY_DAY_SECONDS)


async def load(
    ports: Ports, tx: Tx, viewer: Viewer, stored: StoredSession, market: StoredRecording | None = None
) -> Loaded | Denial:
    """The session's day and orders, or a denial that names the day when it cannot be read.

    ``market`` is the recording of a live session where the caller has it already.
    """
    found = await _at_market(ports, tx, stored, market)
    if isinstance(found, Denial):
        return found
    stored, day = found
    placed = await orders.of_session(tx, stored, day.open_at)
    await ports.library.warm(day, {leg.contract for s in placed for leg in s.order.ticket.legs})
    carried = await _carried(tx, stored)
    session = Session(
        id=stored.uuid,
        opening_cents=carried.opening_cents,
        fees=stored.fees or (carried.account.fees if carried.account else viewer.fees),
        orders=tuple(s.order for s in placed),
    )
    return Loaded(stored, day, placed, session, carried.account, carried.settled)


async def _at_market(
    ports: Ports, tx: Tx, stored: StoredSession, market: StoredRecording | None
) -> tuple[StoredSession, Day] | Denial:
    """The session and the day it is traded on: the one it pins, or the tape of a live session as far as
    its orders were matched, which is what its clock shows."""
    if stored.day_hash is not None:
        day = pinned_day(ports, stored.date, stored.day_hash, stored.uuid)
        return day if isinstance(day, Denial) else (stored, day)
    assert stored.recording_uuid is not None, "a live session is traded on a recording"
    market = market or await recordings.find(tx, stored.recording_uuid)
    assert market is not None, "a session's recording stays"
    try:
        tape = ports.live.tape(stored.recording_uuid)
    except DayUnavailable as reason:
        log.warning("tape_unavailable", recording=str(stored.recording_uuid), reason=str(reason))
        tape = None
    if tape is None or tape.day is None:
        message = f"the live day {stored.date} of session {stored.uuid} cannot be read until it is restored"
        return Denial(Code.DAY_UNAVAILABLE, message, retry_after_seconds=RETRY_DAY_SECONDS)
    second = max(market.matched_second, tape.day.known_from)
    return replace(stored, clock_at=tape.day.time_of(second)), known_through(tape.day, second)


class _Carried(NamedTuple):
    opening_cents: Cents
    account: StoredAccount | None
    settled: StoredSettlement | None


async def _carried(tx: Tx, stored: StoredSession) -> _Carried:
    """What a session opens with: its own capital, or what its account's days before it left."""
    if stored.account_id is None:
        assert stored.opening_cents is not None, "a session without an account has a capital of its own"
        return _Carried(stored.opening_cents, None, None)
    account = await accounts.with_id(tx, stored.account_id)
    before = await settlements.profit_before(tx, account.id, stored.date)
    return _Carried(account.starting_cents + before, account, await settlements.find(tx, stored))


async def hold(ports: Ports, tx: Tx, viewer: Viewer, session_id: UUID) -> Loaded | Denial:
    """The viewer's session, locked until the transaction ends so that what is decided stays true;
    before it its account, where it is the day of one."""
    stored = await locks.simulation(tx, viewer.user_id, session_id)
    if stored is None and await locks.account_of(tx, viewer.user_id, session_id) is not None:
        stored = await locks.session(tx, viewer.user_id, session_id)
    return NO_SESSION if stored is None else await load(ports, tx, viewer, stored)


async def listed(
    ports: Ports, tx: Tx, viewer: Viewer, sessions: Iterable[StoredSession]
) -> tuple[SessionView, ...]:
    """The sessions at their clocks; one whose day cannot be read takes neither the others away nor itself."""
    views = []
    for stored in sessions:
        loaded = await load(ports, tx, viewer, stored)
        if isinstance(loaded, Denial):
            views.append(await _unread_view(tx, stored))
        else:
            views.append(session_view(loaded))
    return tuple(views)


async def find(ports: Ports, viewer: Viewer, session_id: UUID) -> Loaded | Denial:
    """The viewer's session as of one moment, or a denial that it is not his."""
    async with ports.database.reading() as tx:
        stored = await sessions.find(tx, viewer.user_id, session_id)
        return NO_SESSION if stored is None else await load(ports, tx, viewer, stored)


def session_view(loaded: Loaded, state: SessionState | None = None) -> SessionView:
    stored, day = loaded.stored, loaded.day
    state = state or loaded.state()
    return SessionView(
        id=stored.uuid,
        account_id=loaded.account.uuid if loaded.account else None,
        mode=SessionMode(stored.mode),
        date=stored.date,
        description=stored.description,
        start_at=day.open_at,
        end_at=day.close_at,
        at=stored.clock_at,
        ended=state.settled,
        version=stored.version,
        created_at=stored.created_at,
        financials=state.financials,
        settled_at=loaded.settled.settled_at if loaded.settled else stored.settled_at,
    )


async def abandoned_view(tx: Tx, stored: StoredSession) -> SessionView:
    """A live day that was given up before it traded: its money is that of its opening."""
    return replace(await _unread_view(tx, stored), is_readable=True, is_abandoned=True)


async def _unread_view(tx: Tx, stored: StoredSession) -> SessionView:
    """What a session is without its market: its bounds are the calendar's, its money that of its opening."""
    bounds = session_of(stored.date)
    assert bounds is not None, "a recorded day is a trading day"
    carried = await _carried(tx, stored)
    settled, at = carried.settled, stored.clock_at
    is_over = settled is not None if carried.account else _is_over(stored, bounds.close_at)
    return SessionView(
        id=stored.uuid,
        account_id=carried.account.uuid if carried.account else None,
        mode=SessionMode(stored.mode),
        date=stored.date,
        description=stored.description,
        start_at=bounds.open_at,
        end_at=bounds.close_at,
        at=at,
        ended=is_over,
        version=stored.version,
        created_at=stored.created_at,
        financials=settled_financials(carried.opening_cents, settled.outcome if settled else _UNTRADED),
        settled_at=settled.settled_at if settled else stored.settled_at,
        is_readable=False,
    )


def _is_over(stored: StoredSession, close_at: datetime) -> bool:
    if stored.mode == SessionMode.LIVE:
        return stored.settled_at is not None
    return stored.clock_at is not None and stored.clock_at >= close_at


def order_view(loaded: Loaded, stored: StoredOrder) -> OrderView:
    """One order as seen at the session's clock."""
    return OrderView(
        session_id=loaded.stored.uuid,
        date=loaded.stored.date,
        open_at=loaded.day.open_at,
        state=order_state(stored.order, loaded.session.fees, loaded.day, loaded.second),
        replaces_order_id=stored.replaces_order_id,
        client_order_id=stored.client_order_id,
        updated_at=stored.updated_at,
        mode=SessionMode(loaded.stored.mode),
    )


def at_second(day: Day, at: datetime) -> Denial | int:
    """The clock second of a time, or why it lies outside the session."""
    if at < day.open_at:
        return Denial(Code.TIME_BEFORE_START, "simulation time cannot be before the start time", ("time",))
    if at > day.close_at:
        return Denial(Code.TIME_AFTER_END, "simulation time cannot be after the end time", ("time",))
    return day.second_of(at)
