"""The days of an account: carried forward, opened again, edited, and always adding up."""

import asyncio
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest_asyncio

from engine.denials import Code
from engine.tickets import OrderRequest
from marketdata.library import Library
from tests.days import DATE, publish_tiny_day
from tests.engine.tapes import request
from tests.people import Town, denied
from tests.usecases.test_accounts import CONDORS, funded, posted
from usecases import account_sessions, accounts, orders, sessions
from usecases.account_sessions import Opened, SessionsPage
from usecases.accounts import AccountChanges
from usecases.belonging import session_under
from usecases.ports import Viewer
from usecases.submissions import Submission
from usecases.views import AccountView, OrderReceipt, SessionView

WEDNESDAY, THURSDAY, FRIDAY = DATE, date(2025, 1, 16), date(2025, 1, 17)
CLOSE = 600
CAPITAL = 300_000_00
CALL = request("+1 5950C", type="market")
CALL_LOST = -(5_10 * 100 + 1_72)  # bought at the ask of the open, worthless at the close
PUT_SOLD = request("-1 5940P", type="market")
PUT_KEPT = 4_90 * 100 - 1_72


@pytest_asyncio.fixture
async def account(town: Town, trader: Viewer) -> UUID:
    """An account with three recorded days to trade."""
    publish_tiny_day(town.days, THURSDAY)
    publish_tiny_day(town.days, FRIDAY)
    return (await funded(town, trader, replace(CONDORS, starting_capital_cents=CAPITAL))).id


async def opened(town: Town, viewer: Viewer, account: UUID, on: date) -> SessionView:
    answer = await account_sessions.open_session(town.ports, viewer, account, on)
    assert isinstance(answer, Opened), answer
    return answer.session


async def move(town: Town, viewer: Viewer, session: SessionView, second: int) -> SessionView:
    at = session.start_at + timedelta(seconds=second)
    view = await sessions.move_clock(town.ports, viewer, session.id, at)
    assert isinstance(view, SessionView), view
    return view


def on_date(order: OrderRequest, on: date) -> OrderRequest:
    """The same order in the contracts of another day."""
    legs = tuple(
        replace(leg, instrument=f"{leg.instrument[:6]}{on:%y%m%d}{leg.instrument[12:]}") for leg in order.legs
    )
    return replace(order, legs=legs)


async def placed(town: Town, viewer: Viewer, session: SessionView, order: OrderRequest) -> UUID:
    answer = await orders.place_order(
        town.ports, viewer, Submission(session.id, on_date(order, session.date))
    )
    assert isinstance(answer, OrderReceipt), answer
    return answer.order.id


async def traded(town: Town, viewer: Viewer, account: UUID, on: date, order: OrderRequest) -> SessionView:
    """A day on which one order is filled at the open, and which is settled."""
    session = await opened(town, viewer, account, on)
    await placed(town, viewer, session, order)
    return await move(town, viewer, session, CLOSE)


async def cash(town: Town, viewer: Viewer, account: UUID) -> tuple[int, int]:
    """The account's cash balance and current value, in cents."""
    view = await accounts.get_account(town.ports, viewer, account)
    assert isinstance(view, AccountView)
    return view.cash_cents, view.current_cents


async def days(town: Town, viewer: Viewer, account: UUID) -> list[tuple[date, int, int | None]]:
    """Date, opening and closing of the account's days, newest first."""
    page = await account_sessions.page_sessions(town.ports, viewer, account)
    assert isinstance(page, SessionsPage)
    return [(day.date, day.financials.opening_cents, day.closing_cents) for day in page.sessions]


async def test_a_fresh_day_is_parked_at_its_open(town: Town, trader: Viewer, account: UUID) -> None:
    answer = await account_sessions.open_session(town.ports, trader, account, WEDNESDAY)
    assert isinstance(answer, Opened)
    day = answer.session
    assert answer.is_new
    assert (day.account_id, day.at, day.ended) == (account, datetime(2025, 1, 15, 14, 30, tzinfo=UTC), False)
    assert (day.financials.opening_cents, day.closing_cents, day.settled_at) == (CAPITAL, None, None)
    again = await account_sessions.open_session(town.ports, trader, account, WEDNESDAY)
    assert again == Opened(day, is_new=False)
    assert await account_sessions.head(town.ports, trader, account) == day


