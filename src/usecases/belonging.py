"""Which account a session belongs to, for addresses that name both."""

from collections import OrderedDict
from uuid import UUID

from engine.denials import Denial
from store import sessions
from usecases.loading import NO_SESSION
from usecases.ports import Ports, Viewer

BELONGINGS_KEPT = 16_384

_belongings: OrderedDict[UUID, UUID | None] = OrderedDict()


async def session_under(
    ports: Ports, viewer: Viewer, account_id: UUID | None, session_id: UUID
) -> UUID | Denial:
    """The session's id where it is a day of ``account_id`` (None: of no account), as its address says.

    A session never changes its account, so the answer is kept; whether it is the viewer's and still
    there is for the use case to find out.
    """
    if session_id not in _belongings:
        async with ports.database.asking() as tx:
            found = await sessions.account_of(tx, viewer.user_id, session_id)
        if found is None:
            return NO_SESSION
        remember(session_id, found[0])
    return session_id if _belongings[session_id] == account_id else NO_SESSION


def remember(session_id: UUID, account_id: UUID | None) -> None:
    """Keep what a new session belongs to: it is going to be asked for."""
    _belongings[session_id] = account_id
    while len(_belongings) > BELONGINGS_KEPT:
        _belongings.popitem(last=False)
