"""``python -m bench.bare DESCRIPTOR``: uvicorn alone, which sends each line of its input to all sockets."""

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn
import uvloop

LINE_BYTES = 2**20

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Echo:
    """Every socket waits for the next line and sends it."""

    def __init__(self) -> None:
        self._came = asyncio.Event()
        self._line = ""

    async def __call__(self, _: dict[str, Any], receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while True:
            await self._came.wait()
            await send({"type": "websocket.send", "text": self._line})

    async def read(self) -> None:
        while line := await asyncio.to_thread(sys.stdin.readline, LINE_BYTES):
            self._line = line
            came, self._came = self._came, asyncio.Event()
            came.set()


async def serve(listener: socket.socket) -> None:
    echo = Echo()
    config = uvicorn.Config(
        echo,
        lifespan="off",
        log_config=None,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(uvicorn.Server(config).serve([listener]))
        group.create_task(echo.read())


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(socket.socket(fileno=int(sys.argv[1]))))
