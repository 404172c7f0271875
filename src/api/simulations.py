"""Sessions: one trading day with a ledger, and the simulations among them."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import strawberry

from api.connections import (
    PAGE_SIZE_DEFAULT,
    After,
    Connection,
    First,
    Key,
    connect_page,
    read_page,
)
from api.context import Info
from api.errors import UserError, found, granted, user_errors
from api.histories import Interval, SessionHistory, render_history
from api.market import MarketDay, find_day
from api.nodes import Node, NodeKind, global_id, read_id
from api.orders import Order, connect_orders, find_order
from api.positions import Position, connect_positions
from api.scalars import DecimalText, cents_of, dollars
from api.transactions import Transaction, connect_transactions
from engine.denials import Code, Denial
from engine.sessions import Financials as EngineFinancials
from usecases import orders, sessions
from usecases.sessions import CreateSimulation
from usecases.views import SessionMode, SessionView

strawberry.enum(SessionMode)

At = Annotated[
    datetime | None,
    strawberry.argument(description="A time of the session to look at instead of its clock."),
]


@strawberry.type(description="The money of a session at its clock, in dollars.")
class Financials:
    starting_capital: DecimalText
    credits: DecimalText
    debits: DecimalText
    fees: DecimalText
    maintenance_buying_power: DecimalText
    available_buying_power: DecimalText
    net_liquidation_value: DecimalText
    unrealized_profit_loss: DecimalText
    realized_profit_loss: DecimalText
    profit_loss: DecimalText = strawberry.field(description="Realized plus unrealized, less fees.")
    options_net_liquidation_value: DecimalText


@strawberry.type(
    description="One trading day with a ledger. A historical session has a clock that its owner moves."
)
class Session(Node):
    uuid: UUID
    mode: SessionMode
    date: date
    description: str | None
    start_time: datetime
    end_time: datetime
    time: datetime | None = strawberry.field(description="The clock; null until it is first moved.")
    ended: bool = strawberry.field(description="True at the close, when the session is settled.")
    version: int = strawberry.field(description="Counts the changes; the sequence of the last event.")
    created_at: datetime
    financials: Financials

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


@strawberry.input
class CreateSimulationInput:
    date: date
    starting_capital: DecimalText = strawberry.field(description="1000 to 10000000 dollars.")
    description: str | None = None


@strawberry.input
class MoveClockInput:
    session_id: strawberry.ID
    time: datetime
    expected_version: int | None = strawberry.field(
        default=None, description="Denied with version_conflict when the session has changed since."
    )


@strawberry.input
class DeleteSimulationInput:
    session_id: strawberry.ID


@strawberry.type
class SimulationPayload:
    session: Session | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class DeleteSimulationPayload:
    deleted_id: strawberry.ID | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class SimulationQuery:
    @strawberry.field(description="The viewer's simulations and settled live sessions, newest first.")
    async def simulations(
        self, info: Info, first: First = PAGE_SIZE_DEFAULT, after: After = None
    ) -> Connection[Session]:
        page = read_page(first, after, int)
        viewer = await info.context.viewer()
        key = int(page.after[0]) if page.after else None
        rows = await sessions.page_simulations(info.context.ports, viewer, first=first, before_key=key)
        return connect_page(
            list(zip(rows.keys, rows.simulations, strict=True)), _key, _render, has_next=rows.has_next
        )

    @strawberry.field(description="One of the viewer's sessions; null when there is none.")
    async def simulation(self, info: Info, uuid: UUID) -> Session | None:
        return await find_session(info, uuid)


@strawberry.type
class SimulationMutation:
    @strawberry.mutation(description="Open a simulation on a recorded date; one a date.")
    async def create_simulation(self, info: Info, input: CreateSimulationInput) -> SimulationPayload:
        viewer = await info.context.viewer()
        cents = cents_of(input.starting_capital)
        if cents is None:
            return _denied(
                Denial(Code.INVALID_INPUT, "startingCapital must be in whole cents", ("starting_capital",))
            )
        command = CreateSimulation(input.date, cents, input.description)
        return _payload(await sessions.create_simulation(info.context.ports, viewer, command))

    @strawberry.mutation(
        description="Set the clock, forward or back. Orders and transactions are not written."
    )
    async def move_clock(self, info: Info, input: MoveClockInput) -> SimulationPayload:
        viewer = await info.context.viewer()
        session_id = read_id(input.session_id, NodeKind.SESSION)
        return _payload(
            await sessions.move_clock(
                info.context.ports, viewer, session_id, input.time, input.expected_version
            )
        )

    @strawberry.mutation(description="Delete a simulation with its orders; its date is free again.")
    async def delete_simulation(self, info: Info, input: DeleteSimulationInput) -> DeleteSimulationPayload:
        viewer = await info.context.viewer()
        session_id = read_id(input.session_id, NodeKind.SESSION)
        denial = await sessions.delete_simulation(info.context.ports, viewer, session_id)
        if denial is not None:
            return DeleteSimulationPayload(user_errors=user_errors(denial, "input"))
        return DeleteSimulationPayload(deleted_id=global_id(NodeKind.SESSION, session_id))


async def find_session(info: Info, uuid: UUID) -> Session | None:
    viewer = await info.context.viewer()
    view = found(await sessions.get_session(info.context.ports, viewer, uuid))
    return render_session(view) if view else None


def render_session(view: SessionView) -> Session:
    return Session(
        id=global_id(NodeKind.SESSION, view.id),
        uuid=view.id,
        mode=view.mode,
        date=view.date,
        description=view.description,
        start_time=view.start_at,
        end_time=view.end_at,
        time=view.at,
        ended=view.ended,
        version=view.version,
        created_at=view.created_at,
        financials=_render_financials(view.financials),
    )


def _render_financials(money: EngineFinancials) -> Financials:
    return Financials(
        starting_capital=dollars(money.opening_cents),
        credits=dollars(money.credits_cents),
        debits=dollars(money.debits_cents),
        fees=dollars(money.fees_cents),
        maintenance_buying_power=dollars(money.margin_cents),
        available_buying_power=dollars(money.available_cents),
        net_liquidation_value=dollars(money.net_liquidation_cents),
        unrealized_profit_loss=dollars(money.unrealized_cents),
        realized_profit_loss=dollars(money.realized_cents),
        profit_loss=dollars(money.profit_cents),
        options_net_liquidation_value=dollars(money.options_value_cents),
    )


def _payload(answer: SessionView | Denial) -> SimulationPayload:
    return (
        _denied(answer) if isinstance(answer, Denial) else SimulationPayload(session=render_session(answer))
    )


def _denied(denial: Denial) -> SimulationPayload:
    return SimulationPayload(user_errors=user_errors(denial, "input"))


def _key(row: tuple[int, SessionView]) -> Key:
    return (row[0],)


def _render(row: tuple[int, SessionView]) -> Session:
    return render_session(row[1])
