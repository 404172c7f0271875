"""What an account's settled days came to, read from their settlements alone."""

import shutil
from datetime import date
from uuid import UUID

from engine.denials import Code
from engine.statistics import EquityPoint
from tests.people import Town, denied
from tests.usecases.test_account_sessions import (
    CALL,
    CALL_LOST,
    CAPITAL,
    PUT_KEPT,
    PUT_SOLD,
    THURSDAY,
    WEDNESDAY,
    account,
    opened,
    traded,
)
from usecases import statistics
from usecases.ports import Viewer
from usecases.statistics import Performance

__all__ = ["account"]

FEES = 1_72


async def performed(town: Town, viewer: Viewer, account: UUID) -> Performance:
    answer = await statistics.performance(town.ports, viewer, account)
    assert isinstance(answer, Performance), answer
    return answer


async def test_a_fresh_account_has_its_capital_and_no_curve(
    town: Town, trader: Viewer, account: UUID
) -> None:
    fresh = await performed(town, trader, account)
    assert fresh == Performance(CAPITAL, ())
    assert statistics.equity_csv(fresh.curve) == (
        "date,opening_balance,profit_loss,fees,closing_balance,drawdown\n"
    )


async def test_the_curve_is_of_the_settled_days(town: Town, trader: Viewer, account: UUID) -> None:
    await traded(town, trader, account, WEDNESDAY, CALL)
    await traded(town, trader, account, THURSDAY, PUT_SOLD)
    after = CAPITAL + CALL_LOST
    both = await performed(town, trader, account)
    assert both.curve == (
        EquityPoint(WEDNESDAY, CAPITAL, CALL_LOST, FEES, after, CAPITAL),
        EquityPoint(THURSDAY, after, PUT_KEPT, FEES, after + PUT_KEPT, CAPITAL),
    )
    assert statistics.equity_csv(both.curve).splitlines()[1:] == [
        "2025-01-15,300000,-511.72,1.72,299488.28,511.72",
        "2025-01-16,299488.28,488.28,1.72,299976.56,23.44",
    ]
    told = both.statistics
    assert (told.days, told.wins, told.losses, told.profit_cents, told.fees_cents) == (
        2,
        1,
        1,
        CALL_LOST + PUT_KEPT,
        2 * FEES,
    )
    assert [month.first for month in told.months] == [date(2025, 1, 1)]


async def test_an_open_day_is_no_part_of_it(town: Town, trader: Viewer, account: UUID) -> None:
    await traded(town, trader, account, WEDNESDAY, CALL)
    await traded(town, trader, account, THURSDAY, PUT_SOLD)
    await opened(town, trader, account, WEDNESDAY)
    assert (await performed(town, trader, account)).curve == (
        EquityPoint(THURSDAY, CAPITAL, PUT_KEPT, FEES, CAPITAL + PUT_KEPT, CAPITAL + PUT_KEPT),
    )


async def test_no_market_is_needed(town: Town, trader: Viewer, account: UUID) -> None:
    await traded(town, trader, account, WEDNESDAY, CALL)
    before = await performed(town, trader, account)
    shutil.rmtree(town.days / WEDNESDAY.isoformat())
    assert await performed(town, trader, account) == before


async def test_anothers_account_is_not_found(
    town: Town, trader: Viewer, rival: Viewer, account: UUID
) -> None:
    answer = await statistics.performance(town.ports, rival, account)
    assert denied(answer).code is Code.NOT_FOUND
