"""One session of a strategy in full: its orders, transactions, decisions and equity, run again."""

from datetime import date, datetime
from functools import partial
from uuid import UUID

import strawberry

from api.backtests import BacktestDay, render_day, time_of
from api.context import Info
from api.decisions import Decision, render_decisions
from api.errors import found
from api.orders import Leg
from api.scalars import DecimalText, IntColumn, OsiSymbol, dollars, dollars_or_null, points
from engine.contracts import format_osi
from engine.decisions import ExitRule
from engine.drilling import DealtOrder, DealtTransaction
from engine.ledger import TransactionKind
from engine.money import MULTIPLIER
from engine.outcomes import DayFacts, NetDay
from usecases import drilling
from usecases.drilling import SessionDetail


@strawberry.type(description="An order of a backtest, filled at once.")
class BacktestOrder:
    number: int = strawberry.field(description="Counts the session's from 0.")
    position: int
    time: datetime
    rule: ExitRule | None = strawberry.field(
        description="Why it closed its position; null where it opened it."
    )
    legs: list[Leg]
    leg_prices: list[DecimalText] = strawberry.field(description="In index points, one a leg.")
    net: DecimalText = strawberry.field(
        description="Index points for one unit of the structure, a debit positive."
    )


@strawberry.type(description="One leg of an order, or of a settled position.")
class BacktestTransaction:
    order: int | None = strawberry.field(description="The number of the order; null for a settlement.")
    position: int
    time: datetime
    instrument: OsiSymbol
    type: TransactionKind
    quantity: int
    price: DecimalText | None = strawberry.field(
        description="Dollars for one contract; null for an expiration."
    )
    value: DecimalText | None = strawberry.field(description="In dollars, negative for a credit.")
    overlay_fee: DecimalText = strawberry.field(description="By the viewer's schedule.")


@strawberry.type(description="A session run again, after the viewer's costs.")
class BacktestDetail:
    detail: strawberry.Private[SessionDetail]
    day: BacktestDay
    open_time: datetime
    reconciliation_warning: bool = strawberry.field(
        description="True where it is not what is stored: the engine changed since."
    )
    differing: list[str] = strawberry.field(description="The fields in which it is not.")

    @strawberry.field
    def orders(self) -> list[BacktestOrder]:
        return [_order(self._facts(), order) for order in self.detail.orders]

    @strawberry.field
    def transactions(self) -> list[BacktestTransaction]:
        return [_transaction(self._facts(), dealt) for dealt in self.detail.transactions]

    @strawberry.field(description="Every entry that was taken or skipped, and every exit, as decided.")
    def decision_log(self) -> list[Decision]:
        return render_decisions(self._facts(), self.detail.decisions)

    @strawberry.field(
        description="The profit so far at each second from the open to the close, what is open at its latest "
        "closing price, after costs; it ends with the session's net."
    )
    def intraday_curve_cents(self) -> IntColumn:
        return IntColumn(list(self.detail.curve_cents))

    def _facts(self) -> DayFacts:
        return self.detail.day.run.facts


async def find_detail(info: Info, strategy_id: UUID, on: date) -> BacktestDetail | None:
    payer = await info.context.payer()
    detail = found(await drilling.session_detail(info.context.ports, payer, strategy_id, on))
    if detail is None:
        return None
    return BacktestDetail(
        detail=detail,
        day=render_day(detail.day, partial(_at_hand, detail.day)),
        open_time=time_of(detail.day.run.facts, 0),
        reconciliation_warning=detail.reconciliation_warning,
        differing=list(detail.differing),
    )


async def _at_hand(day: NetDay) -> NetDay:
    return day


def _order(facts: DayFacts, order: DealtOrder) -> BacktestOrder:
    return BacktestOrder(
        number=order.number,
        position=order.position,
        time=time_of(facts, order.second),
        rule=order.rule,
        legs=[
            Leg(
                instrument=OsiSymbol(format_osi(facts.date, leg.contract)),
                quantity=leg.quantity,
                action=leg.action,
            )
            for leg in order.legs
        ],
        leg_prices=[points(price_cents) for price_cents in order.leg_price_cents],
        net=points(order.net_cents),
    )


def _transaction(facts: DayFacts, dealt: DealtTransaction) -> BacktestTransaction:
    return BacktestTransaction(
        order=dealt.order,
        position=dealt.position,
        time=time_of(facts, dealt.second),
        instrument=OsiSymbol(format_osi(facts.date, dealt.contract)),
        type=dealt.kind,
        quantity=dealt.quantity,
        price=None if dealt.price_cents is None else dollars(dealt.price_cents * MULTIPLIER),
        value=dollars_or_null(dealt.value_cents),
        overlay_fee=dollars(dealt.overlay_fee_cents),
    )
