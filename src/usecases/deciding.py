"""What becomes of live orders that the market reached: each is filled, or rejected where its owner cannot
afford it any more (rulings 8.2). At the close the others expire.

Whoever calls these holds the market alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby, islice
from operator import attrgetter
from typing import NamedTuple, Self
from uuid import UUID

from engine.market import Day
from engine.matching import judged
from engine.orders import Order
from engine.sessions import Session
from store import locks, matching
from store.database import Tx
from store.matching import Filled, Rejected, Told
from store.recordings import StoredRecording
from store.sessions import StoredSession
from usecases.views import SessionEventKind

HITS_A_BATCH = 200
SESSIONS_AT_ONCE = 1_000
ORDERS_A_WRITE = 20_000
"""How many orders are gone through before PostgreSQL hears of it, which takes silence for a dead caller."""


class Known(NamedTuple):
    """A pending order and whose it is."""

    session_id: int
    order: Order


class Hit(NamedTuple):
    """An order that the market reached: its row's id, at which second, and whose it is."""

    key: int
    second: int
    session_id: int
    order: Order


@dataclass(slots=True)
class Outcome:
    """What a tick came to: how many orders, and each changed session's new version."""

    fills: int = 0
    rejections: int = 0
    expiries: int = 0
    versions: dict[UUID, int] = field(default_factory=dict)

    def and_then(self, later: Self) -> Self:
        """Both together."""
        return replace(
            self,
            fills=self.fills + later.fills,
            rejections=self.rejections + later.rejections,
            expiries=self.expiries + later.expiries,
            versions=self.versions | later.versions,
        )


@dataclass(frozen=True, slots=True)
class Market:
    """A recording whose market is held alone, its day as far as the tape goes, and what is known of its
    orders by their rows' ids, which saves reading them again: every one that may be pending, and some that
    filled, which never change. More of these join, and are as true as what is written with them."""

    recording: StoredRecording
    day: Day
    known: Mapping[int, Known]
    filled: dict[int, Order]


async def decide(tx: Tx, market: Market, hits: Sequence[Hit], at: datetime) -> Outcome:
    """Decide ``hits`` in their order, by second and priority, and write what came of them. One that is
    no longer pending is passed over: it was canceled while the market came its way."""
    outcome = Outcome()
    rest = iter(hits)
    while batch := tuple(islice(rest, HITS_A_BATCH)):
        desk = await _desk(tx, market, batch, at, outcome)
        for hit in batch:
            desk.judge(hit)
            if desk.work >= ORDERS_A_WRITE:
                await desk.write(tx)
        await desk.write(tx)
    return outcome


async def expire(tx: Tx, recording: StoredRecording, at: datetime) -> Outcome:
    """Let everything that is pending expire at the close."""
    outcome = Outcome()
    while held := await locks.sessions_with_pending(tx, recording.uuid, SESSIONS_AT_ONCE):
        ids = {stored.id: stored.uuid for stored in held}
        expired = await matching.expire_each(tx, recording, ids, at)
        told: list[Told] = []
        for session_id, of_one in groupby(expired, attrgetter("session_id")):
            told += (Told(session_id, SessionEventKind.ORDER_EXPIRED, one.order_id) for one in of_one)
            told.append(Told(session_id, SessionEventKind.FINANCIALS_CHANGED))
        versions = await matching.record_events_many(tx, told, at)
        outcome.expiries += len(expired)
        outcome.versions |= {ids[id_]: version for id_, version in versions.items()}
    return outcome


@dataclass(slots=True)
class Desk:
    """The sessions of a batch as its decisions change them, and what is to be written."""

    market: Market
    at: datetime
    outcome: Outcome
    held: dict[int, StoredSession]
    sessions: dict[int, Session]
    filled: list[Filled] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    work: int = 0

    def judge(self, hit: Hit) -> None:
        """Fill or reject one order beside the others as they stand by then."""
        session = self.sessions.get(hit.session_id)
        order = next((o for o in session.orders if o.id == hit.order.id), None) if session else None
        if session is None or order is None or order.fill is not None:
            return
        self.work += len(session.orders)
        decided = judged(session, self.market.day, order, hit.second)
        self.sessions[hit.session_id] = replace(
            session, orders=tuple(decided if o is order else o for o in session.orders)
        )
        self._note(hit, decided)

    def _note(self, hit: Hit, decided: Order) -> None:
        if decided.fill is not None:
            kind = SessionEventKind.ORDER_FILLED
            self.filled.append(Filled(hit.key, decided.fill))
            self.market.filled[hit.key] = decided
        else:
            assert decided.end is not None, "it was filled or rejected"
            assert decided.end.reason is not None, "a denial says why"
            kind = SessionEventKind.ORDER_REJECTED
            self.rejected.append(Rejected(hit.key, hit.second, decided.end.reason))
        self.told.append(Told(hit.session_id, kind, hit.order.id))
        self.told.append(Told(hit.session_id, SessionEventKind.FINANCIALS_CHANGED))

    async def write(self, tx: Tx) -> None:
        """Store what was decided since the last time."""
        if not self.told:
            return
        recording = self.market.recording
        if self.filled:
            self.outcome.fills += await matching.fill_each(tx, recording, self.filled, self.at)
        if self.rejected:
            self.outcome.rejections += await matching.reject_each(tx, recording, self.rejected, self.at)
        versions = await matching.record_events_many(tx, self.told, self.at)
        self.outcome.versions |= {self.held[id_].uuid: version for id_, version in versions.items()}
        self.filled, self.rejected, self.told, self.work = [], [], [], 0


async def _desk(tx: Tx, market: Market, batch: Sequence[Hit], at: datetime, outcome: Outcome) -> Desk:
    """Hold the sessions of a batch and read what decisions about them need: orders that ended have no say."""
    stored = await locks.sessions_with_ids(tx, sorted({hit.session_id for hit in batch}))
    held = {one.id: one for one in stored}
    terms = await matching.terms_of(tx, list(held))
    unread = [key for of_one in terms.values() for key in of_one.filled if key not in market.filled]
    if unread:
        market.filled.update(await matching.orders_with_ids(tx, unread, market.recording.open_at))
    sessions = {}
    for id_, of_one in terms.items():
        orders = (
            *(market.filled[key] for key in of_one.filled),
            *(market.known[key].order for key in of_one.pending),
        )
        by_priority = tuple(sorted(orders, key=attrgetter("priority")))
        sessions[id_] = Session(held[id_].uuid, of_one.opening_cents, of_one.fees, by_priority)
    return Desk(market, at, outcome, held, sessions)
