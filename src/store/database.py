"""The pool of PostgreSQL connections, and the ways to use one: to write, to read, to ask once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, NotSupportedError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

Tx: TypeAlias = AsyncConnection
T = TypeVar("T")

ATTEMPTS_MAX = 4
SERIALIZATION_FAILURE = "40001"
DEADLOCK_DETECTED = "40P01"
RETRIED_STATES = frozenset({SERIALIZATION_FAILURE, DEADLOCK_DETECTED})
OUTAGE_CLASSES = ("08", "53", "57", "58")
LOCK_NOT_AVAILABLE = "55P03"
CROWDS_SHARE = 4

_lets_others_first: ContextVar[bool] = ContextVar("lets_others_first", default=False)


class DatabaseUnavailable(Exception):
    """PostgreSQL could not be reached, is stopping, or did not answer in time. Worth a retry later.

    If it was raised by a commit, whether the transaction took effect is unknown; an idempotency
    key makes the repeat safe.
    """


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one process may take from the server: connections, and how long it may hold them."""

    connections: int = 8
    checkout_seconds: float = 2.0
    statement_ms: int = 5_000
    lock_ms: int = 2_000
    idle_in_transaction_ms: int = 5_000


def let_others_first() -> None:
    """From here on this task is one of a crowd, which shares a quarter of the connections and waits
    for its turn however long that takes."""
    _lets_others_first.set(True)


def lets_others_first() -> bool:
    """True for a task that is one of a crowd."""
    return _lets_others_first.get()


class Database:
    """One process's pool. ``url`` is ``postgresql://user:password@host:port/name``; a Unix socket
    is named as ``postgresql://user@/name?host=/directory``."""

    def __init__(self, url: str, bounds: Bounds | None = None) -> None:
        bounds = bounds or Bounds()
        self._engine = _engine(url, bounds)
        self._checkout_seconds = bounds.checkout_seconds
        self._places = asyncio.Semaphore(bounds.connections)
        self._crowds_places = asyncio.Semaphore(max(1, bounds.connections // CROWDS_SHARE))
        self._reader = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._asker = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        """BEGIN … COMMIT, or ROLLBACK on any exception.

        A caller that is cancelled while it commits waits for the commit's outcome first, so the
        connection never goes back to the pool in an unknown state.
        """
        async with self._connection(self._engine) as connection:
            transaction = await connection.begin()
            try:
                yield connection
            except BaseException:
                await to_the_end(transaction.rollback())
                raise
            await to_the_end(transaction.commit())

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Tx]:
        """A read-only view of one moment: every statement inside sees the same snapshot."""
        async with self._connection(self._reader) as connection, connection.begin():
            yield connection

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[Tx]:
        """For a single statement that only reads: it is a transaction by itself, and costs one round
        trip where ``reading`` costs three."""
        async with self._connection(self._asker) as connection:
            yield connection

    async def run(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """``work`` in a transaction of its own, repeated whole when the server asks for that:
        after a deadlock, a serialization failure, or a statement cached before a migration."""
        for _ in range(ATTEMPTS_MAX - 1):
            try:
                async with self.transaction() as tx:
                    return await work(tx)
            except DBAPIError as error:
                if not _is_retried(error):
                    raise
        async with self.transaction() as tx:
            return await work(tx)

    async def close(self) -> None:
        await self._engine.dispose()

    @asynccontextmanager
    async def _connection(self, engine: AsyncEngine) -> AsyncIterator[Tx]:
        """A connection of the pool's, first come first served, which the pool itself is not: whoever
        comes by when one is free takes it from those who wait."""
        async with self._crowds_places if lets_others_first() else nullcontext():
            try:
                async with asyncio.timeout(self._checkout_seconds):
                    await self._places.acquire()
            except TimeoutError as error:
                raise DatabaseUnavailable("every database connection is busy") from error
            try:
                async with _connection(engine) as connection:
                    yield connection
            finally:
                self._places.release()


def driver_url(url: str) -> URL:
    """``url`` with the driver this house uses, whatever driver or short scheme it named."""
    return make_url(url.replace("postgres://", "postgresql://", 1)).set(drivername="postgresql+asyncpg")


async def to_the_end(work: Awaitable[None]) -> None:
    """Await ``work`` to its end even when cancelled meanwhile; the cancellation follows after."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
        except Exception:  # noqa: BLE001, S110 - the task's own failure is raised below
            pass
    task.result()
    if cancelled is not None:
        raise cancelled


def _engine(url: str, bounds: Bounds) -> AsyncEngine:
    return create_async_engine(
        driver_url(url),
        pool_size=bounds.connections,
        max_overflow=0,
        pool_timeout=bounds.checkout_seconds,
        pool_use_lifo=True,
        hide_parameters=True,
        connect_args={
            "timeout": bounds.checkout_seconds,
            "command_timeout": 2 * bounds.statement_ms / 1000,
            "server_settings": {
                "application_name": "zerodte",
                "statement_timeout": str(bounds.statement_ms),
                "lock_timeout": str(bounds.lock_ms),
                "idle_in_transaction_session_timeout": str(bounds.idle_in_transaction_ms),
                "timezone": "UTC",
            },
        },
    )


@asynccontextmanager
async def _connection(engine: AsyncEngine) -> AsyncIterator[Tx]:
    """A connection of the pool's, whose failures to serve become ``DatabaseUnavailable``."""
    connection = await _checked_out(engine)
    try:
        yield connection
    except DBAPIError as error:
        if _is_outage(error):
            raise DatabaseUnavailable("the database did not answer") from error
        raise
    finally:
        await to_the_end(connection.close())


async def _checked_out(engine: AsyncEngine) -> Tx:
    try:
        return await engine.connect()
    except PoolTimeoutError as error:
        raise DatabaseUnavailable("every database connection is busy") from error
    except (OSError, DBAPIError) as error:
        raise DatabaseUnavailable("the database cannot be reached") from error


def _sqlstate(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", None) or "")


def _is_outage(error: DBAPIError) -> bool:
    state = _sqlstate(error)
    return error.connection_invalidated or state == LOCK_NOT_AVAILABLE or state.startswith(OUTAGE_CLASSES)


def _is_retried(error: DBAPIError) -> bool:
    return _sqlstate(error) in RETRIED_STATES or (
        isinstance(error, NotSupportedError) and "cached statement plan" in str(error.orig)
    )
