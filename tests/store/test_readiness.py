import asyncio

import pytest
from sqlalchemy import text

from store.database import Database
from store.migrating import downgrade, head, migrate
from store.readiness import newest_revision, until_migrated
from tests.databases import opened


def test_the_newest_file_is_the_newest_revision() -> None:
    assert newest_revision() == head()


async def test_whoever_waits_goes_on_once_the_database_is_migrated(empty_database_url: str) -> None:
    async with opened(empty_database_url) as database:
        waiting = asyncio.create_task(until_migrated(database))
        for revision in ("0001", "0004"):
            await migrate(empty_database_url, revision)
            await asyncio.sleep(0.3)
            assert not waiting.done()
        await migrate(empty_database_url)
        await asyncio.wait_for(waiting, 5)
        await downgrade(empty_database_url)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(until_migrated(database), 0.3)


async def test_the_schema_of_a_newer_release_will_do(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await asyncio.wait_for(until_migrated(database), 5)
