"""A metric has one meaning: both faces and the command line tell the same of the same trades."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
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
PERFORMANCE = """
    query($hash: String!) { backtest(sourceHash: $hash) { performance {
        byDay { profitFactor winRate } byTrade { profitFactor winRate expectancy days }
    } } }
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


def test_a_profit_factor_is_of_trades(told: Told) -> None:
    factor = told.command_line["profit_factor"]
    assert factor not in (None, 0)
    assert told.rest["profit_factor"] == told.rest["trades"]["profit_factor"] == factor
    assert float(told.graphql["byTrade"]["profitFactor"]) == factor
    assert told.rest["days"]["profit_factor"] != factor


def test_a_win_rate_is_of_trades(told: Told) -> None:
    assert told.rest["win_rate"] == told.command_line["win_rate"] == 0.5
    assert float(told.graphql["byTrade"]["winRate"]) == 0.5
    assert told.rest["days"]["win_rate"] == told.command_line["day_win_rate"] != 0.5


def test_expectancy_and_the_number_of_trades_agree(told: Told) -> None:
    by_trade = told.graphql["byTrade"]
    assert told.rest["trades"]["count"] == told.command_line["trades"] == by_trade["days"] == 6
    assert told.rest["trades"]["expectancy"] == told.command_line["expectancy"] == by_trade["expectancy"]
