"""Jobs for the workers: their names, their queues, and putting one in."""

from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from typing import Any

import orjson
from arq.connections import ArqRedis
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from bus.connections import FAILURES, Absence, BusUnavailable

ANSWER_SECONDS = 0.5


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
        self._url = url
        self._pool: ArqRedis | None = None
        self._absence = Absence("jobs_refused")

    async def enqueue(self, name: JobName, arguments: Mapping[str, Any]) -> None:
        """Put a job in its queue. Raises BusUnavailable when Redis does not take it within a second or two,
        and for a moment after that at once."""
        if self._absence.is_resting:
            raise BusUnavailable("the job queue could not be reached a moment ago")
        pool = self._pool = self._pool or _pool(self._url)
        try:
            await pool.enqueue_job(name.value, _queue_name=QUEUE_OF[name].value, **arguments)
        except FAILURES as error:
            self._absence.begin()
            await self.close()
            raise BusUnavailable("the job queue cannot be reached") from error
        self._absence.end()

    async def close(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            with suppress(*FAILURES):
                await pool.connection_pool.disconnect()


def _pool(url: str) -> ArqRedis:
    """Connections that are not waited for. Seconds bound them and not looks: what puts a job in asks Redis
    once more where it is cut short."""
    connections: ConnectionPool = ConnectionPool.from_url(
        url,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),
        lib_name=None,
        lib_version=None,
    )
    return ArqRedis(connections, job_serializer=dump_job, job_deserializer=load_job)
