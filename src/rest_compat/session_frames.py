"""What becomes of live sessions, as frames of the WebSocket (walkthrough, part 12)."""

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from engine.contracts import format_osi
from engine.money import money_text
from engine.sessions import SessionState
from rest_compat.orders import PlacedOrder, render_order
from rest_compat.wire import Answered, MoneyText, SymbolText, one_of
from usecases.ports import Ports, Viewer
from usecases.session_updates import SessionUpdate, UpdateKind, session_updates


class LiveFinancials(Answered):
    """The money of a live session, and how much of each instrument is held: a short is negative."""

    cash_balance: MoneyText
    available_buying_power: MoneyText
    realized_profit_loss: MoneyText
    positions: dict[SymbolText, Annotated[str, Field(pattern=r"^-?[1-9]\d*$", examples=["-1"])]]


class Nothing(Answered):
    """An empty object."""


class SimulationFrame(Answered):
    """A change of a live session. ``id`` rises from change to change of one session; what an
    ``order_update`` or ``financials_update`` shows is as of now, when the session may have gone on."""

    channel: Literal["simulation_events"]
    id: int
    live_simulation_id: UUID
    type: Annotated[str, one_of(*UpdateKind)]
    payload: Annotated[
        PlacedOrder | LiveFinancials | Nothing,
        Field(description="The order, the financials, or an empty object, by `type`."),
    ]


async def simulation_frames(
    ports: Ports, viewer: Viewer, session_id: UUID, after: int | None
) -> AsyncGenerator[str, None]:
    """The changes of a live session later than ``after``, then each as it is made."""
    async with aclosing(session_updates(ports, viewer, session_id, after)) as updates:
        async for update in updates:
            yield render_update(update).model_dump_json(by_alias=True, exclude_unset=True)


def render_update(update: SessionUpdate) -> SimulationFrame:
    return SimulationFrame(
        channel="simulation_events",
        id=update.seq,
        live_simulation_id=update.session_id,
        type=update.kind.value,
        payload=_payload(update),
    )


def _payload(update: SessionUpdate) -> PlacedOrder | LiveFinancials | Nothing:
    if update.order is not None and update.kind is UpdateKind.ORDER:
        return render_order(update.order)
    if update.state is not None:
        return render_financials(update.state, update.date)
    return Nothing()


def render_financials(state: SessionState, on: date) -> LiveFinancials:
    held: Counter[str] = Counter()
    for position in state.positions:
        held[format_osi(on, position.contract)] += position.direction.sign * position.quantity
    return LiveFinancials(
        cash_balance=money_text(state.financials.cash_cents),
        available_buying_power=money_text(state.financials.available_cents),
        realized_profit_loss=money_text(state.financials.realized_cents),
        positions={symbol: str(quantity) for symbol, quantity in sorted(held.items()) if quantity},
    )
