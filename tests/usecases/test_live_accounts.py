"""Live accounts: today's session, opened with the carried cash, and what holds once it has traded."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from uuid import UUID

import pytest
import pytest_asyncio

from engine.denials import Code, Denial
from tests.days import DATE, tiny_day
from tests.engine.tapes import request
from tests.live_market import Market, on_air
from tests.people import Town, denied
from tests.usecases.test_accounts import CONDORS, funded
from tests.usecases.test_matching import asked
from usecases import account_sessions, accounts, live, orders, sessions, users
from usecases.account_sessions import Opened
from usecases.accounts import AccountChanges
from usecases.live import StartLive
from usecases.live_settling import settle_due
from usecases.ports import Viewer
from usecases.users import ProfileChanges
from usecases.views import AccountView, SessionMode, SessionStatus, SessionView

LIVE = replace(CONDORS, engine="live_sim", starting_capital_cents=100_000_00)
CALL = request("+1 5940C", type="market")
ARCHIVED = AccountChanges(status="archived")
DEARER = {
    "buy_equity": "0",
    "sell_equity": "0",
    "buy_to_open_option": "3",
    "sell_to_open_option": "3",
    "buy_to_close_option": "3",
    "sell_to_close_option": "3",
    "exercise_option": "9",
}


@pytest.fixture
def market(town: Town) -> Iterator[Market]:
    with on_air(town) as one:
        yield one


@pytest_asyncio.fixture
async def account(town: Town, trader: Viewer) -> UUID:
    return (await funded(town, trader, LIVE)).id


async def opened(town: Town, viewer: Viewer, account: UUID, market: Market) -> Opened:
    await market.match()
    answer = await account_sessions.open_session(town.ports, viewer, account, None)
    assert isinstance(answer, Opened), answer
    return answer


async def settled(town: Town, market: Market) -> None:
    market.tell(599)
    market.publish()
    await market.match()
    assert await settle_due(town.ports) > 0


async def cash_cents(town: Town, viewer: Viewer, account: UUID) -> int:
    view = await accounts.get_account(town.ports, viewer, account)
    assert isinstance(view, AccountView)
    return view.cash_cents


async def test_today_is_opened_once(town: Town, trader: Viewer, account: UUID, market: Market) -> None:
    await market.tick(30)
    first = await opened(town, trader, account, market)
    assert (first.is_new, first.session.mode, first.session.date) == (True, SessionMode.LIVE, DATE)
    assert first.session.at == market.day.time_of(30)
    again = await account_sessions.open_session(town.ports, trader, account, DATE)
    assert again == Opened(first.session, is_new=False)
    assert await account_sessions.current(town.ports, trader, account) == first.session
    assert await account_sessions.head(town.ports, trader, account) == first.session


async def test_another_date_than_todays_is_refused_whatever_is_open(
    town: Town, trader: Viewer, account: UUID, market: Market
) -> None:
    async def asked(day: int) -> Denial:
        on = DATE.replace(day=day)
        return denied(await account_sessions.open_session(town.ports, trader, account, on))

    fresh = await asked(16)
    assert (fresh.code, fresh.path) == (Code.INVALID_INPUT, ("date",))
    await opened(town, trader, account, market)
    assert await asked(16) == fresh
    with on_air(town, tiny_day(DATE.replace(day=17))):
        assert (await asked(16)).message == fresh.message.replace("2025-01-15", "2025-01-17")


async def test_an_account_and_a_session_of_no_account_trade_side_by_side(
    town: Town, trader: Viewer, account: UUID, market: Market
) -> None:
    day = (await opened(town, trader, account, market)).session
    own = await live.start(town.ports, trader, StartLive(100_000_00))
    assert isinstance(own, SessionView)
    await market.placed(trader, day.id, CALL)
    assert await orders.list_orders(town.ports, trader, own.id) == ()
    assert await live.end(town.ports, trader) == own.id
    assert len(await orders.list_orders(town.ports, trader, day.id)) == 1  # type: ignore[arg-type]


async def test_a_live_day_that_traded_stays(
    town: Town, trader: Viewer, account: UUID, market: Market
) -> None:
    day = (await opened(town, trader, account, market)).session
    order = await market.placed(trader, day.id, request("+1 5940C", "1.00", "debit"))
    assert await orders.delete_order(town.ports, trader, day.id, order.id) is None
    kept = denied(await account_sessions.delete_session(town.ports, trader, day.id))
    assert (kept.code, kept.message.partition(":")[0]) == (Code.SESSION_TRADED, "session_traded")
    frozen = await sessions.move_clock(town.ports, trader, day.id, day.start_at)
    assert denied(frozen).code is Code.SESSION_FROZEN
    busy = await accounts.update_account(town.ports, trader, account, ARCHIVED)
    assert denied(busy).code is Code.SESSION_OPEN


async def test_a_live_day_without_orders_is_given_up(
    town: Town, trader: Viewer, account: UUID, market: Market
) -> None:
    day = (await opened(town, trader, account, market)).session
    assert await account_sessions.delete_session(town.ports, trader, day.id) is None
    assert await account_sessions.current(town.ports, trader, account) is None
    given_up = await account_sessions.get_day(town.ports, trader, day.id)
    assert isinstance(given_up, SessionView)
    assert (given_up.status, given_up.ended) == (SessionStatus.ABANDONED, False)
    assert (await opened(town, trader, account, market)).is_new


async def test_what_a_live_day_made_is_carried_on(
    town: Town, trader: Viewer, account: UUID, market: Market
) -> None:
    day = (await opened(town, trader, account, market)).session
    await market.placed(trader, day.id, CALL)
    await settled(town, market)
    assert await cash_cents(town, trader, account) == 100_000_00 - 15_10_00 - 1_72 + 10_00_00 - 5_00
    again = await account_sessions.open_session(town.ports, trader, account, None)
    assert denied(again).code is Code.MARKET_CLOSED

    with on_air(town, tiny_day(DATE.replace(day=16))) as tomorrow:
        next_day = (await opened(town, trader, account, tomorrow)).session
        assert next_day.financials.opening_cents == await cash_cents(town, trader, account)
    with on_air(town, tiny_day(DATE.replace(day=14))) as yesterday:
        await yesterday.match()
        waits = await account_sessions.open_session(town.ports, trader, account, None)
        assert denied(waits).code is Code.SESSION_OPEN


async def test_a_date_is_traded_once(town: Town, trader: Viewer, account: UUID, market: Market) -> None:
    await opened(town, trader, account, market)
    await settled(town, market)
    with on_air(town) as once_more:
        await once_more.match()
        again = await account_sessions.open_session(town.ports, trader, account, None)
        assert denied(again).code is Code.SESSION_FROZEN
    with on_air(town, tiny_day(DATE.replace(day=14))) as yesterday:
        await yesterday.match()
        earlier = await account_sessions.open_session(town.ports, trader, account, None)
        assert denied(earlier).code is Code.INSERT_EARLIER


async def test_what_a_settled_live_day_was_charged_stays(
    town: Town, trader: Viewer, account: UUID, market: Market
) -> None:
    """Neither its fills nor its exercise cost more once fees have risen (rulings 3.6)."""
    day = (await opened(town, trader, account, market)).session
    own = await market.started(trader)
    await market.placed(trader, day.id, CALL)
    await market.placed(trader, own.id, CALL)
    await settled(town, market)
    before = [await sessions.get_session(town.ports, trader, one.id) for one in (day, own)]

    dearer = await users.update_profile(town.ports, trader, ProfileChanges(fee_schedule=DEARER))
    assert isinstance(dearer, Viewer)
    after = [await sessions.get_session(town.ports, dearer, one.id) for one in (day, own)]
    assert after == before
    assert isinstance(after[0], SessionView)
    assert after[0].closing_cents == await cash_cents(town, dearer, account)


async def test_capital_is_fixed_once_a_live_account_traded(
    town: Town, trader: Viewer, account: UUID, market: Market
) -> None:
    changes = AccountChanges(starting_capital_cents=200_000_00)
    assert isinstance(await accounts.update_account(town.ports, trader, account, changes), AccountView)
    day = (await opened(town, trader, account, market)).session
    await market.placed(trader, day.id, CALL)
    await settled(town, market)
    fixed = await accounts.update_account(town.ports, trader, account, changes)
    assert denied(fixed).code is Code.CAPITAL_IMMUTABLE


async def test_an_archived_live_account_opens_nothing_for_being_archived(
    town: Town, trader: Viewer, account: UUID
) -> None:
    shut = denied(await account_sessions.open_session(town.ports, trader, account, None))
    assert isinstance(await accounts.update_account(town.ports, trader, account, ARCHIVED), AccountView)
    put_away = denied(await account_sessions.open_session(town.ports, trader, account, None))
    assert (shut.code, put_away.code) == (Code.MARKET_CLOSED, Code.ACCOUNT_ARCHIVED)


async def test_what_a_settlement_tells_has_one_time(
    town: Town, trader: Viewer, account: UUID, market: Market
) -> None:
    start, looks = town.ports.wall(), count()
    market.ports = replace(town.ports, wall=lambda: start + timedelta(milliseconds=next(looks)))
    ticking = replace(town, ports=market.ports)
    await opened(ticking, trader, account, market)
    await market.placed(trader, (await opened(ticking, trader, account, market)).session.id, CALL)
    await settled(ticking, market)
    told = await asked(
        town, "SELECT kind, at, at >= lag(at, 1, at) OVER (ORDER BY seq) FROM session_events ORDER BY seq"
    )
    assert all(is_in_order for _, _, is_in_order in told)
    assert [kind for kind, _, _ in told[-2:]] == ["settled", "financials_changed"]
    assert told[-2][1] == told[-1][1]
