"""What never changes of a session: whose day it is, and whether it is traded live."""

from collections import OrderedDict
from dataclasses import dataclass
from uuid import UUID

from engine.denials import Denial
from store import sessions
from store.sessions import StoredSession
from usecases.loading import NO_SESSION
from usecases.ports import Ports, Viewer

BELONGINGS_KEPT = 16_384


@dataclass(frozen=True, slots=True)
class Belonging:
    """The account whose day a session is, if one, and the recording that it is traded on, if it is live."""

    account_id: UUID | None
    recording_id: UUID | None = None

    @property
    def is_live(self) -> bool:
        return self.recording_id is not None


_belongings: OrderedDict[UUID, Belonging] = OrderedDict()


async def belonging_of(ports: Ports, viewer: Viewer, session_id: UUID) -> Belonging | None:
    """What a session belongs to, or None where the viewer has no such one.

    It never changes, so the answer is kept; whether the session is the viewer's and still there is
    for the use case to find out.
    """
    if session_id not in _belongings:
        async with ports.database.asking() as tx:
            found = await sessions.belonging(tx, viewer.user_id, session_id)
        if found is None:
            return None
        remember(session_id, Belonging(*found))
    return _belongings[session_id]


async def session_under(
    ports: Ports, viewer: Viewer, account_id: UUID | None, session_id: UUID
) -> UUID | Denial:
    """The session's id where it is a day of ``account_id`` (None: of no account), as its address says."""
    belonging = await belonging_of(ports, viewer, session_id)
    if belonging is None or belonging.account_id != account_id:
        return NO_SESSION
    return session_id


def remember(session_id: UUID, belonging: Belonging) -> None:
    """Keep what a new session belongs to: it is going to be asked for."""
    _belongings[session_id] = belonging
    while len(_belongings) > BELONGINGS_KEPT:
        _belongings.popitem(last=False)


def remember_live(stored: StoredSession, account_id: UUID | None) -> None:
    """Keep what a live session belongs to."""
    remember(stored.uuid, Belonging(account_id, stored.recording_uuid))
