import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, inspect, text

from store.database import Database
from store.metadata import METADATA
from store.migrating import SchemaUnknown, downgrade, head, migrate
from tests.databases import opened


def differences(connection: Connection) -> list[object]:
    options = {"compare_type": True, "compare_server_default": True}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), METADATA))


def checks(connection: Connection) -> set[tuple[str, str | None]]:
    """Every CHECK by table and name: alembic compares none."""
    inspector = inspect(connection)
    return {
        (table, check["name"])
        for table in inspector.get_table_names()
        for check in inspector.get_check_constraints(table)
    }


async def test_migrated_schema_is_the_declared_one(database: Database) -> None:
    declared = {
        (table.name, constraint.name)
        for table in METADATA.sorted_tables
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }

    async with database.reading() as tx:
        assert await tx.run_sync(differences) == []
        assert await tx.run_sync(checks) == declared


async def test_migrations_go_down_to_nothing_and_up_again(empty_database_url: str) -> None:
    await migrate(empty_database_url)
    await downgrade(empty_database_url)
    async with opened(empty_database_url) as database, database.reading() as tx:
        assert await tx.run_sync(lambda sync: inspect(sync).get_table_names()) == ["alembic_version"]

    await migrate(empty_database_url)
    async with opened(empty_database_url) as database, database.reading() as tx:
        assert await tx.run_sync(differences) == []


async def test_many_processes_may_migrate_at_once(empty_database_url: str) -> None:
    await asyncio.gather(*(migrate(empty_database_url) for _ in range(4)))

    async with opened(empty_database_url) as database, database.reading() as tx:
        revisions = (await tx.execute(text("SELECT version_num FROM alembic_version"))).scalars()
        assert list(revisions) == [head()]


async def test_schema_of_a_newer_release_is_left_alone(empty_database_url: str) -> None:
    await migrate(empty_database_url)
    async with opened(empty_database_url) as database, database.transaction() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(SchemaUnknown, match="9999"):
        await migrate(empty_database_url)
