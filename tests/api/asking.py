"""Asking the GraphQL endpoint in process, as a client would over HTTP."""

from dataclasses import dataclass, field
from typing import Any

import orjson
from httpx2 import ASGITransport, AsyncClient, Response
from starlette.applications import Starlette

from api.asgi import routes
from api.limits import Limits
from tests.people import Town

SESSION_FIELDS = "id uuid date time ended version financials { availableBuyingPower profitLoss }"
ORDER_FIELDS = "uuid status price priceEffect fillPrice fillTime fees legs { instrument quantity action }"


def application(ports: object, limits: Limits | None = None) -> Starlette:
    app = Starlette(routes=routes(limits))
    app.state.ports = ports
    return app


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody with an endpoint to ask: a visitor, or whoever the token speaks for."""

    app: Starlette
    token: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    async def post(self, query: str, variables: dict[str, Any] | None = None) -> Response:
        return await self.send("POST", content=orjson.dumps({"query": query, "variables": variables or {}}))

    async def send(self, method: str, **request: Any) -> Response:
        signed = {"authorization": self.token} if self.token is not None else {}
        headers = {"content-type": "application/json", **signed, **self.headers, **request.pop("headers", {})}
        async with AsyncClient(transport=ASGITransport(self.app), base_url="http://zerodte") as client:
            return await client.request(method, request.pop("url", "/graphql"), headers=headers, **request)

    async def ask(self, query: str, variables: dict[str, Any] | None = None) -> Any:
        """The data of an operation that has no errors."""
        body = (await self.post(query, variables)).json()
        assert "errors" not in body, body
        return body["data"]

    async def errors(self, query: str, variables: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        body = (await self.post(query, variables)).json()
        assert body.get("errors"), body
        return body["errors"]  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Desk:
    """An installation with one tiny recorded day, and three who ask: two people and a visitor."""

    town: Town
    app: Starlette
    owner: Asker
    other: Asker
    visitor: Asker


def leg(instrument: str, action: str, quantity: int = 1) -> dict[str, Any]:
    return {"instrument": instrument, "quantity": quantity, "action": action}


CALL_5930 = "SPXW  250115C05930000"
CALL_5950 = "SPXW  250115C05950000"
CALL_5970 = "SPXW  250115C05970000"

# On the tiny day this is worth 20.00 at every second.
VERTICAL = {
    "type": "LIMIT",
    "price": "20.50",
    "priceEffect": "DEBIT",
    "legs": [leg(CALL_5930, "BUY_TO_OPEN"), leg(CALL_5970, "SELL_TO_OPEN")],
}
# On the tiny day the mid is 4.50 at 14:31 and first 4.00 at 14:31:55.
WAITING_CALL = {
    "type": "LIMIT",
    "price": "4.00",
    "priceEffect": "DEBIT",
    "legs": [leg(CALL_5950, "BUY_TO_OPEN")],
}


async def open_simulation(asker: Asker, date: str = "2025-01-15") -> dict[str, Any]:
    """A simulation whose clock stands one minute after the open."""
    created = await asker.ask(
        'mutation($date: Date!) { createSimulation(input: {date: $date, startingCapital: "100000"})'
        " { session { id } userErrors { code } } }",
        {"date": date},
    )
    assert created["createSimulation"]["userErrors"] == [], created
    moved = await asker.ask(
        "mutation($id: ID!, $at: DateTime!) { moveClock(input: {sessionId: $id, time: $at})"
        f" {{ session {{ {SESSION_FIELDS} }} userErrors {{ code }} }} }}",
        {"id": created["createSimulation"]["session"]["id"], "at": f"{date}T14:31:00Z"},
    )
    return moved["moveClock"]["session"]  # type: ignore[no-any-return]


async def place(
    asker: Asker, session_id: str, order: dict[str, Any] = VERTICAL, **extra: Any
) -> dict[str, Any]:
    """The payload of a placed order."""
    data = await asker.ask(
        "mutation($input: PlaceOrderInput!) { placeOrder(input: $input) {"
        f" order {{ {ORDER_FIELDS} transactions {{ instrument price value effect fees }} }}"
        " buyingPowerEffect { marginChange buyingPowerChange currentBuyingPower newBuyingPower }"
        f" version session {{ {SESSION_FIELDS} }} userErrors {{ code message path }} }} }}",
        {"input": {"sessionId": session_id, "order": order, **extra}},
    )
    return data["placeOrder"]  # type: ignore[no-any-return]


async def move(asker: Asker, session_id: str, time: str, **extra: Any) -> dict[str, Any]:
    """The payload of a clock moved to a time of the tiny day."""
    data = await asker.ask(
        "mutation($input: MoveClockInput!) { moveClock(input: $input)"
        f" {{ session {{ {SESSION_FIELDS} }} userErrors {{ code message path }} }} }}",
        {"input": {"sessionId": session_id, "time": f"2025-01-15T{time}Z", **extra}},
    )
    return data["moveClock"]  # type: ignore[no-any-return]


async def session(asker: Asker, uuid: str, fields: str) -> Any:
    """The fields of one session, None where the asker has none such."""
    data = await asker.ask(
        f"query($uuid: UUID!) {{ simulation(uuid: $uuid) {{ {fields} }} }}", {"uuid": uuid}
    )
    return data["simulation"]
