"""A change of fees carried through the settled days of an account, all at once or not at all."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest

from engine.fees import DEFAULT_FEES, FeeSchedule
from engine.journal import EntryKind
from engine.settings import fee_texts
from store import accounts as stored_accounts
from tests.people import Town
from tests.usecases.test_account_sessions import (
    CALL,
    CALL_LOST,
    CAPITAL,
    PUT_KEPT,
    PUT_SOLD,
    THURSDAY,
    WEDNESDAY,
    account,
    cash,
    days,
    opened,
    placed,
    traded,
)
from tests.usecases.test_accounts import posted
from usecases import accounts, repricing, sessions, users
from usecases.failpoints import Failpoint
from usecases.ports import Viewer
from usecases.users import ProfileChanges
from usecases.views import AccountEventKind, AccountView, SessionView

__all__ = ["account"]

DEARER = replace(DEFAULT_FEES, buy_to_open_option=2_720_000)


class Stopped(Exception):
    """The process was stopped at a failure point."""


async def charge(town: Town, viewer: Viewer, fees: FeeSchedule) -> None:
    answer = await users.update_profile(town.ports, viewer, ProfileChanges(fee_schedule=fee_texts(fees)))
    assert isinstance(answer, Viewer), answer


async def asked(town: Town, viewer: Viewer, account: UUID, fees: FeeSchedule) -> int:
    """Ask as a change of the profile does, and leave the work to somebody else."""
    async with town.ports.database.transaction() as tx:
        stored = await stored_accounts.find(tx, viewer.user_id, account)
        assert stored is not None
        await repricing.ask(tx, stored, fees, town.ports.wall())
        return stored.id


async def test_new_fees_carry_through_every_settled_day(town: Town, trader: Viewer, account: UUID) -> None:
    wednesday = await traded(town, trader, account, WEDNESDAY, CALL)
    await traded(town, trader, account, THURSDAY, PUT_SOLD)
    await charge(town, trader, DEARER)

    first = CAPITAL + CALL_LOST - 1_00
    assert await days(town, trader, account) == [
        (THURSDAY, first, first + PUT_KEPT),
        (WEDNESDAY, CAPITAL, first),
    ]
    assert await cash(town, trader, account) == (first + PUT_KEPT,) * 2
    view = await sessions.get_session(town.ports, trader, wednesday.id)
    assert isinstance(view, SessionView)
    assert (view.financials.fees_cents, view.closing_cents) == (2_72, first)
    assert view.version > wednesday.version
    books = await accounts.get_account(town.ports, trader, account)
    assert isinstance(books, AccountView)
    assert (await posted(town, trader, books))[-2:] == [
        (EntryKind.REVERSE, -CALL_LOST),
        (EntryKind.SETTLE, CALL_LOST - 1_00),
    ]


async def test_a_repriced_day_equals_one_that_is_settled_anew(
    town: Town, trader: Viewer, account: UUID
) -> None:
    day = await opened(town, trader, account, WEDNESDAY)
    await placed(town, trader, day, CALL)
    await placed(town, trader, day, replace(PUT_SOLD))
    close = await sessions.move_clock(town.ports, trader, day.id, day.end_at)
    assert isinstance(close, SessionView)
    await charge(town, trader, replace(DEARER, exercise_option=9_000_000, sell_to_open_option=1_234_567))
    repriced = await sessions.get_session(town.ports, trader, day.id)
    for at in (day.start_at, day.end_at):
        again = await sessions.move_clock(town.ports, trader, day.id, at)
    assert isinstance(repriced, SessionView)
    assert isinstance(again, SessionView)
    assert again.financials == repriced.financials


async def test_an_open_day_follows_and_unchanged_days_are_left_alone(
    town: Town, trader: Viewer, account: UUID
) -> None:
    await traded(town, trader, account, WEDNESDAY, PUT_SOLD)
    thursday = await opened(town, trader, account, THURSDAY)
    await placed(town, trader, thursday, CALL)
    before = await sessions.get_session(town.ports, trader, thursday.id)
    await charge(town, trader, DEARER)
    view = await sessions.get_session(town.ports, trader, thursday.id)
    assert isinstance(before, SessionView)
    assert isinstance(view, SessionView)
    assert (view.financials.fees_cents, view.version) == (2_72, before.version + 1)
    books = await accounts.get_account(town.ports, trader, account)
    assert isinstance(books, AccountView)
    assert [kind for kind, _ in await posted(town, trader, books)] == [EntryKind.GENESIS, EntryKind.SETTLE]


@pytest.mark.parametrize("point", [Failpoint.DAYS_STAGED, Failpoint.REPRICING_POSTED])
async def test_stopped_before_a_commit_nothing_of_it_is_seen(
    town: Town, trader: Viewer, account: UUID, point: Failpoint
) -> None:
    await traded(town, trader, account, WEDNESDAY, CALL)
    account_id = await asked(town, trader, account, DEARER)

    def stop(reached: Failpoint) -> None:
        if reached is point:
            raise Stopped

    with pytest.raises(Stopped):
        await repricing.reprice(replace(town.ports, reach=stop), account_id)
    assert await cash(town, trader, account) == (CAPITAL + CALL_LOST,) * 2

    await repricing.reprice(town.ports, account_id)
    assert await cash(town, trader, account) == (CAPITAL + CALL_LOST - 1_00,) * 2


async def test_a_day_edited_meanwhile_is_recomputed(town: Town, trader: Viewer, account: UUID) -> None:
    wednesday = await traded(town, trader, account, WEDNESDAY, CALL)
    account_id = await asked(town, trader, account, DEARER)

    def stop(reached: Failpoint) -> None:
        if reached is Failpoint.STAGED_COMMITTED:
            raise Stopped

    with pytest.raises(Stopped):
        await repricing.reprice(replace(town.ports, reach=stop), account_id)
    reopened = await opened(town, trader, account, WEDNESDAY)
    await placed(town, trader, reopened, CALL)
    await sessions.move_clock(town.ports, trader, wednesday.id, wednesday.end_at)

    await repricing.reprice(town.ports, account_id)
    assert await cash(town, trader, account) == (CAPITAL + 2 * (CALL_LOST - 1_00),) * 2


async def test_many_workers_reprice_once(town: Town, trader: Viewer, account: UUID) -> None:
    await traded(town, trader, account, WEDNESDAY, CALL)
    account_id = await asked(town, trader, account, DEARER)
    await asyncio.gather(*(repricing.reprice(town.ports, account_id) for _ in range(5)))
    books = await accounts.get_account(town.ports, trader, account)
    assert isinstance(books, AccountView)
    assert [kind for kind, _ in await posted(town, trader, books)] == [
        EntryKind.GENESIS,
        EntryKind.SETTLE,
        EntryKind.REVERSE,
        EntryKind.SETTLE,
    ]


async def test_the_latest_change_of_fees_wins(town: Town, trader: Viewer, account: UUID) -> None:
    await traded(town, trader, account, WEDNESDAY, CALL)
    account_id = await asked(town, trader, account, DEARER)
    await charge(town, trader, replace(DEFAULT_FEES, buy_to_open_option=0))
    await repricing.reprice(town.ports, account_id)
    assert await cash(town, trader, account) == (CAPITAL + CALL_LOST + 1_72,) * 2


async def test_what_nobody_works_on_is_taken_up(town: Town, trader: Viewer, account: UUID) -> None:
    account_id = await asked(town, trader, account, DEARER)
    assert await repricing.unfinished(town.ports) == ()
    town.clock.pass_(seconds=3)
    assert await repricing.unfinished(town.ports) == (account_id,)
    assert await repricing.unfinished(town.ports) == ()
    town.clock.pass_(seconds=3)
    assert await repricing.unfinished(town.ports) == (account_id,)
    await repricing.reprice(town.ports, account_id)
    assert await repricing.unfinished(town.ports) == ()


async def test_progress_is_told_in_events(town: Town, trader: Viewer, account: UUID) -> None:
    await traded(town, trader, account, WEDNESDAY, CALL)
    await traded(town, trader, account, THURSDAY, CALL)
    await charge(town, trader, DEARER)
    async with town.ports.database.reading() as tx:
        rows = await stored_accounts.events_after(tx, trader.user_id, account, 0, 100)
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    assert [(row.kind, row.done, row.total) for row in rows][-2:] == [
        (AccountEventKind.REPRICING, 2, 2),
        (AccountEventKind.REPRICED, None, None),
    ]


async def test_a_deleted_account_is_not_taken_up(town: Town, trader: Viewer, account: UUID) -> None:
    account_id = await asked(town, trader, account, DEARER)
    assert await accounts.delete_account(town.ports, trader, account) is None
    town.clock.pass_(seconds=3)
    await repricing.reprice(town.ports, account_id)
    assert await repricing.unfinished(town.ports) == ()
