"""Jobs for the workers: their names, their queues, and putting one in."""

import asyncio
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import orjson
from arq.connections import ArqRedis, create_pool

from bus.connections import FAILURES, RETRIES_OF_CALLS, BusUnavailable, redis_settings


class Queue(StrEnum):
    """The queues, each served by a worker with settings of its own."""

    MAIL = "zerodte:mail"
    LEDGER = "zerodte:ledger"
    BACKTESTS = "zerodte:backtests"
    SETTLEMENT = "zerodte:settlement"


class JobName(StrEnum):
    """What a worker can be asked to do. A job may run more than once."""

    MAIL_CODE = "mail_code"
    REPRICE_ACCOUNT = "reprice_account"
    RUN_CHUNK = "run_chunk"
    SETTLE_LIVE = "settle_live"


QUEUE_OF = {
    JobName.MAIL_CODE: Queue.MAIL,
    JobName.REPRICE_ACCOUNT: Queue.LEDGER,
    JobName.RUN_CHUNK: Queue.BACKTESTS,
    JobName.SETTLE_LIVE: Queue.SETTLEMENT,
}


def dump_job(job: dict[str, Any]) -> bytes:
    """A job as JSON, so that writing to Redis never means running code; exceptions become text."""
    return orjson.dumps(job, default=repr)


def load_job(raw: bytes) -> dict[str, Any]:
    job: dict[str, Any] = orjson.loads(raw)
    return job


class Jobs:
    """Where jobs are put in. It connects at its first use."""

    def __init__(self, url: str) -> None:
        self._settings = redis_settings(url, RETRIES_OF_CALLS)
        self._connecting = asyncio.Lock()
        self._pool: ArqRedis | None = None

    async def enqueue(self, name: JobName, arguments: Mapping[str, Any]) -> None:
        """Put a job in its queue. Raises BusUnavailable when Redis does not take it."""
        try:
            pool = self._pool or await self._connect()
            await pool.enqueue_job(name.value, _queue_name=QUEUE_OF[name].value, **arguments)
        except FAILURES as error:
            raise BusUnavailable("the job queue cannot be reached") from error

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.aclose()
            self._pool = None

    async def _connect(self) -> ArqRedis:
        async with self._connecting:
            if self._pool is None:
                self._pool = await create_pool(
                    self._settings, job_serializer=dump_job, job_deserializer=load_job
                )
            return self._pool
