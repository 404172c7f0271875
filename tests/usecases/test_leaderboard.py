"""The leaderboard: kept figures are told only while they are true, and so is what a process remembers."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from engine.costs import DEFAULT_COSTS
from engine.fees import DEFAULT_FEES
from engine.outcomes import net_days
from engine.performance import Headline, headline_of, performance_of
from tests.backtests import MONDAY, STRANGLE, program_of, publish_sessions, run_all
from tests.days import publish_day, tiny_day
from tests.people import Town
from tests.usecases.test_strategies import results, saved
from usecases import leaderboard, strategies
from usecases.backtesting import run_library
from usecases.memory import Memory
from usecases.ports import Viewer
from usecases.running import run_next_chunk
from usecases.snapshots import Coverage

SESSIONS = 30  # two chunks


@pytest.fixture(autouse=True)
def recorded(town: Town) -> None:
    publish_sessions(town.days, SESSIONS)


def offline(town: Town) -> Headline:
    ran = run_library(town.ports.library, program_of(STRANGLE), None, None, lambda *_: None)
    return headline_of(performance_of(net_days(ran.days, DEFAULT_COSTS)))


async def told(town: Town, viewer: Viewer) -> tuple[Headline, int]:
    (line,) = await leaderboard.list_strategies(town.ports, viewer)
    return line.headline, line.coverage.covered_days


async def test_each_chunk_is_seen_on_the_leaderboard_at_once(town: Town, trader: Viewer) -> None:
    await saved(town, trader, STRANGLE)
    assert (await told(town, trader))[1] == 0
    await run_next_chunk(town.ports)
    partly, days = await told(town, trader)
    assert (days, partly.sessions) == (25, 25)
    await run_next_chunk(town.ports)
    assert await told(town, trader) == (offline(town), SESSIONS)


async def test_a_headline_is_folded_once_for_all_processes(town: Town, trader: Viewer) -> None:
    await saved(town, trader, STRANGLE)
    await run_all(town.ports)  # whoever runs the last chunk folds it
    first = offline(town), SESSIONS
    async with town.ports.database.transaction() as tx:
        await tx.execute(text("UPDATE day_results SET gross_cents = 0"))  # nobody looks there again
    elsewhere = replace(town, ports=replace(town.ports, memory=Memory()))
    assert await told(elsewhere, trader) == first


async def test_a_new_session_and_one_with_other_values_are_seen_at_once(town: Town, trader: Viewer) -> None:
    view = await saved(town, trader, STRANGLE)
    await run_all(town.ports)
    before = await told(town, trader)
    publish_day(town.days, tiny_day(MONDAY, spx_points=5999))
    _, left = await told(town, trader)
    assert left == SESSIONS - 2  # the day itself, and the one whose gap is measured from it
    publish_sessions(town.days, 1, first=SESSIONS)
    assert isinstance(await strategies.update_results(town.ports, trader, view.saved.id), Coverage)
    await run_all(town.ports)
    assert await told(town, trader) == (offline(town), SESSIONS + 1)
    assert await told(town, trader) != before


async def test_what_is_remembered_is_told_again_only_while_it_is_true(town: Town, trader: Viewer) -> None:
    source_hash = (await saved(town, trader, STRANGLE)).saved.source_hash
    await run_next_chunk(town.ports)
    first = await results(town, trader, source_hash)
    assert await results(town, trader, source_hash) is first
    await run_next_chunk(town.ports)
    second = await results(town, trader, source_hash)
    assert (first.coverage.covered_days, second.coverage.covered_days) == (25, SESSIONS)

    dear = replace(trader, fees=replace(DEFAULT_FEES, buy_to_open_option=9_000_000))
    slow = replace(trader, slippage_cents=5)
    nets = [
        sum(day.net_cents for day in (await results(town, one, source_hash)).results.days)
        for one in (trader, dear, slow)
    ]
    assert len(set(nets)) == 3
    assert await results(town, trader, source_hash) is second


async def test_whoever_reads_it_sees_the_default_costs(town: Town, trader: Viewer, rival: Viewer) -> None:
    dear = replace(rival, fees=replace(DEFAULT_FEES, buy_to_open_option=9_000_000), slippage_cents=5)
    await saved(town, trader, STRANGLE)
    await saved(town, dear, STRANGLE)
    await run_all(town.ports)
    assert await told(town, dear) == await told(town, trader) == (offline(town), SESSIONS)


def test_what_was_asked_for_least_lately_is_forgotten_first() -> None:
    memory = Memory(weight_max=10)
    memory.keep("a", "first", 5)
    memory.keep("b", "second", 5)
    assert memory.find("a") == "first"
    memory.keep("c", "third", 3)
    assert [memory.find(basis) for basis in "abc"] == ["first", None, "third"]
    memory.keep("c", "third again", 5)
    assert [memory.find(basis) for basis in "ac"] == ["first", "third again"]
    memory.keep("d", "too much", 11)
    assert [memory.find(basis) for basis in "acd"] == [None, None, None]
