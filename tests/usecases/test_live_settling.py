"""Live sessions settle once, after their close was recorded, whoever does it and whatever happens."""

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import text

from engine.sessions import Financials
from tests.days import DATE, tiny_day
from tests.engine.tapes import request
from tests.live_market import Market, on_air
from tests.people import Town
from tests.usecases.test_accounts import CONDORS, funded
from tests.usecases.test_matching import asked, kinds, let_the_lease_end
from tests.usecases.test_running import Killed, doomed
from usecases import account_sessions, accounts, live, sessions
from usecases.account_sessions import Opened
from usecases.auditing import audit
from usecases.failpoints import Failpoint
from usecases.live_settling import TRIES, Unsettled, settle_due, unsettled
from usecases.matching import Tally, catch_up
from usecases.ports import Viewer
from usecases.views import AccountView, SessionView

BOUGHT = request("+1 5940C", "16.00", "debit")
"""Bought at the ask of a tiny day's open, and exercised at 5950: ten points."""
POINTS = (Failpoint.LIVE_PINNED, Failpoint.LIVE_SETTLED)


@pytest.fixture
def market(town: Town) -> Iterator[Market]:
    with on_air(town) as one:
        yield one


async def traded(market: Market, trader: Viewer) -> UUID:
    """A live session that bought a call."""
    session = await market.started(trader)
    placed = await market.placed(trader, session.id, BOUGHT)
    assert placed.state.fill is not None
    return session.id


async def closed(market: Market) -> None:
    market.end()
    await market.match()


async def money(town: Town, trader: Viewer, session_id: UUID) -> Financials:
    view = await sessions.get_session(town.ports, trader, session_id)
    assert isinstance(view, SessionView)
    return view.financials


async def live_account(town: Town, trader: Viewer) -> UUID:
    return (await funded(town, trader, replace(CONDORS, engine="live_sim"))).id


async def read(town: Town, trader: Viewer, account: UUID) -> AccountView:
    view = await accounts.get_account(town.ports, trader, account)
    assert isinstance(view, AccountView)
    return view


async def opened_day(town: Town, market: Market, trader: Viewer, account: UUID) -> SessionView:
    await market.match()
    opened = await account_sessions.open_session(town.ports, trader, account, None)
    assert isinstance(opened, Opened), opened
    return opened.session


async def test_a_session_settles_once_its_market_is_over_and_recorded(
    town: Town, market: Market, trader: Viewer
) -> None:
    session_id = await traded(market, trader)
    assert await settle_due(town.ports) == 0, "the market is open"
    await closed(market)
    assert await settle_due(town.ports) == 0, "it is over and not recorded yet"
    before = await live.get_live(town.ports, trader)
    assert isinstance(before, SessionView)
    assert not before.ended

    market.publish()
    assert await settle_due(town.ports) == 1
    assert await settle_due(town.ports) == 0
    after = await sessions.get_session(town.ports, trader, session_id)
    assert isinstance(after, SessionView)
    assert (after.ended, after.at, after.settled_at) == (True, after.end_at, town.clock.now)
    assert after.financials.profit_cents == after.financials.realized_cents - after.financials.fees_cents
    assert after.financials.credits_cents == 1_000_00
    assert await live.get_live(town.ports, trader) is None
    assert [one.id for one in await sessions.list_simulations(town.ports, trader)] == [session_id]
    assert (await kinds(town))[-2:] == ["settled", "financials_changed"]


async def test_three_who_look_at_once_settle_it_once(town: Town, market: Market, trader: Viewer) -> None:
    await traded(market, trader)
    await closed(market)
    market.publish()
    assert sum(await asyncio.gather(*(settle_due(town.ports) for _ in range(3)))) == 1
    assert (await kinds(town)).count("settled") == 1


@pytest.mark.parametrize("point", [*POINTS, Failpoint.SETTLEMENT_COMMITTED])
async def test_a_settlement_that_was_cut_off_is_whole_or_absent(
    town: Town, market: Market, trader: Viewer, point: Failpoint
) -> None:
    await traded(market, trader)
    await closed(market)
    market.publish()
    with pytest.raises(Killed):
        await settle_due(doomed(town.ports, point))
    is_done = point is Failpoint.SETTLEMENT_COMMITTED
    assert (await kinds(town)).count("settled") == is_done
    assert await settle_due(town.ports) == (not is_done)
    assert (await kinds(town)).count("settled") == 1


