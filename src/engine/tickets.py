"""Reading a trader's raw order into a ticket, in the documented order of checks."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from engine.contracts import Contract, format_osi, parse_osi
from engine.denials import Code, Denial
from engine.fills import is_on_grid, leg_weights
from engine.money import PriceCents, price_text
from engine.orders import (
    LEGS_MAX,
    QUANTITY_MAX,
    Action,
    Effect,
    Leg,
    OrderType,
    Ticket,
    TriggerDirection,
)

_PRICE = re.compile(r"(\d{1,6})(?:\.(\d{1,2})0*)?", re.ASCII)
_QUANTITY = re.compile(r"\d{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class LegRequest:
    """One leg as it was sent: an OSI symbol, a quantity and an action, all as text."""

    instrument: str
    quantity: str
    action: str


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """An order as it was sent; every field is text so that both faces give the same answers."""

    type: str
    legs: tuple[LegRequest, ...]
    price: str | None = None
    price_effect: str | None = None
    stop_trigger: str | None = None
    trigger_direction: str | None = None
    client_order_id: UUID | None = None


def read_ticket(request: OrderRequest, session_date: date) -> Ticket | Denial:
    """The ticket of a request, or the first of its documented checks that fails.

    Checks in order: type and legs; price, effect and trigger; tick grid; structural cap.
    """
    legs = _read_legs(request, session_date)
    if isinstance(legs, Denial):
        return legs
    ticket = _read_prices(request, legs)
    if isinstance(ticket, Denial):
        return ticket
    return _off_grid(ticket) or _over_cap(ticket) or ticket


def _read_legs(request: OrderRequest, session_date: date) -> tuple[Leg, ...] | Denial:
    if request.type not in set(OrderType):
        return _denied(Code.INVALID_ORDER, "type must be limit, market or stop", "type")
    if not 1 <= len(request.legs) <= LEGS_MAX:
        return _denied(Code.INVALID_ORDER, f"legs must hold 1 to {LEGS_MAX} legs", "legs")
    legs: list[Leg] = []
    for i, raw in enumerate(request.legs):
        leg = _read_leg(raw, session_date, ("legs", str(i)))
        if isinstance(leg, Denial):
            return leg
        legs.append(leg)
    if len({leg.contract for leg in legs}) < len(legs):
        return _denied(Code.INVALID_LEG, "legs must not name an instrument twice", "legs")
    if len(legs) > 1 and request.type != OrderType.LIMIT:
        return _denied(Code.INVALID_ORDER, f"a {request.type} order must have a single leg", "type")
    return tuple(legs)


def _read_leg(raw: LegRequest, session_date: date, path: tuple[str, ...]) -> Leg | Denial:
    contract = _read_instrument(raw.instrument, session_date, path)
    if isinstance(contract, Denial):
        return contract
    if not _QUANTITY.fullmatch(raw.quantity) or not 1 <= int(raw.quantity) <= QUANTITY_MAX:
        message = f"{'.'.join(path)}.quantity must be a whole number from 1 to {QUANTITY_MAX}"
        return _denied(Code.INVALID_LEG, message, *path, "quantity")
    if raw.action not in set(Action):
        message = f"{'.'.join(path)}.action must be one of: {', '.join(Action)}"
        return _denied(Code.INVALID_LEG, message, *path, "action")
    return Leg(contract, int(raw.quantity), Action(raw.action))


def _read_instrument(symbol: str, session_date: date, path: tuple[str, ...]) -> Contract | Denial:
    parsed = parse_osi(symbol)
    if parsed is None:
        message = f"{'.'.join(path)}.instrument must be an SPXW OSI symbol such as 'SPXW  250115C05950000'"
        return _denied(Code.INVALID_LEG, message, *path, "instrument")
    expiry, contract = parsed
    if expiry != session_date:
        here = format_osi(session_date, contract)
        message = f"{'.'.join(path)}.instrument must expire on the session's date, such as '{here}'"
        return _denied(Code.INVALID_LEG, message, *path, "instrument")
    return contract


def _read_prices(request: OrderRequest, legs: tuple[Leg, ...]) -> Ticket | Denial:
    match OrderType(request.type):
        case OrderType.MARKET:
            return Ticket(OrderType.MARKET, legs)
        case OrderType.LIMIT:
            return _read_limit(request, legs)
        case OrderType.STOP:
            return _read_stop(request, legs)


def _read_limit(request: OrderRequest, legs: tuple[Leg, ...]) -> Ticket | Denial:
    cents = _read_cents(request.price, "price", OrderType.LIMIT)
    if isinstance(cents, Denial):
        return cents
    effect = _read_effect(request, legs)
    return effect if isinstance(effect, Denial) else Ticket(OrderType.LIMIT, legs, effect, price_cents=cents)


def _read_stop(request: OrderRequest, legs: tuple[Leg, ...]) -> Ticket | Denial:
    cents = _read_cents(request.stop_trigger, "stop_trigger", OrderType.STOP)
    if isinstance(cents, Denial):
        return cents
    if cents == 0:
        return _denied(Code.INVALID_PRICE, "stop_trigger must be more than 0", "stop_trigger")
    effect = _read_effect(request, legs)
    if isinstance(effect, Denial):
        return effect
    direction = _read_direction(request, effect)
    if isinstance(direction, Denial):
        return direction
    return Ticket(OrderType.STOP, legs, effect, trigger_cents=cents, trigger_direction=direction)


def _read_cents(text: str | None, name: str, kind: OrderType) -> PriceCents | Denial:
    if text is None:
        return _denied(Code.INVALID_PRICE, f"{name} is required for a {kind} order", name)
    cents = read_price_cents(text)
    if cents is None:
        message = f"{name} must be a decimal from 0 to 999999.99 with at most two places, such as 10.50"
        return _denied(Code.INVALID_PRICE, message, name)
    return cents


def _read_effect(request: OrderRequest, legs: tuple[Leg, ...]) -> Effect | Denial:
    if request.price_effect is None:
        message = f"price_effect is required for a {request.type} order"
        return _denied(Code.INVALID_PRICE, message, "price_effect")
    if request.price_effect not in set(Effect):
        return _denied(Code.INVALID_PRICE, "price_effect must be debit or credit", "price_effect")
    effect = Effect(request.price_effect)
    if len(legs) == 1 and (effect is Effect.DEBIT) != (legs[0].action.sign > 0):
        message = "price_effect of a single leg must be debit for a buy and credit for a sell"
        return _denied(Code.INVALID_PRICE, message, "price_effect")
    return effect


def _read_direction(request: OrderRequest, effect: Effect) -> TriggerDirection | Denial:
    """The asked direction; by default a debit stop triggers at or below, a credit stop at or above."""
    if request.trigger_direction is None:
        return TriggerDirection.AT_OR_BELOW if effect is Effect.DEBIT else TriggerDirection.AT_OR_ABOVE
    if request.trigger_direction not in set(TriggerDirection):
        message = "trigger_direction must be at_or_below or at_or_above"
        return _denied(Code.INVALID_PRICE, message, "trigger_direction")
    return TriggerDirection(request.trigger_direction)


def read_price_cents(text: str) -> PriceCents | None:
    """A non-negative decimal of at most two places as price cents, or None."""
    match = _PRICE.fullmatch(text)
    if match is None:
        return None
    whole, fraction = match.groups(default="")
    return int(whole) * 100 + int(fraction.ljust(2, "0"))


def _off_grid(ticket: Ticket) -> Denial | None:
    single = len(ticket.legs) == 1
    for name, cents in (("price", ticket.price_cents), ("stop_trigger", ticket.trigger_cents)):
        if cents is not None and not is_on_grid(cents, single_leg=single):
            rule = "0.05 up to 3.00 and 0.10 above" if single else "0.05"
            return _denied(Code.OFF_TICK, f"{name} must be a multiple of {rule}", name)
    return None


def _over_cap(ticket: Ticket) -> Denial | None:
    if ticket.price_cents is None or ticket.effect is None:
        return None
    cap = structural_cap_cents(ticket.legs, leg_weights(ticket), ticket.effect)
    if cap is None or ticket.price_cents <= cap:
        return None
    asked, most = price_text(ticket.price_cents), price_text(cap)
    message = f"limit price {asked} exceeds the order's maximum profit of {most}"
    return _denied(Code.EXCEEDS_MAX_PROFIT, message, "price")


def structural_cap_cents(legs: Sequence[Leg], weights: Sequence[int], effect: Effect) -> PriceCents | None:
    """The most one unit can pay its buyer (debit) or cost its seller (credit) at expiry, or None
    where that is unbounded (rulings 2.10)."""
    sign = 1 if effect is Effect.DEBIT else -1
    calls = sum(w for leg, w in zip(legs, weights, strict=True) if leg.contract.is_call)
    if sign * calls > 0:
        return None
    levels = {0, *(leg.contract.strike_points for leg in legs)}
    return max(sign * 100 * _payoff_points(legs, weights, level) for level in levels)


def _payoff_points(legs: Sequence[Leg], weights: Sequence[int], level_points: int) -> int:
    return sum(w * leg.contract.intrinsic_points(level_points) for leg, w in zip(legs, weights, strict=True))


def _denied(code: Code, message: str, *path: str) -> Denial:
    return Denial(code, message, path, {".".join(path): message})
