"""Accounts kept with pencil and paper: nothing is carried or stored, everything is added up anew.

An independent twin for tiny days known in advance: a contract is worth what it is in the money, plus
five points at the open that melt away evenly; it is quoted 0.10 to either side of that.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeAlias
from uuid import UUID

CLOSE = 600
IN_THE_MONEY_CENTS = {"5930C": 20_00, "5950C": 0, "5940P": 0}
Fees: TypeAlias = Mapping[str, int]  # micros by name

NOT_FOUND, SESSION_OPEN, ARCHIVED = "not_found", "session_open", "account_archived"


@dataclass(frozen=True)
class Order:
    """One contract bought or sold, at the market or up to ``limit_cents``."""

    id: UUID | None
    second: int
    sequence: int
    side: str
    contract: str
    quantity: int
    limit_cents: int | None

    @property
    def sign(self) -> int:
        return 1 if self.side.startswith("buy") else -1

    @property
    def fill(self) -> tuple[int, int] | None:
        """Second and price."""
        if self.limit_cents is None:
            return self.second, max(mid_cents(self.contract, self.second) + 10 * self.sign, 0)
        for second in range(self.second, CLOSE):
            price = mid_cents(self.contract, second)
            if price <= self.limit_cents:
                return second, price
        return None

    def filled_by(self, second: int) -> bool:
        return self.fill is not None and self.fill[0] <= second


def mid_cents(contract: str, second: int) -> int:
    return IN_THE_MONEY_CENTS[contract] + 5 * (100 * (CLOSE - second) // CLOSE)


def cents(micros: int) -> int:
    """Rounded half up."""
    return (micros + 5_000) // 10_000


@dataclass(frozen=True)
class Day:
    id: UUID
    on: date
    clock: int = 0
    orders: tuple[Order, ...] = ()

    @property
    def is_settled(self) -> bool:
        return self.clock == CLOSE

    @property
    def filled(self) -> list[Order]:
        return [order for order in self.orders if order.filled_by(self.clock)]

    def realized_and_open(self) -> int:
        """What came in less what went out, with everything still held sold at its mid."""
        total = 0
        for order in self.filled:
            assert order.fill is not None
            gain = mid_cents(order.contract, self.clock) - order.fill[1]
            total += order.sign * order.quantity * gain * 100
        return total

    def charged(self, fees: Fees) -> int:
        total = sum(cents(fees[f"{o.side} option".replace(" ", "_")] * o.quantity) for o in self.filled)
        held: Counter[str] = Counter()
        for order in self.filled:
            held[order.contract] += order.sign * order.quantity
        exercised = [name for name, n in held.items() if n and IN_THE_MONEY_CENTS[name] and self.is_settled]
        return total + len(exercised) * cents(fees["exercise_option"])

    def profit(self, fees: Fees) -> int:
        return self.realized_and_open() - self.charged(fees)

    def uncovered(self) -> Order | None:
        """The first closing order that has nothing to close."""
        for order in sorted(self.orders, key=lambda o: (o.second, o.sequence)):
            earlier = [o for o in self.orders if (o.second, o.sequence) < (order.second, order.sequence)]
            there = [o for o in earlier if o.contract == order.contract and o.filled_by(order.second)]
            if order.side == "sell to close" and sum(o.sign * o.quantity for o in there) < order.quantity:
                return order
        return None


@dataclass(frozen=True)
class Account:
    id: UUID
    name: str
    capital: int
    fees: Fees
    status: str = "active"
    days: tuple[Day, ...] = ()  # by date

    @property
    def open_day(self) -> Day | None:
        return next((day for day in self.days if not day.is_settled), None)

    def day(self, day_id: UUID) -> Day | None:
        return next((day for day in self.days if day.id == day_id), None)

    def cash(self, before: date = date.max) -> int:
        return self.capital + sum(d.profit(self.fees) for d in self.days if d.is_settled and d.on < before)

    def current(self) -> int:
        return self.cash() + (self.open_day.profit(self.fees) if self.open_day else 0)

    def having(self, day: Day) -> "Account":
        others = [one for one in self.days if one.id != day.id]
        return replace(self, days=tuple(sorted((*others, day), key=lambda one: one.on)))

    def without(self, day: Day) -> "Account":
        return replace(self, days=tuple(one for one in self.days if one.id != day.id))

    def ledger(self) -> dict[date | None, tuple[int, int, int, int]]:
        """Cash, capital, options and fees posted for each day; None are the owner's own payments."""
        posted: dict[date | None, tuple[int, int, int, int]] = {None: (self.capital, -self.capital, 0, 0)}
        for day in self.days:
            profit, fees = day.profit(self.fees), day.charged(self.fees)
            if day.is_settled and (profit or fees):
                posted[day.on] = (profit, 0, -(profit + fees), fees)
        return posted
