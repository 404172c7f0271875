"""Credits and throttles over GraphQL: the same buckets as REST's, told as top-level errors."""

from dataclasses import replace
from typing import Any

from tests.api.asking import Asker, Desk, application, move, open_simulation
from tests.api.streaming import Socket, served
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


async def test_every_chain_of_a_range_costs_5(desk: Desk) -> None:
    owner = held_to(desk, desk.owner, credits_capacity=100)
    times = 'start: "2025-01-15T14:35:00Z", end: "2025-01-15T14:35:02Z"'
    await owner.ask(f'{{ marketDay(date: "2025-01-15") {{ chains({times}) {{ strikes }} }} }}')
    assert await usage(owner) == 15


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


async def test_an_operation_shows_what_it_cost_and_what_is_left_this_minute(desk: Desk) -> None:
    owner = held_to(desk, desk.owner)
    pages = "{ marketSessions(first: 50) { nodes { id } } }"
    shown = [(await owner.post(query)).json()["extensions"] for query in (pages, pages, "{ __typename }")]
    assert shown == [
        {"complexity": {"cost": 51, "remaining": 5_949}},
        {"complexity": {"cost": 51, "remaining": 5_898}},
        {"complexity": {"cost": 1, "remaining": 5_897}},
    ]


async def test_too_complex_a_minute_is_refused_until_it_has_drained(desk: Desk) -> None:
    owner = held_to(desk, desk.owner, complexity_a_minute=60)
    pages = "{ marketSessions(first: 49) { nodes { id } } }"
    await owner.ask(pages)
    answer = (await owner.post(pages)).json()
    assert answer == {
        "errors": [
            {
                "message": "your operations were too complex; wait 40 seconds",
                "extensions": {
                    "code": "RATE_LIMITED",
                    "reason": "rate_limited",
                    "retryAfterSeconds": 40,
                },
            }
        ]
    }
    await held_to(desk, desk.other, complexity_a_minute=60).ask(pages)
    desk.town.clock.pass_(seconds=40)
    await owner.ask(pages)


async def test_a_document_that_is_too_long_is_told_so_and_pays_nothing(desk: Desk) -> None:
    """However long: no wait would make room for it."""
    owner = held_to(desk, desk.owner, complexity_a_minute=100)
    for chars in (32_769, 96_000, 200_000):
        (error,) = await owner.errors("{ __typename }".ljust(chars))
        assert error["message"] == f"The operation is too large: characters {chars}, at most 32768."
    assert (await owner.post("{ __typename }")).json()["extensions"]["complexity"]["remaining"] == 99


async def test_a_subscription_is_charged_once_and_refused_alike(desk: Desk) -> None:
    opened = await open_simulation(desk.owner)
    follow = "subscription($id: ID!) { sessionEvents(sessionId: $id) { seq session { version } } }"
    owner = held_to(desk, desk.owner, complexity_a_minute=3)
    async with served(owner.app) as address, Socket.open(address, desk.owner.token) as socket:
        first = await socket.first(follow, {"id": opened["id"]})
        assert first["extensions"] == {"complexity": {"cost": 2, "remaining": 1}}
        await move(desk.owner, opened["id"], "14:33:00")
        assert "extensions" not in (await socket.receive())["payload"]

        refused = await socket.first(follow, {"id": opened["id"]})
        (error,) = refused["errors"]
        assert error["extensions"]["code"] == "RATE_LIMITED"


async def test_only_long_documents_that_are_refused_are_paid_for(desk: Desk) -> None:
    owner = held_to(desk, desk.owner, complexity_a_minute=300)
    accepted = "{ viewer { id } } # " + "x" * 4_000
    refused = "{ nonsense } # " + "x" * 4_000

    for _ in range(3):
        await owner.ask(accepted)
    (unknown,) = await owner.errors(refused)
    assert "nonsense" in unknown["message"]
    (spent,) = await owner.errors(refused)
    assert spent["extensions"]["code"] == "RATE_LIMITED"
    await owner.ask("{ viewer { id } }")


async def test_long_variables_that_do_not_fit_are_paid_for_like_a_document(desk: Desk) -> None:
    owner = held_to(desk, desk.owner, complexity_a_minute=300)
    query = "query($id: ID!) { node(id: $id) { id } }"
    unfit = {"id": [{"x" * 4_000: 1}]}

    (unreadable,) = await owner.errors(query, unfit)
    assert "ID cannot represent value" in unreadable["message"]
    (spent,) = await owner.errors(query, unfit)
    assert spent["extensions"]["code"] == "RATE_LIMITED"


async def test_long_variables_that_fit_cost_nothing_more(desk: Desk) -> None:
    owner = held_to(desk, desk.owner, complexity_a_minute=300)
    query = "mutation($email: String!) { checkEmail(input: {email: $email}) { userErrors { code } } }"
    for _ in range(3):
        await owner.ask(query, {"email": "x" * 4_000})
