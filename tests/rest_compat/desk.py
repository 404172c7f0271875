"""A trader's desk over HTTP: the REST face in this process, on tiny recorded days."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from httpx2 import ASGITransport, AsyncClient, Response
from starlette.applications import Starlette
from starlette.routing import Mount

from rest_compat.application import rest_face
from tests.days import DATE
from tests.people import Town
from usecases.ports import Ports

EARLIER = date(2025, 1, 14)
NOW = datetime(2025, 1, 15, 14, 40, tzinfo=UTC)
VERTICAL = {
    "type": "limit",
    "price": "10.50",
    "price_effect": "debit",
    "legs": [
        {"instrument": "SPXW  250115C05950000", "quantity": "1", "action": "buy to open"},
        {"instrument": "SPXW  250115C05970000", "quantity": "1", "action": "sell to open"},
    ],
}


@dataclass(frozen=True, slots=True)
class Desk:
    """One caller: his client sends his token with every request, a visitor's sends none."""

    town: Town
    http: AsyncClient

    async def get(self, path: str, **more: Any) -> Response:
        return await self.http.get(path, **more)

    async def post(self, path: str, json: Any = None, **more: Any) -> Response:
        return await self.http.post(path, json=json, **more)

    async def simulation(self, on: date = DATE, capital: str = "100000") -> str:
        """Open a simulation and return its path."""
        body = {"date": on.isoformat(), "starting_capital": capital}
        answer = await self.post("/simulations", body)
        assert answer.status_code == 201, answer.text
        return f"/simulations/{answer.json()['id']}"

    async def account(
        self, name: str = "Condors", *, engine: str = "historical", capital: int = 100000
    ) -> str:
        """Open an account and return its path."""
        answer = await self.post("/accounts", {"name": name, "engine": engine, "starting_capital": capital})
        assert answer.status_code == 201, answer.text
        return f"/accounts/{answer.json()['id']}"

    async def day(self, account: str, on: date = DATE) -> str:
        """Open a day of an account, or open it again, and return its path."""
        answer = await self.post(f"{account}/sessions", {"date": on.isoformat()})
        assert answer.status_code in (200, 201), answer.text
        return f"{account}/sessions/{answer.json()['id']}"

    async def move(self, session: str, time: str, on: date = DATE) -> Response:
        return await self.http.patch(session, json={"time": f"{on}T{time}Z"})


def client(ports: Ports, token: str | None = None) -> AsyncClient:
    app = Starlette(routes=[Mount("/", rest_face())])
    app.state.ports = ports
    headers = {} if token is None else {"Authorization": token}
    transport = ASGITransport(app, raise_app_exceptions=False, client=("203.0.113.7", 1))
    return AsyncClient(transport=transport, base_url="http://zerodte.test", headers=headers)


def at_market_time(town: Town, now: datetime | None) -> Town:
    return replace(town, ports=replace(town.ports, market_now=lambda: now))
