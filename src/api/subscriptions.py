"""Streams of events: a snapshot first, then every change in its sequence."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from api.context import Info
from api.errors import UserError, user_errors
from api.nodes import NodeKind, read_id
from api.orders import Order, find_order
from api.sessions import Session, find_session
from engine.denials import Denial
from usecases import events, sessions
from usecases.views import SessionEvent, SessionEventKind

strawberry.enum(SessionEventKind)

After = Annotated[
    int | None,
    strawberry.argument(
        description="The last sequence number that was seen, from 0 to the newest; later events follow "
        "without a gap."
    ),
]


@strawberry.type(description="A change of a session, or the snapshot that comes first.")
class SessionUpdate:
    session_uuid: strawberry.Private[UUID]
    seq: int | None = strawberry.field(
        default=None, description="1, 2, 3 … without gaps; the session's version."
    )
    kind: SessionEventKind | None = strawberry.field(default=None, description="Null on the snapshot.")
    time: datetime | None = strawberry.field(default=None, description="When the change was made.")
    order_uuid: UUID | None = strawberry.field(
        default=None, description="The order that changed, if one did."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list)

    @strawberry.field(description="The session as it is now; null once it is deleted.")
    async def session(self, info: Info) -> Session | None:
        return await find_session(info, self.session_uuid)

    @strawberry.field(description="The order that changed, as it is now; null once it is deleted.")
    async def order(self, info: Info) -> Order | None:
        if self.order_uuid is None:
            return None
        return await find_order(info, self.session_uuid, self.order_uuid)


@strawberry.type
class SessionSubscription:
    @strawberry.subscription(description="A session's snapshot, then its changes as they are made.")
    async def session_events(
        self, info: Info, session_id: strawberry.ID, after: After = None
    ) -> AsyncGenerator[SessionUpdate, None]:
        viewer = await info.context.viewer()
        uuid = read_id(session_id, NodeKind.SESSION)
        view = await sessions.get_session(info.context.ports, viewer, uuid)
        if isinstance(view, Denial):
            yield SessionUpdate(session_uuid=uuid, user_errors=user_errors(view, "session_id"))
            return
        seen = view.version if after is None else after
        denial = events.after_denial(seen, view.version)
        if denial is not None:
            yield SessionUpdate(session_uuid=uuid, user_errors=user_errors(denial))
            return
        yield SessionUpdate(session_uuid=uuid, seq=view.version)
        async with aclosing(events.session_events(info.context.ports, viewer, uuid, seen)) as changes:
            async for change in changes:
                await info.context.sign_in()
                yield render_change(change)


def render_change(change: SessionEvent) -> SessionUpdate:
    return SessionUpdate(
        session_uuid=change.session_id,
        seq=change.seq,
        kind=change.kind,
        time=change.at,
        order_uuid=change.order_id,
    )
