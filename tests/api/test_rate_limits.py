"""Credits and throttles over GraphQL: the same buckets as REST's, told as top-level errors."""

from dataclasses import replace
from typing import Any

from tests.api.asking import Asker, Desk, application
from usecases.policy import Policy

CHAIN = '{ marketDay(date: "2025-01-15") { chain(at: "2025-01-15T14:35:00Z") { strikes } } }'
SERIES = '{ marketDay(date: "2025-01-15") { series { spxE4 } } }'
EVERYTHING = (
    '{ marketDay(date: "2025-01-15") { strikes series { spxE4 }'
    ' chain(at: "2025-01-15T14:35:00Z") { strikes } } }'
)
CHECK = 'mutation { checkEmail(input: {email: "nobody@example.com"}) { hasPassword userErrors { code } } }'


def held_to(desk: Desk, asker: Asker, **limits: int) -> Asker:
    """The same asker at an installation with limits of its own."""
    app = application(replace(desk.town.ports, policy=Policy(**limits)))
    return replace(asker, app=app)


async def usage(asker: Asker) -> Any:
    return (await asker.ask("{ viewer { usagePercent } }"))["viewer"]["usagePercent"]


async def test_strikes_and_series_and_a_chain_cost_25(desk: Desk) -> None:
    owner = held_to(desk, desk.owner, credits_capacity=100)
    assert await usage(owner) == 0
    await owner.ask(EVERYTHING)
    assert (await usage(owner), await usage(held_to(desk, desk.other, credits_capacity=100))) == (25, 0)


async def test_an_alias_pays_as_well_and_a_failed_field_does_not(desk: Desk) -> None:
    owner = held_to(desk, desk.owner, credits_capacity=100)
    late = CHAIN.replace("14:35", "23:00")
    fields = "{ late: " + late[1:-1] + " one: " + CHAIN[1:-1] + " two: " + CHAIN[1:-1] + "}"
    await owner.errors(fields)
    assert await usage(owner) == 20


async def test_an_empty_purse_is_a_top_level_error(desk: Desk) -> None:
    owner = held_to(desk, desk.owner, credits_capacity=10, credits_drain_seconds=100)
    await owner.ask(CHAIN)
    (error,) = await owner.errors(CHAIN)
    assert error["message"] == "10 credits are needed, and 10 of 10 are used; wait 100 seconds"
    assert error["extensions"] == {
        "code": "RATE_LIMITED",
        "reason": "rate_limit_exceeded",
        "retryAfterSeconds": 100,
    }


async def test_visitors_pay_by_address(desk: Desk) -> None:
    visitor = held_to(desk, desk.visitor, credits_capacity=10)
    at_market_time = replace(visitor.app.state.ports, market_now=lambda: desk.town.clock.now)
    visitor.app.state.ports = at_market_time
    await visitor.ask(SERIES)
    (error,) = await visitor.errors(SERIES)
    assert error["extensions"]["code"] == "RATE_LIMITED"


async def test_strangers_share_their_tries_with_rest(desk: Desk) -> None:
    visitor = held_to(desk, desk.visitor, auth_burst=2)
    for _ in range(2):
        await visitor.ask(CHECK)
    (error,) = await visitor.errors(CHECK)
    assert error["extensions"] == {
        "code": "RATE_LIMITED",
        "reason": "rate_limited",
        "retryAfterSeconds": 6,
    }
