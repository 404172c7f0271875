"""Strategies traded by hand on the vendor's day: minute by minute, in exact decimals of index points.

None of the product's code is used here. Only what the compared strategies need is written down.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from tests.oracle.vendor import CLOSE, VendorDay, read_legs

HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Plan:
    """When to enter, how wide the widest side is, and what to leave for, in percent."""

    entry: str
    width: Decimal
    target: Decimal | None = None
    stop: Decimal | None = None
    stop_of_credit: Decimal | None = None
    time: str | None = None


@dataclass(frozen=True)
class Outcome:
    """Nets are points, a debit positive; the profit is dollars. ``left`` is HH:MM:SS."""

    legs: str
    paid: Decimal
    left: str
    reason: str
    closing: Decimal
    profit: Decimal


def by_delta(day: VendorDay, minute: str, right: str, target: str) -> int:
    """The strike whose delta is nearest to the target, the one further out of the money of two."""
    strikes = {strike for strike, side in day.contracts if side == right}
    away = {
        strike: abs(abs(day.row(minute, f"{strike}{right}").delta) - Decimal(target)) for strike in strikes
    }
    return _nearest(away, right)


def by_points(day: VendorDay, minute: str, right: str, points: int) -> int:
    """The strike nearest to so many points out of the money."""
    wanted = day.index(minute) + (points if right == "C" else -points)
    return at_level(day, right, wanted)


def at_level(day: VendorDay, right: str, level: Decimal) -> int:
    strikes = {strike for strike, side in day.contracts if side == right}
    return _nearest({strike: abs(strike - level) for strike in strikes}, right)


def _nearest(away: dict[int, Decimal], right: str) -> int:
    closest = min(away.values())
    tied = [strike for strike, distance in away.items() if distance == closest]
    return max(tied) if right == "C" else min(tied)


def traded(day: VendorDay, legs: str, plan: Plan) -> Outcome:
    """What a structure that brings a credit comes to: closed by the first rule that holds, or settled."""
    paid = day.snapped(plan.entry, legs)
    closing_legs = ", ".join(f"{-signed:+d} {name}" for signed, name in read_legs(legs))
    for minute, left in _looks(day, plan.entry):
        if not all(day.row(minute, name).is_quote for _, name in read_legs(legs)):
            continue
        closing = day.snapped(minute, closing_legs)
        reason = _reason(plan, paid, closing, left)
        if reason is not None:
            return Outcome(legs, paid, left, reason, closing, HUNDRED * (-paid - closing))
    worth = day.settlement_cash(legs)
    return Outcome(legs, paid, f"{CLOSE}:00", "settlement", -worth / HUNDRED, worth - HUNDRED * paid)


def _looks(day: VendorDay, entry: str) -> Iterator[tuple[str, str]]:
    """The minutes whose quotes are looked at, and the first second of each look after the entry."""
    yield entry, f"{entry}:01"
    for minute in day.minutes:
        if entry < minute < CLOSE:
            yield minute, f"{minute}:00"


def _reason(plan: Plan, paid: Decimal, closing: Decimal, left: str) -> str | None:
    profit, credit = -paid - closing, -paid
    if plan.stop is not None and -profit * HUNDRED >= plan.stop * (plan.width - credit):
        return "stop_loss"
    if plan.stop_of_credit is not None and -profit * HUNDRED >= plan.stop_of_credit * credit:
        return "stop_loss_credit"
    if plan.target is not None and profit * HUNDRED >= plan.target * credit:
        return "profit_target"
    return "time" if plan.time is not None and left >= f"{plan.time}:00" else None
