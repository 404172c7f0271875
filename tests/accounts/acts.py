"""What a client can ask of an account, and what the model says to it: a new state, and an answer.

An answer is a refusal's code, or what is seen of the account, its days or their orders.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeAlias
from uuid import UUID

from tests.accounts.model import ARCHIVED, CLOSE, NOT_FOUND, SESSION_OPEN, Account, Day, Fees, Order

State: TypeAlias = Account | None
Answer: TypeAlias = Any


@dataclass(frozen=True)
class Create:
    name: str
    capital: int


@dataclass(frozen=True)
class Edit:
    name: str | None = None
    status: str | None = None
    capital: int | None = None


@dataclass(frozen=True)
class DeleteAccount:
    pass


@dataclass(frozen=True)
class Reprice:
    """Not asked for by a client: the account takes over its owner's new fees."""

    fees: Fees


@dataclass(frozen=True)
class Open:
    on: date


@dataclass(frozen=True)
class Move:
    day: UUID
    second: int


@dataclass(frozen=True)
class Place:
    day: UUID
    side: str
    contract: str
    quantity: int
    limit_cents: int | None = None
    replaces: UUID | None = None


@dataclass(frozen=True)
class DeleteOrder:
    day: UUID
    order: UUID


@dataclass(frozen=True)
class DeleteDay:
    day: UUID


@dataclass(frozen=True)
class ReadAccount:
    pass


@dataclass(frozen=True)
class ReadDays:
    pass


@dataclass(frozen=True)
class ReadHead:
    pass


@dataclass(frozen=True)
class ReadDay:
    day: UUID


@dataclass(frozen=True)
class ReadOrders:
    day: UUID


Act: TypeAlias = (
    Create | Edit | DeleteAccount | Reprice | Open | Move | Place | DeleteOrder | DeleteDay
    | ReadAccount | ReadDays | ReadHead | ReadDay | ReadOrders
)  # fmt: skip
READS = (ReadAccount, ReadDays, ReadHead, ReadDay, ReadOrders)


def seen_account(account: Account) -> Answer:
    fees = tuple(sorted(account.fees.items()))
    return account.name, account.status, account.capital, account.cash(), account.current(), fees


def seen_day(account: Account, day: Day) -> Answer:
    """Id, date, clock, opening, what it is worth now, fees, and the closing of a settled one."""
    opening = account.cash(before=day.on)
    worth = opening + day.profit(account.fees)
    closing = worth if day.is_settled else None
    return day.id, day.on, day.clock, opening, worth, day.charged(account.fees), closing


def seen_order(day: Day, order: Order) -> Answer:
    if order.filled_by(day.clock):
        return order.id, "filled", order.fill
    return order.id, "expired" if day.is_settled else "pending", None


def told(account: State, act: Act, new_id: UUID | None = None) -> tuple[State, Answer]:
    """The account after ``act``, and the answer to it. What it creates is ``new_id``."""
    if account is None:
        return None, NOT_FOUND
    if isinstance(act, ReadAccount | ReadDays | ReadHead):
        return account, read(account, act)
    if isinstance(act, Create | Edit | DeleteAccount | Reprice | Open):
        return told_of_account(account, act, new_id)
    day = account.day(act.day)
    return (account, NOT_FOUND) if day is None else told_of_day(account, day, act, new_id)


def read(account: Account, act: ReadAccount | ReadDays | ReadHead) -> Answer:
    match act:
        case ReadAccount():
            return seen_account(account)
        case ReadDays():
            return tuple(seen_day(account, day) for day in reversed(account.days))
    head = account.open_day or (account.days[-1] if account.days else None)
    return seen_day(account, head) if head else None


def told_of_account(account: Account, act: Act, new_id: UUID | None) -> tuple[State, Answer]:
    match act:
        case Edit():
            return edited(account, act)
        case Open(on):
            return opened(account, on, new_id)
        case Reprice(fees):
            return replace(account, fees=fees), None
        case DeleteAccount():
            return (account, SESSION_OPEN) if account.open_day else (None, None)
    raise AssertionError(f"{act} is not asked of an account that is there")


def told_of_day(account: Account, day: Day, act: Act, new_id: UUID | None) -> tuple[State, Answer]:
    match act:
        case Move(_, second):
            return moved(account, day, second)
        case Place():
            return placed(account, day, act, new_id)
        case DeleteOrder(_, order_id):
            return order_deleted(account, day, order_id)
        case DeleteDay():
            return account.without(day), None
        case ReadOrders():
            return account, frozenset(seen_order(day, order) for order in day.orders)
    return account, seen_day(account, day)


def edited(account: Account, act: Edit) -> tuple[State, Answer]:
    if account.open_day and (act.capital is not None or act.status == "archived"):
        return account, SESSION_OPEN
    after = replace(
        account,
        name=act.name or account.name,
        status=act.status or account.status,
        capital=act.capital or account.capital,
    )
    return after, seen_account(after)


def not_to_open(account: Account) -> str | None:
    if account.status == "archived":
        return ARCHIVED
    return SESSION_OPEN if account.open_day else None


def opened(account: Account, on: date, new_id: UUID | None) -> tuple[State, Answer]:
    day = next((one for one in account.days if one.on == on), None)
    if day and not day.is_settled:
        return account, (False, seen_day(account, day))
    refusal = not_to_open(account)
    if refusal:
        return account, refusal
    if day is None and account.days and on < account.days[-1].on:
        return account, "insert_earlier"
    fresh = replace(day, clock=0) if day else Day(new_id or UUID(int=0), on)
    after = account.having(fresh)
    return after, (day is None, seen_day(after, fresh))


def moved(account: Account, day: Day, second: int) -> tuple[State, Answer]:
    refusal = not_to_open(account) if day.is_settled and second < CLOSE else None
    if refusal:
        return account, refusal
    after = account.having(replace(day, clock=second))
    return after, seen_day(after, replace(day, clock=second))


def placed(account: Account, day: Day, act: Place, new_id: UUID | None) -> tuple[State, Answer]:
    if act.replaces and act.replaces not in [order.id for order in day.orders]:
        return account, NOT_FOUND
    if day.is_settled:
        return account, "market_closed"
    sequence = 1 + max((order.sequence for order in day.orders), default=0)
    order = Order(new_id, day.clock, sequence, act.side, act.contract, act.quantity, act.limit_cents)
    kept = [other for other in day.orders if act.replaces is None or other.id != act.replaces]
    after = replace(day, orders=(*kept, order))
    uncovered = after.uncovered()
    if uncovered:
        return account, "no_position" if uncovered is order else "order_dependency"
    return account.having(after), seen_order(after, order)


def order_deleted(account: Account, day: Day, order_id: UUID) -> tuple[State, Answer]:
    if order_id not in [order.id for order in day.orders]:
        return account, NOT_FOUND
    after = replace(day, orders=tuple(order for order in day.orders if order.id != order_id))
    return (account, "order_dependency") if after.uncovered() else (account.having(after), None)
