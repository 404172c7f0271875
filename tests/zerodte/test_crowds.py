"""A crowd that reads one heavy result is served, and nobody else is made to wait for it."""

import asyncio
import gc
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio
from httpx2 import AsyncClient, Response
from sqlalchemy import text

from engine.money import money_text
from runtime.resources import open_ports
from runtime.settings import Settings
from tests.backtests import publish_sessions, run_all, strangle
from tests.people import SECRET, Clock, Town
from tests.zerodte.test_asgi import client
from usecases.memory import Memory
from zerodte.serving import keep_the_loop_prompt

SESSIONS, TRADED, TRADES, READERS = 28, 20, 1_260, 12
FEES_CENTS = 4_88  # of a trade
QUICK_SECONDS = 0.5
HEAVY = f"""
    UPDATE day_results SET trades = (
        SELECT jsonb_object_agg(key, array_fill(value -> 0, ARRAY[{TRADES}])) FROM jsonb_each(trades)
    ) WHERE trades -> 'rule' <> '[]'
"""


@dataclass(frozen=True, slots=True)
class Site:
    """A served installation, the public strategies there, and the headers of somebody who owns them."""

    http: AsyncClient
    paths: tuple[str, ...]
    owner: dict[str, str]


@pytest.fixture
def prompt() -> Iterator[None]:
    """This process is one event loop's, as the server's own is."""
    interval = sys.getswitchinterval()
    keep_the_loop_prompt()
    yield
    gc.unfreeze()
    sys.setswitchinterval(interval)


@pytest_asyncio.fixture
async def site(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    """Two strategies, each with as many trades as the busiest config has."""
    publish_sessions(tmp_path / "days", SESSIONS)
    settings = Settings(database_url=database_url, redis_url=redis_url, data_dir=tmp_path)
    async with open_ports(settings) as opened:
        ports = replace(opened, secret=SECRET)
        async with client(ports) as http:
            token = await Town(ports, Clock(), tmp_path).person()
            owner = {"Authorization": token.token}
            paths = tuple([await published(http, owner, minute) for minute in (31, 32)])
            await run_all(replace(ports, memory=Memory()))  # a worker is another process
            async with ports.database.transaction() as tx:
                await tx.execute(text(HEAVY))
            yield Site(http, paths, owner)


async def published(http: AsyncClient, owner: dict[str, str], minute: int) -> str:
    body = {"config": strangle(minute), "privacy": "public"}
    answer = await http.post("/strategies", json=body, headers=owner)
    return f"/strategies/{answer.json()['id']}"


async def watch(site: Site, reading: asyncio.Future[list[Response]]) -> float:
    """Ask for what is small until the reading is over; the longest that it took."""
    longest = 0.0
    while not reading.done():
        for path in ("/health", "/user"):
            begun = time.perf_counter()
            answer = await site.http.get(path, headers=site.owner)
            longest = max(longest, time.perf_counter() - begun)
            assert answer.status_code == 200, answer.text
    return longest


def is_whole(answer: Response) -> bool:
    days = [day for day in answer.json()["snapshot"]["results"]["days"] if day["status"] == "completed"]
    fees = {day["fees"] for day in days}
    orders = [day["opening_orders"] for day in days]
    return orders == [TRADES] * TRADED and fees == {money_text(TRADES * FEES_CENTS)}


@pytest.mark.usefixtures("prompt")
@pytest.mark.parametrize("kinds", [1, 2], ids=["one strategy", "two strategies"])
async def test_visitors_of_a_heavy_result_hold_up_nobody(site: Site, kinds: int) -> None:
    asked = [site.http.get(site.paths[reader % kinds]) for reader in range(READERS)]
    reading = asyncio.gather(*asked)
    assert await watch(site, reading) < QUICK_SECONDS
    assert all(is_whole(answer) for answer in await reading)


@pytest.mark.usefixtures("prompt")
async def test_previews_of_heavy_results_at_once_hold_up_nobody(site: Site) -> None:
    asked = [
        site.http.post("/strategies/preview", json={"config": strangle(31 + number % 2)}, headers=site.owner)
        for number in range(10)
    ]
    previewing = asyncio.gather(*asked)
    assert await watch(site, previewing) < QUICK_SECONDS
    assert all(is_whole(answer) for answer in await previewing)


async def test_a_heavy_result_read_again_is_quick(site: Site) -> None:
    path = site.paths[0]
    first = await site.http.get(path)
    begun = time.perf_counter()
    again = await site.http.get(path)
    assert time.perf_counter() - begun < QUICK_SECONDS
    assert again.json() == first.json()
