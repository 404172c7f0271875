"""Hand-made values of the 15th of January 2025 for the tests of rendering."""

from datetime import UTC, date, datetime
from uuid import UUID

from engine.contracts import Contract, Right
from engine.ledger import Transaction, TransactionKind
from engine.orders import (
    Action,
    Effect,
    Fill,
    Leg,
    Order,
    OrderStatus,
    OrderType,
    Ticket,
    TriggerDirection,
)
from engine.sessions import BuyingPowerEffect, Financials, OrderState
from usecases.views import OrderReceipt, OrderView, SessionMode, SessionView

DATE = date(2025, 1, 15)
OPEN_AT = datetime(2025, 1, 15, 14, 30, tzinfo=UTC)
CLOSE_AT = datetime(2025, 1, 15, 21, tzinfo=UTC)
SESSION_ID, ORDER_ID = UUID(int=1), UUID(int=2)
CALL_5950, CALL_5970 = Contract(5950, Right.CALL), Contract(5970, Right.CALL)

LONG_CALL = Leg(CALL_5950, 1, Action.BUY_TO_OPEN)
VERTICAL = Ticket(
    OrderType.LIMIT,
    (LONG_CALL, Leg(CALL_5970, 1, Action.SELL_TO_OPEN)),
    effect=Effect.DEBIT,
    price_cents=1050,
)
STOP = Ticket(
    OrderType.STOP,
    (LONG_CALL,),
    effect=Effect.DEBIT,
    trigger_cents=1200,
    trigger_direction=TriggerDirection.AT_OR_BELOW,
)
MARKET = Ticket(OrderType.MARKET, (LONG_CALL,))

BOUGHT = Transaction(UUID(int=10), ORDER_ID, 300, CALL_5950, TransactionKind.BUY_TO_OPEN, 1, 430, 430_00, 172)
SOLD = Transaction(UUID(int=11), ORDER_ID, 300, CALL_5970, TransactionKind.SELL_TO_OPEN, 1, 325, -325_00, 172)
EFFECT = BuyingPowerEffect(margin_change_cents=0, change_cents=108_44, current_cents=100_000_00)


def financials(**cents: int) -> Financials:
    opened = dict.fromkeys(Financials.__dataclass_fields__, 0)
    return Financials(**{**opened, "opening_cents": 100_000_00, "available_cents": 100_000_00, **cents})


def session(money: Financials, at: datetime | None = None, *, ended: bool = False) -> SessionView:
    return SessionView(
        id=SESSION_ID,
        account_id=None,
        mode=SessionMode.HISTORICAL,
        date=DATE,
        description="Iron condor day",
        start_at=OPEN_AT,
        end_at=CLOSE_AT,
        at=at,
        ended=ended,
        version=1,
        created_at=OPEN_AT,
        financials=money,
    )


def order_view(ticket: Ticket, fill: Fill | None = None, slippage_cents: int = 0) -> OrderView:
    order = Order(ORDER_ID, 1, 300, ticket, slippage_cents, fill)
    state = OrderState(
        order=order,
        status=OrderStatus.PENDING if fill is None else OrderStatus.FILLED,
        fees_cents=172 * len(ticket.legs),
        fill=fill,
        transactions=() if fill is None else (BOUGHT, SOLD)[: len(ticket.legs)],
    )
    return OrderView(
        session_id=SESSION_ID,
        date=DATE,
        open_at=OPEN_AT,
        state=state,
        replaces_order_id=None,
        client_order_id=None,
        updated_at=OPEN_AT,
    )


def receipt(view: OrderView, effect: BuyingPowerEffect = EFFECT) -> OrderReceipt:
    return OrderReceipt(view, effect, version=2)
