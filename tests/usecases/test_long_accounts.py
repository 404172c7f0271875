"""Twenty-six years on one account: an edit of the first day reaches the last one, to the cent."""

from itertools import pairwise

import pytest

from tests.ledgers import CAPITAL_CENTS, COST_CENTS, DAY_CENTS, DEARER, LongAccount, long_account
from tests.people import Town
from usecases import account_sessions, accounts, orders, repricing, users
from usecases.account_sessions import SessionsPage
from usecases.accounts import AccountChanges
from usecases.ports import Viewer
from usecases.views import AccountView, SessionView

YEARS = 6_500


async def chain(town: Town, viewer: Viewer, account: LongAccount) -> list[SessionView]:
    """Every day from the first to the last, after checking that each opens with the last one's cash."""
    page = await account_sessions.page_sessions(town.ports, viewer, account.id)
    assert isinstance(page, SessionsPage)
    days = [*reversed(page.sessions)]
    assert [day.date for day in days] == list(account.dates)
    assert all(before.closing_cents == day.financials.opening_cents for before, day in pairwise(days))
    return days


async def cash(town: Town, viewer: Viewer, account: LongAccount) -> int:
    view = await accounts.get_account(town.ports, viewer, account.id)
    assert isinstance(view, AccountView)
    return view.cash_cents


@pytest.mark.parametrize("days", [250, YEARS])
async def test_an_edit_of_the_first_day_reaches_the_last(town: Town, trader: Viewer, days: int) -> None:
    account = await long_account(town, trader, days)
    before = await chain(town, trader, account)
    assert (before[-1].closing_cents, await cash(town, trader, account)) == (account.cash_cents,) * 2

    assert await orders.delete_order(town.ports, trader, account.first.id, account.first_order) is None

    after = await chain(town, trader, account)
    assert [day.closing_cents for day in after] == [
        CAPITAL_CENTS + place * DAY_CENTS for place in range(days)
    ]
    assert await cash(town, trader, account) == account.cash_cents - DAY_CENTS
    assert [day.financials.profit_cents for day in after[1:]] == [DAY_CENTS] * (days - 1)


async def test_a_new_capital_moves_every_day(town: Town, trader: Viewer) -> None:
    account = await long_account(town, trader, YEARS)
    halved = AccountChanges(starting_capital_cents=CAPITAL_CENTS // 2)
    assert isinstance(await accounts.update_account(town.ports, trader, account.id, halved), AccountView)
    days = await chain(town, trader, account)
    assert days[0].financials.opening_cents == CAPITAL_CENTS // 2
    assert (
        days[-1].closing_cents == await cash(town, trader, account) == account.cash_cents - CAPITAL_CENTS // 2
    )


async def test_new_fees_reach_every_day_once_a_worker_took_them_up(town: Town, trader: Viewer) -> None:
    account = await long_account(town, trader, YEARS)
    assert isinstance(await users.update_profile(town.ports, trader, DEARER), Viewer)
    assert await cash(town, trader, account) == account.cash_cents  # the old chain, whole

    await repricing.reprice(town.ports, account.key)

    days = await chain(town, trader, account)
    assert {day.financials.profit_cents for day in days} == {-(COST_CENTS + 2_72)}
    assert await cash(town, trader, account) == account.cash_cents - YEARS * 1_00


async def test_a_request_recomputes_a_year_of_days_over_all_accounts(town: Town, trader: Viewer) -> None:
    owned = [await long_account(town, trader, days) for days in (150, 120, 100)]
    assert isinstance(await users.update_profile(town.ports, trader, DEARER), Viewer)
    moved = [account.cash_cents - await cash(town, trader, account) for account in owned]
    assert moved == [150 * 1_00, 0, 100 * 1_00]
