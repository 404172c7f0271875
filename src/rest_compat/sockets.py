"""The WebSocket ``/__ws``: who is there, and when and how it ends (walkthrough, parts 11 and 12)."""

import asyncio
from contextlib import suppress
from typing import Literal

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from typing_extensions import TypeAliasType

from rest_compat.backtest_frames import BacktestFrame
from rest_compat.errors import HttpCode, Refused
from rest_compat.followings import Following, SignedOut, TooSlow, read_message, send
from rest_compat.market_frames import AggregateFrame, ChainFrame
from rest_compat.operations import Auth, Call, Gives, Routes, Takes
from rest_compat.session_frames import SimulationFrame
from rest_compat.wire import Answered
from usecases.crowds import let_others_first
from usecases.outages import OUTAGES
from usecases.ports import Ports
from usecases.sockets import visitors_place

routes = Routes("WebSocket")

PATH = "/__ws"
PUBLIC = ""  # in the place of a token
END_OF_DATA = '{"channel":"end_of_data"}'
NORMAL, TRY_AGAIN_LATER = 1000, 1013
UNAUTHENTICATED, TOO_LATE, TOO_MANY_SOCKETS = 4401, 4408, 4429
CLOSE_SECONDS = 1.0

log = structlog.get_logger()


class EndOfData(Answered):
    """The last frame of a public socket."""

    channel: Literal["end_of_data"]


Frame = TypeAliasType("Frame", AggregateFrame | ChainFrame | SimulationFrame | BacktestFrame | EndOfData)


@routes.operation("GET", PATH, Takes(auth=Auth.NONE), Gives(101, Frame, (HttpCode.UPGRADE_REQUIRED,)))
async def open_socket(_: Call[None]) -> None:
    """A WebSocket of frames, a JSON object each, told apart by their `channel`.

    First send `{"token": "…"}` or `{"auth": "public"}`, within 5 seconds. Then
    `{"action": "subscribe", "channels": ["live_aggregate_data"]}` brings the live market each second, and
    with a token `live_option_chain` brings its chain, in columns with `"format": "columnar"`.
    `simulation_events` with `live_simulation_id` and `last_event_by_sim` tells what becomes of a live
    session; unasked, it tells of the one that belongs to no account. `backtest_events` with `source_hash`
    follows a backtest that you previewed or saved. `unsubscribe` ends that, and `channel` with one name works
    too. What is sent before the first, and what is not known, is dropped. A public socket has only
    `live_aggregate_data` and ends after 5 minutes with `{"channel": "end_of_data"}`.
    """
    message = "this address takes WebSockets"
    raise Refused(HttpCode.UPGRADE_REQUIRED, message, {"Upgrade": "websocket", "Connection": "Upgrade"})


async def serve(websocket: WebSocket) -> None:
    """One socket from its first message to its end."""
    let_others_first()
    await websocket.accept()
    ports: Ports = websocket.app.state.ports
    try:
        await _welcome(websocket, ports)
    except* WebSocketDisconnect:
        log.debug("socket_left")
    except* SignedOut:
        await _close(websocket, UNAUTHENTICATED, "the session token is invalid or has expired")
    except* TooSlow:
        await _close(websocket, TRY_AGAIN_LATER, "frames were not taken in time")
    except* OUTAGES:
        log.warning("outage", path=PATH, exc_info=True)
        await _close(websocket, TRY_AGAIN_LATER, "a part of the service cannot be reached; try again")


async def _welcome(websocket: WebSocket, ports: Ports) -> None:
    try:
        async with asyncio.timeout(ports.policy.socket_auth_seconds):
            token = await _introduction(websocket)
    except TimeoutError:
        await _close(websocket, TOO_LATE, "no token was sent in time")
        return
    if token == PUBLIC:
        await _show_visitor(websocket, ports)
    else:
        await Following(websocket, ports, token).run()


async def _introduction(websocket: WebSocket) -> str:
    """The token, or ``PUBLIC``; any other message is dropped."""
    while True:
        message = await read_message(websocket)
        if message.get("auth") == "public":
            return PUBLIC
        if isinstance(token := message.get("token"), str) and token:
            return token


async def _show_visitor(websocket: WebSocket, ports: Ports) -> None:
    """A visitor's socket, while there is a place at his address, and for so long."""
    address = websocket.client.host if websocket.client else ""
    async with visitors_place(ports, address) as is_there:
        if not is_there:
            await _close(websocket, TOO_MANY_SOCKETS, "too many sockets from your address")
            return
        try:
            async with asyncio.timeout(ports.policy.visitor_socket_seconds):
                await Following(websocket, ports, None).run()
        except TimeoutError:
            await send(websocket, END_OF_DATA)
            await _close(websocket, NORMAL, "")


async def _close(websocket: WebSocket, code: int, reason: str) -> None:
    """Say why this is the end, unless the client is gone or does not listen; he is cut off either way."""
    if websocket.client_state is WebSocketState.CONNECTED:
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await websocket.close(code, reason)
