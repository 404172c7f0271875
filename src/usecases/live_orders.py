"""Orders of live sessions: accepted at the second the market is matched through, canceled, replaced.

Acceptance and matching take turns. An order is accepted under the shared lock of its market, which
stands still meanwhile, and decided on the day as it is known by then: so what would be found of a
historical order in the rest of its day is looked for in one second, and the matcher goes on from there.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid5

from engine.admission import NewOrder, Placement, place
from engine.denials import Code, Denial
from engine.fees import FeeSchedule
from engine.ledger import charged
from engine.orders import End, Order, OrderStatus, OrderType, Ticket
from engine.sessions import Session, is_working
from engine.tickets import OrderRequest, read_ticket
from marketdata.live import OnAir
from store import locks, matching, orders, recordings, sessions
from store.database import Tx
from store.matching import Told
from store.orders import StoredOrder
from store.recordings import StoredRecording
from store.sessions import StoredSession
from usecases.airing import on_air, trading_denial
from usecases.belonging import Belonging
from usecases.loading import NO_SESSION, Loaded, load, order_view
from usecases.ports import Ports, Viewer
from usecases.sessions import changed_since
from usecases.submissions import DRY_RUN_ID, NO_ORDER, Submission, next_sequence, repeated, repeated_here
from usecases.views import OrderReceipt, SessionEventKind

SETTLED = Denial(Code.SESSION_FROZEN, "session_frozen: the live session has settled and takes no orders")


@dataclass(frozen=True, slots=True)
class Held:
    """A live session as it is at the second that its market is matched through. ``air`` was on air then,
    or before: the market may have gone on since."""

    loaded: Loaded
    market: StoredRecording
    air: OnAir | None


@dataclass(frozen=True, slots=True)
class Seen:
    """A market's row, if it has one yet, and what was on air when that was read or before."""

    market: StoredRecording | None
    air: OnAir | None


async def submit(
    ports: Ports, tx: Tx, viewer: Viewer, submission: Submission, belonging: Belonging
) -> OrderReceipt | Denial:
    """Accept an order at the last second that was matched, or replace a pending limit order there in the
    same step. Whoever calls has claimed the idempotency key."""
    if submission.request.client_order_id is not None:
        await locks.user(tx, viewer.user_id)  # the id is looked for in all of the owner's sessions
    held = await _hold(ports, tx, viewer, submission.session_id, belonging)
    if isinstance(held, Denial):
        return held
    named = _named(ports, submission)
    known = await _known(tx, viewer, held.loaded, submission, named)
    if known is not None:
        return known

    denial = changed_since(held.loaded.stored, submission.expected_version)
    placed = denial or await _decide(viewer, held, named)
    if isinstance(placed, Denial):
        return placed
    return await _write(ports, tx, held, named, placed)


async def _write(ports: Ports, tx: Tx, held: Held, submission: Submission, placed: Placement) -> OrderReceipt:
    loaded, now = held.loaded, ports.wall()
    order = _charged(placed.order, loaded.session.fees)
    new = StoredOrder(
        order=order,
        replaces_order_id=submission.replaces,
        client_order_id=order.id,
        request_hash=submission.digest,
        updated_at=now,
    )
    if submission.replaces is not None:
        ended_at = loaded.day.time_of(loaded.second)
        await orders.cancel(tx, loaded.stored, submission.replaces, ended_at=ended_at, at=now)
    await orders.add(tx, loaded.stored, new, loaded.day.open_at)
    version = await _tell(tx, loaded.stored, _events_of(submission, order), now)
    return OrderReceipt(order_view(loaded, new), placed.effect, version)


def _events_of(submission: Submission, order: Order) -> Iterable[tuple[SessionEventKind, UUID]]:
    if submission.replaces is None:
        yield SessionEventKind.ORDER_PLACED, order.id
    else:
        yield SessionEventKind.ORDER_CANCELED, submission.replaces
        yield SessionEventKind.ORDER_REPLACED, order.id
    if order.fill is not None:
        yield SessionEventKind.ORDER_FILLED, order.id


async def _tell(
    tx: Tx, stored: StoredSession, events: Iterable[tuple[SessionEventKind, UUID]], at: datetime
) -> int:
    """Record what became of orders, and that it moved money; the session's new version."""
    told = [Told(stored.id, kind, order_id) for kind, order_id in events]
    money = Told(stored.id, SessionEventKind.FINANCIALS_CHANGED)
    versions = await matching.record_events_many(tx, [*told, money], at)
    return versions[stored.id]


async def _hold(
    ports: Ports, tx: Tx, viewer: Viewer, session_id: UUID, belonging: Belonging
) -> Held | Denial:
    """The viewer's session, locked, and its market, which is not matched any further meanwhile."""
    if belonging.account_id is not None:
        await locks.account(tx, viewer.user_id, belonging.account_id)
    assert belonging.recording_id is not None, "a live session is traded on a recording"
    market = await locks.market_shared(tx, belonging.recording_id)
    stored = await locks.session(tx, viewer.user_id, session_id)
    return await _loaded(ports, tx, viewer, stored, Seen(market, on_air(ports)))


async def _at_market(
    ports: Ports, tx: Tx, viewer: Viewer, stored: StoredSession | None, air: OnAir | None
) -> Held | Denial:
    """A session where its market stands just now, which nobody keeps there."""
    if stored is None:
        return NO_SESSION
    assert stored.recording_uuid is not None, "a live session is traded on a recording"
    market = await recordings.find(tx, stored.recording_uuid)
    return await _loaded(ports, tx, viewer, stored, Seen(market, air))


