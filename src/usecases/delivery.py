"""Handing committed jobs to the workers, and forgetting what has served its time."""

from datetime import timedelta

import structlog

from bus.connections import BusUnavailable
from bus.jobs import JobName
from store import codes, idempotency, interests, logins, outbox, tokens
from store.database import DatabaseUnavailable
from usecases.ports import Ports

BATCH = 100
CODES_KEPT = timedelta(days=1)
LOGIN_FAILURES_KEPT = timedelta(days=1)

log = structlog.get_logger()


async def deliver_outbox(ports: Ports) -> int:
    """Enqueue the jobs that committed transactions owe; how many there were.

    The tail of every use case that owes a job, and of the workers' sweep. It never fails its
    caller: what it could not deliver stays owed. A job may be delivered twice.
    """
    try:
        async with ports.database.transaction() as tx:
            jobs = await outbox.take(tx, BATCH)
            for job in jobs:
                await ports.jobs.enqueue(JobName(job.job), job.arguments)
    except (BusUnavailable, DatabaseUnavailable) as error:
        log.warning("delivery_postponed", reason=str(error))
        return 0
    return len(jobs)


async def prune(ports: Ports) -> None:
    """Forget unused tokens, old codes and login failures, idempotency keys past their time, and who looked
    at which backtest."""
    now = ports.wall()
    async with ports.database.transaction() as tx:
        await tokens.prune(tx, now - timedelta(days=ports.policy.token_days))
        await codes.prune(tx, now - CODES_KEPT)
        await logins.prune(tx, now - LOGIN_FAILURES_KEPT)
        await idempotency.prune(tx, ports.policy.idempotency_hours)
        await interests.prune(tx, now - timedelta(minutes=ports.policy.interest_minutes))
