"""Live accounts as far as they go without the live engine: their days are stored as it is to store them."""

from dataclasses import replace
from uuid import UUID

import pytest_asyncio
from sqlalchemy import update

from engine.accounts import Engine
from engine.denials import Code, Denial
from store import recordings
from store.recordings import NewRecording
from store.tables.accounts import AccountRow
from store.tables.sessions import SessionRow
from tests.days import DATE
from tests.engine.tapes import OPEN_AT
from tests.people import Town, denied
from tests.usecases.test_account_sessions import CALL, CAPITAL, CLOSE, move, opened, placed
from tests.usecases.test_accounts import CONDORS, funded
from usecases import account_sessions, accounts, sessions
from usecases.accounts import AccountChanges
from usecases.ports import Viewer
from usecases.views import AccountView, SessionMode, SessionView

RECORDING = NewRecording(UUID(int=7), DATE, "demo", OPEN_AT, 60, OPEN_AT)
NOWHERE = {"recording_uuid": None, "settled_at": None}


@pytest_asyncio.fixture
async def account(town: Town, trader: Viewer) -> UUID:
    return (await funded(town, trader, replace(CONDORS, starting_capital_cents=CAPITAL))).id


async def goes(town: Town, mode: SessionMode) -> None:
    """Make every session what it would be if it were traded live, or what it was before."""
    is_live = mode is SessionMode.LIVE
    engine = Engine.LIVE_SIM if is_live else Engine.HISTORICAL
    traded_on = {"recording_uuid": RECORDING.uuid, "settled_at": RECORDING.created_at} if is_live else NOWHERE
    async with town.ports.database.transaction() as tx:
        await recordings.enter(tx, RECORDING)
        await tx.execute(update(AccountRow.__table__).values(engine=engine))  # type: ignore[attr-defined]
        lived = update(SessionRow.__table__).values(mode=mode, **traded_on)  # type: ignore[attr-defined]
        await tx.execute(lived)


async def test_a_live_day_that_traded_stays(town: Town, trader: Viewer, account: UUID) -> None:
    day = await opened(town, trader, account, DATE)
    await placed(town, trader, day, CALL)
    await goes(town, SessionMode.LIVE)
    kept = denied(await account_sessions.delete_session(town.ports, trader, day.id))
    assert (kept.code, kept.message.partition(":")[0]) == (Code.SESSION_TRADED, "session_traded")
    frozen = await sessions.move_clock(town.ports, trader, day.id, day.start_at)
    assert denied(frozen).code is Code.SESSION_FROZEN
    current = await account_sessions.current(town.ports, trader, account)
    assert isinstance(current, SessionView)
    assert (current.id, current.mode) == (day.id, SessionMode.LIVE)
    assert await account_sessions.head(town.ports, trader, account) == current


async def test_a_live_day_without_orders_is_given_up(town: Town, trader: Viewer, account: UUID) -> None:
    day = await opened(town, trader, account, DATE)
    await goes(town, SessionMode.LIVE)
    assert await account_sessions.delete_session(town.ports, trader, day.id) is None
    assert await account_sessions.current(town.ports, trader, account) is None


async def test_capital_is_fixed_once_a_live_account_traded(town: Town, trader: Viewer, account: UUID) -> None:
    async def funded_with(cents: int) -> AccountView | Denial:
        changes = AccountChanges(starting_capital_cents=cents)
        return await accounts.update_account(town.ports, trader, account, changes)

    day = await opened(town, trader, account, DATE)
    await move(town, trader, day, CLOSE)
    await goes(town, SessionMode.LIVE)
    assert isinstance(await funded_with(200_000_00), AccountView)
    await goes(town, SessionMode.HISTORICAL)
    again = await sessions.move_clock(town.ports, trader, day.id, day.start_at)
    assert isinstance(again, SessionView)
    await placed(town, trader, again, CALL)
    await move(town, trader, again, CLOSE)
    await goes(town, SessionMode.LIVE)
    assert denied(await funded_with(300_000_00)).code is Code.CAPITAL_IMMUTABLE


async def test_an_archived_live_account_opens_nothing_for_being_archived(town: Town, trader: Viewer) -> None:
    live = (await funded(town, trader, replace(CONDORS, engine="live_sim"))).id
    shut = denied(await account_sessions.open_session(town.ports, trader, live, None))
    archived = AccountChanges(status="archived")
    assert isinstance(await accounts.update_account(town.ports, trader, live, archived), AccountView)
    put_away = denied(await account_sessions.open_session(town.ports, trader, live, None))
    assert (shut.code, put_away.code) == (Code.MARKET_CLOSED, Code.ACCOUNT_ARCHIVED)
