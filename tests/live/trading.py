"""A client who trades live by REST, never gives up on an answer, and keeps his own history."""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import uuid4

import orjson
from httpx2 import AsyncClient, Response, TransportError

from engine.tickets import OrderRequest
from tests.api.streaming import Socket
from tests.engine.tapes import request
from tests.zerodte.newcomer import SESSION_EVENTS, SESSION_ID, body_of

AGAIN_SECONDS = 0.05
RESTS = (0.02, 0.05, 0.1)
NO_ANSWER_SECONDS = 5.0
STRUCTURES = (("+1 5950C", 5.0), ("+1 5950P", 5.0), ("+1 5950C, +1 5950P", 10.0), ("+1 5930C", 25.0))

EVENTS_AFTER = SESSION_EVENTS.replace("after: 0", "after: $after").replace("$id: ID!", "$id: ID! $after: Int")

Body = dict[str, Any]


@dataclass(slots=True)
class Client:
    """``placed`` and ``canceled`` are what he was promised; ``heard`` what he was told unasked, by number.

    ``troubles`` counts the answers that he did not get, or that told him to try again.
    """

    http: AsyncClient
    token: str
    address: str
    chance: Random
    session_id: str = ""
    placed: dict[str, tuple[OrderRequest, Body]] = field(default_factory=dict)
    canceled: set[str] = field(default_factory=set)
    heard: list[Body] = field(default_factory=list)
    troubles: Counter[str] = field(default_factory=Counter)

    async def answer(
        self, method: str, path: str, body: Body | None = None, key: str | None = None
    ) -> Response:
        """What he is told in the end: outages are sat out, and the same is asked again."""
        headers = {"Authorization": self.token} | ({"Idempotency-Key": key} if key else {})
        while True:
            try:
                answer = await self.http.request(method, path, json=body, headers=headers)
            except TransportError as error:
                self.troubles[type(error).__name__] += 1
            else:
                if answer.status_code not in {500, 503}:
                    return answer
                assert answer.status_code == 503, answer.text
                self.troubles[answer.text.partition("; wait")[0]] += 1
            await asyncio.sleep(AGAIN_SECONDS)

    async def start(self) -> None:
        """His live session, as soon as there may be one."""
        while True:
            answer = await self.answer("POST", "/live", {"starting_capital": "10000000"})
            if answer.status_code in {201, 409}:
                break
            await asyncio.sleep(AGAIN_SECONDS)
        self.session_id = (await self.answer("GET", "/live")).json()["id"]

    async def trade(self) -> None:
        """Place and cancel until the market is closed."""
        while True:
            if self.placed and self.chance.random() < 0.2:
                await self._cancel(self.chance.choice([*self.placed]))
            elif not await self._place():
                return
            await asyncio.sleep(self.chance.choice(RESTS))

    async def _place(self) -> bool:
        legs, most = self.chance.choice(STRUCTURES)
        price = round(20 * most * self.chance.uniform(0.05, 1.05)) / 20
        asked = request(legs, f"{max(price - price % 0.10, 0.10):.2f}", "debit")
        answer = await self.answer("POST", "/live/orders", body_of(asked), key=f"key-{uuid4()}")
        if answer.status_code == 201:
            order = answer.json()
            assert order["id"] not in self.placed, "each key is another order"
            self.placed[order["id"]] = asked, order
            return True
        assert answer.headers["x-error-code"] in {"market_closed", "not_found", "session_frozen"}, answer.text
        return False

    async def _cancel(self, order_id: str) -> None:
        answer = await self.answer("DELETE", f"/live/orders/{order_id}")
        is_canceled = answer.status_code == 409 and answer.text.endswith("is canceled already")
        if answer.status_code == 204 or is_canceled:
            self.canceled.add(order_id)

    async def follow(self) -> None:
        """Hear every event of the session by GraphQL, and go on after the last one wherever it broke."""
        answer = await self.answer(
            "POST", "/graphql", {"query": SESSION_ID, "variables": {"uuid": self.session_id}}
        )
        (told,) = answer.json()["data"].values()
        while True:
            with suppress(Exception):
                async with Socket.open(self.address, self.token) as socket:
                    after = self.heard[-1]["seq"] if self.heard else 0
                    await socket.subscribe(EVENTS_AFTER, {"id": told["id"], "after": after})
                    async for text in socket.connection:
                        message = orjson.loads(text)
                        if message["type"] in {"error", "complete"}:
                            break
                        self._hear(message)
            self.troubles["stream broke"] += 1
            await asyncio.sleep(AGAIN_SECONDS)

    def _hear(self, message: Body) -> None:
        if message["type"] == "next" and message["payload"].get("data"):
            event = message["payload"]["data"]["sessionEvents"]
            if event["kind"] is not None:
                self.heard.append(event)
