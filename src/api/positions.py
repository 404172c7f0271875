"""Open positions, marked at the session's clock."""

from uuid import UUID

import strawberry

from api.connections import Connection, Key, Page, connect
from api.context import Info
from api.errors import found
from api.nodes import Node, NodeKind, global_id
from api.scalars import DecimalText, OsiSymbol, dollars
from engine.contracts import format_osi
from engine.money import fixed_text
from engine.positions import Direction
from engine.positions import Position as EnginePosition
from usecases import orders
from usecases.views import PositionsView

HALF_TICK_PLACES = 3
HALF_TICK_MILLIS = 25

strawberry.enum(Direction, name="Direction")


@strawberry.type(description="An open position. Its uuid is the same at every clock.")
class Position(Node):
    uuid: UUID
    instrument: OsiSymbol
    direction: Direction
    quantity: int
    cost: DecimalText = strawberry.field(description="Cost basis plus fees.")
    cost_basis: DecimalText = strawberry.field(description="Negative for a short.")
    debit: DecimalText
    credit: DecimalText
    unrealized_profit_loss: DecimalText
    realized_profit_loss: DecimalText
    fees: DecimalText
    total_profit_loss: DecimalText
    net_liquidity: DecimalText = strawberry.field(
        description="What closing at the mid would pay; negative for a short."
    )
    price: DecimalText = strawberry.field(description="The mid, in index points.")
    delta: DecimalText | None = strawberry.field(
        description="Market delta, negative for a short; null when unknown."
    )


async def find_position(info: Info, session_id: UUID, uuid: UUID) -> Position | None:
    viewer = await info.context.viewer()
    view = found(await orders.positions(info.context.ports, viewer, session_id))
    rows = view.positions if view else ()
    return next((render_position(row, view) for row in rows if view and row.id == uuid), None)


def render_position(position: EnginePosition, view: PositionsView) -> Position:
    delta = position.delta_e4
    return Position(
        id=global_id(NodeKind.POSITION, view.session_id, position.id),
        uuid=position.id,
        instrument=OsiSymbol(format_osi(view.date, position.contract)),
        direction=position.direction,
        quantity=position.quantity,
        cost=dollars(position.cost_cents),
        cost_basis=dollars(position.cost_basis_cents),
        debit=dollars(position.debit_cents),
        credit=dollars(position.credit_cents),
        unrealized_profit_loss=dollars(position.unrealized_cents),
        realized_profit_loss=dollars(position.realized_cents),
        fees=dollars(position.fees_cents),
        total_profit_loss=dollars(position.total_profit_cents),
        net_liquidity=dollars(position.net_liquidity_cents),
        price=DecimalText(fixed_text(position.mark_half_ticks * HALF_TICK_MILLIS, HALF_TICK_PLACES, 2)),
        delta=None if delta is None else DecimalText(fixed_text(position.direction.sign * delta, 4)),
    )


def connect_positions(view: PositionsView, page: Page) -> Connection[Position]:
    """A page of the positions by strike, call before put, long before short."""
    return connect(view.positions, page, _key, lambda row: render_position(row, view))


def _key(position: EnginePosition) -> Key:
    return position.contract.strike_points, str(position.contract.right), str(position.direction)
