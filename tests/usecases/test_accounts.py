"""Accounts: named, funded once, and never changed under an open day."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest

from engine.accounts import AccountStatus, AccountType, Engine
from engine.denials import Code
from engine.fees import DEFAULT_FEES
from engine.journal import EntryKind
from store import accounts as stored_accounts
from store import journal, locks
from tests.days import DATE
from tests.people import Town, denied
from usecases import account_sessions, accounts
from usecases.account_sessions import Opened
from usecases.accounts import AccountChanges, CreateAccount
from usecases.ports import Viewer
from usecases.views import AccountView

CONDORS = CreateAccount("Iron condors", "historical", 100_000_00, "Defined-risk study account")


async def funded(town: Town, viewer: Viewer, asked: CreateAccount = CONDORS) -> AccountView:
    answer = await accounts.create_account(town.ports, viewer, asked)
    assert isinstance(answer, AccountView), answer
    return answer


async def posted(town: Town, viewer: Viewer, account: AccountView) -> list[tuple[str, int]]:
    """The kinds of the account's entries with what each did to cash."""
    async with town.ports.database.reading() as tx:
        stored = await stored_accounts.find(tx, viewer.user_id, account.id)
        assert stored is not None
        return [(one.entry.kind, one.entry.cash_cents) for one in await journal.entries(tx, stored)]


async def test_a_new_account_holds_its_starting_capital(town: Town, trader: Viewer) -> None:
    view = await funded(town, trader)
    assert view == AccountView(
        key=view.key,
        id=view.id,
        name="Iron condors",
        description="Defined-risk study account",
        engine=Engine.HISTORICAL,
        type=AccountType.MANUAL,
        status=AccountStatus.ACTIVE,
        starting_cents=100_000_00,
        cash_cents=100_000_00,
        current_cents=100_000_00,
        fees=DEFAULT_FEES,
        version=1,
        created_at=town.clock.now,
    )
    assert await accounts.get_account(town.ports, trader, view.id) == view
    assert await accounts.list_accounts(town.ports, trader) == (view,)
    assert await posted(town, trader, view) == [(EntryKind.GENESIS, 100_000_00)]


@pytest.mark.parametrize(
    ("asked", "code", "field"),
    [
        (replace(CONDORS, engine="broker_ibkr"), Code.ENGINE_NOT_AVAILABLE, "engine"),
        (replace(CONDORS, engine="broker_unheard_of"), Code.INVALID_INPUT, "engine"),
        (replace(CONDORS, type="bot"), Code.INVALID_INPUT, "type"),
        (replace(CONDORS, name="   "), Code.INVALID_INPUT, "name"),
        (replace(CONDORS, name="x" * 81), Code.INVALID_INPUT, "name"),
        (replace(CONDORS, starting_capital_cents=999_99), Code.INVALID_INPUT, "starting_capital"),
        (replace(CONDORS, starting_capital_cents=10_000_000_01), Code.INVALID_INPUT, "starting_capital"),
        (replace(CONDORS, description="x" * 501), Code.INVALID_INPUT, "description"),
    ],
)
async def test_what_cannot_be_an_account_is_refused(
    town: Town, trader: Viewer, asked: CreateAccount, code: Code, field: str
) -> None:
    refused = denied(await accounts.create_account(town.ports, trader, asked))
    assert (refused.code, refused.path) == (code, (field,))
    assert await accounts.list_accounts(town.ports, trader) == ()


async def test_a_name_is_unique_among_the_active_accounts_of_a_person(
    town: Town, trader: Viewer, rival: Viewer
) -> None:
    first = await funded(town, trader)
    assert denied(await accounts.create_account(town.ports, trader, CONDORS)).code is Code.NAME_TAKEN
    await funded(town, rival)
    archived = await accounts.update_account(town.ports, trader, first.id, AccountChanges(status="archived"))
    assert isinstance(archived, AccountView)
    second = await funded(town, trader)
    back = await accounts.update_account(town.ports, trader, first.id, AccountChanges(status="active"))
    assert denied(back).code is Code.NAME_TAKEN
    assert await accounts.delete_account(town.ports, trader, second.id) is None
    assert isinstance(
        await accounts.update_account(town.ports, trader, first.id, AccountChanges(status="active")),
        AccountView,
    )


async def test_only_what_is_sent_is_changed(town: Town, trader: Viewer) -> None:
    view = await funded(town, trader)
    renamed = await accounts.update_account(
        town.ports, trader, view.id, AccountChanges(name=" Condors — 2025 ")
    )
    assert renamed == replace(view, name="Condors — 2025", version=2)
    bare = await accounts.update_account(town.ports, trader, view.id, AccountChanges(description=None))
    assert bare == replace(view, name="Condors — 2025", description=None, version=3)
    assert await accounts.update_account(town.ports, trader, view.id, AccountChanges()) == bare


