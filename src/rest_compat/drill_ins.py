"""One session of a strategy in full: run again, as a broker would have told it."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any

import numpy as np
from pydantic import Field, TypeAdapter
from starlette.responses import Response, StreamingResponse

from engine.calendar import new_york_to_utc
from engine.contracts import format_osi
from engine.denials import Code, Denial
from engine.drilling import DealtOrder, DealtTransaction
from engine.money import MULTIPLIER, Cents, money_text, price_text
from engine.orders import Effect, Leg
from engine.outcomes import DayFacts
from rest_compat.decision_logs import LogEntry, RuleName, render_log
from rest_compat.operations import JSON, Auth, Call, Gives, Routes, Takes
from rest_compat.strategy_results import RESULTS, StatusName, money_of
from rest_compat.texts import beside, decimals, digits, joined
from rest_compat.wire import (
    ActionName,
    Answered,
    DateText,
    EffectName,
    HashText,
    InstantText,
    MoneyText,
    PriceText,
    QuantityText,
    SymbolText,
    TransactionKindName,
    absent,
    time_at,
)
from usecases.drilling import SessionDetail, session_detail

routes = Routes("Strategies")

MIDNIGHT = time(0)
STORED_AS = {
    "status": "status",
    "gross_cents": "gross_pnl",
    "drawdown_cents": "intraday_max_dd",
    "trades": "transactions",
    "skipped": "decision_log",
    "first_skip": "decision_log",
    "decisions_hash": "decision_log",
}


class DealtLeg(Answered):
    instrument: SymbolText
    quantity: QuantityText
    action: ActionName
    price: PriceText


class SessionOrder(Answered):
    """An order that was filled at once. ``reason`` says why it closed its position."""

    number: int
    position: int
    datetime: InstantText
    reason: RuleName = absent()
    fill_price: PriceText
    fill_price_effect: EffectName
    legs: list[DealtLeg]


class OverlaidTransaction(Answered):
    """One leg of an order, or of a settlement, then without ``order``. ``price`` is dollars for one
    contract, ``value`` is negative for a credit; an expiration has neither."""

    order: int = absent()
    position: int
    datetime: InstantText
    instrument: SymbolText
    type: TransactionKindName
    quantity: QuantityText
    price: MoneyText = absent()
    value: MoneyText = absent()
    overlay_fee: Annotated[MoneyText, Field(description="By your fee schedule.")]


class CurvePoint(Answered):
    """The profit so far at one second, net of the fees and slippage until then."""

    datetime: InstantText
    pnl: MoneyText


class SessionDrillIn(Answered):
    """A session run again. ``reconciliation_warning`` says that it is not what was stored, because the
    engine changed; ``differing`` names the fields."""

    source_hash: HashText
    date: DateText
    status: StatusName
    gross_pnl: MoneyText
    fees: MoneyText
    slippage: MoneyText
    net_pnl: MoneyText
    reconciliation_warning: bool
    differing: list[str]
    orders: list[SessionOrder]
    transactions: list[OverlaidTransaction]
    decision_log: list[LogEntry]
    intraday_curve: list[CurvePoint]


_HEAD = TypeAdapter(SessionDrillIn)


@routes.operation(
    "GET",
    f"{RESULTS}/days/{{date}}",
    Takes(auth=Auth.OPTIONAL),
    Gives(200, SessionDrillIn, (Code.NOT_FOUND, Code.DAY_UNAVAILABLE, Code.RATE_LIMIT_EXCEEDED)),
)
async def drill_into_session(call: Call[None]) -> Response | Denial:
    """One session with its orders, transactions, decision log and profit by the second.

    It is run again through the engine, which may take seconds; kept for a few minutes. Costs 10
    credits.
    """
    path = call.path
    detail = await session_detail(call.ports, call.payer, path["strategy_id"], path["date"])
    if isinstance(detail, Denial):
        return detail
    return StreamingResponse(detail_json(detail), media_type=JSON)


def detail_json(detail: SessionDetail) -> Iterator[bytes]:
    """The JSON object in two steps: all but the last field, and the profit by the second."""
    open_at = _open_at(detail.day.run.facts)
    head = SessionDrillIn(**_fields(detail, open_at), intraday_curve=[])
    written = _HEAD.dump_json(head, exclude_unset=True)
    yield written.removesuffix(b"]}")
    yield _curve(detail.curve_cents, open_at)
    yield b"]}"


def _open_at(facts: DayFacts) -> datetime:
    return new_york_to_utc(facts.date, MIDNIGHT) + timedelta(seconds=facts.open_clock)


def _fields(detail: SessionDetail, open_at: datetime) -> dict[str, Any]:
    on = detail.day.date
    return {
        "source_hash": detail.source_hash,
        **money_of(detail.day),
        "reconciliation_warning": detail.reconciliation_warning,
        "differing": list(dict.fromkeys(STORED_AS[name] for name in detail.differing)),
        "orders": [_order(order, on, open_at) for order in detail.orders],
        "transactions": [_transaction(one, on, open_at) for one in detail.transactions],
        "decision_log": render_log(detail.decisions, on, open_at),
    }


def _order(order: DealtOrder, on: date, open_at: datetime) -> SessionOrder:
    reasons = {} if order.rule is None else {"reason": order.rule.name.lower()}
    return SessionOrder(
        number=order.number,
        position=order.position,
        datetime=time_at(open_at, order.second),
        **reasons,
        fill_price=price_text(abs(order.net_cents)),
        fill_price_effect=(Effect.CREDIT if order.net_cents < 0 else Effect.DEBIT).value,
        legs=[_leg(leg, price, on) for leg, price in zip(order.legs, order.leg_price_cents, strict=True)],
    )


def _leg(leg: Leg, price_cents: Cents, on: date) -> DealtLeg:
    return DealtLeg(
        instrument=format_osi(on, leg.contract),
        quantity=str(leg.quantity),
        action=leg.action.value,
        price=price_text(price_cents),
    )


def _transaction(transaction: DealtTransaction, on: date, open_at: datetime) -> OverlaidTransaction:
    fields: dict[str, Any] = {
        "position": transaction.position,
        "datetime": time_at(open_at, transaction.second),
        "instrument": format_osi(on, transaction.contract),
        "type": transaction.kind.value,
        "quantity": str(transaction.quantity),
        "overlay_fee": money_text(transaction.overlay_fee_cents),
    }
    if transaction.order is not None:
        fields["order"] = transaction.order
    if transaction.price_cents is not None and transaction.value_cents is not None:
        fields["price"] = money_text(transaction.price_cents * MULTIPLIER)
        fields["value"] = money_text(transaction.value_cents)
    return OverlaidTransaction(**fields)


def _curve(curve_cents: tuple[Cents, ...], open_at: datetime) -> bytes:
    if not curve_cents:
        return b""
    midnight = open_at.replace(hour=0, minute=0, second=0)
    seconds = np.arange(len(curve_cents)) + (open_at - midnight) // timedelta(seconds=1)
    pnl = decimals(np.array(curve_cents, np.int64), places=2, places_min=0)
    rows = joined(
        [
            f',{{"datetime":"{midnight:%Y-%m-%d}T'.encode(),
            beside([digits(seconds // 3600, 2), b":", digits(seconds // 60 % 60, 2)], len(seconds)),
            b":",
            digits(seconds % 60, 2),
            b'Z","pnl":"',
            pnl,
            b'"}',
        ],
        len(seconds),
    )
    return rows[1:]
