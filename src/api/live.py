"""The live session of a viewer that belongs to no account: on the market that is on air, one at a time."""

import strawberry

from api.context import Info
from api.errors import UserError, granted, user_errors
from api.financials import read_capital
from api.nodes import NodeKind, global_id
from api.scalars import DecimalText
from api.sessions import Session, render_session
from engine.denials import Denial
from usecases import live
from usecases.live import StartLive


@strawberry.input
class StartLiveSessionInput:
    starting_capital: DecimalText = strawberry.field(description="1000 to 10000000 dollars.")
    description: str | None = None


@strawberry.type
class LiveSessionPayload:
    session: Session | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class EndLiveSessionPayload:
    deleted_id: strawberry.ID | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class LiveQuery:
    @strawberry.field(
        description="The viewer's live session at the market's clock; null where there is none. After the "
        "close it stays here until it has settled, and is one of the simulations then."
    )
    async def live_session(self, info: Info) -> Session | None:
        viewer = await info.context.viewer()
        view = await live.get_live(info.context.ports, viewer)
        return None if view is None else render_session(granted(view))


@strawberry.type
class LiveMutation:
    @strawberry.mutation(
        description="Start a live session on today's market while it is open; one at a time, until it is "
        "ended or has settled."
    )
    async def start_live_session(self, info: Info, input: StartLiveSessionInput) -> LiveSessionPayload:
        viewer = await info.context.viewer()
        cents = read_capital(input.starting_capital)
        if isinstance(cents, Denial):
            return _denied(cents)
        started = await live.start(info.context.ports, viewer, StartLive(cents, input.description))
        if isinstance(started, Denial):
            return _denied(started)
        return LiveSessionPayload(session=render_session(started))

    @strawberry.mutation(description="End the live session: it is deleted with its orders and transactions.")
    async def end_live_session(self, info: Info) -> EndLiveSessionPayload:
        viewer = await info.context.viewer()
        ended = await live.end(info.context.ports, viewer)
        if isinstance(ended, Denial):
            return EndLiveSessionPayload(user_errors=user_errors(ended))
        return EndLiveSessionPayload(deleted_id=global_id(NodeKind.SESSION, ended))


def _denied(denial: Denial) -> LiveSessionPayload:
    return LiveSessionPayload(user_errors=user_errors(denial, "input"))
