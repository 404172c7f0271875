"""Matching the pending orders of a live market, second by second, by one worker at a time.

Whoever holds a recording's lease matches it, and writes under the epoch that came with the lease: one
who was overtaken finds that out before he writes anything. All else that he knows is on the tape and in
PostgreSQL, so anybody can go on where he stopped.
"""

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import structlog

from bus.connections import BusUnavailable
from bus.jobs import JobName
from engine.market import Day
from engine.matching import PendingBook
from engine.orders import Order
from marketdata.live import OnAir
from marketdata.refusals import DayUnavailable
from store import locks, matching, recordings
from store.database import Tx
from store.recordings import NewRecording, StoredRecording
from usecases.airing import is_over, on_air
from usecases.deciding import Hit, Known, Market, Outcome, decide, expire
from usecases.failpoints import Failpoint
from usecases.ports import Ports

LEASE = timedelta(seconds=1)
RENEWAL_SECONDS = 0.3
STANDBY_SECONDS = 0.1
CANCELED_MAX = 50_000
FILLED_KEPT = 100_000
JOINING_AT_ONCE = 2_000
SECONDS_AT_ONCE = 300
"""PostgreSQL takes a second of silence in a transaction for a dead caller. So many pending orders are read
between two statements, and so many seconds of 100,000 orders are looked at, in a tenth of that."""

log = structlog.get_logger()


@dataclass(slots=True)
class Tally:
    """What a matcher did since its process was started, and how it stands. ``lag_seconds`` is how far the
    tape was ahead when it looked last, ``lag_ms`` how old the newest row was once it was matched."""

    ticks: int = 0
    fills: int = 0
    rejections: int = 0
    expiries: int = 0
    takeovers: int = 0
    pending: int = 0
    epoch: int = 0
    second: int = -1
    lag_seconds: int = 0
    lag_ms: int = 0


@dataclass(slots=True)
class Waiting:
    """The pending orders of a recording as its holder knows them, by their rows' ids. One that was
    canceled meanwhile stays until the market reaches it; ``newest`` is the last that joined, and ``room``
    how many there may be until all are read anew. ``filled`` are those that filled, as far as he met them."""

    book: PendingBook = field(default_factory=PendingBook)
    known: dict[int, Known] = field(default_factory=dict)
    filled: dict[int, Order] = field(default_factory=dict)
    newest: int = 0
    room: int = 0

    async def join(self, tx: Tx, stored: StoredRecording, day: Day) -> None:
        """Let the orders join that were accepted since the last tick."""
        while joining := await matching.pending_after(tx, stored, self.newest, JOINING_AT_ONCE):
            for joined in joining:
                order = joined.stored.order
                self.book.add(joined.id, order, day)
                self.known[joined.id] = Known(joined.session_id, order)
            self.newest = joining[-1].id
            if len(joining) < JOINING_AT_ONCE:
                break
        self.room = self.room or len(self.known) + CANCELED_MAX

    def hits(self, day: Day, from_second: int, until_second: int) -> list[Hit]:
        """The orders that the market reached from one second to before another, by second and priority."""
        found = self.book.hits_between(day, from_second, until_second)
        return [Hit(key, second, *self.known[key]) for second, key in found]

    def remove(self, hits: Iterable[Hit]) -> None:
        for hit in hits:
            self.book.remove(hit.key)
            del self.known[hit.key]


@dataclass(slots=True)
class Hand:
    """A recording in hand: its lease's epoch, how far it is matched, and what is pending."""

    recording_id: UUID
    epoch: int
    second: int
    waiting: Waiting = field(default_factory=Waiting)


@dataclass(slots=True)
class Matcher:
    """One who matches, or stands by; ``id`` is his name on leases. ``over`` is the recording that he
    has seen to its end."""

    id: UUID
    tally: Tally = field(default_factory=Tally)
    hand: Hand | None = None
    over: UUID | None = None


async def turn(ports: Ports, matcher: Matcher) -> None:
    """Match what is new of the market on air, else hold its lease, else ask for that. To be done at
    every row, each ``RENEWAL_SECONDS`` by a holder, and each ``STANDBY_SECONDS`` by one who stands by."""
    air = on_air(ports)
    if air is not None and air.recording.id != matcher.over:
        await _match(ports, matcher, air)


async def catch_up(ports: Ports, tally: Tally) -> None:
    """Match to its end each recording that went off the air before all of it was matched, as when no
    worker was there at the close."""
    async with ports.database.asking() as tx:
        left = await recordings.unfinished(tx)
    air = on_air(ports)
    for recording in left:
        tape = _tape(ports, recording.uuid)
        is_on_air = air is not None and air.recording.id == recording.uuid
        if tape is not None and tape.is_closed and not is_on_air:
            await _match(ports, Matcher(ports.new_id(), tally), tape)


def _tape(ports: Ports, recording_id: UUID) -> OnAir | None:
    try:
        return ports.live.tape(recording_id)
    except DayUnavailable as reason:
        log.warning("tape_unavailable", recording=str(recording_id), reason=str(reason))
        return None


async def let_go(ports: Ports, matcher: Matcher) -> None:
    """Give the lease up, so that another may have it at once."""
    hand, matcher.hand = matcher.hand, None
    if hand is not None:
        async with ports.database.transaction() as tx:
            await recordings.release(tx, hand.recording_id, hand.epoch)