async def test_the_close_carries_the_day_into_cash(town: Town, trader: Viewer, account: UUID) -> None:
    wednesday = await traded(town, trader, account, WEDNESDAY, CALL)
    after = CAPITAL + CALL_LOST
    assert (wednesday.ended, wednesday.closing_cents, wednesday.settled_at) == (True, after, town.clock.now)
    assert await cash(town, trader, account) == (after, after)
    thursday = await opened(town, trader, account, THURSDAY)
    assert thursday.financials.opening_cents == after
    assert await days(town, trader, account) == [(THURSDAY, after, None), (WEDNESDAY, CAPITAL, after)]
    assert await sessions.get_session(town.ports, trader, wednesday.id) == wednesday


async def test_current_value_follows_the_open_day_and_cash_does_not(
    town: Town, trader: Viewer, account: UUID
) -> None:
    session = await opened(town, trader, account, WEDNESDAY)
    await placed(town, trader, session, CALL)
    half = await move(town, trader, session, 300)
    assert half.financials.profit_cents == -(5_10 - 2_50) * 100 - 1_72
    assert await cash(town, trader, account) == (CAPITAL, half.financials.net_liquidation_cents)


async def test_one_day_at_a_time_is_open(town: Town, trader: Viewer, account: UUID) -> None:
    wednesday = await traded(town, trader, account, WEDNESDAY, CALL)
    await opened(town, trader, account, THURSDAY)
    at = wednesday.start_at + timedelta(seconds=10)
    answers: list[object] = [
        await account_sessions.open_session(town.ports, trader, account, FRIDAY),
        await account_sessions.open_session(town.ports, trader, account, WEDNESDAY),
        await sessions.move_clock(town.ports, trader, wednesday.id, at),
    ]
    assert [denied(answer).code for answer in answers] == [Code.SESSION_OPEN] * 3
    assert await cash(town, trader, account) == (CAPITAL + CALL_LOST,) * 2


async def test_a_new_day_comes_after_the_latest(town: Town, trader: Viewer, account: UUID) -> None:
    await traded(town, trader, account, THURSDAY, CALL)
    answer = await account_sessions.open_session(town.ports, trader, account, WEDNESDAY)
    assert denied(answer).code is Code.INSERT_EARLIER
    unrecorded = await account_sessions.open_session(town.ports, trader, account, date(2025, 2, 3))
    assert denied(unrecorded).code is Code.SESSION_NOT_RECORDED
    dateless = await account_sessions.open_session(town.ports, trader, account, None)
    assert (denied(dateless).code, denied(dateless).path) == (Code.INVALID_INPUT, ("date",))


async def test_an_edited_day_carries_through_later_ones(town: Town, trader: Viewer, account: UUID) -> None:
    wednesday = await traded(town, trader, account, WEDNESDAY, CALL)
    await traded(town, trader, account, THURSDAY, CALL)

    reopened = await opened(town, trader, account, WEDNESDAY)
    assert (reopened.id, reopened.at, reopened.ended) == (wednesday.id, wednesday.start_at, False)
    assert await days(town, trader, account) == [
        (THURSDAY, CAPITAL, CAPITAL + CALL_LOST),  # a re-opened day counts nothing
        (WEDNESDAY, CAPITAL, None),
    ]
    await placed(town, trader, reopened, PUT_SOLD)
    await move(town, trader, reopened, CLOSE)

    first = CAPITAL + CALL_LOST + PUT_KEPT
    assert await days(town, trader, account) == [
        (THURSDAY, first, first + CALL_LOST),
        (WEDNESDAY, CAPITAL, first),
    ]
    assert await cash(town, trader, account) == (first + CALL_LOST,) * 2
    view = await accounts.get_account(town.ports, trader, account)
    assert isinstance(view, AccountView)
    assert [change for _, change in await posted(town, trader, view)] == [
        CAPITAL,
        CALL_LOST,
        CALL_LOST,
        -CALL_LOST,
        CALL_LOST + PUT_KEPT,
    ]


async def test_rewinding_a_settled_day_opens_it_again(town: Town, trader: Viewer, account: UUID) -> None:
    wednesday = await traded(town, trader, account, WEDNESDAY, CALL)
    back = await move(town, trader, wednesday, 300)
    assert (back.ended, back.settled_at) == (False, None)
    assert (await cash(town, trader, account))[0] == CAPITAL
    assert (await move(town, trader, wednesday, CLOSE)).closing_cents == wednesday.closing_cents


