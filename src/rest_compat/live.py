"""Live trading: the one session of a user that is traded on the market that is on air."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from engine.denials import Code, Denial
from engine.settings import DESCRIPTION_LENGTH_MAX
from rest_compat.operations import Call, Gives, Prefix, Routes, Takes
from rest_compat.simulations import CAPITAL, Simulation, render_session
from rest_compat.wire import Asked, CentsIn
from usecases import live
from usecases.live import StartLive

routes = Routes("Live trading")


class NewLiveSession(Asked):
    starting_capital: Annotated[CentsIn, CAPITAL]
    description: Annotated[str | None, Field(max_length=DESCRIPTION_LENGTH_MAX)] = None


@routes.operation(
    "POST",
    "/live",
    Takes(NewLiveSession),
    Gives(
        201,
        Simulation,
        (
            Code.LIVE_SESSION_EXISTS,
            Code.MARKET_CLOSED,
            Code.NO_MARKET_DATA,
            Code.LIVE_UNAVAILABLE,
            Code.DAY_UNAVAILABLE,
        ),
    ),
)
async def start_live(call: Call[NewLiveSession]) -> Simulation | Denial:
    """Start a live session on today's market, while it is open.

    One at a time: end it, or wait until it has settled, before starting another.
    """
    command = StartLive(call.body.starting_capital, call.body.description)
    view = await live.start(call.ports, call.viewer, command)
    return view if isinstance(view, Denial) else render_session(view)


@routes.operation("GET", "/live", Takes(), Gives(200, Simulation | None, (Code.DAY_UNAVAILABLE,)))
async def get_live(call: Call[None]) -> Simulation | Denial | None:
    """Your live session at the market's clock; null where there is none.

    After the close it stays here, with ``ended`` false, until it has settled. Then it is found among
    your simulations.
    """
    view = await live.get_live(call.ports, call.viewer)
    return view if view is None or isinstance(view, Denial) else render_session(view)


@routes.operation("DELETE", "/live", Takes(), Gives(204, None, (Code.NOT_FOUND,)))
async def end_live(call: Call[None]) -> Denial | None:
    """End your live session: it is deleted with its orders and transactions.

    Another one may be started at once.
    """
    ended = await live.end(call.ports, call.viewer)
    return ended if isinstance(ended, Denial) else None


async def live_session_of(call: Call[None]) -> UUID | Denial:
    """The caller's live session."""
    return await live.active(call.ports, call.viewer)


LIVE = Prefix("/live", "live", live_session_of)
