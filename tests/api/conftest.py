from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.api.asking import Asker, Desk, application
from tests.days import publish_tiny_day
from tests.people import town as a_town


@pytest_asyncio.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    publish_tiny_day(tmp_path)
    async with a_town(database_url, redis_url, tmp_path) as town:
        app = application(town.ports)
        owner = await town.person("owner@example.com")
        other = await town.person("other@example.com", password=None)
        yield Desk(town, app, Asker(app, owner.token), Asker(app, other.token), Asker(app))
