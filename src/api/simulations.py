"""Simulations: sessions of no account, each with a capital of its own; and the clock of every session."""

from datetime import date, datetime
from uuid import UUID

import strawberry

from api.connections import PAGE_SIZE_DEFAULT, After, Connection, First, Key, connect_page, read_page
from api.context import Info
from api.errors import UserError, user_errors
from api.financials import read_capital
from api.nodes import NodeKind, global_id, read_id
from api.scalars import DecimalText
from api.sessions import Session, find_session, render_session
from engine.denials import Denial
from usecases import sessions
from usecases.sessions import CreateSimulation
from usecases.views import SessionView


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
        cents = read_capital(input.starting_capital)
        if isinstance(cents, Denial):
            return _denied(cents)
        command = CreateSimulation(input.date, cents, input.description)
        return _payload(await sessions.create_simulation(info.context.ports, viewer, command))

    @strawberry.mutation(
        description="Set the clock, forward or back. Orders and transactions are not written. At the end a "
        "day of an account settles and is carried on; set back it is open again."
    )
    async def move_clock(self, info: Info, input: MoveClockInput) -> SimulationPayload:
        viewer = await info.context.viewer()
        session_id = read_id(input.session_id, NodeKind.SESSION)
        return _payload(
            await sessions.move_clock(
                info.context.ports, viewer, session_id, input.time, input.expected_version
            )
        )

    @strawberry.mutation(
        description="Delete a simulation with its orders; its date is free again. A live session that has "
        "not settled is denied as session_frozen: end it with endLiveSession."
    )
    async def delete_simulation(self, info: Info, input: DeleteSimulationInput) -> DeleteSimulationPayload:
        viewer = await info.context.viewer()
        session_id = read_id(input.session_id, NodeKind.SESSION)
        denial = await sessions.delete_simulation(info.context.ports, viewer, session_id)
        if denial is not None:
            return DeleteSimulationPayload(user_errors=user_errors(denial, "input"))
        return DeleteSimulationPayload(deleted_id=global_id(NodeKind.SESSION, session_id))


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
