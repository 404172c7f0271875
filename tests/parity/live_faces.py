"""The two faces of live trading behind the verbs of ``tests.parity.faces``."""

from dataclasses import dataclass
from typing import Any

from tests.parity.faces import SESSION, GraphQL, Rest, plain, refusal


@dataclass(slots=True)
class LiveRest(Rest):
    """A trader who uses ``/live``, and after its settlement the simulation that it is then."""

    async def create(self, **given: str) -> Any:
        self.path = "/live"
        return self._session(await self._send("POST", "/live", json=given))

    async def session(self) -> Any:
        response = await self._send("GET", self.path)
        return None if response.json() is None else self._session(response)

    async def end(self) -> Any:
        response = await self._send("DELETE", "/live")
        return {} if response.is_success else self._session(response)

    async def look_back(self) -> None:
        """Go on with the latest simulation."""
        self.path = f"/simulations/{(await self._send('GET', '/simulations')).json()[0]['id']}"


@dataclass(slots=True)
class LiveGraphQL(GraphQL):
    """A trader who uses GraphQL."""

    async def create(self, **given: str) -> Any:
        named = {"startingCapital": given["starting_capital"]}
        told = await self._mutate(
            "startLiveSession", "StartLiveSessionInput", f"session {{ {SESSION} }}", named
        )
        self.uuid = told.get("session", {}).get("id", self.uuid)
        return self._session(told)

    async def session(self) -> Any:
        live = (await self.asker.ask(f"{{ liveSession {{ {SESSION} }} }}"))["liveSession"]
        live = live or await self._ask(SESSION)
        return live and self._session({"session": plain(live)})

    async def end(self) -> Any:
        document = "mutation { endLiveSession { userErrors { code message } } }"
        errors = (await self.asker.ask(document))["endLiveSession"]["userErrors"]
        return refusal(errors[0]) if errors else {}

    async def look_back(self) -> None:
        document = "{ simulations(first: 1) { nodes { uuid } } }"
        self.uuid = (await self.asker.ask(document))["simulations"]["nodes"][0]["uuid"]
