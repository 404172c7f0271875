"""Whether somebody who stays connected is still signed in, and which live session is his."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio

from tests.live_market import on_air
from tests.people import PASSWORD, Town, town
from usecases import auth
from usecases.auth import NewToken
from usecases.presence import presence
from usecases.users import ProfileChanges, update_profile

PATIENCE_SECONDS = 5
UNHEARD_SECONDS = 0.3


@pytest_asyncio.fixture
async def here(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(database_url, redis_url, tmp_path) as one:
        yield one


async def next_of(looks: AsyncIterator[UUID | None]) -> UUID | None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        return await anext(looks)


async def is_over(looks: AsyncIterator[UUID | None]) -> bool:
    """Whether it ends, after what it may say before."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        async for _ in looks:
            pass
    return True


async def test_the_own_live_session_is_told_and_the_next_one_when_it_starts(here: Town) -> None:
    person = await here.person()
    with on_air(here) as market:
        async with aclosing(presence(here.ports, person.viewer, person.token)) as looks:
            assert await next_of(looks) is None
            first = await market.started(person.viewer)
            while (seen := await next_of(looks)) is None:
                pass
            assert seen == first.id


async def test_signing_out_ends_it_for_that_token_alone(here: Town) -> None:
    person = await here.person()
    other = await auth.login(here.ports, "trader@example.com", PASSWORD, None, "203.0.113.7")
    assert isinstance(other, NewToken)
    async with (
        aclosing(presence(here.ports, person.viewer, person.token)) as looks,
        aclosing(presence(here.ports, other.viewer, other.token)) as others,
    ):
        await next_of(looks)
        await next_of(others)
        await auth.logout(here.ports, person.viewer)
        assert await is_over(looks)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(UNHEARD_SECONDS):
                await is_over(others)


async def test_a_new_password_ends_the_sockets_of_every_other_session(here: Town) -> None:
    person = await here.person()
    other = await auth.login(here.ports, "trader@example.com", PASSWORD, None, "203.0.113.7")
    assert isinstance(other, NewToken)
    async with aclosing(presence(here.ports, other.viewer, other.token)) as looks:
        await next_of(looks)
        changes = ProfileChanges(
            password="another-battery", verification_code=await here.code("trader@example.com")
        )
        await update_profile(here.ports, person.viewer, changes)
        assert await is_over(looks)
