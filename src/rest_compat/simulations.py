"""Simulations: one recorded day, a starting capital, and a clock that the user moves."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, WithJsonSchema

from engine.denials import Code, Denial
from engine.money import money_text
from engine.sessions import Financials
from engine.settings import DESCRIPTION_LENGTH_MAX
from rest_compat.operations import OF_SESSION, Call, Gives, Prefix, Routes, Takes
from rest_compat.wire import (
    Answered,
    Asked,
    CentsIn,
    DateIn,
    DateText,
    InstantIn,
    InstantText,
    MoneyText,
    absent,
    instant_or_null,
    instant_text,
)
from usecases import sessions
from usecases.belonging import session_under
from usecases.sessions import CreateSimulation
from usecases.views import SessionView

TAG = "Simulations"
routes = Routes(TAG)
own_routes = Routes(TAG)


CAPITAL = WithJsonSchema(
    {
        "description": "1000 to 10000000 dollars, with at most two decimal places.",
        "anyOf": [
            {"type": "string", "pattern": r"^(10000000(\.0{1,2})?|[1-9]\d{3,6}(\.\d{1,2})?)$"},
            {"type": "number", "minimum": 1_000, "maximum": 10_000_000},
        ],
    }
)


class NewSimulation(Asked):
    date: DateIn
    starting_capital: Annotated[CentsIn, CAPITAL]
    description: Annotated[str | None, Field(max_length=DESCRIPTION_LENGTH_MAX)] = None


class ClockMove(Asked):
    time: Annotated[InstantIn, Field(description="Within start_time and end_time.")]


UNAVAILABLE = (
    "Only in lists, and true: its recording cannot be read. Unless it is settled, its money is that of its "
    "opening, whatever it traded, and start_time and end_time are the calendar's."
)


class Simulation(Answered):
    """A session at its clock. ``time`` is null until the clock is first set, and the market's in a live
    one; the equities fields are always zero, as only SPX options are traded."""

    id: UUID
    account_id: UUID | None
    mode: Literal["historical", "live"]
    date: DateText
    starting_capital: MoneyText
    opening_balance: MoneyText
    description: str | None
    status: Literal["open", "settled", "abandoned"]
    ended: bool
    time: InstantText | None
    start_time: InstantText
    end_time: InstantText
    deposits: MoneyText
    withdrawals: MoneyText
    credits: MoneyText
    debits: MoneyText
    fees: MoneyText
    maintenance_buying_power: MoneyText
    available_buying_power: MoneyText
    net_liquidation_value: MoneyText
    unrealized_profit_loss: MoneyText
    realized_profit_loss: MoneyText
    profit_loss: MoneyText
    equities_credits: MoneyText
    equities_debits: MoneyText
    equities_fees: MoneyText
    equities_unrealized_profit_loss: MoneyText
    equities_realized_profit_loss: MoneyText
    equities_profit_loss: MoneyText
    equities_maintenance_buying_power: MoneyText
    equities_net_liquidation_value: MoneyText
    equity_options_credits: MoneyText
    equity_options_debits: MoneyText
    equity_options_fees: MoneyText
    equity_options_unrealized_profit_loss: MoneyText
    equity_options_realized_profit_loss: MoneyText
    equity_options_profit_loss: MoneyText
    equity_options_maintenance_buying_power: MoneyText
    equity_options_net_liquidation_value: MoneyText
    unavailable: Annotated[bool, Field(description=UNAVAILABLE)] = absent()
    settled_at: Annotated[InstantText, Field(description="Once a day is settled, by the wall clock.")] = (
        absent()
    )


EQUITIES = {
    "equities_credits": "0",
    "equities_debits": "0",
    "equities_fees": "0",
    "equities_unrealized_profit_loss": "0",
    "equities_realized_profit_loss": "0",
    "equities_profit_loss": "0",
    "equities_maintenance_buying_power": "0",
    "equities_net_liquidation_value": "0",
}


def render_session(view: SessionView) -> Simulation:
    return Simulation(**session_fields(view))


def session_fields(view: SessionView) -> dict[str, Any]:
    """The documented fields of a session, of all its faces (rulings 1.5)."""
    opening = money_text(view.financials.opening_cents)
    lost = {} if view.is_readable else {"unavailable": True}
    settled = {} if view.settled_at is None else {"settled_at": instant_text(view.settled_at)}
    return {
        "id": view.id,
        "account_id": view.account_id,
        "mode": view.mode.value,
        "date": view.date.isoformat(),
        "starting_capital": opening,
        "opening_balance": opening,
        "description": view.description,
        "status": view.status.value,
        "ended": view.ended,
        "time": instant_or_null(view.at),
        "start_time": instant_text(view.start_at),
        "end_time": instant_text(view.end_at),
        "deposits": opening,
        "withdrawals": "0",
        **_money(view.financials),
        **lost,
        **settled,
    }


def _money(financials: Financials) -> dict[str, str]:
    flows = {
        "credits": money_text(financials.credits_cents),
        "debits": money_text(financials.debits_cents),
        "fees": money_text(financials.fees_cents),
        "unrealized_profit_loss": money_text(financials.unrealized_cents),
        "realized_profit_loss": money_text(financials.realized_cents),
        "profit_loss": money_text(financials.profit_cents),
        "maintenance_buying_power": money_text(financials.margin_cents),
    }
    return {
        **flows,
        **{f"equity_options_{name}": text for name, text in flows.items()},
        **EQUITIES,
        "available_buying_power": money_text(financials.available_cents),
        "net_liquidation_value": money_text(financials.net_liquidation_cents),
        "equity_options_net_liquidation_value": money_text(financials.options_value_cents),
    }


@routes.operation(
    "POST",
    "/simulations",
    Takes(NewSimulation),
    Gives(201, Simulation, (Code.SESSION_NOT_RECORDED, Code.SIMULATION_EXISTS, Code.DAY_UNAVAILABLE)),
)
async def create_simulation(call: Call[NewSimulation]) -> Simulation | Denial:
    """Open a simulation on a recorded date.

    One a date and user: delete the first to start the date afresh.
    """
    command = CreateSimulation(call.body.date, call.body.starting_capital, call.body.description)
    return _answer(await sessions.create_simulation(call.ports, call.viewer, command))


@routes.operation("GET", "/simulations", Takes(), Gives(200, list[Simulation]))
async def list_simulations(call: Call[None]) -> list[Simulation]:
    """Your simulations, newest first, and with them your live sessions that have settled."""
    views = await sessions.list_simulations(call.ports, call.viewer)
    return [render_session(view) for view in views]


async def simulation_of(call: Call[None]) -> UUID | Denial:
    """The session that the path names, where it is a day of no account."""
    return await session_under(call.ports, call.viewer, None, call.path["simulation_id"])


SIMULATION = Prefix("/simulations/{simulation_id}", "simulation", simulation_of)


@own_routes.operation("GET", "", Takes(), Gives(200, Simulation, OF_SESSION))
async def get(call: Call[None]) -> Simulation | Denial:
    """One simulation, with its financials at its clock."""
    return _answer(await sessions.get_session(call.ports, call.viewer, call.session_id))


@own_routes.operation(
    "PATCH",
    "",
    Takes(ClockMove),
    Gives(
        200,
        Simulation,
        (*OF_SESSION, Code.TIME_BEFORE_START, Code.TIME_AFTER_END, Code.SESSION_FROZEN),
    ),
)
async def move_clock(call: Call[ClockMove]) -> Simulation | Denial:
    """Set the clock, forward or back.

    Nothing but the clock is written: orders, positions and money are what they were at that time.
    """
    at: datetime = call.body.time
    return _answer(await sessions.move_clock(call.ports, call.viewer, call.session_id, at))


@own_routes.operation("DELETE", "", Takes(), Gives(204, None, (Code.NOT_FOUND, Code.SESSION_FROZEN)))
async def delete(call: Call[None]) -> Denial | None:
    """Delete a simulation with its orders; its date is free again.

    A live session that has settled is deleted alike; until then it is ended with ``DELETE /live``.
    """
    return await sessions.delete_simulation(call.ports, call.viewer, call.session_id)


def _answer(outcome: SessionView | Denial) -> Simulation | Denial:
    return outcome if isinstance(outcome, Denial) else render_session(outcome)
