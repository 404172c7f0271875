"""One chain a second to thousands of sockets, beside a bare server that echoes the same frame."""

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from subprocess import PIPE

import numpy as np
import psutil
from websockets.sync.client import connect

from bench.figures import Figure, percentile
from bench.product import HOST, Product, running_product
from tests.days import tiny_day
from tests.live_market import Market, on_air
from tests.people import town
from tests.streams import deaf
from zerodte.servers import urls

STRIKES = tuple(range(5000, 6500, 5))
SOCKETS = 5_000
DEAF = 50
SECONDS = 15
OPENED_A_SECOND = 300  # sockets that are open, signed in and subscribed
LATER = 1.1  # how many times as late as the bare server's frames ours may come
RSS_MIB = 200.0
MIB = 2**20
SUBSCRIBE = {"action": "subscribe", "channel": "live_option_chain"}
FORMATS = {"columns": SUBSCRIBE | {"format": "columnar"}, "rows": SUBSCRIBE}

Publish = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Heard:
    """How many milliseconds after its publication each frame came to each socket, how many did not come,
    and what the server held and spent meanwhile."""

    late_ms: Sequence[float]
    skipped: int
    rss_mib: float
    cpu_ms_a_second: float

    @property
    def p99_ms(self) -> float:
        return percentile(self.late_ms, 99)

    @property
    def note(self) -> str:
        return f"{self.cpu_ms_a_second:,.0f} ms CPU a second, {self.rss_mib:,.0f} MiB, {self.skipped} skipped"


def stream_figures() -> Iterator[Figure]:
    with asyncio.Runner() as runner, running_product() as product:
        for name, subscribe in FORMATS.items():
            yield from runner.run(format_figures(product, name, subscribe))


async def format_figures(product: Product, name: str, subscribe: dict[str, str]) -> list[Figure]:
    messages = [json.dumps({"token": product.client.token}), json.dumps(subscribe)]
    uri = f"ws://{HOST}:{product.client.port}/__ws"
    async with live_market(product) as market:

        async def tell() -> None:
            second = market.tape.second + 1
            market.tell(second)
            await market.ports.topics.market_ticked(second)

        frame = first_frame(uri, messages)
        with bare_server(frame) as (process, port, echo):
            bare = await heard(process, port, messages, echo)
        alone = await heard(product.api, product.client.port, messages, tell)
        with ExitStack() as stack:
            for _ in range(DEAF):
                stack.enter_context(deaf(uri, [messages[0], json.dumps(SUBSCRIBE)]))
            beside = await heard(product.api, product.client.port, messages, tell)
    what = f"{SOCKETS:,} sockets, {name} of {len(frame) / 1_000:.1f} kB"
    return [
        Figure(f"{what}: bare, p99", bare.p99_ms, "ms", note=bare.note),
        Figure(f"{what}: ours, p99", alone.p99_ms, "ms", most=LATER * bare.p99_ms, note=alone.note),
        Figure(
            f"{what}: beside {DEAF} deaf, p99",
            beside.p99_ms,
            "ms",
            most=LATER * alone.p99_ms,
            note=beside.note,
        ),
        Figure(f"{what}: memory", alone.rss_mib, "MiB", most=RSS_MIB),
        Figure(f"{what}: a core serves", 1_000 * SOCKETS / alone.cpu_ms_a_second, "sockets"),
    ]


@asynccontextmanager
async def live_market(product: Product) -> AsyncIterator[Market]:
    """A market of 300 strikes on air, told by this process."""
    async with town(*urls(product.data_dir), product.data_dir) as here:
        with on_air(here, tiny_day(strikes=STRIKES)) as market:
            yield market


def first_frame(uri: str, messages: Sequence[str]) -> str:
    with connect(uri) as client:
        for message in messages:
            client.send(message)
        return str(client.recv())


@contextmanager
def bare_server(frame: str) -> Iterator[tuple[psutil.Process, int, Publish]]:
    """Its process, its port, and how it is told to send the frame."""
    with socket.create_server((HOST, 0)) as listener:
        command = [sys.executable, "-m", "bench.bare", str(listener.fileno())]
        with subprocess.Popen(command, stdin=PIPE, text=True, pass_fds=[listener.fileno()]) as process:
            assert process.stdin is not None
            lines = process.stdin

            async def echo() -> None:
                lines.write(frame + "\n")
                lines.flush()

            yield psutil.Process(process.pid), listener.getsockname()[1], echo
            process.kill()


async def heard(server: psutil.Process, port: int, messages: Sequence[str], publish: Publish) -> Heard:
    """Open the sockets, publish a frame a second, and see when it came to each of them."""
    command = [sys.executable, "-m", "bench.listeners", str(port), str(SOCKETS)]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE) as listeners:  # noqa: ASYNC220 - nothing else runs
        assert listeners.stdin is not None
        assert listeners.stdout is not None
        listeners.stdin.write(json.dumps(messages).encode() + b"\n")
        listeners.stdin.flush()
        assert await asyncio.to_thread(listeners.stdout.readline) == b"open\n"
        await asyncio.sleep(1 + SOCKETS / OPENED_A_SECOND)
        before, published = spent_ms(server), await publish_all(publish)
        cpu_ms, rss_mib = (spent_ms(server) - before) / SECONDS, server.memory_info().rss / MIB
        listeners.stdin.close()
        came = np.frombuffer(await asyncio.to_thread(listeners.stdout.read))
    came = came[came >= published[0]]
    late_ms = 1_000 * (came - published[np.searchsorted(published, came) - 1])
    return Heard(late_ms.tolist(), SECONDS * SOCKETS - len(came), rss_mib, cpu_ms)


async def publish_all(publish: Publish) -> np.ndarray:
    """Publish a frame a second; when each was."""
    began, published = time.monotonic(), []
    for number in range(SECONDS):
        await asyncio.sleep(began + number - time.monotonic())
        published.append(time.monotonic())
        await publish()
    await asyncio.sleep(1)
    return np.array(published)


def spent_ms(server: psutil.Process) -> float:
    times = server.cpu_times()
    return 1_000 * float(times.user + times.system)
