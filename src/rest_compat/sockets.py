"""The WebSocket ``/__ws``: who is there, what he subscribed to, and when it ends (walkthrough, part 11)."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import aclosing
from typing import Any

import orjson
import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from rest_compat.channels import CHANNELS, END_OF_DATA, BacktestFrame
from rest_compat.errors import HttpCode, Refused
from rest_compat.operations import Auth, Call, Gives, Routes, Takes
from usecases.auth import authenticate
from usecases.outages import OUTAGES
from usecases.ports import Ports
from usecases.sockets import visitors_place

routes = Routes("WebSocket")

PATH = "/__ws"
PUBLIC = ""  # in the place of a token
FOLLOWED_MAX = 20
NORMAL, TRY_AGAIN_LATER = 1000, 1013
UNAUTHENTICATED, TOO_LATE, TOO_MANY_SOCKETS = 4401, 4408, 4429

log = structlog.get_logger()

Message = Mapping[str, Any]


class SignedOut(Exception):
    """The token of a socket is not valid, or has ceased to be."""


@routes.operation("GET", PATH, Takes(auth=Auth.NONE), Gives(101, BacktestFrame, (HttpCode.UPGRADE_REQUIRED,)))
async def open_socket(_: Call[None]) -> None:
    """A WebSocket of events, a JSON object each, told apart by their `channel`.

    First send `{"token": "…"}` or `{"auth": "public"}`, within 5 seconds. Then
    `{"action": "subscribe", "channels": ["backtest_events"], "source_hash": "…"}` follows a
    backtest that you previewed or saved; `unsubscribe` ends that. `channel` with one name works
    too. What is sent before the first, and what is not known, is dropped. A public socket ends after 5
    minutes with `{"channel": "end_of_data"}`.
    """
    message = "this address takes WebSockets"
    raise Refused(HttpCode.UPGRADE_REQUIRED, message, {"Upgrade": "websocket", "Connection": "Upgrade"})


async def serve(websocket: WebSocket) -> None:
    """One socket from its first message to its end."""
    await websocket.accept()
    ports: Ports = websocket.app.state.ports
    try:
        await _welcome(websocket, ports)
    except* WebSocketDisconnect:
        log.debug("socket_left")
    except* SignedOut:
        await _close(websocket, UNAUTHENTICATED, "the session token is invalid or has expired")
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
        message = _read(await websocket.receive_text())
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
            await websocket.send_text(END_OF_DATA)
            await _close(websocket, NORMAL, "")


class Following:
    """What one socket follows: a task for each subject of a channel, and one reader for them all."""

    def __init__(self, websocket: WebSocket, ports: Ports, token: str | None) -> None:
        self._websocket = websocket
        self._ports = ports
        self._token = token
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Do what the messages say. Raises a group of WebSocketDisconnect, SignedOut or an outage."""
        async with asyncio.TaskGroup() as group:
            if self._token is not None and await authenticate(self._ports, self._token) is None:
                raise SignedOut
            while True:
                self._obey(_read(await self._websocket.receive_text()), group)

    def _obey(self, message: Message, group: asyncio.TaskGroup) -> None:
        for name in _names(message):
            match message.get("action"):
                case "subscribe" if self._token is not None:
                    self._subscribe(group, name, CHANNELS[name].subject_of(message))
                case "unsubscribe":
                    self._unsubscribe(name, CHANNELS[name].subject_of(message))

    def _subscribe(self, group: asyncio.TaskGroup, name: str, subject: str | None) -> None:
        self._tasks = {key: task for key, task in self._tasks.items() if not task.done()}
        if subject is None or (name, subject) in self._tasks or len(self._tasks) >= FOLLOWED_MAX:
            return
        self._tasks[name, subject] = group.create_task(self._follow(name, subject))

    def _unsubscribe(self, name: str, subject: str | None) -> None:
        """Let go of a subject, or of everything on the channel where none is said."""
        for key in [key for key in self._tasks if key == (name, subject or key[1])]:
            self._tasks.pop(key).cancel()

    async def _follow(self, name: str, subject: str) -> None:
        """Send each frame for as long as the token is valid."""
        assert self._token is not None, "visitors follow nothing yet"
        viewer = await authenticate(self._ports, self._token)
        if viewer is None:
            raise SignedOut
        async with aclosing(CHANNELS[name].frames(self._ports, viewer, subject)) as frames:
            async for frame in frames:
                if await authenticate(self._ports, self._token) is None:
                    raise SignedOut
                text = frame.model_dump_json(by_alias=True, exclude_unset=True)
                await self._websocket.send_text(text)


def _read(text: str) -> Message:
    """A message; an empty one where it is no JSON object."""
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return message if isinstance(message, dict) else {}


def _names(message: Message) -> Iterator[str]:
    """The channels that a message names, and that there are, each once."""
    several = message.get("channels")
    named = [*(several if isinstance(several, list) else ()), message.get("channel")]
    return iter(dict.fromkeys(name for name in named if isinstance(name, str) and name in CHANNELS))


async def _close(websocket: WebSocket, code: int, reason: str) -> None:
    if websocket.client_state is WebSocketState.CONNECTED:
        await websocket.close(code, reason)
