"""The worker processes: which queues each serves, and how."""

import asyncio
import os
import socket
from datetime import UTC
from typing import Any

from arq import Worker, cron, func
from arq.connections import RedisSettings

from bus.connections import RETRIES_OF_WORKERS, redis_settings
from bus.jobs import JobName, Queue, dump_job, load_job
from usecases.ports import Ports
from workers.auditing import Watch, watch_books
from workers.ledger import reprice_account, take_up
from workers.mail import Post, mail_code
from workers.sweeping import sweep, tidy

BATCH = "batch"
NAMES = (BATCH,)
COMPLETION_SECONDS = 5
POLL_SECONDS = 0.1
HEALTH_CHECK_SECONDS = 5
EVERY_SECOND = set(range(60))
SWEEP_AT_SECONDS = set(range(0, 60, 10))
TIDY_AT_MINUTE = 17
AUDIT_AT_SECOND = 30


async def serve(name: str, ports: Ports, post: Post, redis_url: str) -> None:
    """Run a worker process until it is cancelled; jobs in hand then get a few seconds to end.

    ``name`` is one of ``NAMES``. It raises when Redis stays away for minutes; start it again then.
    """
    if name not in NAMES:
        raise ValueError(f"worker must be one of {', '.join(NAMES)}, not {name}")
    redis = redis_settings(redis_url, RETRIES_OF_WORKERS)
    workers = [mail_worker(ports, post, redis), ledger_worker(ports, redis)]
    try:
        await asyncio.gather(*(worker.async_run() for worker in workers))
    finally:
        await asyncio.gather(*(_stop(worker) for worker in workers))


def mail_worker(ports: Ports, post: Post, redis: RedisSettings, **overrides: Any) -> Worker:
    """The worker of the mail queue, which also sweeps. Mail is retried until its code is dead."""
    return Worker(
        functions=[func(mail_code, name=JobName.MAIL_CODE, max_tries=100)],
        cron_jobs=[
            cron(sweep, second=SWEEP_AT_SECONDS, run_at_startup=True, timeout=30, keep_result=0),
            cron(tidy, minute=TIDY_AT_MINUTE, second=0, timeout=60, keep_result=0),
        ],
        queue_name=Queue.MAIL,
        redis_settings=redis,
        ctx={"ports": ports, "post": post},
        max_jobs=10,
        job_timeout=30,
        **_EVERY_WORKER | {"health_check_key": health_key(Queue.MAIL)} | overrides,
    )


def ledger_worker(ports: Ports, redis: RedisSettings, **overrides: Any) -> Worker:
    """The worker of the ledger queue, which also audits the books. A job may be taken up by another
    while it runs: its steps are transactions of their own, and each goes on from what is committed."""
    return Worker(
        functions=[func(reprice_account, name=JobName.REPRICE_ACCOUNT, max_tries=100)],
        cron_jobs=[
            cron(take_up, second=EVERY_SECOND, run_at_startup=True, timeout=30, keep_result=0),
            cron(watch_books, second=AUDIT_AT_SECOND, run_at_startup=True, timeout=300, keep_result=0),
        ],
        queue_name=Queue.LEDGER,
        redis_settings=redis,
        ctx={"ports": ports, "watch": Watch()},
        max_jobs=3,
        job_timeout=300,
        **_EVERY_WORKER | {"health_check_key": health_key(Queue.LEDGER)} | overrides,
    )


def health_key(queue: Queue) -> str:
    """A key of this process's own: a live worker must not hide a dead one of the same queue."""
    return f"{queue}:health:{socket.gethostname()}:{os.getpid()}"


async def _stop(worker: Worker) -> None:
    """Take no more jobs, let those in hand end for a while, cancel the rest; they will run again."""
    worker.allow_pick_jobs = False
    if worker.tasks:
        await asyncio.wait(worker.tasks.values(), timeout=COMPLETION_SECONDS)
    await worker.close()


_EVERY_WORKER: dict[str, Any] = {
    "keep_result": 0,
    "poll_delay": POLL_SECONDS,
    "health_check_interval": HEALTH_CHECK_SECONDS,
    "job_serializer": dump_job,
    "job_deserializer": load_job,
    "handle_signals": False,
    "timezone": UTC,
    "log_results": False,
}
