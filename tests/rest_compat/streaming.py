"""A client of the WebSocket ``/__ws``, on loopback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.api.streaming import served
from tests.people import Town
from tests.rest_compat.asking import whole_application
from tests.rest_compat.desk import Desk
from usecases.policy import Policy

PATIENCE_SECONDS = 10
UNHEARD_SECONDS = 0.3
PUBLIC = {"auth": "public"}


@asynccontextmanager
async def opened(town: Town, *messages: object, **policy: Any) -> AsyncIterator[ClientConnection]:
    """A socket on which these messages were sent."""
    ports = replace(town.ports, policy=replace(Policy(), **policy))
    async with (
        whole_application(ports) as app,
        served(app) as address,
        connect(f"ws://{address}/__ws") as socket,
    ):
        for message in messages:
            await socket.send(message if isinstance(message, bytes | str) else orjson.dumps(message).decode())
        yield socket


async def heard(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        return dict(orjson.loads(await socket.recv()))


async def hears_nothing(socket: ClientConnection) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(UNHEARD_SECONDS):
            await socket.recv()


async def closed(socket: ClientConnection) -> int | None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        with pytest.raises(ConnectionClosed):
            await socket.recv()
    return socket.close_code


def token_of(desk: Desk) -> dict[str, str]:
    return {"token": desk.http.headers["Authorization"]}


async def followed(socket: ClientConnection) -> None:
    """Wait until what was subscribed to is followed."""
    await hears_nothing(socket)
