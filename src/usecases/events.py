"""Following a session or an account: every change since a number the client has seen, in order,
without a gap."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol, TypeVar
from uuid import UUID

from bus.topics import account_topic, session_topic
from engine.denials import Code, Denial
from store import accounts, sessions
from usecases.ports import Ports, Viewer
from usecases.views import AccountEvent, AccountEventKind, SessionEvent, SessionEventKind

EVENTS_A_READ = 100
SAFETY_POLL_SECONDS = 60.0


class Numbered(Protocol):
    """An event with its place in the sequence of what it is about."""

    @property
    def seq(self) -> int: ...


Event = TypeVar("Event", bound=Numbered)
ReadAfter = Callable[[int], Awaitable[tuple[Sequence[Event], bool]]]


def after_denial(after: int, newest: int) -> Denial | None:
    """Why nobody can have seen ``after`` last, where ``newest`` is the last number there is.

    Following from there would be silent, and then leave out whatever comes before it.
    """
    if 0 <= after <= newest:
        return None
    message = f"after must be from 0 to {newest}, the number of the last event"
    return Denial(Code.INVALID_INPUT, message, ("after",))


def session_events(
    ports: Ports, viewer: Viewer, session_id: UUID, after: int
) -> AsyncGenerator[SessionEvent, None]:
    """The viewer's session's events later than ``after``, as they are made.

    Ends after the deletion of the session, which is told as its last event, or at once where the
    viewer has no such session. A lost wake-up is made good within ``SAFETY_POLL_SECONDS``.
    """
    read = partial(_session_events_after, ports, viewer, session_id)
    return _follow(ports, session_topic(session_id), read, after)


def account_events(
    ports: Ports, viewer: Viewer, account_id: UUID, after: int
) -> AsyncGenerator[AccountEvent, None]:
    """The viewer's account's events later than ``after``, as they are made and like ``session_events``.

    A change of one of its days is told where it changes what the account carries.
    """
    read = partial(_account_events_after, ports, viewer, account_id)
    return _follow(ports, account_topic(account_id), read, after)


async def _follow(
    ports: Ports, topic: str, read_after: ReadAfter[Event], after: int
) -> AsyncGenerator[Event, None]:
    """What ``read_after`` reads, again after every wake-up of the topic, until nothing more may come."""
    with ports.topics.listen(topic) as wakes:
        while True:
            found, exists = await read_after(after)
            for event in found:
                yield event
                after = event.seq
            if not found and not exists:
                return
            if exists and len(found) < EVENTS_A_READ:
                await wakes.within(SAFETY_POLL_SECONDS)


async def _session_events_after(
    ports: Ports, viewer: Viewer, session_id: UUID, after: int
) -> tuple[Sequence[SessionEvent], bool]:
    """The next events, and whether more may come."""
    async with ports.database.asking() as tx:
        rows, exists = await sessions.events_after(tx, viewer.user_id, session_id, after, EVENTS_A_READ)
    events = [
        SessionEvent(session_id, row.seq, SessionEventKind(row.kind), row.order_id, row.at) for row in rows
    ]
    return events, exists


async def _account_events_after(
    ports: Ports, viewer: Viewer, account_id: UUID, after: int
) -> tuple[Sequence[AccountEvent], bool]:
    """The next events, and whether more may come."""
    async with ports.database.reading() as tx:
        exists = await accounts.find(tx, viewer.user_id, account_id) is not None
        rows = await accounts.events_after(tx, viewer.user_id, account_id, after, EVENTS_A_READ)
    events = [
        AccountEvent(
            account_id, row.seq, AccountEventKind(row.kind), row.session_uuid, row.done, row.total, row.at
        )
        for row in rows
    ]
    return events, exists
