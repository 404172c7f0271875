"""Databases of a test's own, which a failing test leaves no trace of either."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple
from uuid import uuid4

import asyncpg
from redis.asyncio import Redis

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


@asynccontextmanager
async def hanging(redis_url: str) -> AsyncIterator[None]:
    """Redis does not answer meanwhile, though it takes connections."""
    async with Redis.from_url(redis_url) as redis:
        pid = (await redis.info("server"))["process_id"]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
