from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.people import Town
from tests.people import town as a_town


@pytest_asyncio.fixture
async def town(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with a_town(database_url, redis_url, tmp_path) as one:
        yield one
