"""Databases of a test's own, which a failing test leaves no trace of either."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple
from uuid import uuid4

import asyncpg

from store.database import Bounds, Database


class Servers(NamedTuple):
    """Where the servers of this run answer."""

    database_url: str
    redis_url: str

    def url_of(self, database: str) -> str:
        return self.database_url.replace("/zerodte?", f"/{database}?")


@asynccontextmanager
async def copied(servers: Servers, connection: asyncpg.Connection, template: str) -> AsyncIterator[str]:
    """The URL of a copy of a database."""
    name = f"test_{uuid4().hex}"
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    try:
        yield servers.url_of(name)
    finally:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@asynccontextmanager
async def opened(url: str, **bounds: float) -> AsyncIterator[Database]:
    database = Database(url, Bounds(**bounds))  # type: ignore[arg-type]
    try:
        yield database
    finally:
        await database.close()
