"""Open positions, folded first in first out from transactions and marked at the mid."""

from collections import deque
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import TypeAlias
from uuid import UUID, uuid5

from engine.contracts import Contract, format_osi
from engine.ledger import Transaction, TransactionKind
from engine.market import MISSING_DELTA, MISSING_TICKS, Day
from engine.money import MULTIPLIER, TICK_CENTS, Cents, HalfTicks, PriceCents

POSITION_IDS_KEPT = 65_536


class Direction(StrEnum):
    LONG = "long"
    SHORT = "short"

    @property
    def sign(self) -> int:
        return 1 if self is Direction.LONG else -1


@dataclass(frozen=True, slots=True)
class Position:
    """An open position at one second, money in cents.

    ``cost_basis_cents`` and ``net_liquidity_cents`` are negative for a short; ``cost_cents`` is the
    basis plus fees; ``mark_half_ticks`` is the mid times two in ticks (bid + ask); ``delta_e4`` is
    the unsigned market delta, None when unknown.
    """

    id: UUID
    contract: Contract
    direction: Direction
    quantity: int
    cost_basis_cents: Cents
    debit_cents: Cents
    credit_cents: Cents
    unrealized_cents: Cents
    realized_cents: Cents
    fees_cents: Cents
    net_liquidity_cents: Cents
    mark_half_ticks: HalfTicks
    delta_e4: int | None

    @property
    def cost_cents(self) -> Cents:
        return self.cost_basis_cents + self.fees_cents

    @property
    def total_profit_cents(self) -> Cents:
        return self.unrealized_cents + self.realized_cents - self.fees_cents


Key: TypeAlias = tuple[Contract, Direction]

_CLOSES = {
    TransactionKind.SELL_TO_CLOSE: Direction.LONG,
    TransactionKind.BUY_TO_CLOSE: Direction.SHORT,
}
_OPENS = {
    TransactionKind.BUY_TO_OPEN: Direction.LONG,
    TransactionKind.SELL_TO_OPEN: Direction.SHORT,
}


def half_ticks_cents(half_ticks: HalfTicks, quantity: int) -> Cents:
    """Money of ``quantity`` contracts marked at a mid given in half-ticks."""
    return half_ticks * TICK_CENTS * MULTIPLIER * quantity // 2


@dataclass(slots=True)
class Holding:
    """One open position while transactions are folded: its lots, oldest first, and its totals."""

    lots: deque[tuple[int, PriceCents]] = field(default_factory=deque)
    quantity: int = 0
    cost_basis_cents: Cents = 0
    debit_cents: Cents = 0
    credit_cents: Cents = 0
    realized_cents: Cents = 0
    fees_cents: Cents = 0

    def total(self, transaction: Transaction) -> None:
        value = transaction.value_cents or 0
        self.debit_cents += max(value, 0)
        self.credit_cents += max(-value, 0)
        self.fees_cents += transaction.fees_cents


@dataclass(slots=True)
class Books:
    """The running fold of transactions: open holdings and the session's totals, in cents."""

    holdings: dict[Key, Holding] = field(default_factory=dict)
    credits_cents: Cents = 0
    debits_cents: Cents = 0
    fees_cents: Cents = 0
    realized_cents: Cents = 0

    def apply(self, transaction: Transaction) -> None:
        """Book one leg of a fill."""
        direction = _OPENS.get(transaction.kind)
        if direction is None:
            self.close((transaction.contract, _CLOSES[transaction.kind]), transaction)
            return
        value = self._total(transaction)
        holding = self.holdings.setdefault((transaction.contract, direction), Holding())
        holding.lots.append((transaction.quantity, transaction.price_cents or 0))
        holding.quantity += transaction.quantity
        holding.cost_basis_cents += value
        holding.total(transaction)

    def close(self, key: Key, transaction: Transaction) -> None:
        """Book a close or a settlement: the oldest lots go first, and a flat holding vanishes."""
        value = self._total(transaction)
        holding = self.holdings[key]
        basis = key[1].sign * MULTIPLIER * _take(holding.lots, transaction.quantity)
        holding.quantity -= transaction.quantity
        holding.cost_basis_cents -= basis
        holding.realized_cents -= value + basis
        self.realized_cents -= value + basis
        holding.total(transaction)
        if not holding.quantity:
            del self.holdings[key]

    def _total(self, transaction: Transaction) -> Cents:
        value = transaction.value_cents or 0
        self.debits_cents += max(value, 0)
        self.credits_cents += max(-value, 0)
        self.fees_cents += transaction.fees_cents
        return value

    @property
    def flow_cents(self) -> Cents:
        """What all that was booked did to cash."""
        return self.credits_cents - self.debits_cents - self.fees_cents

    @property
    def cost_basis_cents(self) -> Cents:
        return sum(holding.cost_basis_cents for holding in self.holdings.values())

    def book(self) -> dict[Contract, int]:
        """Signed contracts by contract, long and short of one contract netted."""
        signed: dict[Contract, int] = {}
        for (contract, direction), holding in self.holdings.items():
            signed[contract] = signed.get(contract, 0) + direction.sign * holding.quantity
        return signed


def _take(lots: deque[tuple[int, PriceCents]], quantity: int) -> int:
    """Remove the oldest ``quantity`` contracts; the sum of price cents times contracts removed."""
    taken = 0
    while quantity:
        available, price = lots[0]
        used = min(available, quantity)
        taken += used * price
        quantity -= used
        if used == available:
            lots.popleft()
        else:
            lots[0] = (available - used, price)
    return taken


def last_mark(day: Day, contract: Contract, second: int) -> HalfTicks:
    """The contract's mid times two in ticks at ``second``, or at the last second it was quoted."""
    row = day.row_of[contract]
    asks = day.ask_ticks[row]
    at = min(second, day.known_until)
    while at >= 0 and int(asks[at]) == MISSING_TICKS:
        at -= 1
    return int(day.bid_ticks[row, at]) + int(asks[at]) if at >= 0 else 0


def mark_positions(books: Books, day: Day, second: int, session_id: UUID) -> tuple[Position, ...]:
    """The open positions by strike, call before put, long before short, marked at ``second``."""
    return tuple(
        _mark(key, holding, day, second, session_id)
        for key, holding in sorted(books.holdings.items(), key=lambda item: item[0])
    )


@lru_cache(maxsize=POSITION_IDS_KEPT)
def position_id(session_id: UUID, on: date, key: Key) -> UUID:
    """The id of a session's position, the same at every second; every look at a session asks for all."""
    contract, direction = key
    return uuid5(session_id, f"{format_osi(on, contract)} {direction}")


def _mark(key: Key, holding: Holding, day: Day, second: int, session_id: UUID) -> Position:
    contract, direction = key
    mark = last_mark(day, contract, second)
    value = direction.sign * half_ticks_cents(mark, holding.quantity)
    delta = int(day.delta_e4[min(second, day.known_until), day.row_of[contract]])
    return Position(
        id=position_id(session_id, day.date, key),
        contract=contract,
        direction=direction,
        quantity=holding.quantity,
        cost_basis_cents=holding.cost_basis_cents,
        debit_cents=holding.debit_cents,
        credit_cents=holding.credit_cents,
        unrealized_cents=value - holding.cost_basis_cents,
        realized_cents=holding.realized_cents,
        fees_cents=holding.fees_cents,
        net_liquidity_cents=value,
        mark_half_ticks=mark,
        delta_e4=None if delta == MISSING_DELTA else delta,
    )
