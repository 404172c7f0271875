import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from bus.jobs import Jobs, Queue
from tests.people import PASSWORD, Town, digits_of
from usecases import auth
from workers.mail import Post
from workers.main import health_key, serve

SECONDS = 10


@asynccontextmanager
async def working(town: Town, redis_url: str, directory: Path) -> AsyncIterator[None]:
    """The batch worker, at work."""
    post = Post("zerodte@example.com", directory)
    worker = asyncio.create_task(serve("batch", town.ports, post, redis_url))
    try:
        yield
    finally:
        worker.cancel()
        await asyncio.wait([worker])
        assert worker.cancelled()


async def until(holds: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(SECONDS):
        while not await holds():
            await asyncio.sleep(0.02)


async def first_mail(directory: Path) -> str:
    async def files() -> list[Path]:
        return await asyncio.to_thread(lambda: list(directory.glob("*.eml")))

    await until(files)
    return (await files())[0].read_text()


async def test_code_that_is_asked_for_arrives(town: Town, redis_url: str, tmp_path: Path) -> None:
    async with working(town, redis_url, tmp_path / "outbox"):
        await auth.request_code(town.ports, "trader@example.com")
        mail = await first_mail(tmp_path / "outbox")

    assert digits_of(mail) == await town.code_sent("trader@example.com")


async def test_sweep_delivers_what_the_request_could_not(town: Town, redis_url: str, tmp_path: Path) -> None:
    cut_off = replace(town.ports, jobs=Jobs("unix:///nowhere/valkey.sock"))
    await auth.request_code(cut_off, "trader@example.com")

    async with working(town, redis_url, tmp_path / "outbox"):
        mail = await first_mail(tmp_path / "outbox")

    assert digits_of(mail) == await town.code_sent("trader@example.com")


async def test_worker_shows_that_it_lives_and_says_when_it_leaves(
    town: Town, redis_url: str, tmp_path: Path
) -> None:
    async with Redis.from_url(redis_url) as redis:
        async with working(town, redis_url, tmp_path / "outbox"):
            await until(lambda: redis.exists(health_key(Queue.MAIL)))

        assert not await redis.exists(health_key(Queue.MAIL))


async def test_each_queue_is_told_of(town: Town, redis_url: str, tmp_path: Path) -> None:
    await auth.request_code(town.ports, "trader@example.com")
    async with working(town, redis_url, tmp_path / "outbox"):
        told: dict[object, int] = {}

        async def has_mailed() -> bool:
            facts = [pulse.facts for pulse in await town.ports.health.all()]
            told.update({one["queue"]: int(one["done"] or 0) for one in facts})
            return told.get("mail", 0) > 0

        await until(has_mailed)
    assert set(told) == {"mail", "ledger", "backtests"}


async def test_unknown_worker_is_refused(town: Town, redis_url: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="worker must be one of batch, live, not mail"):
        await serve("mail", town.ports, Post("zerodte@example.com", tmp_path), redis_url)


async def test_no_secret_reaches_a_log(
    town: Town, redis_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Register, log in and be refused with every log on, then look for what must not be there."""
    caplog.set_level(logging.DEBUG)
    with capture_logs() as logs:
        async with working(town, redis_url, tmp_path / "outbox"):
            await auth.request_code(town.ports, "trader@example.com")
            code = digits_of(await first_mail(tmp_path / "outbox"))
            token = await auth.register(town.ports, "trader@example.com", PASSWORD, code)
            assert isinstance(token, auth.NewToken)
            await town.viewer(token)

    assert "mail_written" in str(logs)
    written = caplog.text + str(logs) + repr(token) + repr(town.ports)
    for secret in (code, PASSWORD, token.token, "the secret of an installation"):
        assert secret not in written
