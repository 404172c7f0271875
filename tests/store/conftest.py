from collections.abc import AsyncIterator

import asyncpg
import pytest_asyncio

from store.database import Database
from tests.databases import Servers, copied, opened


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as one:
        yield one


@pytest_asyncio.fixture
async def empty_database_url(servers: Servers, migrated: asyncpg.Connection) -> AsyncIterator[str]:
    """A database without a single table."""
    async with copied(servers, migrated, "template0") as url:
        yield url
