"""The streams of the live market: the latest second at once, then each new one, the newest where somebody
is slow. What is shown of a second is rendered once for everybody."""

import asyncio
import datetime as dt
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from dataclasses import fields, replace
from functools import lru_cache
from math import ceil
from typing import Any

import strawberry

from api.chains import OptionChain, render_chain
from api.context import Context, Info
from api.errors import refusal_of, unauthenticated
from api.scalars import DecimalText, encoded_column, fixed_or_null
from engine.aggregates import PLACES, UNKNOWN, Series
from engine.denials import Code, try_again
from usecases.market_events import MarketTick as Tick
from usecases.market_events import market_ticks
from usecases.ports import Ports, Viewer
from usecases.presence import presence
from usecases.sockets import visitors_place

TICKS_KEPT_MAX = 2
PLACES_SHOWN_MIN = 2
TOO_MANY = "too many streams from your address"


@strawberry.type(description="The live market at one second: index points, and fractions of the index.")
class MarketTick:
    date: dt.date
    time: dt.datetime
    spx: DecimalText | None
    vix: DecimalText | None
    spx_expected_move: DecimalText | None
    spx_otm_bids: DecimalText | None
    spx_extrinsic: DecimalText | None


@strawberry.type
class MarketSubscription:
    @strawberry.subscription(
        description="The live market: its latest second while that is fresh, then each new one. Whoever is "
        "slow skips some. A visitor's ends after five minutes."
    )
    async def market_tick(self, info: Info) -> AsyncGenerator[MarketTick, None]:
        viewer = await info.context.visitor_or_viewer()
        async with aclosing(_ticks(info.context, viewer)) as ticks:
            async for tick in ticks:
                yield rendered_tick(tick)

    @strawberry.subscription(
        description="The live option chain, in columns: its latest second while that is fresh, then each new "
        "one. Whoever is slow skips some. Needs a token."
    )
    async def option_chain(self, info: Info) -> AsyncGenerator[OptionChain, None]:
        viewer = await info.context.viewer()
        async with aclosing(_ticks(info.context, viewer)) as ticks:
            async for tick in ticks:
                yield rendered_chain(tick)


@lru_cache(TICKS_KEPT_MAX)
def rendered_tick(tick: Tick) -> MarketTick:
    """A second's series."""
    shown = {name: _last(tick, name) for name in Series}
    return MarketTick(
        date=tick.chain.date,
        time=tick.at,
        spx=shown[Series.SPX],
        vix=shown[Series.VIX],
        spx_expected_move=shown[Series.SPX_EXPECTED_MOVE],
        spx_otm_bids=shown[Series.SPX_OTM_BIDS],
        spx_extrinsic=shown[Series.SPX_EXTRINSIC],
    )


@lru_cache(TICKS_KEPT_MAX)
def rendered_chain(tick: Tick) -> OptionChain:
    """A second's chain, its columns encoded."""
    chain = render_chain(tick.chain)
    names = [field.name for field in fields(chain) if field.name != "time"]
    columns: dict[str, Any] = {name: encoded_column(getattr(chain, name)) for name in names}
    return replace(chain, **columns)


def _last(tick: Tick, name: Series) -> DecimalText | None:
    value = int(tick.series.columns[name][-1])
    places = PLACES[name]
    return fixed_or_null(None if value == UNKNOWN else value, places, min(places, PLACES_SHOWN_MIN))


def _ticks(context: Context, viewer: Viewer | None) -> AsyncGenerator[Tick, None]:
    if viewer is None:
        return _for_visitors(context)
    assert context.token is not None, "a viewer has a token"
    return _while_signed_in(context.ports, viewer, context.token)


async def _for_visitors(context: Context) -> AsyncGenerator[Tick, None]:
    """The market for five minutes. A visitor's socket has its place already; what is followed without
    one takes it. Raises Refusal where none is left."""
    ports, seconds = context.ports, context.ports.policy.visitor_socket_seconds
    async with AsyncExitStack() as leaving:
        if not context.is_socket:
            place = visitors_place(ports, context.address)
            if not await leaving.enter_async_context(place):
                raise refusal_of(try_again(Code.RATE_LIMITED, TOO_MANY, ceil(seconds)))
        async with aclosing(_for_a_while(ports, seconds)) as ticks:
            async for tick in ticks:
                yield tick


async def _for_a_while(ports: Ports, seconds: float) -> AsyncGenerator[Tick, None]:
    """The market for so long."""
    deadline = asyncio.get_running_loop().time() + seconds
    async with aclosing(market_ticks(ports)) as ticks:
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    tick = await anext(ticks)
            except TimeoutError:
                return
            yield tick


async def _while_signed_in(ports: Ports, viewer: Viewer, token: str) -> AsyncGenerator[Tick, None]:
    """The market until the first second after the token ended. A query a second of everybody would
    cost more than all that he is sent."""
    leaving = asyncio.create_task(_signed_out(ports, viewer, token), name="presence")
    try:
        async with aclosing(market_ticks(ports)) as ticks:
            async for tick in ticks:
                if leaving.done():
                    raise unauthenticated()
                yield tick
    finally:
        leaving.cancel()


async def _signed_out(ports: Ports, viewer: Viewer, token: str) -> None:
    """Return once the token is not valid any more."""
    async with aclosing(presence(ports, viewer, token)) as looks:
        async for _ in looks:
            pass
