from collections.abc import AsyncIterator

import pytest_asyncio

from store.database import Database
from tests.databases import opened


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as one:
        yield one
