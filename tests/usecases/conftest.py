from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.days import publish_tiny_day
from tests.people import Town
from tests.people import town as a_town
from usecases.ports import Viewer


@pytest_asyncio.fixture
async def town(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with a_town(database_url, redis_url, tmp_path) as one:
        yield one


@pytest_asyncio.fixture
async def trader(town: Town) -> Viewer:
    """Somebody with a recorded day to trade."""
    publish_tiny_day(town.days)
    return await _registered(town, "trader@example.com")


@pytest_asyncio.fixture
async def rival(town: Town) -> Viewer:
    """Somebody else."""
    return await _registered(town, "rival@example.com")


async def _registered(town: Town, email: str) -> Viewer:
    viewer = await town.viewer(await town.person(email, None))
    assert viewer is not None
    return viewer
