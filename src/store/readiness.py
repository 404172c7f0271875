"""Whether the database has the schema that this code was written for, asked without what migrates it."""

import asyncio
from pathlib import Path

from sqlalchemy import text

from store.database import Database, DatabaseUnavailable

VERSIONS = Path(__file__).parent / "migrations" / "versions"
REST_SECONDS = 0.1


def newest_revision() -> str:
    """The newest revision of this release, by the names of its files: ``revision_NUMBER_about.py``."""
    return max(path.stem.split("_")[1] for path in VERSIONS.glob("revision_*.py"))


async def until_migrated(database: Database) -> None:
    """Wait, for as long as it takes, until somebody migrated the database to this release or a newer one."""
    while True:
        if await _is_migrated(database):
            return
        await asyncio.sleep(REST_SECONDS)


async def _is_migrated(database: Database) -> bool:
    try:
        async with database.asking() as tx:
            if await tx.scalar(text("SELECT to_regclass('alembic_version')")) is None:
                return False
            version = await tx.scalar(text("SELECT version_num FROM alembic_version"))
    except DatabaseUnavailable:
        return False
    return version is not None and version >= newest_revision()
