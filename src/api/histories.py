"""The history of a session's money: a whole day in columns, of which only the selected are computed."""

from typing import Annotated

import strawberry
from graphql import GraphQLError

from api.scalars import IntColumn
from engine.history import Column, History

INTERVAL_SECONDS_MAX = 23_400

Interval = Annotated[
    int, strawberry.argument(description=f"Seconds between rows, 1 to {INTERVAL_SECONDS_MAX}.")
]


@strawberry.type(
    description="A session's financials over its day, in columns: a row every interval, last the close."
)
class SessionHistory:
    history: strawberry.Private[History]
    seconds: strawberry.Private[Column]

    @strawberry.field
    def time_unix(self) -> IntColumn:
        return IntColumn(int(self.history.open_at.timestamp()) + self.seconds)

    @strawberry.field
    def net_liquidation_value_cents(self) -> IntColumn:
        return self._sampled(self.history.net_liquidation_cents)

    @strawberry.field
    def profit_loss_cents(self) -> IntColumn:
        return self._sampled(self.history.profit_cents)

    @strawberry.field
    def unrealized_profit_loss_cents(self) -> IntColumn:
        return self._sampled(self.history.unrealized_cents)

    @strawberry.field
    def realized_profit_loss_cents(self) -> IntColumn:
        return self._sampled(self.history.realized_cents)

    @strawberry.field
    def credits_cents(self) -> IntColumn:
        return self._sampled(self.history.credits_cents)

    @strawberry.field
    def debits_cents(self) -> IntColumn:
        return self._sampled(self.history.debits_cents)

    @strawberry.field
    def fees_cents(self) -> IntColumn:
        return self._sampled(self.history.fees_cents)

    @strawberry.field
    def maintenance_buying_power_cents(self) -> IntColumn:
        return self._sampled(self.history.margin_cents)

    @strawberry.field
    def available_buying_power_cents(self) -> IntColumn:
        return self._sampled(self.history.available_cents)

    @strawberry.field
    def options_net_liquidation_value_cents(self) -> IntColumn:
        return self._sampled(self.history.options_value_cents)

    def _sampled(self, column: Column) -> IntColumn:
        return IntColumn(column[self.seconds])


def render_history(history: History, interval_seconds: int) -> SessionHistory:
    if not 1 <= interval_seconds <= INTERVAL_SECONDS_MAX:
        raise GraphQLError(f"interval must be from 1 to {INTERVAL_SECONDS_MAX}, not {interval_seconds}.")
    return SessionHistory(history=history, seconds=history.seconds_every(interval_seconds))
