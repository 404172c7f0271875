"""Following a session: every change since a number the client has seen, in order, without a gap."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from uuid import UUID

from bus.topics import session_topic
from engine.denials import Code, Denial
from store import sessions
from usecases.ports import Ports, Viewer
from usecases.views import SessionEvent, SessionEventKind

EVENTS_A_READ = 100
SAFETY_POLL_SECONDS = 60.0


def after_denial(after: int, newest: int) -> Denial | None:
    """Why nobody can have seen ``after`` last, where ``newest`` is the last number there is.

    Following from there would be silent, and then leave out whatever comes before it.
    """
    if 0 <= after <= newest:
        return None
    message = f"after must be from 0 to {newest}, the number of the last event"
    return Denial(Code.INVALID_INPUT, message, ("after",))


async def session_events(
    ports: Ports, viewer: Viewer, session_id: UUID, after: int
) -> AsyncGenerator[SessionEvent, None]:
    """The viewer's session's events later than ``after``, as they are made.

    Ends after the deletion of the session, which is told as its last event, or at once where the
    viewer has no such session. A lost wake-up is made good within ``SAFETY_POLL_SECONDS``.
    """
    with ports.topics.listen(session_topic(session_id)) as wakes:
        while True:
            found, exists = await _read(ports, viewer, session_id, after)
            for event in found:
                yield event
                after = event.seq
            if not found and not exists:
                return
            if exists and len(found) < EVENTS_A_READ:
                with suppress(TimeoutError):
                    await asyncio.wait_for(wakes.next(), SAFETY_POLL_SECONDS)


async def _read(
    ports: Ports, viewer: Viewer, session_id: UUID, after: int
) -> tuple[tuple[SessionEvent, ...], bool]:
    """The next events, and whether more may come."""
    async with ports.database.reading() as tx:
        exists = await sessions.find(tx, viewer.user_id, session_id) is not None
        rows = await sessions.events_after(tx, viewer.user_id, session_id, after, EVENTS_A_READ)
    events = (
        SessionEvent(session_id, row.seq, SessionEventKind(row.kind), row.order_id, row.at) for row in rows
    )
    return tuple(events), exists