async def test_a_new_starting_capital_is_posted_as_a_difference(town: Town, trader: Viewer) -> None:
    view = await funded(town, trader)
    for capital in (250_000_00, 50_000_00):
        edited = await accounts.update_account(
            town.ports, trader, view.id, AccountChanges(starting_capital_cents=capital)
        )
        assert isinstance(edited, AccountView)
        assert (edited.starting_cents, edited.cash_cents, edited.current_cents) == (capital,) * 3
    assert await posted(town, trader, view) == [
        (EntryKind.GENESIS, 100_000_00),
        (EntryKind.CAPITAL, 150_000_00),
        (EntryKind.CAPITAL, -200_000_00),
    ]


async def test_an_open_day_holds_up_capital_archive_and_deletion(town: Town, trader: Viewer) -> None:
    view = await funded(town, trader)
    assert isinstance(await account_sessions.open_session(town.ports, trader, view.id, DATE), Opened)
    answers: list[object] = [
        await accounts.update_account(
            town.ports, trader, view.id, AccountChanges(starting_capital_cents=50_000_00)
        ),
        await accounts.update_account(town.ports, trader, view.id, AccountChanges(status="archived")),
        await accounts.delete_account(town.ports, trader, view.id),
    ]
    assert [denied(answer).code for answer in answers] == [Code.SESSION_OPEN] * 3
    assert await posted(town, trader, view) == [(EntryKind.GENESIS, 100_000_00)]


async def test_a_stale_version_changes_nothing(town: Town, trader: Viewer) -> None:
    view = await funded(town, trader)
    stale = AccountChanges(name="Butterflies", expected_version=7)
    assert (
        denied(await accounts.update_account(town.ports, trader, view.id, stale)).code
        is Code.VERSION_CONFLICT
    )
    assert await accounts.get_account(town.ports, trader, view.id) == view


async def test_nobody_elses_account_is_there(town: Town, trader: Viewer, rival: Viewer) -> None:
    view = await funded(town, trader)
    answers: list[object] = [
        await accounts.get_account(town.ports, rival, view.id),
        await accounts.update_account(town.ports, rival, view.id, AccountChanges(name="Mine")),
        await accounts.delete_account(town.ports, rival, view.id),
        await account_sessions.open_session(town.ports, rival, view.id, DATE),
        await account_sessions.page_sessions(town.ports, rival, view.id),
        await account_sessions.head(town.ports, rival, view.id),
        await account_sessions.current(town.ports, rival, view.id),
        await accounts.get_account(town.ports, trader, uuid4()),
    ]
    assert [denied(answer).code for answer in answers] == [Code.NOT_FOUND] * 8
    assert await accounts.list_accounts(town.ports, rival) == ()
    assert await accounts.get_account(town.ports, trader, view.id) == view


async def test_a_deleted_account_is_gone_with_its_days(town: Town, trader: Viewer) -> None:
    view = await funded(town, trader)
    assert await accounts.delete_account(town.ports, trader, view.id) is None
    assert denied(await accounts.get_account(town.ports, trader, view.id)).code is Code.NOT_FOUND
    assert denied(await accounts.delete_account(town.ports, trader, view.id)).code is Code.NOT_FOUND


async def test_an_account_takes_the_fees_of_its_owner(town: Town, trader: Viewer) -> None:
    view = await funded(town, trader)
    async with town.ports.database.reading() as tx:
        stored = await stored_accounts.find(tx, trader.user_id, view.id)
    assert stored is not None
    assert stored.fees == DEFAULT_FEES


async def test_a_live_account_waits_for_its_market(town: Town, trader: Viewer) -> None:
    view = await funded(town, trader, replace(CONDORS, engine="live_sim"))
    assert (
        denied(await account_sessions.open_session(town.ports, trader, view.id, None)).code
        is Code.MARKET_CLOSED
    )
    assert await account_sessions.current(town.ports, trader, view.id) is None
    assert await account_sessions.head(town.ports, trader, view.id) is None
    edited = await accounts.update_account(
        town.ports, trader, view.id, AccountChanges(starting_capital_cents=50_000_00)
    )
    assert isinstance(edited, AccountView)


async def test_names_are_given_out_one_at_a_time(town: Town, trader: Viewer) -> None:
    """Two accounts that ask for each other's name would wait for each other for ever."""
    view = await funded(town, trader)
    renamed, archived, described = (
        AccountChanges(name="Butterflies"),
        AccountChanges(status="archived"),
        AccountChanges(description="Wings"),
    )
    async with town.ports.database.transaction() as tx:
        await locks.user(tx, trader.user_id)
        assert await accounts.update_account(town.ports, trader, view.id, described) == replace(
            view, description="Wings", version=2
        )
        waiting = [
            asyncio.create_task(accounts.update_account(town.ports, trader, view.id, changes))
            for changes in (renamed, archived)
        ]
        assert (await asyncio.wait(waiting, timeout=0.2))[0] == set()
    assert [isinstance(answer, AccountView) for answer in await asyncio.gather(*waiting)] == [True, True]
