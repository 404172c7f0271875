"""Reading the books: every entry in its order, a page at a time, by their owner alone."""

from uuid import UUID

from engine.denials import Code
from engine.journal import EntryKind
from tests.people import Town, denied
from tests.usecases.test_account_sessions import (
    CALL,
    CALL_LOST,
    CAPITAL,
    WEDNESDAY,
    account,
    opened,
    traded,
)
from usecases import account_sessions, journal
from usecases.journal import EntriesPage
from usecases.ports import Viewer

__all__ = ["account"]


async def page(town: Town, viewer: Viewer, account: UUID, *, first: int, after_seq: int = 0) -> EntriesPage:
    answer = await journal.page_entries(town.ports, viewer, account, first=first, after_seq=after_seq)
    assert isinstance(answer, EntriesPage), answer
    return answer


async def test_the_books_name_the_day_that_they_carried(town: Town, trader: Viewer, account: UUID) -> None:
    day = await traded(town, trader, account, WEDNESDAY, CALL)
    whole = await page(town, trader, account, first=5)
    assert not whole.has_next
    assert [(one.seq, one.entry.kind, one.entry.cash_cents) for one in whole.entries] == [
        (1, EntryKind.GENESIS, CAPITAL),
        (2, EntryKind.SETTLE, CALL_LOST),
    ]
    genesis, settle = whole.entries
    assert (genesis.session_id, genesis.date, genesis.revision) == (None, None, None)
    assert (settle.session_id, settle.date, settle.revision) == (day.id, WEDNESDAY, 1)
    assert {one.account_id for one in whole.entries} == {account}


async def test_pages_continue_where_the_last_one_ended(town: Town, trader: Viewer, account: UUID) -> None:
    await traded(town, trader, account, WEDNESDAY, CALL)
    await opened(town, trader, account, WEDNESDAY)
    first = await page(town, trader, account, first=2)
    last = await page(town, trader, account, first=2, after_seq=2)
    assert ([one.seq for one in first.entries], first.has_next) == ([1, 2], True)
    assert ([one.seq for one in last.entries], last.has_next) == ([3], False)
    assert last.entries[0].entry.kind is EntryKind.REVERSE


async def test_what_was_posted_outlives_its_day(town: Town, trader: Viewer, account: UUID) -> None:
    day = await traded(town, trader, account, WEDNESDAY, CALL)
    assert await account_sessions.delete_session(town.ports, trader, day.id) is None
    whole = await page(town, trader, account, first=5)
    assert [one.session_id for one in whole.entries] == [None, day.id, day.id]
    assert sum(one.entry.cash_cents for one in whole.entries) == CAPITAL


async def test_nobody_reads_anothers_books(town: Town, rival: Viewer, account: UUID) -> None:
    answer = await journal.page_entries(town.ports, rival, account, first=5)
    assert denied(answer).code is Code.NOT_FOUND
