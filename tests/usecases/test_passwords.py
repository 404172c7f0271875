import asyncio
from time import perf_counter

from argon2 import PasswordHasher, extract_parameters

from tests.people import PASSWORD, PASSWORDS
from usecases.passwords import Passwords, Verdict

RIGHT = Verdict(is_right=True, newer_hash=None)
WRONG = Verdict(is_right=False, newer_hash=None)


async def test_password_is_verified_against_its_hash() -> None:
    kept = await PASSWORDS.hashed(PASSWORD)

    assert await PASSWORDS.verify(PASSWORD, kept) == RIGHT
    assert await PASSWORDS.verify(PASSWORD + " ", kept) == WRONG


async def test_hash_is_argon2id_with_19_mib_two_passes_and_one_lane() -> None:
    kept = await PASSWORDS.hashed(PASSWORD)

    parameters = extract_parameters(kept)
    assert (parameters.type.name, parameters.memory_cost) == ("ID", 19_456)
    assert (parameters.time_cost, parameters.parallelism) == (2, 1)


async def test_two_hashes_of_one_password_differ() -> None:
    assert await PASSWORDS.hashed(PASSWORD) != await PASSWORDS.hashed(PASSWORD)


async def test_hash_of_other_parameters_is_renewed_when_it_is_right() -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD)

    verdict = await PASSWORDS.verify(PASSWORD, weak)

    assert verdict.is_right
    assert verdict.newer_hash is not None
    assert await PASSWORDS.verify(PASSWORD, verdict.newer_hash) == RIGHT
    assert await PASSWORDS.verify("not the password", weak) == WRONG


async def test_where_there_is_no_hash_every_password_is_wrong_and_takes_as_long() -> None:
    async def fastest(kept_hash: str | None) -> float:
        durations = []
        for _ in range(5):
            start = perf_counter()
            assert await PASSWORDS.verify("not the password", kept_hash) == WRONG
            durations.append(perf_counter() - start)
        return min(durations)

    somebodys = await fastest(await PASSWORDS.hashed(PASSWORD))
    nobodys = await fastest(None)

    assert somebodys / 3 < nobodys < somebodys * 3


async def test_two_hash_at_once_and_the_third_waits() -> None:
    passwords = Passwords()
    third_began = asyncio.Event()

    async def third() -> None:
        async with passwords.turn():
            third_began.set()

    async with passwords.turn():
        async with passwords.turn():
            waiting = asyncio.create_task(third())
            await asyncio.sleep(0.01)
            assert not third_began.is_set()
        await waiting
