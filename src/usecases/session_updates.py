"""Following a live session: what became of its orders and its money, as it is when it is told."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from engine.denials import Code, Denial
from engine.sessions import SessionState
from marketdata.refusals import DayUnavailable
from store import sessions
from usecases.belonging import belonging_of
from usecases.events import session_events
from usecases.loading import Loaded, find, order_view
from usecases.ports import Ports, Viewer
from usecases.views import OrderView, SessionEvent, SessionEventKind


class UpdateKind(StrEnum):
    """What a change of a live session concerns, by its documented names."""

    ORDER = "order_update"
    MONEY = "financials_update"
    ENDED = "ended"
    SETTLEMENT_FAILED = "settlement_failed"


UPDATE_OF = {
    SessionEventKind.ORDER_PLACED: UpdateKind.ORDER,
    SessionEventKind.ORDER_REPLACED: UpdateKind.ORDER,
    SessionEventKind.ORDER_CANCELED: UpdateKind.ORDER,
    SessionEventKind.ORDER_FILLED: UpdateKind.ORDER,
    SessionEventKind.ORDER_REJECTED: UpdateKind.ORDER,
    SessionEventKind.ORDER_EXPIRED: UpdateKind.ORDER,
    SessionEventKind.FINANCIALS_CHANGED: UpdateKind.MONEY,
    SessionEventKind.SETTLED: UpdateKind.ENDED,
    SessionEventKind.SETTLEMENT_FAILED: UpdateKind.SETTLEMENT_FAILED,
}


@dataclass(frozen=True, slots=True)
class SessionUpdate:
    """A change of a live session. ``seq`` rises from one to the next, with holes where nothing was told.

    ``order`` or ``state`` is what the change concerns as it is now; the session may have gone on since.
    """

    seq: int
    session_id: UUID
    kind: UpdateKind
    date: date
    order: OrderView | None = None
    state: SessionState | None = None


async def session_updates(
    ports: Ports, viewer: Viewer, session_id: UUID, after: int | None = None
) -> AsyncGenerator[SessionUpdate, None]:
    """What changed in the viewer's live session since ``after``, then each change as it is made; without a
    number those from now on.

    Ends after the settlement or deletion of the session, or at once where the viewer has no such live one.
    A lost wake-up is made good within a minute. Raises DayUnavailable where its market cannot be read.
    """
    belonging = await belonging_of(ports, viewer, session_id)
    newest = await _newest(ports, viewer, session_id)
    if belonging is None or not belonging.is_live or newest is None:
        return
    seen = newest if after is None or after > newest else max(after, 0)
    loaded: Loaded | None = None
    async with aclosing(session_events(ports, viewer, session_id, seen)) as events:
        async for event in events:
            if event.kind not in UPDATE_OF:
                continue
            if loaded is None or loaded.stored.version < event.seq:
                loaded = await _loaded(ports, viewer, session_id)
            if loaded is None:
                return
            yield _update(loaded, event)
            if loaded.stored.settled_at is not None and event.seq == loaded.stored.version:
                return


def _update(loaded: Loaded, event: SessionEvent) -> SessionUpdate:
    kind = UPDATE_OF[event.kind]
    stored = None if event.order_id is None else loaded.order(event.order_id)
    return SessionUpdate(
        seq=event.seq,
        session_id=event.session_id,
        kind=kind,
        date=loaded.stored.date,
        order=None if stored is None else order_view(loaded, stored),
        state=loaded.state() if kind is UpdateKind.MONEY else None,
    )


async def _newest(ports: Ports, viewer: Viewer, session_id: UUID) -> int | None:
    """The number of the session's last event; None where the viewer has no such session."""
    async with ports.database.asking() as tx:
        stored = await sessions.find(tx, viewer.user_id, session_id)
    return None if stored is None else stored.version


async def _loaded(ports: Ports, viewer: Viewer, session_id: UUID) -> Loaded | None:
    """The session with every change that was told so far, None once it is deleted."""
    loaded = await find(ports, viewer, session_id)
    if not isinstance(loaded, Denial):
        return loaded
    if loaded.code is Code.DAY_UNAVAILABLE:
        raise DayUnavailable(loaded.message)
    return None
