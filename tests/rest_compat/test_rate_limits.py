"""The bucket of credits over HTTP: headers, the documented 429, and what it does not cost."""

from dataclasses import replace
from typing import Any

import pytest

from tests.rest_compat.desk import Desk, client
from usecases.policy import Policy

CHAIN = "/market-data/option-chain-snapshots/2025-01-15T14:35:00"
COSTS = {"/market-data/strikes/2025-01-15": 5, "/market-data/historical/2025-01-15": 10, CHAIN: 10}
THREE_CHAINS = f"{CHAIN}/2025-01-15T14:35:02"


def shown(answer: Any) -> tuple[str | None, str | None]:
    return answer.headers.get("x-ratelimit-used"), answer.headers.get("x-ratelimit-limit")


async def usage(desk: Desk) -> int:
    percent: int = (await desk.get("/user")).json()["usage_percent"]
    return percent


async def test_what_costs_says_what_is_used(trader: Desk) -> None:
    used = 0
    for path, cost in COSTS.items():
        used += cost
        answer = await trader.get(path)
        assert (answer.status_code, shown(answer)) == (200, (str(used), "10000"))
    assert shown(await trader.get(THREE_CHAINS)) == (str(used + 15), "10000")


async def test_a_failed_request_costs_nothing(trader: Desk) -> None:
    failures = [
        await trader.get("/market-data/strikes/2030-01-15"),
        await trader.get("/market-data/option-chain-snapshots/2025-01-15T09:35:00"),
        await trader.get("/market-data/historical/2025-01-15?series=nothing"),
    ]
    assert [failure.status_code for failure in failures] == [404, 404, 400]
    assert shown(await trader.get(CHAIN)) == ("10", "10000")


async def test_trading_is_free_and_shows_no_credits(trader: Desk) -> None:
    simulation = await trader.simulation()
    for answer in (await trader.get("/market-data/sessions"), await trader.get(simulation)):
        assert (answer.status_code, shown(answer)) == (200, (None, None))
    assert await usage(trader) == 0


async def test_the_profile_shows_the_fill(trader: Desk) -> None:
    town = replace(trader.town, ports=replace(trader.town.ports, policy=Policy(credits_capacity=40)))
    async with client(town.ports) as http:
        http.headers["Authorization"] = trader.http.headers["Authorization"]
        desk = Desk(town, http)
        fills = [await usage(desk)]
        for path in COSTS:
            await desk.get(path)
            fills.append(await usage(desk))
    assert fills == [0, 13, 38, 63]


@pytest.mark.parametrize("accept", ["*/*", "text/plain", "application/json"])
async def test_an_empty_purse_is_told_in_json_always(trader: Desk, accept: str) -> None:
    ports = replace(trader.town.ports, policy=Policy(credits_capacity=19, credits_drain_seconds=190))
    async with client(ports) as http:
        http.headers["Authorization"] = trader.http.headers["Authorization"]
        await http.get(CHAIN)
        answer = await http.get(CHAIN, headers={"Accept": accept})

    assert (answer.status_code, answer.headers["retry-after"], shown(answer)) == (429, "10", ("10", "19"))
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-error-code"] == "rate_limit_exceeded"
    assert answer.json() == {
        "error": "rate_limit_exceeded",
        "retry_after_seconds": 10,
        "credits_used": 10,
        "credits_cap": 19,
    }


async def test_visitors_pay_by_address(visitor: Desk, trader: Desk) -> None:
    first = await visitor.get("/market-data/historical/2025-01-15")
    second = await visitor.get("/market-data/historical/2025-01-15")

    assert (shown(first), shown(second)) == (("10", "10000"), ("20", "10000"))
    assert shown(await trader.get(CHAIN)) == ("10", "10000"), "who is signed in pays for himself"


async def test_strangers_at_one_address_have_twenty_tries(visitor: Desk) -> None:
    ports = replace(visitor.town.ports, policy=Policy())
    body = {"email": "nobody@example.com"}
    async with client(ports) as http:
        tries = [await http.post("/auth/check-email", json=body) for _ in range(21)]

    assert [answer.status_code for answer in tries] == [404] * 20 + [429]
    assert tries[-1].headers["retry-after"] == "6"
    assert tries[-1].headers["x-error-code"] == "rate_limited"
    assert tries[-1].text == "too many requests from your address; wait 6 seconds"
