from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.people import Town
from tests.people import town as a_town
from usecases.ports import Viewer


@pytest_asyncio.fixture
async def town(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with a_town(database_url, redis_url, tmp_path) as one:
        yield one


@pytest_asyncio.fixture
async def trader(town: Town) -> Viewer:
    viewer = await town.viewer(await town.person("trader@example.com", None))
    assert viewer is not None
    return viewer
