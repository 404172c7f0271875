"""Guessing, and doing the same thing many times at once."""

import asyncio
from collections import Counter

from engine.denials import Code, Denial
from engine.people import CODE_LOCKED, INVALID_CODE
from tests.people import HOME, PASSWORD, Town, denied, wrong
from usecases import auth
from usecases.auth import INVALID_CREDENTIALS, NewToken

ELSEWHERE = "198.51.100.9"


async def guess(town: Town, address: str = HOME) -> NewToken | Denial:
    return await auth.login(town.ports, "trader@example.com", "not the password", None, address)


async def test_sixth_guess_has_to_wait_and_the_wait_doubles(town: Town) -> None:
    await town.person()
    for _ in range(5):
        assert await guess(town) == INVALID_CREDENTIALS

    for seconds in (1, 2, 4, 8):
        denial = denied(await guess(town))
        assert (denial.code, denial.retry_after_seconds) == (Code.RATE_LIMITED, seconds)
        town.clock.pass_(seconds=seconds)
        assert await guess(town) == INVALID_CREDENTIALS


async def test_right_password_has_to_wait_too(town: Town) -> None:
    await town.person()
    for _ in range(5):
        await guess(town)

    outcome = await auth.login(town.ports, "trader@example.com", PASSWORD, None, HOME)

    assert denied(outcome).code == Code.RATE_LIMITED


async def test_guessing_slows_down_one_network_only(town: Town) -> None:
    await town.person()
    for address in ("203.0.113.7", "203.0.113.8", "203.0.113.9", "203.0.113.10", "203.0.113.11"):
        await guess(town, address)

    assert denied(await guess(town, "203.0.113.12")).code == Code.RATE_LIMITED
    outcome = await auth.login(town.ports, "trader@example.com", PASSWORD, None, ELSEWHERE)
    assert isinstance(outcome, NewToken)


async def test_success_forgives_failures(town: Town) -> None:
    await town.person()
    for _ in range(2):
        for _ in range(4):
            assert await guess(town) == INVALID_CREDENTIALS
        outcome = await auth.login(town.ports, "trader@example.com", PASSWORD, None, HOME)
        assert isinstance(outcome, NewToken)


async def test_account_that_does_not_exist_slows_down_like_one_that_does(town: Town) -> None:
    for _ in range(5):
        assert await guess(town) == INVALID_CREDENTIALS

    assert denied(await guess(town)).retry_after_seconds == 1


async def test_parallel_guesses_are_counted_one_by_one(town: Town) -> None:
    await town.person()

    outcomes = await asyncio.gather(*(guess(town) for _ in range(20)))

    codes = Counter(denied(outcome).code for outcome in outcomes)
    assert codes == {Code.INVALID_CREDENTIALS: 5, Code.RATE_LIMITED: 15}


async def test_parallel_logins_of_the_right_person_all_succeed(town: Town) -> None:
    await town.person()

    outcomes = await asyncio.gather(
        *(auth.login(town.ports, "trader@example.com", PASSWORD, None, HOME) for _ in range(12))
    )

    tokens = {outcome.token for outcome in outcomes if isinstance(outcome, NewToken)}
    assert len(tokens) == 12


async def test_parallel_wrong_codes_are_counted_one_by_one(town: Town) -> None:
    code = await town.code("trader@example.com")

    outcomes = await asyncio.gather(
        *(auth.register(town.ports, "trader@example.com", None, wrong(code)) for _ in range(20))
    )

    assert outcomes.count(INVALID_CODE) == 5
    assert outcomes.count(CODE_LOCKED) == 15


async def test_one_code_registers_once_however_often_it_is_sent(town: Town) -> None:
    code = await town.code("trader@example.com")

    outcomes = await asyncio.gather(
        *(auth.register(town.ports, "trader@example.com", None, code) for _ in range(10))
    )

    assert sum(isinstance(outcome, NewToken) for outcome in outcomes) == 1
    assert outcomes.count(INVALID_CODE) == 9


async def test_parallel_requests_send_one_code(town: Town) -> None:
    outcomes = await asyncio.gather(*(auth.request_code(town.ports, "trader@example.com") for _ in range(10)))

    assert outcomes.count(None) == 1
    assert {denied(outcome).code for outcome in outcomes if outcome} == {Code.RATE_LIMITED}
