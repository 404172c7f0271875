"""A metric has one meaning: both faces and the command line tell the same of the same trades."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest_asyncio
from httpx2 import AsyncClient

from engine.market import Day
from runtime.resources import open_ports
from runtime.settings import Settings
from tests.backtests import MONDAY, STRANGLE, run_all
from tests.days import publish_day, tiny_day
from tests.people import SECRET, Clock, Town
from tests.zerodte.test_asgi import client
from zerodte.backtesting import backtest

CONFIG = STRANGLE | {"entry": {"times": ["09:30:10", "09:34"], "max_open": 2}}  # one loses, one wins
DOCUMENT = Path(__file__).parents[2] / "docs" / "strategies.md"
ROW = re.compile(r"^\| `([a-z_.]+)` \| (?:`([a-z_.]+)`|—) \| `([A-Za-z.]+)` \| ", re.MULTILINE)
METRICS = ROW.findall(DOCUMENT.read_text())  # each by its names: command line, REST, GraphQL


def selection(path: str) -> str:
    """A field in the braces of those that it lies in."""
    *outer, last = path.split(".")
    return f"{' { '.join([*outer, last])}{' }' * len(outer)}"


PERFORMANCE = f"""
    query($hash: String!) {{ backtest(sourceHash: $hash) {{ performance {{
        {" ".join(selection(graphql) for *_, graphql in METRICS)}
    }} }} }}
"""


@dataclass(frozen=True, slots=True)
class Told:
    """What each tells of one strategy."""

    rest: dict[str, Any]
    graphql: dict[str, Any]
    command_line: dict[str, Any]


def falling_and_rising_day(number: int) -> Day:
    """Options melt until noon of a tiny day, and are worth more again after it."""
    day = tiny_day(MONDAY + timedelta(days=number))
    seconds = np.minimum(np.arange(601), np.arange(601)[::-1])
    return replace(day, bid_ticks=day.bid_ticks[:, seconds], ask_ticks=day.ask_ticks[:, seconds])


@pytest_asyncio.fixture
async def told(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Told]:
    for number in range(3):
        publish_day(tmp_path / "days", falling_and_rising_day(number))
    settings = Settings(database_url=database_url, redis_url=redis_url, data_dir=tmp_path)
    async with open_ports(settings) as opened:
        ports = replace(opened, secret=SECRET)
        async with client(ports) as http:
            token = await Town(ports, Clock(), tmp_path).person()
            http.headers["Authorization"] = token.token
            source_hash = await previewed(http)
            await run_all(ports)
            answer = await http.get(f"/strategies/preview/{source_hash}/results")
            asked = {"query": PERFORMANCE, "variables": {"hash": source_hash}}
            graphql = (await http.post("/graphql", json=asked)).json()["data"]["backtest"]["performance"]
    offline = backtest(CONFIG, data_dir=tmp_path).document()["metrics"]
    yield Told(answer.json()["results"]["metrics"], graphql, offline)


async def previewed(http: AsyncClient) -> str:
    answer = await http.post("/strategies/preview", json={"config": CONFIG})
    return str(answer.json()["snapshot"]["source_hash"])


def at(document: dict[str, Any], path: str) -> Decimal | None:
    """The number at a dotted path."""
    for name in path.split("."):
        document = document[name]
    return None if document is None else Decimal(str(document))


def test_a_metric_is_the_same_under_each_of_its_documented_names(told: Told) -> None:
    values = {
        name: (
            at(told.command_line, name),
            at(told.rest, rest) if rest else at(told.command_line, name),
            at(told.graphql, graphql),
        )
        for name, rest, graphql in METRICS
    }
    assert {name: told for name, told in values.items() if len(set(told)) > 1} == {}


def test_every_metric_is_documented(told: Told) -> None:
    documented = {name.partition(".")[0] for name, *_ in METRICS}
    assert documented == told.command_line.keys()


def test_what_is_told_at_the_top_is_of_trades(told: Told) -> None:
    for name in ("profit_factor", "win_rate"):
        assert told.rest[name] == told.rest["trades"][name] != told.rest["days"][name]
    assert told.rest["trades"]["count"] == 6
