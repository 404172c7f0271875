"""Open positions at a session's clock."""

from datetime import date
from uuid import UUID

from engine.contracts import format_osi
from engine.denials import Code, Denial
from engine.money import fixed_text, money_text
from engine.positions import Position
from rest_compat.operations import OF_SESSION, Call, Gives, Routes, Takes
from rest_compat.wire import (
    Answered,
    AtQuery,
    DeltaText,
    DirectionName,
    MarkText,
    MoneyText,
    QuantityText,
    SymbolText,
    delta_text,
)
from usecases import orders

routes = Routes("Orders")

HALF_TICK_MILLIPOINTS = 25


class OpenPosition(Answered):
    """An open position marked at the mid. A short has a negative basis, liquidity and delta of a
    call; ``delta`` is null where the market gives none."""

    id: UUID
    instrument: SymbolText
    direction: DirectionName
    quantity: QuantityText
    cost: MoneyText
    cost_basis: MoneyText
    debit: MoneyText
    credit: MoneyText
    unrealized_profit_loss: MoneyText
    realized_profit_loss: MoneyText
    fees: MoneyText
    total_profit_loss: MoneyText
    net_liquidity: MoneyText
    price: MarkText
    delta: DeltaText | None


def render_position(position: Position, on: date) -> OpenPosition:
    delta_e4 = position.delta_e4
    return OpenPosition(
        id=position.id,
        instrument=format_osi(on, position.contract),
        direction=position.direction.value,
        quantity=str(position.quantity),
        cost=money_text(position.cost_cents),
        cost_basis=money_text(position.cost_basis_cents),
        debit=money_text(position.debit_cents),
        credit=money_text(position.credit_cents),
        unrealized_profit_loss=money_text(position.unrealized_cents),
        realized_profit_loss=money_text(position.realized_cents),
        fees=money_text(position.fees_cents),
        total_profit_loss=money_text(position.total_profit_cents),
        net_liquidity=money_text(position.net_liquidity_cents),
        price=fixed_text(position.mark_half_ticks * HALF_TICK_MILLIPOINTS, 3, 2),
        delta=None if delta_e4 is None else delta_text(delta_e4 * position.direction.sign),
    )


@routes.operation(
    "GET",
    "/positions",
    Takes(query=AtQuery),
    Gives(200, list[OpenPosition], (*OF_SESSION, Code.TIME_BEFORE_START, Code.TIME_AFTER_END)),
)
async def list_positions(call: Call[None]) -> list[OpenPosition] | Denial:
    """The open positions, computed from the transactions up to the session's clock.

    ``at`` looks at another second of the session, before or after its clock, which stays as it is.
    """
    view = await orders.positions(call.ports, call.viewer, call.session_id, call.query.at)
    if isinstance(view, Denial):
        return view
    return [render_position(position, view.date) for position in view.positions]
