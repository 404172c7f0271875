"""The servers and data that tests of every room share."""

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from threading import Event

import asyncpg
import hypothesis
import pytest
import pytest_asyncio
from redis.asyncio import Redis

from store.migrating import migrate
from tests.campaigns import CAMPAIGN, PROFILE, SEED, Campaign
from tests.databases import Servers, copied
from zerodte.servers import postgres, prepare_site, urls, valkey
from zerodte.supervisor import supervised

REPOSITORY = Path(__file__).parents[1]
IN_MEMORY = Path("/dev/shm")
TEMPLATE = "zerodte"

hypothesis.settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
hypothesis.settings.register_profile("dev", deadline=None)
hypothesis.settings.register_profile("soak", max_examples=2_000, deadline=None, print_blob=True)
hypothesis.settings.load_profile(PROFILE)


def pytest_report_header() -> str:
    return f"{SEED}={CAMPAIGN.seed}"


@pytest.fixture(scope="session")
def campaign() -> Campaign:
    """How many cases a seeded campaign is to try in this run, and from which seed."""
    return CAMPAIGN


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """PostgreSQL and Valkey for this run, in memory where the system offers it."""
    parent = IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="zerodte-test-", dir=parent) as directory:
        data_dir = Path(directory)
        data_dir.chmod(0o711)
        site = prepare_site(data_dir, is_durable=False)
        with supervised(Event()) as supervisor:
            supervisor.start(postgres(site), valkey(site))
            yield Servers(*urls(data_dir))


@pytest_asyncio.fixture(scope="session")
async def migrated(servers: Servers) -> AsyncIterator[asyncpg.Connection]:
    """A connection that copies the template, whose schema is the newest one."""
    await migrate(servers.database_url)
    connection = await asyncpg.connect(servers.url_of("postgres"))
    yield connection
    await connection.close()


@pytest_asyncio.fixture
async def database_url(servers: Servers, migrated: asyncpg.Connection) -> AsyncIterator[str]:
    """An empty database with the whole schema, which other processes can reach as well."""
    async with copied(servers, migrated, TEMPLATE) as url:
        yield url


@pytest_asyncio.fixture
async def redis_url(servers: Servers) -> str:
    """An empty Redis, which other processes can reach as well."""
    async with Redis.from_url(servers.redis_url) as redis:
        await redis.flushall()
    return servers.redis_url


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The recorded days of other people, beside the checkout or where ZERODTE_SHARED says."""
    directory = Path(os.environ.get("ZERODTE_SHARED", REPOSITORY.parent / "shared")) / "data"
    assert directory.is_dir(), f"there is no data in {directory}; name its parent in ZERODTE_SHARED"
    return directory
