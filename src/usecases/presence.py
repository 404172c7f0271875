"""Whether a person who stays connected is still signed in, and which live session is his meanwhile."""

from collections.abc import AsyncGenerator
from uuid import UUID

import structlog

from bus.topics import user_topic
from engine.denials import Denial
from usecases import live
from usecases.auth import authenticate
from usecases.outages import OUTAGES
from usecases.ports import Ports, Viewer

LOOK_SECONDS = 60.0

log = structlog.get_logger()


async def presence(ports: Ports, viewer: Viewer, token: str) -> AsyncGenerator[UUID | None, None]:
    """The person's live session that belongs to no account, None where there is none: now, and whenever he
    starts one or signs out somewhere. Ends once the token is not valid any more, which is looked at then
    and each minute.

    While the database cannot be asked nothing is said, and who was signed in is taken to be.
    """
    with ports.topics.listen(user_topic(viewer.uuid)) as wakes:
        is_told = False
        while True:
            if not is_told:
                try:
                    session_id = await live.active(ports, viewer)
                except OUTAGES:
                    log.warning("presence_unknown", exc_info=True)
                else:
                    is_told = True
                    yield None if isinstance(session_id, Denial) else session_id
            if await wakes.within(LOOK_SECONDS):
                is_told = False
            if not await _is_signed_in(ports, token):
                return


async def _is_signed_in(ports: Ports, token: str) -> bool:
    try:
        return await authenticate(ports, token) is not None
    except OUTAGES:
        log.warning("presence_unknown", exc_info=True)
        return True
