"""Hundreds of sockets on a running product, some of whose clients never read."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import orjson
import psutil
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.days import tiny_day
from tests.live_market import Market, on_air
from tests.people import town
from tests.streams import deaf
from tests.zerodte.installations import Installation, installed
from tests.zerodte.processes import directory_in_memory, patiently
from zerodte.servers import urls

STRIKES = tuple(range(5000, 6500, 5))
FRAME_BYTES = 20_000
TICK_SECONDS = 0.1


@pytest.fixture
def running() -> Iterator[Installation]:
    with directory_in_memory() as directory, installed(directory / "var", "--market", "none") as one:
        yield one


@asynccontextmanager
async def wide_market(data_dir: Path) -> AsyncIterator[Market]:
    """A market of 300 strikes on air, told by this process."""
    async with town(*urls(data_dir), data_dir) as here:
        with on_air(here, tiny_day(strikes=STRIKES)) as market:
            yield market


def messages(token: str) -> list[str]:
    return [
        orjson.dumps({"token": token}).decode(),
        orjson.dumps({"action": "subscribe", "channel": "live_option_chain"}).decode(),
    ]


async def reader(stack: AsyncExitStack, uri: str, token: str) -> ClientConnection:
    connection = await stack.enter_async_context(connect(uri))
    for message in messages(token):
        await connection.send(message)
    return connection


async def hear(connection: ClientConnection, frames: int) -> None:
    """Take so many frames, each within three seconds."""
    for _ in range(frames):
        async with asyncio.timeout(3):
            await connection.recv()


async def hear_all(connection: ClientConnection) -> None:
    """Take frames until the server closes the socket."""
    with suppress(ConnectionClosed):
        while True:
            await connection.recv()


def socket_uri(running: Installation) -> str:
    return running.url.replace("http://", "ws://") + "/__ws"


def open_sockets(running: Installation) -> int:
    found = re.search(r"^zerodte_websockets ([\d.]+)$", running.get("/metrics").text, re.MULTILINE)
    assert found is not None
    return int(float(found[1]))


def memory_of_the_api(running: Installation) -> int:
    children = psutil.Process(running.process.pid).children(recursive=True)
    [api] = [child for child in children if "api" in child.cmdline()]
    return int(api.memory_info().rss)


async def ticking(market: Market, seconds: range) -> None:
    """Tell ten seconds a second."""
    for second in seconds:
        market.tell(second)
        await market.ports.topics.market_ticked(second)
        await asyncio.sleep(TICK_SECONDS)


async def test_who_never_reads_is_dropped_and_hurts_nobody(running: Installation) -> None:
    uri, token = socket_uri(running), running.register("ada@example.com")
    async with wide_market(running.data_dir) as market, AsyncExitStack() as stack:
        readers = [await reader(stack, uri, token) for _ in range(50)]
        for one in readers:
            assert len(await one.recv()) > FRAME_BYTES
        before = memory_of_the_api(running)
        slow = [deaf(uri, messages(token)) for _ in range(10)]

        listening = [asyncio.create_task(hear(one, 100)) for one in readers]
        await ticking(market, range(1, 111))
        await asyncio.gather(*listening)
        grown = memory_of_the_api(running) - before

        async def is_dropped() -> bool:
            return await asyncio.to_thread(open_sockets, running) == len(readers)

        await patiently(is_dropped)
        for client in slow:
            client.close()
    assert grown < 32 * 2**20, f"{grown:,} bytes"


async def test_a_stop_waits_for_no_socket(running: Installation) -> None:
    uri, token = socket_uri(running), running.register("ada@example.com")
    async with wide_market(running.data_dir) as market, AsyncExitStack() as stack:
        readers = [await reader(stack, uri, token) for _ in range(250)]
        listening = [asyncio.create_task(hear_all(one)) for one in readers]
        slow = [deaf(uri, messages(token)) for _ in range(50)]
        await ticking(market, range(1, 31))
        assert await asyncio.to_thread(open_sockets, running) == 300
        assert await asyncio.to_thread(running.stop) < 5
        for client in slow:
            client.close()
        async with asyncio.timeout(5):
            await asyncio.gather(*listening)
    ended = {(one.close_code, one.close_reason) for one in readers}
    assert ended == {(1012, "The server is restarting; connect again")}
