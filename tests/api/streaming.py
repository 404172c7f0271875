"""Serving the endpoint on loopback, and following it over graphql-transport-ws."""

import asyncio
import socket as sockets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
import uvicorn
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

PROTOCOL = "graphql-transport-ws"
PATIENCE_SECONDS = 10


@asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[str]:
    """The address of the application on a free port of loopback."""
    listener = sockets.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="warning", ws="websockets-sansio"))
    serving = asyncio.create_task(server.serve([listener]))
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        listener.close()


def connected(address: str) -> connect:
    return connect(f"ws://{address}/graphql", subprotocols=[Subprotocol(PROTOCOL)])


@dataclass(slots=True)
class Socket:
    """A graphql-transport-ws client that shows every message as it came."""

    connection: ClientConnection
    last_id: int = field(default=0)

    @staticmethod
    @asynccontextmanager
    async def open(address: str, token: str | None = None) -> AsyncIterator["Socket"]:
        """A socket whose initialisation was acknowledged."""
        async with connected(address) as connection:
            socket = Socket(connection)
            await socket.send({"type": "connection_init", "payload": {"token": token} if token else {}})
            assert await socket.receive() == {"type": "connection_ack"}
            yield socket

    async def send(self, message: dict[str, Any]) -> None:
        await self.connection.send(orjson.dumps(message).decode())

    async def receive(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_SECONDS):
            text = await self.connection.recv()
        assert isinstance(text, str), "messages are text frames"
        message: dict[str, Any] = orjson.loads(text)
        return message

    async def subscribe(self, document: str, variables: dict[str, Any], name: str | None = None) -> str:
        self.last_id += 1
        operation = {"query": document, "variables": variables, "operationName": name}
        await self.send({"type": "subscribe", "id": str(self.last_id), "payload": operation})
        return str(self.last_id)

    async def first(self, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        """The first answer of an operation; refused before it ran, its errors."""
        await self.subscribe(document, variables)
        message = await self.receive()
        payload = message["payload"]
        return {"errors": payload} if message["type"] == "error" else payload

    async def next(self) -> Any:
        """The data of the next answer."""
        message = await self.receive()
        assert message["type"] == "next" and "errors" not in message["payload"], message
        return message["payload"]["data"]
