"""What an account's settled days came to, read from their settlements alone."""

import shutil
from uuid import UUID

from engine.denials import Code, Denial
from engine.statistics import EquityPoint, statistics_of
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
from usecases import accounts, statistics
from usecases.accounts import AccountChanges
from usecases.ports import Viewer
from usecases.views import AccountView

__all__ = ["account"]

FEES = 1_72
HEADER = "date,opening_balance,profit_loss,fees,closing_balance,drawdown"


async def curve_of(town: Town, viewer: Viewer, account: UUID) -> tuple[EquityPoint, ...]:
    answer = await statistics.account_equity(town.ports, viewer, account)
    assert not isinstance(answer, Denial), answer
    return answer


async def csv_of(town: Town, viewer: Viewer, account: UUID) -> list[str]:
    answer = await statistics.account_equity_csv(town.ports, viewer, account)
    assert isinstance(answer, str), answer
    assert answer.endswith("\n")
    return answer.splitlines()


async def test_a_fresh_account_has_no_curve(town: Town, trader: Viewer, account: UUID) -> None:
    assert await curve_of(town, trader, account) == ()
    assert await csv_of(town, trader, account) == [HEADER]
    told = await statistics.account_statistics(town.ports, trader, account)
    assert told == statistics_of(CAPITAL, ())


async def test_the_curve_is_of_the_settled_days(town: Town, trader: Viewer, account: UUID) -> None:
    await traded(town, trader, account, WEDNESDAY, CALL)
    await traded(town, trader, account, THURSDAY, PUT_SOLD)
    after = CAPITAL + CALL_LOST
    curve = await curve_of(town, trader, account)
    assert curve == (
        EquityPoint(WEDNESDAY, CAPITAL, CALL_LOST, FEES, after, CAPITAL),
        EquityPoint(THURSDAY, after, PUT_KEPT, FEES, after + PUT_KEPT, CAPITAL),
    )
    assert await csv_of(town, trader, account) == [
        HEADER,
        "2025-01-15,300000,-511.72,1.72,299488.28,511.72",
        "2025-01-16,299488.28,488.28,1.72,299976.56,23.44",
    ]
    told = await statistics.account_statistics(town.ports, trader, account)
    assert told == statistics_of(CAPITAL, curve)


async def test_an_open_day_is_no_part_of_it(town: Town, trader: Viewer, account: UUID) -> None:
    await traded(town, trader, account, WEDNESDAY, CALL)
    await traded(town, trader, account, THURSDAY, PUT_SOLD)
    await opened(town, trader, account, WEDNESDAY)
    assert await curve_of(town, trader, account) == (
        EquityPoint(THURSDAY, CAPITAL, PUT_KEPT, FEES, CAPITAL + PUT_KEPT, CAPITAL + PUT_KEPT),
    )


async def test_a_new_capital_moves_the_whole_curve(town: Town, trader: Viewer, account: UUID) -> None:
    await traded(town, trader, account, WEDNESDAY, CALL)
    poorer = AccountChanges(starting_capital_cents=1_000_00)
    assert isinstance(await accounts.update_account(town.ports, trader, account, poorer), AccountView)
    (point,) = await curve_of(town, trader, account)
    assert (point.opening_cents, point.closing_cents, point.drawdown_e6) == (
        1_000_00,
        1_000_00 + CALL_LOST,
        511_720,
    )


async def test_no_market_is_needed(town: Town, trader: Viewer, account: UUID) -> None:
    await traded(town, trader, account, WEDNESDAY, CALL)
    before = await csv_of(town, trader, account)
    shutil.rmtree(town.days / WEDNESDAY.isoformat())
    assert await csv_of(town, trader, account) == before


async def test_anothers_account_is_not_found(
    town: Town, trader: Viewer, rival: Viewer, account: UUID
) -> None:
    answers: list[object] = [
        await statistics.account_equity(town.ports, rival, account),
        await statistics.account_equity_csv(town.ports, rival, account),
        await statistics.account_statistics(town.ports, rival, account),
    ]
    assert [denied(answer).code for answer in answers] == [Code.NOT_FOUND] * 3
