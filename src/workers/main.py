"""The worker processes: which queues each serves, and how."""

import asyncio
import os
import socket
from contextlib import suppress
from datetime import UTC
from typing import Any

from arq import Worker, cron, func
from arq.connections import RedisSettings

from bus.connections import FAILURES, RETRIES_OF_WORKERS, redis_settings
from bus.health import Facts
from bus.jobs import JobName, Queue, dump_job, load_job
from usecases.matching import Matcher
from usecases.ports import Ports
from usecases.telling import Role, keep_telling
from workers.auditing import Watch, watch_books
from workers.backtests import run_chunk, take_up_chunks
from workers.ledger import reprice_account, take_up
from workers.live import begin_matching, end_matching, settle_failed, settle_live
from workers.mail import Post, mail_code
from workers.sweeping import sweep, tidy

BATCH, LIVE = "batch", "live"
NAMES = (BATCH, LIVE)
COMPLETION_SECONDS = 5
FAREWELL_SECONDS = 0.5
CHUNKS_AT_ONCE = os.cpu_count() or 1
POLL_SECONDS = 0.1
BACKTESTS_POLL_SECONDS = 0.02  # a chunk takes no longer, and each poll starts only what is free to run
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
    workers = [live_worker(ports, redis)] if name == LIVE else batch_workers(ports, post, redis)
    telling = [asyncio.create_task(_tell(ports, worker), name="health") for worker in workers]
    try:
        await asyncio.gather(*(_run(worker) for worker in workers))
    finally:
        for task in telling:
            task.cancel()
        await asyncio.gather(*(_stop(worker) for worker in workers))


def batch_workers(ports: Ports, post: Post, redis: RedisSettings) -> list[Worker]:
    """What need not keep up with a market."""
    return [mail_worker(ports, post, redis), ledger_worker(ports, redis), backtest_worker(ports, redis)]


def mail_worker(ports: Ports, post: Post, redis: RedisSettings, **overrides: Any) -> Worker:
    """The worker of the mail queue, which also sweeps, as no sweep may wait for a backtest. Mail is
    retried until its code is dead."""
    return Worker(
        functions=[func(mail_code, name=JobName.MAIL_CODE, max_tries=100)],
        cron_jobs=[
            cron(sweep, second=SWEEP_AT_SECONDS, run_at_startup=True, timeout=30, keep_result=0),
            cron(take_up_chunks, second=EVERY_SECOND, run_at_startup=True, timeout=30, keep_result=0),
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


def backtest_worker(ports: Ports, redis: RedisSettings, **overrides: Any) -> Worker:
    """The worker of the backtests queue: as many chunks at once as there are cores. A job that is run
    again finds another chunk or none, as each is leased in PostgreSQL."""
    return Worker(
        functions=[func(run_chunk, name=JobName.RUN_CHUNK, max_tries=100)],
        queue_name=Queue.BACKTESTS,
        redis_settings=redis,
        ctx={"ports": ports},
        max_jobs=CHUNKS_AT_ONCE,
        job_timeout=300,
        **_EVERY_WORKER
        | {"health_check_key": health_key(Queue.BACKTESTS), "poll_delay": BACKTESTS_POLL_SECONDS}
        | overrides,
    )


def live_worker(ports: Ports, redis: RedisSettings, **overrides: Any) -> Worker:
    """The worker of the live market. Its matcher is no job but stands by for as long as the worker runs:
    any number may, and one at a time matches."""
    return Worker(
        functions=[func(settle_live, name=JobName.SETTLE_LIVE, max_tries=1)],
        cron_jobs=[
            cron(settle_live, second=EVERY_SECOND, run_at_startup=True, timeout=30, keep_result=0),
            cron(settle_failed, second=0, run_at_startup=True, timeout=30, keep_result=0),
        ],
        on_startup=begin_matching,
        on_shutdown=end_matching,
        queue_name=Queue.SETTLEMENT,
        redis_settings=redis,
        ctx={"ports": ports, "matcher": Matcher(ports.new_id())},
        max_jobs=3,
        job_timeout=30,
        **_EVERY_WORKER | {"health_check_key": health_key(Queue.SETTLEMENT)} | overrides,
    )


def health_key(queue: Queue) -> str:
    """A key of this process's own: a live worker must not hide a dead one of the same queue."""
    return f"{queue}:health:{socket.gethostname()}:{os.getpid()}"


async def _tell(ports: Ports, worker: Worker) -> None:
    queue = worker.queue_name.partition(":")[2]

    async def facts() -> Facts:
        return {
            "queue": queue,
            "running": len(worker.tasks),
            "done": worker.jobs_complete,
            "retried": worker.jobs_retried,
            "failed": worker.jobs_failed,
        }

    await keep_telling(ports, Role.WORKER, facts, queue)


async def _run(worker: Worker) -> None:
    """Begin, then take jobs. Arq would connect to Redis first, and wait for one that is away."""
    begin, worker.on_startup = worker.on_startup, None
    if begin is not None:
        await begin(worker.ctx)
    await worker.async_run()


async def _stop(worker: Worker) -> None:
    """Take no more jobs, let those in hand end for a while, cancel the rest; they will run again.

    Arq would say goodbye to Redis before anything else, and wait minutes for one that is away.
    """
    worker.allow_pick_jobs = False
    end, worker.on_shutdown = worker.on_shutdown, None
    if end is not None:
        await end(worker.ctx)
    if worker.tasks:
        await asyncio.wait(worker.tasks.values(), timeout=COMPLETION_SECONDS)
    with suppress(*FAILURES):
        async with asyncio.timeout(FAREWELL_SECONDS):
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
