"""The books of an account: balanced entries that are only ever added."""

import datetime as dt
from uuid import UUID

import strawberry

from api.connections import Connection, Key, connect_page
from api.context import Info
from api.errors import found
from api.nodes import Node, NodeKind, global_id
from api.scalars import DecimalText, dollars
from engine.journal import EntryKind
from engine.ledger import LedgerAccount
from usecases import journal
from usecases.journal import EntriesPage, EntryView

strawberry.enum(EntryKind, name="JournalEntryKind")
strawberry.enum(LedgerAccount)


@strawberry.type(description="One line of an entry.")
class Posting:
    ledger_account: LedgerAccount
    amount: DecimalText = strawberry.field(description="A debit is positive.")


@strawberry.type(description="One event of the books. Its postings sum to zero; it never changes.")
class JournalEntry(Node):
    seq: int = strawberry.field(description="1, 2, 3 … in each account.")
    kind: EntryKind
    time: dt.datetime
    date: dt.date | None = strawberry.field(description="The day that was settled or taken back, if one.")
    session_uuid: UUID | None = strawberry.field(description="Of that day; it may be deleted since.")
    revision: int | None = strawberry.field(description="Which of that day's settlements it is.")
    postings: list[Posting]


async def find_entry(info: Info, account_id: UUID, seq: int) -> JournalEntry | None:
    viewer = await info.context.viewer()
    page = found(
        await journal.page_entries(info.context.ports, viewer, account_id, first=1, after_seq=seq - 1)
    )
    entries = page.entries if page else ()
    return next((render_entry(view) for view in entries if view.seq == seq), None)


def render_entry(view: EntryView) -> JournalEntry:
    postings = [
        Posting(ledger_account=line.account, amount=dollars(line.amount_cents))
        for line in view.entry.postings
    ]
    return JournalEntry(
        id=global_id(NodeKind.JOURNAL_ENTRY, view.account_id, view.seq),
        seq=view.seq,
        kind=view.entry.kind,
        time=view.posted_at,
        date=view.date,
        session_uuid=view.session_id,
        revision=view.revision,
        postings=postings,
    )


def connect_entries(page: EntriesPage) -> Connection[JournalEntry]:
    """A page of an account's journal, oldest first."""
    return connect_page(page.entries, _key, render_entry, has_next=page.has_next)


def _key(view: EntryView) -> Key:
    return (view.seq,)
