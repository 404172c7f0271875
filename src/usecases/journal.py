"""Reading the books of an account: every entry that was ever posted."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from engine.denials import Denial
from engine.journal import Entry
from store import accounts, journal
from store.journal import StoredEntry
from usecases.accounts import NO_ACCOUNT
from usecases.ports import Ports, Viewer


@dataclass(frozen=True, slots=True)
class EntryView:
    """An entry of an account's books. ``session_id`` and ``date`` name the day that it settles or
    takes back, if one; that day may be deleted since. ``revision`` is which of its settlements it is."""

    account_id: UUID
    seq: int
    entry: Entry
    session_id: UUID | None
    date: date | None
    revision: int | None
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class EntriesPage:
    """A page of an account's journal, oldest first."""

    entries: tuple[EntryView, ...]
    has_next: bool


async def page_entries(
    ports: Ports, viewer: Viewer, account_id: UUID, *, first: int, after_seq: int = 0
) -> EntriesPage | Denial:
    """``first`` entries later than ``after_seq``."""
    async with ports.database.reading() as tx:
        account = await accounts.find(tx, viewer.user_id, account_id)
        if account is None:
            return NO_ACCOUNT
        found = await journal.entries(tx, account, limit=first + 1, after_seq=after_seq)
    return EntriesPage(tuple(_view(account_id, stored) for stored in found[:first]), len(found) > first)


def _view(account_id: UUID, stored: StoredEntry) -> EntryView:
    day = stored.day
    return EntryView(
        account_id=account_id,
        seq=stored.seq,
        entry=stored.entry,
        session_id=day.session_id if day else None,
        date=day.date if day else None,
        revision=day.revision if day else None,
        posted_at=stored.posted_at,
    )
