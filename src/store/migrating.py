"""Bringing a database to the schema that this code was written for."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from store.database import driver_url

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 0x7A65726F  # any number will do that every migrating process agrees on


class SchemaUnknown(Exception):
    """The database holds a revision that this release does not know: a newer one migrated it."""


async def migrate(url: str, revision: str = "head") -> None:
    """Upgrade to ``revision`` in one transaction; nothing happens where it is there already.

    Safe from several processes at once: one does the work and the others wait. Raises
    SchemaUnknown where a newer release got there first.
    """
    await _alembic(url, command.upgrade, revision)


async def downgrade(url: str, revision: str = "base") -> None:
    """Undo revisions down to ``revision``, with the data they hold. For tests and emergencies."""
    await _alembic(url, command.downgrade, revision)


def head() -> str:
    """The newest revision that this release knows."""
    return ScriptDirectory.from_config(_config()).get_current_head() or "base"


async def _alembic(url: str, operate: Callable[[Config, str], None], revision: str) -> None:
    def on_connection(connection: Connection) -> None:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        config = _config()
        config.attributes["connection"] = connection
        try:
            operate(config, revision)
        except CommandError as error:
            raise SchemaUnknown(str(error)) from error

    engine = create_async_engine(driver_url(url), poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(on_connection)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