async def test_deleting_an_order_of_a_settled_day_resettles_it(
    town: Town, trader: Viewer, account: UUID
) -> None:
    session = await opened(town, trader, account, WEDNESDAY)
    order = await placed(town, trader, session, CALL)
    await move(town, trader, session, CLOSE)
    await traded(town, trader, account, THURSDAY, CALL)
    assert await orders.delete_order(town.ports, trader, session.id, order) is None
    assert await days(town, trader, account) == [
        (THURSDAY, CAPITAL, CAPITAL + CALL_LOST),
        (WEDNESDAY, CAPITAL, CAPITAL),
    ]
    assert await cash(town, trader, account) == (CAPITAL + CALL_LOST,) * 2


async def test_a_deleted_day_is_out_of_the_chain(town: Town, trader: Viewer, account: UUID) -> None:
    wednesday = await traded(town, trader, account, WEDNESDAY, CALL)
    thursday = await traded(town, trader, account, THURSDAY, PUT_SOLD)
    assert await account_sessions.delete_session(town.ports, trader, wednesday.id) is None
    assert await days(town, trader, account) == [(THURSDAY, CAPITAL, CAPITAL + PUT_KEPT)]
    assert denied(await sessions.get_session(town.ports, trader, wednesday.id)).code is Code.NOT_FOUND
    assert await account_sessions.delete_session(town.ports, trader, thursday.id) is None
    assert await account_sessions.head(town.ports, trader, account) is None
    assert await cash(town, trader, account) == (CAPITAL,) * 2


async def test_a_new_capital_carries_through_every_day(town: Town, trader: Viewer, account: UUID) -> None:
    await traded(town, trader, account, WEDNESDAY, CALL)
    await traded(town, trader, account, THURSDAY, PUT_SOLD)
    capital = AccountChanges(starting_capital_cents=50_000_00)
    assert isinstance(await accounts.update_account(town.ports, trader, account, capital), AccountView)
    after = 50_000_00 + CALL_LOST
    assert await days(town, trader, account) == [
        (THURSDAY, after, after + PUT_KEPT),
        (WEDNESDAY, 50_000_00, after),
    ]


async def test_fills_stay_when_an_earlier_day_takes_their_buying_power_away(
    town: Town, trader: Viewer, account: UUID
) -> None:
    await traded(town, trader, account, WEDNESDAY, PUT_SOLD)
    thursday = await opened(town, trader, account, THURSDAY)
    await placed(town, trader, thursday, request("+500 5950C", type="market"))
    settled = await move(town, trader, thursday, CLOSE)
    capital = AccountChanges(starting_capital_cents=1_000_00)
    assert isinstance(await accounts.update_account(town.ports, trader, account, capital), AccountView)
    after = await sessions.get_session(town.ports, trader, settled.id)
    assert isinstance(after, SessionView)
    assert after.financials.profit_cents == settled.financials.profit_cents
    assert after.financials.net_liquidation_cents < 0


async def test_an_archived_account_opens_no_day(town: Town, trader: Viewer, account: UUID) -> None:
    wednesday = await traded(town, trader, account, WEDNESDAY, CALL)
    archived = AccountChanges(status="archived")
    assert isinstance(await accounts.update_account(town.ports, trader, account, archived), AccountView)
    answers: list[object] = [
        await account_sessions.open_session(town.ports, trader, account, THURSDAY),
        await account_sessions.open_session(town.ports, trader, account, WEDNESDAY),
        await sessions.move_clock(town.ports, trader, wednesday.id, wednesday.start_at),
    ]
    assert [denied(answer).code for answer in answers] == [Code.ACCOUNT_ARCHIVED] * 3


async def test_a_session_is_found_under_its_own_account_only(
    town: Town, trader: Viewer, rival: Viewer, account: UUID
) -> None:
    day = await opened(town, trader, account, WEDNESDAY)
    under = session_under
    assert denied(await sessions.get_session(town.ports, rival, day.id)).code is Code.NOT_FOUND
    assert denied(await under(town.ports, rival, account, uuid4())).code is Code.NOT_FOUND
    assert await under(town.ports, trader, account, day.id) == day.id
    for other in (None, uuid4()):
        assert denied(await under(town.ports, trader, other, day.id)).code is Code.NOT_FOUND
    assert denied(await sessions.delete_simulation(town.ports, trader, day.id)).code is Code.NOT_FOUND
    assert await sessions.list_simulations(town.ports, trader) == ()


