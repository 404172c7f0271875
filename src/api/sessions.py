"""Sessions, one trading day with a ledger each, and the accounts whose days they are.

The two types name each other, so they live together.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import strawberry

from api.connections import PAGE_SIZE_DEFAULT, After, Connection, First, Key, connect_page, read_page
from api.context import Info
from api.errors import found, granted
from api.financials import Financials, render_financials
from api.histories import Interval, SessionHistory, render_history
from api.journal import JournalEntry, connect_entries
from api.market import MarketDay, find_day
from api.nodes import Node, NodeKind, global_id
from api.orders import Order, connect_orders, find_order
from api.positions import Position, connect_positions
from api.scalars import DecimalText, dollars, read_date
from api.statistics import EquityCurve, Statistics, render_statistics
from api.transactions import Transaction, connect_transactions
from api.users import FeeSchedule, render_fees
from engine.accounts import AccountStatus, AccountType
from usecases import account_sessions, accounts, journal, orders, sessions, statistics
from usecases.views import AccountView, SessionMode, SessionStatus, SessionView


@strawberry.enum(description="What trades an account. The brokers are not available yet.")
class AccountEngine(StrEnum):
    HISTORICAL = "historical"
    LIVE_SIM = "live_sim"
    BROKER_IBKR = "broker_ibkr"
    BROKER_SCHWAB = "broker_schwab"
    BROKER_TASTYTRADE = "broker_tastytrade"
    BROKER_TRADESTATION = "broker_tradestation"
    BROKER_TRADIER = "broker_tradier"
    BROKER_ETRADE = "broker_etrade"


for _enum in (AccountStatus, AccountType, SessionMode, SessionStatus):
    strawberry.enum(_enum)

At = Annotated[
    datetime | None,
    strawberry.argument(description="A time of the session to look at instead of its clock."),
]


@strawberry.type(
    description="One trading day with a ledger. A historical session has a clock that its owner moves."
)
class Session(Node):
    uuid: UUID
    account_uuid: UUID | None = strawberry.field(description="Null for a simulation.")
    mode: SessionMode
    date: date
    description: str | None
    start_time: datetime
    end_time: datetime
    time: datetime | None = strawberry.field(description="The clock; null until it is first moved.")
    status: SessionStatus
    ended: bool = strawberry.field(description="True at the close, when the session is settled.")
    opening_balance: DecimalText = strawberry.field(
        description="What the account carried into the day; a simulation's starting capital."
    )
    closing_balance: DecimalText | None = strawberry.field(
        description="What a settled day of an account left, and carried on."
    )
    settled_at: datetime | None = strawberry.field(description="When it was carried on, by the wall clock.")
    version: int = strawberry.field(description="Counts the changes; the sequence of the last event.")
    created_at: datetime
    unavailable: bool = strawberry.field(
        description="True in lists where its recording cannot be read: unless it is settled, its money is "
        "that of its opening, whatever it traded, and its bounds are the calendar's."
    )
    financials: Financials

    @strawberry.field(description="The account whose day it is, as it is now.")
    async def account(self, info: Info) -> Annotated["Account", strawberry.lazy("api.sessions")] | None:
        return None if self.account_uuid is None else await find_account(info, self.account_uuid)

    @strawberry.field
    async def market_day(self, info: Info) -> MarketDay | None:
        return await find_day(info, self.date)

    @strawberry.field(description="Every order that was placed, by the time of its placement.")
    async def orders(
        self, info: Info, first: First = PAGE_SIZE_DEFAULT, after: After = None
    ) -> Connection[Order]:
        page = read_page(first, after, int, int)
        viewer = await info.context.viewer()
        views = granted(await orders.list_orders(info.context.ports, viewer, self.uuid))
        return connect_orders(views, page)

    @strawberry.field
    async def order(self, info: Info, uuid: UUID) -> Order | None:
        return await find_order(info, self.uuid, uuid)

    @strawberry.field(description="Open positions at the clock, or at another time of the session.")
    async def positions(
        self, info: Info, first: First = PAGE_SIZE_DEFAULT, after: After = None, at: At = None
    ) -> Connection[Position]:
        page = read_page(first, after, int, str, str)
        viewer = await info.context.viewer()
        view = granted(await orders.positions(info.context.ports, viewer, self.uuid, at))
        return connect_positions(view, page)

    @strawberry.field(
        description="What has happened by the clock, or by another time of the session, oldest first."
    )
    async def transactions(
        self, info: Info, first: First = PAGE_SIZE_DEFAULT, after: After = None, at: At = None
    ) -> Connection[Transaction]:
        page = read_page(first, after, int, int)
        viewer = await info.context.viewer()
        view = granted(await orders.transactions(info.context.ports, viewer, self.uuid, at))
        return connect_transactions(view, page)

    @strawberry.field(description="The financials of the whole day, whatever the clock.")
    async def history(self, info: Info, interval: Interval = 1) -> SessionHistory:
        viewer = await info.context.viewer()
        view = granted(await sessions.history(info.context.ports, viewer, self.uuid))
        return render_history(view, interval)


@strawberry.type(description="Named cash that is carried from day to day and traded a session at a time.")
class Account(Node):
    uuid: UUID
    name: str
    description: str | None
    engine: AccountEngine
    type: AccountType
    status: AccountStatus
    starting_capital: DecimalText
    cash_balance: DecimalText = strawberry.field(
        description="The starting capital plus the profit of every settled day."
    )
    current_value: DecimalText = strawberry.field(
        description="The cash balance plus what the open session has made by its clock; the cash balance "
        "alone while the open session's recording cannot be read."
    )
    fee_schedule: FeeSchedule = strawberry.field(description="The schedule its books are kept with.")
    version: int = strawberry.field(description="Counts the changes; the sequence of the last event.")
    created_at: datetime

    @strawberry.field(description="The account's days, newest first.")
    async def sessions(
        self, info: Info, first: First = PAGE_SIZE_DEFAULT, after: After = None
    ) -> Connection[Session]:
        page = read_page(first, after, str)
        before = read_date(page.after[0]) if page.after else None
        viewer = await info.context.viewer()
        days = granted(
            await account_sessions.page_sessions(
                info.context.ports, viewer, self.uuid, first=first, before=before
            )
        )
        return connect_page(days.sessions, _date_key, render_session, has_next=days.has_next)

    @strawberry.field(description="The account's day on a date; null when there is none.")
    async def session(self, info: Info, date: date) -> Session | None:
        viewer = await info.context.viewer()
        view = found(await account_sessions.session_on(info.context.ports, viewer, self.uuid, date))
        return render_session(view) if view else None

    @strawberry.field(description="The day to land on: the open one if any, else the latest.")
    async def head_session(self, info: Info) -> Session | None:
        viewer = await info.context.viewer()
        view = found(await account_sessions.head(info.context.ports, viewer, self.uuid))
        return render_session(view) if view else None

    @strawberry.field(description="The open live session; a historical account never has one.")
    async def current_session(self, info: Info) -> Session | None:
        viewer = await info.context.viewer()
        view = found(await account_sessions.current(info.context.ports, viewer, self.uuid))
        return render_session(view) if view else None

    @strawberry.field(description="The journal of the books, oldest first.")
    async def entries(
        self, info: Info, first: First = PAGE_SIZE_DEFAULT, after: After = None
    ) -> Connection[JournalEntry]:
        page = read_page(first, after, int)
        after_seq = int(page.after[0]) if page.after else 0
        viewer = await info.context.viewer()
        return connect_entries(
            granted(
                await journal.page_entries(
                    info.context.ports, viewer, self.uuid, first=first, after_seq=after_seq
                )
            )
        )

    @strawberry.field(description="The balance at the end of each settled day.")
    async def equity_curve(self, info: Info) -> EquityCurve:
        viewer = await info.context.viewer()
        curve = granted(await statistics.account_equity(info.context.ports, viewer, self.uuid))
        return EquityCurve(curve=curve)

    @strawberry.field(description="The equity curve as CSV, in dollars.")
    async def equity_curve_csv(self, info: Info) -> str:
        viewer = await info.context.viewer()
        return granted(await statistics.account_equity_csv(info.context.ports, viewer, self.uuid))

    @strawberry.field(description="What the settled days came to.")
    async def statistics(self, info: Info) -> Statistics:
        viewer = await info.context.viewer()
        told = granted(await statistics.account_statistics(info.context.ports, viewer, self.uuid))
        return render_statistics(told)


async def find_session(info: Info, uuid: UUID) -> Session | None:
    viewer = await info.context.viewer()
    view = found(await sessions.get_session(info.context.ports, viewer, uuid))
    return render_session(view) if view else None


async def find_account(info: Info, uuid: UUID) -> Account | None:
    viewer = await info.context.viewer()
    view = found(await accounts.get_account(info.context.ports, viewer, uuid))
    return render_account(view) if view else None


def render_session(view: SessionView) -> Session:
    closing = view.closing_cents
    return Session(
        id=global_id(NodeKind.SESSION, view.id),
        uuid=view.id,
        account_uuid=view.account_id,
        mode=view.mode,
        date=view.date,
        description=view.description,
        start_time=view.start_at,
        end_time=view.end_at,
        time=view.at,
        status=view.status,
        ended=view.ended,
        opening_balance=dollars(view.financials.opening_cents),
        closing_balance=None if closing is None else dollars(closing),
        settled_at=view.settled_at,
        version=view.version,
        created_at=view.created_at,
        unavailable=not view.is_readable,
        financials=render_financials(view.financials),
    )


def render_account(view: AccountView) -> Account:
    return Account(
        id=global_id(NodeKind.ACCOUNT, view.id),
        uuid=view.id,
        name=view.name,
        description=view.description,
        engine=AccountEngine(view.engine),
        type=view.type,
        status=view.status,
        starting_capital=dollars(view.starting_cents),
        cash_balance=dollars(view.cash_cents),
        current_value=dollars(view.current_cents),
        fee_schedule=render_fees(view.fees),
        version=view.version,
        created_at=view.created_at,
    )


def _date_key(view: SessionView) -> Key:
    return (view.date.isoformat(),)