async def _loaded(
    ports: Ports, tx: Tx, viewer: Viewer, stored: StoredSession | None, seen: Seen
) -> Held | Denial:
    if stored is None:
        return NO_SESSION
    if stored.settled_at is not None:
        return SETTLED
    assert seen.market is not None, "a session's recording stays"
    loaded = await load(ports, tx, viewer, stored, seen.market)
    return loaded if isinstance(loaded, Denial) else Held(loaded, seen.market, seen.air)


def _named(ports: Ports, submission: Submission) -> Submission:
    """The same with the order's id: the client's, one that follows from the idempotency key, or a new one."""
    request, key = submission.request, submission.idempotency_key
    derived = ports.new_id() if key is None else uuid5(submission.session_id, key)
    client_id = request.client_order_id or derived
    return replace(submission, request=replace(request, client_order_id=client_id))


async def _known(
    tx: Tx, viewer: Viewer, loaded: Loaded, submission: Submission, named: Submission
) -> OrderReceipt | Denial | None:
    """The order that was placed under the same id already, as it is now."""
    if submission.request.client_order_id is None:
        return repeated_here(loaded, named)
    return await repeated(tx, viewer, loaded, named)


async def _decide(viewer: Viewer, held: Held, submission: Submission) -> Placement | Denial:
    """Every check of a historical order, at the second the market stands at."""
    loaded, client_id = held.loaded, submission.request.client_order_id
    assert client_id is not None, "a live order is named before it is decided"
    ticket = read_ticket(submission.request, loaded.stored.date)
    if isinstance(ticket, Denial):
        return ticket
    replaced = submission.replaces
    denial = None if replaced is None else _irreplaceable(loaded, replaced, ticket)
    denial = denial or trading_denial(held.air, held.market)
    if denial is not None:
        return denial
    new = NewOrder(
        ticket=ticket,
        second=loaded.second,
        id=client_id,
        sequence=next_sequence(loaded),
        slippage_cents=viewer.slippage_cents,
    )
    session = _without(loaded.session, replaced, loaded.second)
    return await asyncio.to_thread(place, session, loaded.day, new)


def _irreplaceable(loaded: Loaded, order_id: UUID, ticket: Ticket) -> Denial | None:
    """Why an order may not be replaced by this one: only the price of a pending limit order changes."""
    stored = loaded.order(order_id)
    if stored is None:
        return NO_ORDER
    if not is_working(stored.order, loaded.second):
        return _not_pending(stored)
    before = stored.order.ticket
    if before.type is not OrderType.LIMIT:
        message = f"only a limit order can be replaced: cancel the {before.type} order and place another"
        return Denial(Code.INVALID_ORDER, message, ("order_id",))
    if ticket.type is not OrderType.LIMIT or set(ticket.legs) != set(before.legs):
        message = "only price and price_effect may change in a replacement; type and legs are fixed"
        return Denial(Code.INVALID_ORDER, message, ("legs" if ticket.type is before.type else "type",))
    return None


def _uncancelable(loaded: Loaded, order_id: UUID) -> Denial | None:
    stored = loaded.order(order_id)
    if stored is None:
        return NO_ORDER
    return None if is_working(stored.order, loaded.second) else _not_pending(stored)


def _not_pending(stored: StoredOrder) -> Denial:
    return Denial(Code.ORDER_NOT_PENDING, f"order_not_pending: the order is {stored.status} already")


def _without(session: Session, order_id: UUID | None, second: int) -> Session:
    """The session in which a pending order was canceled at ``second``."""
    end = End(second, OrderStatus.CANCELED)
    return replace(
        session, orders=tuple(replace(o, end=end) if o.id == order_id else o for o in session.orders)
    )


def _charged(order: Order, fees: FeeSchedule) -> Order:
    """The order with what its fill costs, if it has filled at once."""
    return order if order.fill is None else replace(order, fill=charged(order.fill, order.ticket, fees))


async def dry_run(
    ports: Ports, viewer: Viewer, session_id: UUID, request: OrderRequest
) -> OrderReceipt | Denial:
    """What ``submit`` would answer, with nothing kept; the order's id is all zeros."""
    air = on_air(ports)
    async with ports.database.reading() as tx:
        stored = await sessions.find(tx, viewer.user_id, session_id)
        held = await _at_market(ports, tx, viewer, stored, air)
    if isinstance(held, Denial):
        return held
    anonymous = Submission(session_id, replace(request, client_order_id=DRY_RUN_ID))
    placed = await _decide(viewer, held, anonymous)
    if isinstance(placed, Denial):
        return placed
    loaded = held.loaded
    order = _charged(placed.order, loaded.session.fees)
    preview = StoredOrder(order, None, request.client_order_id, b"", ports.wall())
    return OrderReceipt(order_view(loaded, preview), placed.effect, loaded.stored.version)


async def cancel_order(
    ports: Ports, viewer: Viewer, session_id: UUID, order_id: UUID, expected_version: int | None = None
) -> Denial | None:
    """Cancel a pending order at the last second that was matched.

    Cancel and fill both hold the session, so the first of them wins. The market is not held: whether
    the next second is being matched meanwhile changes neither.
    """
    async with ports.database.transaction() as tx:
        stored = await locks.session(tx, viewer.user_id, session_id)
        held = await _at_market(ports, tx, viewer, stored, on_air(ports))
        if isinstance(held, Denial):
            return held
        loaded = held.loaded
        denial = _uncancelable(loaded, order_id) or changed_since(loaded.stored, expected_version)
        denial = denial or trading_denial(held.air, held.market)
        if denial is not None:
            return denial
        now, ended_at = ports.wall(), loaded.day.time_of(loaded.second)
        await orders.cancel(tx, loaded.stored, order_id, ended_at=ended_at, at=now)
        canceled = (SessionEventKind.ORDER_CANCELED, order_id)
        version = await _tell(tx, loaded.stored, [canceled], now)

    await ports.topics.session_changed(session_id, version)
    return None
