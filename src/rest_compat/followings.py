"""What one socket follows: a task for each subject of a channel, and one reader for them all."""

import asyncio
from collections.abc import Coroutine, Generator, Iterator
from contextlib import aclosing, closing
from types import coroutine
from typing import Any
from uuid import UUID

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

from rest_compat.channels import CHANNELS, SIMULATIONS, Message, Wanted
from usecases.auth import authenticate
from usecases.ports import Ports, Viewer
from usecases.presence import presence

FOLLOWED_MAX = 20
SEND_SECONDS = 5.0
FROM_THE_START = 0


class SignedOut(Exception):
    """The token of a socket is not valid, or has ceased to be."""


class TooSlow(Exception):
    """A client did not take a frame in time."""


class Following:
    """One socket with what is followed on it, by the person behind a token or, without one, by a visitor."""

    def __init__(self, websocket: WebSocket, ports: Ports, token: str | None) -> None:
        self._websocket = websocket
        self._ports = ports
        self._token = token
        self._viewer: Viewer | None = None
        self._followed: dict[tuple[str, str], tuple[Wanted, asyncio.Task[None]]] = {}
        self._has_chosen = False

    async def run(self) -> None:
        """Do what the messages say. Raises a group of WebSocketDisconnect, SignedOut, TooSlow, outages."""
        async with asyncio.TaskGroup() as group:
            if self._token is not None:
                self._viewer = await authenticate(self._ports, self._token)
                if self._viewer is None:
                    raise SignedOut
                group.create_task(self._attend(group, self._viewer, self._token))
            while True:
                self._obey(group, await read_message(self._websocket))

    def _obey(self, group: asyncio.TaskGroup, message: Message) -> None:
        for name in _names(message):
            wanted = list(CHANNELS[name].wanted_by(message))
            match message.get("action"):
                case "subscribe" if self._viewer is not None or CHANNELS[name].is_public:
                    if name == SIMULATIONS and wanted:
                        self._choose({one.subject for one in wanted})
                    for one in wanted:
                        self._follow(group, name, one)
                case "unsubscribe":
                    if name == SIMULATIONS:
                        self._choose(set())
                    self._let_go(name, {one.subject for one in wanted})

    def _choose(self, named: set[str]) -> None:
        """From the first choice on nobody is told of a simulation unasked."""
        unasked = set() if self._has_chosen else {key[1] for key in self._followed if key[0] == SIMULATIONS}
        self._has_chosen = True
        if unasked - named:
            self._let_go(SIMULATIONS, unasked - named)

    def _follow(self, group: asyncio.TaskGroup, name: str, wanted: Wanted) -> None:
        """Follow a subject, or from here on in another manner."""
        if self._is_followed(name, wanted.subject) and self._followed[name, wanted.subject][0] != wanted:
            self._let_go(name, {wanted.subject})
        if not self._is_followed(name, wanted.subject) and len(self._followed) < FOLLOWED_MAX:
            task = group.create_task(self._send_frames(name, wanted))
            self._followed[name, wanted.subject] = wanted, task

    def _is_followed(self, name: str, subject: str) -> bool:
        self._followed = {key: known for key, known in self._followed.items() if not known[1].done()}
        return (name, subject) in self._followed

    def _let_go(self, name: str, subjects: set[str]) -> None:
        """Let go of some subjects, or of everything on the channel where none is said."""
        for key in [key for key in self._followed if key[0] == name and (not subjects or key[1] in subjects)]:
            self._followed.pop(key)[1].cancel()

    async def _attend(self, group: asyncio.TaskGroup, viewer: Viewer, token: str) -> None:
        """See to it that the person is still signed in, and follow his live session until he chooses himself:
        the one that he has now from now on, and whole what he starts later."""
        after = None
        async with aclosing(presence(self._ports, viewer, token)) as looks:
            async for session_id in looks:
                if session_id is not None and not self._has_chosen:
                    self._follow_own(group, session_id, after)
                after = FROM_THE_START
        raise SignedOut

    def _follow_own(self, group: asyncio.TaskGroup, session_id: UUID, after: int | None) -> None:
        if not self._is_followed(SIMULATIONS, str(session_id)):
            self._follow(group, SIMULATIONS, Wanted(str(session_id), after))

    async def _send_frames(self, name: str, wanted: Wanted) -> None:
        async with aclosing(CHANNELS[name].frames(self._ports, self._viewer, wanted)) as frames:
            async for text in frames:
                await send(self._websocket, text)


async def send(websocket: WebSocket, text: str) -> None:
    """Hand a frame to a client. Raises TooSlow where he does not take it in time.

    Nearly everybody takes it at once. Only who does not gets a timer: that costs as much as a tenth of
    the frame.
    """
    sending = websocket.send_text(text)
    try:
        waits_for = sending.send(None)
    except StopIteration:
        return
    with closing(sending):
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await _go_on(sending, waits_for)
        except TimeoutError as error:
            raise TooSlow from error


@coroutine
def _go_on(begun: Coroutine[Any, None, None], waits_for: object) -> Generator[Any, None, None]:
    """Leave to the event loop a coroutine that was begun by hand, and what it waits for."""
    yield waits_for
    yield from begun


async def read_message(websocket: WebSocket) -> Message:
    """The next message; an empty one where it is no JSON object in text. Raises WebSocketDisconnect."""
    received = await websocket.receive()
    if received["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(received["code"], received.get("reason"))
    try:
        message = orjson.loads(received.get("text") or "")
    except orjson.JSONDecodeError:
        return {}
    return message if isinstance(message, dict) else {}


def _names(message: Message) -> Iterator[str]:
    """The channels that a message names, and that there are, each once."""
    several = message.get("channels")
    named = [*(several if isinstance(several, list) else ()), message.get("channel")]
    return iter(dict.fromkeys(name for name in named if isinstance(name, str) and name in CHANNELS))
