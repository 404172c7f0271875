"""A session's money by the second, for charts."""

from typing import Annotated

from pydantic import BeforeValidator, Field
from starlette.responses import Response, StreamingResponse

from engine.denials import Denial
from rest_compat.operations import JSON, OF_SESSION, Call, Gives, Routes, Takes
from rest_compat.rows import history_rows
from rest_compat.wire import Answered, Asked, InstantText, MoneyText
from usecases import sessions

routes = Routes("Simulations")

INTERVAL_SECONDS_MAX = 23_400


def parse_interval(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 5:
        value = int(value)
    if not isinstance(value, int) or not 1 <= value <= INTERVAL_SECONDS_MAX:
        raise ValueError(f"must be a whole number of seconds from 1 to {INTERVAL_SECONDS_MAX}")
    return value


class HistoryQuery(Asked):
    interval: Annotated[
        int,
        BeforeValidator(parse_interval),
        Field(
            json_schema_extra={"minimum": 1, "maximum": INTERVAL_SECONDS_MAX},
            description="Seconds from one row to the next. The last row is the settled close, or a live "
            "session's last second, however far.",
            examples=[5],
        ),
    ] = 1


class HistoryRow(Answered):
    """The session's money at one second. The equities fields are always zero."""

    timestamp: InstantText
    net_liquidation_value: MoneyText
    profit_loss: MoneyText
    unrealized_profit_loss: MoneyText
    realized_profit_loss: MoneyText
    credits: MoneyText
    debits: MoneyText
    fees: MoneyText
    maintenance_buying_power: MoneyText
    available_buying_power: MoneyText
    deposits: MoneyText
    withdrawals: MoneyText
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


@routes.operation("GET", "/history", Takes(query=HistoryQuery), Gives(200, list[HistoryRow], OF_SESSION))
async def get_history(call: Call[None]) -> Response | Denial:
    """The session's money by the second, over the whole day whatever its clock.

    The last row is always the settled close, also where ``interval`` does not divide the day; that of a
    live session is the last second that was matched.
    """
    history = await sessions.history(call.ports, call.viewer, call.session_id)
    if isinstance(history, Denial):
        return history
    return StreamingResponse(history_rows(history, call.query.interval), media_type=JSON)
