"""Opening databases of a test's own, so that a failing test leaks no connection either."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from store.database import Bounds, Database


@asynccontextmanager
async def opened(url: str, **bounds: float) -> AsyncIterator[Database]:
    database = Database(url, Bounds(**bounds))  # type: ignore[arg-type]
    try:
        yield database
    finally:
        await database.close()
