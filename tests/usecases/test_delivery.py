from dataclasses import replace
from datetime import timedelta

import pytest
from arq.connections import ArqRedis, create_pool
from sqlalchemy import text

from bus.connections import redis_settings
from bus.jobs import JobName, Jobs, Queue, dump_job, load_job
from store import outbox
from tests.people import HOME, Town, denied
from usecases import auth
from usecases.delivery import deliver_outbox, prune


async def owe(town: Town, *code_ids: int) -> None:
    async with town.ports.database.transaction() as tx:
        for code_id in code_ids:
            await outbox.add(tx, JobName.MAIL_CODE, {"code_id": code_id}, town.clock.now)


async def owed(town: Town) -> int:
    async with town.ports.database.reading() as tx:
        return int((await tx.execute(text("SELECT count(*) FROM outbox"))).scalar_one())


async def queued(redis_url: str) -> list[dict[str, object]]:
    """The arguments of the jobs in the mail queue, oldest first."""
    pool: ArqRedis = await create_pool(
        redis_settings(redis_url, retries=1), job_serializer=dump_job, job_deserializer=load_job
    )
    jobs = await pool.queued_jobs(queue_name=Queue.MAIL)
    await pool.aclose()
    return [job.kwargs for job in sorted(jobs, key=lambda job: job.enqueue_time)]


async def test_owed_jobs_are_enqueued_once(town: Town, redis_url: str) -> None:
    await owe(town, 1, 2)

    assert await deliver_outbox(town.ports) == 2
    assert await deliver_outbox(town.ports) == 0

    jobs = await queued(redis_url)
    assert sorted(str(job["code_id"]) for job in jobs) == ["1", "2"]
    assert await owed(town) == 0


async def test_job_of_a_rolled_back_transaction_is_never_delivered(town: Town, redis_url: str) -> None:
    async def fail_after_owing() -> None:
        async with town.ports.database.transaction() as tx:
            await outbox.add(tx, JobName.MAIL_CODE, {"code_id": 1}, town.clock.now)
            raise LookupError

    with pytest.raises(LookupError):
        await fail_after_owing()

    assert await deliver_outbox(town.ports) == 0
    assert await queued(redis_url) == []


async def test_jobs_stay_owed_while_redis_is_away(town: Town, redis_url: str) -> None:
    cut_off = replace(town.ports, jobs=Jobs("unix:///nowhere/valkey.sock"))

    assert await auth.request_code(cut_off, "trader@example.com") is None
    assert await owed(town) == 1

    assert await deliver_outbox(town.ports) == 1
    assert len(await queued(redis_url)) == 1


async def test_jobs_that_another_process_delivers_are_left_to_it(town: Town) -> None:
    await owe(town, 1)
    async with town.ports.database.transaction() as tx:
        assert len(await outbox.take(tx, 10)) == 1

        assert await deliver_outbox(town.ports) == 0


async def test_what_has_served_its_time_is_forgotten(town: Town) -> None:
    old = await town.person("old@example.com")
    await auth.login(town.ports, "old@example.com", "not the password", None, HOME)
    town.clock.pass_(days=30)
    recent = await town.person("recent@example.com")
    denied(await auth.login(town.ports, "recent@example.com", "not the password", None, HOME))

    await prune(town.ports)

    async with town.ports.database.reading() as tx:
        left = {
            table: (await tx.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
            for table in ("users", "tokens", "email_codes", "login_failures")
        }
    assert left == {"users": 2, "tokens": 1, "email_codes": 1, "login_failures": 1}
    assert await town.viewer(recent) == recent.viewer
    assert await town.viewer(old) is None


async def test_live_token_survives_pruning(town: Town) -> None:
    person = await town.person()
    town.clock.now += timedelta(days=30, minutes=-2)

    await prune(town.ports)

    assert await town.viewer(person) == person.viewer