async def test_pages_of_days_know_their_openings(town: Town, trader: Viewer, account: UUID) -> None:
    for on in (WEDNESDAY, THURSDAY, FRIDAY):
        await traded(town, trader, account, on, CALL)
    whole = await account_sessions.page_sessions(town.ports, trader, account)
    first = await account_sessions.page_sessions(town.ports, trader, account, first=2)
    last = await account_sessions.page_sessions(town.ports, trader, account, first=2, before=THURSDAY)
    assert isinstance(whole, SessionsPage)
    assert isinstance(first, SessionsPage)
    assert isinstance(last, SessionsPage)
    assert (first.sessions + last.sessions, first.has_next, last.has_next) == (whole.sessions, True, False)
    for view in whole.sessions:
        assert await sessions.get_session(town.ports, trader, view.id) == view


async def test_two_clients_cannot_open_two_days(town: Town, trader: Viewer, account: UUID) -> None:
    answers = await asyncio.gather(
        *(
            account_sessions.open_session(town.ports, trader, account, on)
            for on in (WEDNESDAY, THURSDAY, FRIDAY) * 5
        )
    )
    dates = {answer.session.date for answer in answers if isinstance(answer, Opened)}
    assert len(dates) == 1
    assert sum(answer.is_new for answer in answers if isinstance(answer, Opened)) == 1


async def test_editing_a_settled_day_leaves_another_one_open(
    town: Town, trader: Viewer, account: UUID
) -> None:
    wednesday = await opened(town, trader, account, WEDNESDAY)
    order = await placed(town, trader, wednesday, CALL)
    await move(town, trader, wednesday, CLOSE)
    thursday = await opened(town, trader, account, THURSDAY)
    assert await orders.delete_order(town.ports, trader, wednesday.id, order) is None
    head = await account_sessions.head(town.ports, trader, account)
    assert isinstance(head, SessionView)
    assert (head.id, head.financials.opening_cents) == (thursday.id, CAPITAL)
    refused = await account_sessions.open_session(town.ports, trader, account, FRIDAY)
    assert denied(refused).code is Code.SESSION_OPEN


async def test_a_day_that_was_lost_can_be_deleted(town: Town, trader: Viewer, account: UUID) -> None:
    wednesday = await traded(town, trader, account, WEDNESDAY, CALL)
    thursday = await opened(town, trader, account, THURSDAY)
    for lost in (WEDNESDAY, THURSDAY):
        shutil.rmtree(town.days / lost.isoformat())
    bereft = replace(town, ports=replace(town.ports, library=Library(town.days)))
    lost_one = await account_sessions.open_session(bereft.ports, trader, account, THURSDAY)
    assert denied(lost_one).code is Code.DAY_UNAVAILABLE
    assert str(thursday.id) in denied(lost_one).message
    for day in (thursday, wednesday):
        assert await account_sessions.delete_session(bereft.ports, trader, day.id) is None
    assert await cash(bereft, trader, account) == (CAPITAL, CAPITAL)
    assert (await opened(bereft, trader, account, FRIDAY)).financials.opening_cents == CAPITAL


async def test_an_open_day_that_was_lost_is_listed_as_it_opened(
    town: Town, trader: Viewer, account: UUID
) -> None:
    wednesday = await traded(town, trader, account, WEDNESDAY, CALL)
    thursday = await opened(town, trader, account, THURSDAY)
    await placed(town, trader, thursday, CALL)
    traded_on = await move(town, trader, thursday, 300)
    assert traded_on.financials.fees_cents > 0
    shutil.rmtree(town.days / THURSDAY.isoformat())
    bereft = replace(town, ports=replace(town.ports, library=Library(town.days)))

    page = await account_sessions.page_sessions(bereft.ports, trader, account)
    assert isinstance(page, SessionsPage)
    bell = datetime(2025, 1, 16, 21, 0, tzinfo=UTC)
    as_opened = replace(traded_on, end_at=bell, financials=thursday.financials, is_readable=False)
    assert page.sessions == (as_opened, wednesday)
    assert await cash(bereft, trader, account) == (thursday.financials.opening_cents,) * 2
    refused = denied(await account_sessions.open_session(bereft.ports, trader, account, FRIDAY))
    assert (refused.code, str(THURSDAY) in refused.message) == (Code.SESSION_OPEN, True)
    assert str(thursday.id) in refused.message


async def test_a_day_that_cannot_be_read_is_not_opened(town: Town, trader: Viewer, account: UUID) -> None:
    for column in town.days.glob(f"{WEDNESDAY}/*/*.arrow"):
        column.unlink()
    refused = await account_sessions.open_session(town.ports, trader, account, WEDNESDAY)
    assert denied(refused).code is Code.DAY_UNAVAILABLE
    assert await days(town, trader, account) == []
    await opened(town, trader, account, THURSDAY)
