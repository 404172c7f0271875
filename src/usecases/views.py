"""What the use cases hand to the faces about sessions and orders: engine values with their identity."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from engine.accounts import AccountStatus, AccountType, Engine
from engine.fees import FeeSchedule
from engine.ledger import Transaction
from engine.money import Cents
from engine.orders import OrderStatus
from engine.positions import Position
from engine.sessions import BuyingPowerEffect, Financials, OrderState


class SessionMode(StrEnum):
    HISTORICAL = "historical"
    LIVE = "live"


class SessionStatus(StrEnum):
    OPEN = "open"
    SETTLED = "settled"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session at its clock. ``at`` is None until a simulation's clock is first set.

    ``account_id`` names the account whose day it is, ``settled_at`` when that day was carried, or a
    live session settled.
    Where its recording cannot be read and nothing is settled, ``financials`` are those of its opening.
    """

    id: UUID
    account_id: UUID | None
    mode: SessionMode
    date: date
    description: str | None
    start_at: datetime
    end_at: datetime
    at: datetime | None
    ended: bool
    version: int
    created_at: datetime
    financials: Financials
    settled_at: datetime | None = None
    is_readable: bool = True
    is_abandoned: bool = False

    @property
    def status(self) -> SessionStatus:
        if self.is_abandoned:
            return SessionStatus.ABANDONED
        return SessionStatus.SETTLED if self.ended else SessionStatus.OPEN

    @property
    def closing_cents(self) -> Cents | None:
        """The cash that a settled day of an account left; None while it is open."""
        is_carried = self.account_id is not None and self.settled_at is not None
        return self.financials.net_liquidation_cents if is_carried else None


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account. ``cash_cents`` never holds anything unsettled; ``current_cents`` adds what the open
    day has made by its clock; ``fees`` is the schedule that its books are kept with."""

    key: int
    id: UUID
    name: str
    description: str | None
    engine: Engine
    type: AccountType
    status: AccountStatus
    starting_cents: Cents
    cash_cents: Cents
    current_cents: Cents
    fees: FeeSchedule
    version: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order at the session's clock; ``open_at`` turns the engine's seconds into times."""

    session_id: UUID
    date: date
    open_at: datetime
    state: OrderState
    replaces_order_id: UUID | None
    client_order_id: UUID | None
    updated_at: datetime
    mode: SessionMode = SessionMode.HISTORICAL

    @property
    def id(self) -> UUID:
        return self.state.order.id

    @property
    def status(self) -> OrderStatus:
        return self.state.status


@dataclass(frozen=True, slots=True)
class OrderReceipt:
    """The answer to a placed, replaced or dry-run order.

    ``version`` is the session's after the write; a replayed answer carries the first one.
    """

    order: OrderView
    effect: BuyingPowerEffect
    version: int


@dataclass(frozen=True, slots=True)
class PositionsView:
    session_id: UUID
    date: date
    open_at: datetime
    at: datetime
    positions: tuple[Position, ...]


@dataclass(frozen=True, slots=True)
class TransactionsView:
    session_id: UUID
    date: date
    open_at: datetime
    transactions: tuple[Transaction, ...]


class SessionEventKind(StrEnum):
    CREATED = "created"
    CLOCK_MOVED = "clock_moved"
    ORDER_PLACED = "order_placed"
    ORDER_REPLACED = "order_replaced"
    ORDER_DELETED = "order_deleted"
    ORDER_FILLED = "order_filled"
    ORDER_REJECTED = "order_rejected"
    ORDER_EXPIRED = "order_expired"
    ORDER_CANCELED = "order_canceled"
    FINANCIALS_CHANGED = "financials_changed"
    REPRICED = "repriced"
    SETTLED = "settled"
    SETTLEMENT_FAILED = "settlement_failed"
    REOPENED = "reopened"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class SessionEvent:
    """One change of a session. ``seq`` is 1, 2, 3 … without gaps; the session's version equals
    the last one. ``order_id`` is the order that changed, if one."""

    session_id: UUID
    seq: int
    kind: SessionEventKind
    order_id: UUID | None
    at: datetime


class AccountEventKind(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    CAPITAL_EDITED = "capital_edited"
    SESSION_OPENED = "session_opened"
    SESSION_SETTLED = "session_settled"
    SESSION_REOPENED = "session_reopened"
    SESSION_DELETED = "session_deleted"
    REPRICING = "repricing"
    REPRICED = "repriced"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class AccountEvent:
    """One change of an account. ``seq`` is 1, 2, 3 … without gaps; ``session_id`` the day it is
    about, if one; ``done`` of ``total`` days how far a repricing has come."""

    account_id: UUID
    seq: int
    kind: AccountEventKind
    session_id: UUID | None
    done: int | None
    total: int | None
    at: datetime
