"""Handing frames to a client who takes them late, or not at all."""

import asyncio
from dataclasses import dataclass, field
from typing import cast

import pytest
from starlette.websockets import WebSocket

from rest_compat import followings
from rest_compat.followings import TooSlow, send


@dataclass(slots=True)
class Client:
    """A socket that takes frames while it is ready, and notes who waits for that."""

    ready: asyncio.Event = field(default_factory=asyncio.Event)
    taken: list[str] = field(default_factory=list)
    waiting: int = 0

    async def send_text(self, text: str) -> None:
        self.waiting += 1
        try:
            await self.ready.wait()
            await asyncio.sleep(0)
            self.taken.append(text)
        finally:
            self.waiting -= 1


def sending(client: Client, text: str) -> asyncio.Task[None]:
    return asyncio.create_task(send(cast(WebSocket, client), text))


async def test_a_frame_waits_until_the_client_is_ready() -> None:
    client = Client()
    first, second = sending(client, "a"), sending(client, "b")
    await asyncio.sleep(0.01)
    assert (client.taken, client.waiting) == ([], 2)
    client.ready.set()
    await asyncio.gather(first, second)
    assert (sorted(client.taken), client.waiting) == (["a", "b"], 0)


async def test_who_is_cancelled_while_he_waits_leaves_nothing_behind() -> None:
    client = Client()
    task = sending(client, "a")
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (client.taken, client.waiting) == ([], 0)


async def test_a_client_has_so_long_to_take_a_frame() -> None:
    client = Client()
    began = asyncio.get_running_loop().time()
    with pytest.raises(TooSlow):
        await sending(client, "a")
    assert followings.SEND_SECONDS <= asyncio.get_running_loop().time() - began < followings.SEND_SECONDS + 2
    assert (client.taken, client.waiting) == ([], 0)
