"""What tests of the live market over GraphQL share: how it is told, and a live session on it."""

from typing import Any

from tests.api.asking import SESSION_FIELDS, Asker
from tests.live_market import Market

START = (
    "mutation($capital: Decimal!) { startLiveSession(input: {startingCapital: $capital})"
    f" {{ session {{ {SESSION_FIELDS} }} userErrors {{ code message path }} }} }}"
)
CAPITAL = {"capital": "100000"}


async def tell(market: Market, second: int) -> None:
    """Put seconds on the tape and ring."""
    market.tell(second)
    await market.ports.topics.market_ticked(second)


async def started(asker: Asker, market: Market, capital: str = "100000") -> dict[str, Any]:
    """A live session."""
    await market.match()
    payload = (await asker.ask(START, {"capital": capital}))["startLiveSession"]
    assert payload["userErrors"] == [], payload
    return payload["session"]  # type: ignore[no-any-return]
