"""A newcomer on a running product, who has HTTP and WebSockets and knows nothing but the documents."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson
from httpx2 import AsyncClient
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from engine.tickets import OrderRequest
from tests.api.streaming import Socket

PATIENCE_SECONDS = 30.0
POLL_SECONDS = 0.05
FOLLOW_MARKET = {
    "action": "subscribe",
    "channels": ["live_aggregate_data", "live_option_chain"],
    "format": "columnar",
}
SESSION_ID = "query($uuid: UUID!) { simulation(uuid: $uuid) { id } }"
SESSION_EVENTS = """
    subscription($id: ID!) {
        sessionEvents(sessionId: $id, after: 0) { seq kind orderUuid userErrors { message } }
    }
"""
MARKET_TICK = "subscription { marketTick { time spx } }"

Body = dict[str, Any]


def body_of(asked: OrderRequest) -> Body:
    """An order as it is sent."""
    return {name: value for name, value in asdict(asked).items() if value is not None}


@dataclass(slots=True)
class Heard:
    """What a WebSocket told, channel by channel, and what GraphQL subscriptions did."""

    frames: dict[str, list[Body]] = field(default_factory=dict)
    events: list[Body] = field(default_factory=list)
    ticks: list[Body] = field(default_factory=list)

    def of(self, channel: str) -> list[Body]:
        return self.frames.setdefault(channel, [])

    def frame(self, text: str | bytes) -> None:
        told = orjson.loads(text)
        self.of(told["channel"]).append(told)


@dataclass(slots=True)
class Newcomer:
    """Asks with ``token``; whatever is answered otherwise than expected fails."""

    http: AsyncClient
    token: str
    address: str

    @staticmethod
    @asynccontextmanager
    async def at(url: str, token: str) -> AsyncIterator["Newcomer"]:
        async with AsyncClient(base_url=url, headers={"Authorization": token}, timeout=30) as http:
            yield Newcomer(http, token, urlsplit(url).netloc)

    async def ask(self, method: str, path: str, body: Body | None = None, *, expect: int = 200) -> Any:
        answer = await self.http.request(method, path, json=body)
        assert answer.status_code == expect, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content and answer.is_success else None

    async def graph(self, document: str, **variables: Any) -> Any:
        answer = await self.ask("POST", "/graphql", {"query": document, "variables": variables})
        assert "errors" not in answer, answer
        return answer["data"]

    @asynccontextmanager
    async def following(self, session_id: str) -> AsyncIterator[Heard]:
        """Hear market and session on one socket, and both by GraphQL on another."""
        heard = Heard()
        (told,) = (await self.graph(SESSION_ID, uuid=session_id)).values()
        subscribe = {
            "action": "subscribe",
            "channel": "simulation_events",
            "live_simulation_id": session_id,
            "last_event_by_sim": {session_id: 0},
        }
        async with (
            connect(f"ws://{self.address}/__ws") as frames,
            Socket.open(self.address, self.token) as graph,
        ):
            for message in ({"token": self.token}, FOLLOW_MARKET, subscribe):
                await frames.send(orjson.dumps(message).decode())
            await graph.subscribe(SESSION_EVENTS, {"id": told["id"]})
            await graph.subscribe(MARKET_TICK, {})
            hearing = [asyncio.create_task(one) for one in (_frames(frames, heard), _events(graph, heard))]
            try:
                yield heard
            finally:
                for task in hearing:
                    task.cancel()
                await asyncio.gather(*hearing, return_exceptions=True)


async def _frames(socket: Any, heard: Heard) -> None:
    with suppress(ConnectionClosed):
        async for text in socket:
            heard.frame(text)


async def _events(socket: Socket, heard: Heard) -> None:
    with suppress(ConnectionClosed):
        async for text in socket.connection:
            told = orjson.loads(text)
            if told["type"] == "next":
                data = told["payload"]["data"]
                (heard.ticks if "marketTick" in data else heard.events).extend(data.values())


async def eventually(is_so: Callable[[], Awaitable[object]], seconds: float = PATIENCE_SECONDS) -> None:
    async with asyncio.timeout(seconds):
        while not await is_so():
            await asyncio.sleep(POLL_SECONDS)