@pytest.mark.parametrize(
    "point",
    [*POINTS, Failpoint.SETTLEMENT_STORED, Failpoint.SETTLEMENT_POSTED, Failpoint.SETTLEMENT_COMMITTED],
)
async def test_the_day_of_a_live_account_is_carried_once(
    town: Town, market: Market, trader: Viewer, point: Failpoint
) -> None:
    account = await live_account(town, trader)
    opened = await opened_day(town, market, trader, account)
    await market.placed(trader, opened.id, BOUGHT)
    await closed(market)
    market.publish()
    with pytest.raises(Killed):
        await settle_due(doomed(town.ports, point))
    await settle_due(town.ports)

    after = await read(town, trader, account)
    day = await sessions.get_session(town.ports, trader, opened.id)
    assert isinstance(day, SessionView)
    assert after.cash_cents == CONDORS.starting_capital_cents + day.financials.profit_cents
    assert day.closing_cents == after.cash_cents
    assert await asked(town, "SELECT count(*), (SELECT count(*) FROM settlements) FROM journal") == [(2, 1)]
    assert await asked(town, "SELECT open_session_id FROM accounts") == [(None,)]
    assert (await audit(town.ports)).violations == ()


async def test_the_next_day_of_a_live_account_opens_with_what_the_last_one_left(
    town: Town, market: Market, trader: Viewer
) -> None:
    account = await live_account(town, trader)
    opened = await opened_day(town, market, trader, account)
    await market.placed(trader, opened.id, BOUGHT)
    await closed(market)
    market.publish()
    await settle_due(town.ports)
    left = (await read(town, trader, account)).cash_cents
    assert left != CONDORS.starting_capital_cents

    with on_air(town, tiny_day(DATE.replace(day=16))) as tomorrow:
        second = await opened_day(town, tomorrow, trader, account)
        assert second.financials.opening_cents == left


async def test_a_system_that_was_down_over_the_close_settles_when_it_is_back(
    town: Town, market: Market, trader: Viewer
) -> None:
    session_id = await traded(market, trader)
    market.tell(600)
    market.end()
    market.publish()
    with on_air(town):  # and the next session began meanwhile
        await let_the_lease_end(town)
        await catch_up(town.ports, Tally())
        assert await settle_due(town.ports) == 1
    assert (await money(town, trader, session_id)).credits_cents == 1_000_00


async def test_a_settlement_that_keeps_failing_is_told_of_once(
    town: Town, market: Market, trader: Viewer
) -> None:
    await traded(market, trader)
    await closed(market)
    day_hash = market.publish()
    folder = town.days / str(DATE) / day_hash
    shutil.move(folder, town.days / "lost")
    for _ in range(TRIES - 1):
        assert await settle_due(town.ports) == 0
    assert await unsettled(town.ports) == Unsettled(due=1, failed=0)
    assert "settlement_failed" not in await kinds(town)
    for _ in range(3):
        assert await settle_due(town.ports) == 0
    assert await settle_due(town.ports, with_failed=True) == 0
    assert (await kinds(town)).count("settlement_failed") == 1
    assert await unsettled(town.ports) == Unsettled(due=1, failed=1)

    shutil.move(town.days / "lost", folder)
    assert await settle_due(town.ports) == 0, "it waits for its minute"
    assert await settle_due(town.ports, with_failed=True) == 1
    assert (await kinds(town))[-2:] == ["settled", "financials_changed"]
    assert await unsettled(town.ports) == Unsettled(due=0, failed=0)


async def test_a_market_that_cannot_become_a_recorded_day_is_told_of(
    town: Town, market: Market, trader: Viewer
) -> None:
    await traded(market, trader)
    market.end(refusal="no settlement value")
    await market.match()
    for _ in range(TRIES):
        assert await settle_due(town.ports) == 0
    assert (await kinds(town))[-1] == "settlement_failed"


async def test_a_session_that_was_ended_before_is_not_settled(
    town: Town, market: Market, trader: Viewer
) -> None:
    await traded(market, trader)
    assert isinstance(await live.end(town.ports, trader), UUID)
    await closed(market)
    market.publish()
    assert await settle_due(town.ports) == 0


async def test_a_day_that_cannot_settle_keeps_no_other_from_it(
    town: Town, market: Market, trader: Viewer, rival: Viewer
) -> None:
    opened = await opened_day(town, market, trader, await live_account(town, trader))
    await market.placed(trader, opened.id, BOUGHT)
    await traded(market, rival)
    await closed(market)
    market.publish()
    async with town.ports.database.transaction() as tx:  # an order that nobody can read any more
        await tx.execute(text("ALTER TABLE orders DISABLE TRIGGER ALL"))
        of_the_day = f"(SELECT id FROM sessions WHERE uuid = '{opened.id}')"
        await tx.execute(text(f"UPDATE orders SET legs = '[[1]]' WHERE session_id = {of_the_day}"))
    assert await settle_due(town.ports) == 1
    assert await asked(town, "SELECT settlement_tries FROM sessions ORDER BY id") == [(1,), (0,)]
