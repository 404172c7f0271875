from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest_asyncio

from store.database import Database
from tests.databases import opened
from zerodte.servers import Servers


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as one:
        yield one


@pytest_asyncio.fixture
async def empty_database_url(servers: Servers, migrated: asyncpg.Connection) -> AsyncIterator[str]:
    """A database without a single table."""
    name = f"test_{uuid4().hex}"
    await migrated.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    yield servers.database_url.replace("/zerodte?", f"/{name}?")
    await migrated.execute(f"DROP DATABASE {name} WITH (FORCE)")
