from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.days import publish_tiny_day
from tests.people import Town
from tests.people import town as a_town
from tests.rest_compat.desk import EARLIER, NOW, Desk, at_market_time, client


@pytest_asyncio.fixture
async def town(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    """An installation with two recorded days, both completed by the market's clock."""
    publish_tiny_day(tmp_path, EARLIER)
    publish_tiny_day(tmp_path)
    async with a_town(database_url, redis_url, tmp_path) as one:
        yield at_market_time(one, NOW)


@pytest_asyncio.fixture
async def visitor(town: Town) -> AsyncIterator[Desk]:
    async with client(town.ports) as http:
        yield Desk(town, http)


@pytest_asyncio.fixture
async def trader(town: Town) -> AsyncIterator[Desk]:
    token = await town.person("trader@example.com", password=None)
    async with client(town.ports, token.token) as http:
        yield Desk(town, http)


@pytest_asyncio.fixture
async def stranger(town: Town) -> AsyncIterator[Desk]:
    """Another trader, of whose things the first one's are none."""
    token = await town.person("stranger@example.com", password=None)
    async with client(town.ports, token.token) as http:
        yield Desk(town, http)