async def _match(ports: Ports, matcher: Matcher, air: OnAir) -> None:
    hand = matcher.hand
    if hand is None or hand.recording_id != air.recording.id:
        hand = matcher.hand = await _take(ports, matcher, air)
    if hand is None:
        return
    matcher.tally.lag_seconds = max(air.second - hand.second, 0)
    if air.second <= hand.second and not is_over(air):
        await _renew(ports, matcher, hand)
        return
    while matcher.hand is hand and hand.second < _target(air):
        await _tick(ports, matcher, hand, air)


def _target(air: OnAir) -> int:
    """How far a recording can be matched: to the close once it is over, whatever row was the last."""
    return air.recording.opening.close_second if is_over(air) else air.second


async def _take(ports: Ports, matcher: Matcher, air: OnAir) -> Hand | None:
    """Take the lease of a recording, entering it where nobody has; None where another holds it."""
    recording, opening = air.recording, air.recording.opening
    async with ports.database.transaction() as tx:
        stored = await recordings.find(tx, recording.id)
        if stored is None:
            new = NewRecording(
                recording.id, opening.date, opening.label, opening.open_at, opening.close_second, ports.wall()
            )
            await recordings.enter(tx, new)
        elif stored.is_closed:
            matcher.over = recording.id
            return None
        epoch = await recordings.take(tx, recording.id, matcher.id, LEASE)
        if epoch is None:
            return None
    ports.reach(Failpoint.MATCHER_LEASED)
    matcher.tally.takeovers += 1
    matcher.tally.epoch = epoch
    log.info("matcher_leased", recording=str(recording.id), epoch=epoch)
    return Hand(recording.id, epoch, -1 if stored is None else stored.matched_second)


async def _renew(ports: Ports, matcher: Matcher, hand: Hand) -> None:
    async with ports.database.transaction() as tx:
        is_held = await recordings.renew(tx, hand.recording_id, hand.epoch, LEASE)
    if not is_held:
        _lose(matcher, hand)


def _lose(matcher: Matcher, hand: Hand) -> None:
    log.warning("matcher_overtaken", recording=str(hand.recording_id), epoch=hand.epoch)
    matcher.hand = None


async def _tick(ports: Ports, matcher: Matcher, hand: Hand, air: OnAir) -> None:
    """Match what is new on the tape, and tell of it once it is committed."""
    try:
        outcome = await _write(ports, hand, air)
    except BaseException:
        hand.waiting = Waiting()  # whether that was committed is unknown
        raise
    if outcome is None:
        _lose(matcher, hand)
        return
    ports.reach(Failpoint.TICK_COMMITTED)
    await ports.topics.sessions_changed(outcome.versions)
    await ports.topics.market_matched(hand.recording_id, hand.second)
    _count(matcher.tally, hand, outcome)
    newest = _tape(ports, hand.recording_id)
    if newest is not None and newest.second == hand.second:
        matcher.tally.lag_ms = round(1_000 * newest.tick_age_seconds)
    if is_over(air) and hand.second == _target(air):
        matcher.over, matcher.hand = hand.recording_id, None
        await _ring(ports)


async def _ring(ports: Ports) -> None:
    """Ask for settlement now; whoever looks each second finds what is due without being asked."""
    with suppress(BusUnavailable):
        await ports.jobs.enqueue(JobName.SETTLE_LIVE, {})


def _next_stop(hand: Hand, air: OnAir) -> int:
    """How far to match at once. There is nothing to match before the first row, however late that came."""
    before_first = -1 if air.day is None else air.day.known_from - 1
    return min(_target(air), max(hand.second, before_first) + SECONDS_AT_ONCE)


async def _write(ports: Ports, hand: Hand, air: OnAir) -> Outcome | None:
    """Match the next seconds that the tape has, in one transaction and as if second by second; None where
    another has the recording by now."""
    waiting = hand.waiting
    second = _next_stop(hand, air)
    is_last = is_over(air) and second == _target(air)
    async with ports.database.transaction() as tx:
        await locks.market_alone(tx, hand.recording_id)
        now = ports.wall()  # not before: what was accepted while this waited has its time already
        began = time.monotonic()
        stored = await recordings.advance(tx, hand.recording_id, hand.epoch, second, LEASE)
        if stored is None:
            return None
        ports.reach(Failpoint.TICK_ADVANCED)
        hits: Sequence[Hit] = ()
        outcome = Outcome()
        if air.day is not None:
            await waiting.join(tx, stored, air.day)
            hits = waiting.hits(air.day, stored.matched_second + 1, second + 1)
            outcome = await decide(tx, Market(stored, air.day, waiting.known, waiting.filled), hits, now)
        ports.reach(Failpoint.TICK_FILLED)
        if is_last:
            outcome = outcome.and_then(await expire(tx, stored, now))
            await recordings.closed(tx, stored.uuid, hand.epoch, now)
            ports.reach(Failpoint.TICK_EXPIRED)
        elif time.monotonic() - began > RENEWAL_SECONDS:
            await recordings.renew(tx, stored.uuid, hand.epoch, LEASE)
    hand.second = second
    waiting.remove(hits)
    if len(waiting.known) > waiting.room:
        hand.waiting = Waiting()
    if len(waiting.filled) > FILLED_KEPT:
        waiting.filled.clear()
    return outcome


def _count(tally: Tally, hand: Hand, outcome: Outcome) -> None:
    tally.ticks += 1
    tally.fills += outcome.fills
    tally.rejections += outcome.rejections
    tally.expiries += outcome.expiries
    tally.second = hand.second
    tally.pending = len(hand.waiting.book)
