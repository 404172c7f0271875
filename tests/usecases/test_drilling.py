"""One session of a strategy run again, for credits, and compared with what is stored."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import text

from engine.decisions import EntrySkipped, EntryTaken, PositionClosed, SkipReason
from engine.denials import Code
from tests.backtests import MONDAY, STRANGLE, publish_sessions, run_all
from tests.people import HOME, Town, denied
from tests.usecases.test_strategies import saved
from usecases import strategies
from usecases.charging import Payer, usage
from usecases.drilling import DRILL_IN_CREDITS, SessionDetail, session_detail
from usecases.ports import Viewer
from usecases.strategies import StrategyDays

SATURDAY = date(2025, 1, 18)


@pytest_asyncio.fixture
async def strategy_id(town: Town, trader: Viewer) -> UUID:
    publish_sessions(town.days, 6)
    view = await saved(town, trader, STRANGLE)
    await run_all(town.ports)
    return view.saved.id


async def drilled(town: Town, viewer: Viewer | None, strategy_id: UUID, on: date = MONDAY) -> SessionDetail:
    detail = await session_detail(town.ports, Payer(viewer, HOME), strategy_id, on)
    assert isinstance(detail, SessionDetail), detail
    return detail


async def used(town: Town, viewer: Viewer) -> int:
    return (await usage(town.ports, viewer)).used


async def test_a_session_run_again_is_the_stored_one_and_explains_itself(
    town: Town, trader: Viewer, strategy_id: UUID
) -> None:
    detail = await drilled(town, trader, strategy_id)
    days = await strategies.strategy_days(town.ports, trader, strategy_id)
    assert isinstance(days, StrategyDays)
    assert detail.day.brief == days.days[0]
    assert (detail.differing, detail.reconciliation_warning) == ((), False)
    assert [type(one) for one in detail.decisions] == [EntryTaken, PositionClosed]
    assert (len(detail.orders), len(detail.transactions)) == (2, 4)
    assert detail.curve_cents[-1] == detail.day.net_cents
    assert sum(one.overlay_fee_cents for one in detail.transactions) == detail.day.fees_cents


async def test_costs_are_the_viewers(town: Town, trader: Viewer, strategy_id: UUID) -> None:
    detail = await drilled(town, replace(trader, slippage_cents=5), strategy_id)
    assert detail.day.slippage_cents == 4 * 5_00
    assert detail.curve_cents[-1] == detail.day.net_cents
    assert (await drilled(town, trader, strategy_id)).day.slippage_cents == 0


async def test_a_session_without_a_trade_says_why(town: Town, trader: Viewer, strategy_id: UUID) -> None:
    detail = await drilled(town, trader, strategy_id, SATURDAY)
    (skipped,) = detail.decisions
    assert isinstance(skipped, EntrySkipped)
    assert skipped.reason is SkipReason.WEEKDAY
    assert (detail.orders, set(detail.curve_cents)) == ((), {0})


async def test_only_what_is_answered_costs_credits(
    town: Town, trader: Viewer, rival: Viewer, strategy_id: UUID
) -> None:
    for viewer, on, code in (
        (rival, MONDAY, Code.NOT_FOUND),
        (trader, date(2024, 1, 2), Code.NOT_FOUND),
    ):
        assert denied(await session_detail(town.ports, Payer(viewer, HOME), strategy_id, on)).code is code
    assert (await used(town, trader), await used(town, rival)) == (0, 0)
    await drilled(town, trader, strategy_id)
    await drilled(town, trader, strategy_id)
    assert await used(town, trader) == 2 * DRILL_IN_CREDITS


async def test_a_visitor_drills_into_a_public_strategy_alone(
    town: Town, trader: Viewer, strategy_id: UUID
) -> None:
    assert denied(await session_detail(town.ports, Payer(None, HOME), strategy_id, MONDAY)).code is (
        Code.NOT_FOUND
    )
    await strategies.change_strategy(
        town.ports, trader, strategy_id, strategies.StrategyChanges(privacy="public")
    )
    assert (await drilled(town, None, strategy_id)).day.run == (
        await drilled(town, trader, strategy_id)
    ).day.run


@pytest.mark.parametrize(
    ("change", "differing"),
    [
        ("gross_cents = gross_cents + 1", ("gross_cents",)),
        ("trades = jsonb_set(trades, '{exit_second,0}', '1')", ("trades",)),
        ("drawdown_cents = 0, skipped = 7", ("drawdown_cents", "skipped")),
        ("decisions_hash = 1", ("decisions_hash",)),
    ],
)
async def test_fields_that_differ_from_the_stored_ones_are_named(
    town: Town, trader: Viewer, strategy_id: UUID, change: str, differing: tuple[str, ...]
) -> None:
    async with town.ports.database.transaction() as tx:
        await tx.execute(text(f"UPDATE day_results SET {change} WHERE date = '{MONDAY}'"))
    detail = await drilled(town, trader, strategy_id)
    assert (detail.differing, detail.reconciliation_warning) == (differing, True)


async def test_a_session_that_cannot_be_read_is_unavailable(
    town: Town, trader: Viewer, strategy_id: UUID
) -> None:
    info = town.ports.library.days()[1]
    for file in (town.days / info.date.isoformat() / info.content_hash).glob("*.arrow"):
        file.unlink()
    fresh = replace(town.ports, library=type(town.ports.library)(town.days))
    denial = denied(await session_detail(fresh, Payer(trader, HOME), strategy_id, info.date))
    assert (denial.code, denial.retry_after_seconds) == (Code.DAY_UNAVAILABLE, 60)
    assert await used(town, trader) == 0
