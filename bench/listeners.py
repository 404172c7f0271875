"""``python -m bench.listeners PORT COUNT``: so many sockets, and when each frame came to each of them.

The first line of its input is what a socket says, a JSON list of messages. It says when every socket is
open; once its input ends it writes the times, by the machine's monotonic clock, as 8-byte floats.
"""

import asyncio
import sys
import time
from typing import cast

import numpy as np
import orjson
import uvloop
from websockets.frames import Frame, Opcode

HOST = "127.0.0.1"
CONNECTING_AT_ONCE = 50
SHORT, LONG = 126, 127  # what a length of two and of eight bytes begins with
UPGRADE = b"""\
GET /__ws HTTP/1.1\r
Host: bench\r
Upgrade: websocket\r
Connection: Upgrade\r
Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r
Sec-WebSocket-Version: 13\r
\r
"""


class Listener(asyncio.Protocol):
    """Notes when frames came without looking into them: a richer client would cost more than the server."""

    def __init__(self, messages: list[str], times: list[float]) -> None:
        self.is_open = asyncio.Event()
        self._messages = messages
        self._times = times
        self._buffer = b""
        self._missing = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(UPGRADE)

    def data_received(self, data: bytes) -> None:
        if not self.is_open.is_set():
            _, end, data = data.partition(b"\r\n\r\n")
            assert end, "an answer to the upgrade comes in one piece"
            self._transport.write(
                b"".join(framed(Opcode.TEXT, message.encode()) for message in self._messages)
            )
            self.is_open.set()
        while data:
            data = self._go_on(data) if self._missing else self._begin(self._buffer + data)

    def _go_on(self, data: bytes) -> bytes:
        taken = min(self._missing, len(data))
        self._missing -= taken
        if not self._missing:
            self._times.append(time.monotonic())
        return data[taken:]

    def _begin(self, data: bytes) -> bytes:
        """The next frame's head, or the whole of a ping, which wants an answer."""
        is_ping, length = data[0] & 0x0F == Opcode.PING, data[1] if len(data) > 1 else 0
        head = {SHORT: 4, LONG: 10}.get(length, 2)
        if len(data) < head + (length if is_ping else 0):
            self._buffer = data
            return b""
        self._buffer = b""
        if is_ping:
            self._transport.write(framed(Opcode.PONG, data[head : head + length]))
            return data[head + length :]
        self._missing = length if head == 2 else int.from_bytes(data[2:head], "big")
        return data[head:]


def framed(opcode: Opcode, content: bytes) -> bytes:
    return Frame(opcode, content).serialize(mask=True)


async def listen(port: int, count: int) -> None:
    messages = orjson.loads(sys.stdin.readline())
    loop, times, places = asyncio.get_running_loop(), list[float](), asyncio.Semaphore(CONNECTING_AT_ONCE)

    async def connect() -> None:
        async with places:
            _, listener = await loop.create_connection(lambda: Listener(messages, times), HOST, port)
            await listener.is_open.wait()

    await asyncio.gather(*(connect() for _ in range(count)))
    print("open", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    sys.stdout.buffer.write(np.array(times).tobytes())


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(listen(int(sys.argv[1]), int(sys.argv[2])))
