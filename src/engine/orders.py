import math
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from engine.contracts import Contract
from engine.money import Cents, PriceCents

LEGS_MAX = 4
QUANTITY_MAX = 1000
SLIPPAGE_CENTS_MAX = 500


class OrderType(StrEnum):
    LIMIT = "limit"
    MARKET = "market"
    STOP = "stop"


class Effect(StrEnum):
    DEBIT = "debit"
    CREDIT = "credit"


class TriggerDirection(StrEnum):
    AT_OR_BELOW = "at_or_below"
    AT_OR_ABOVE = "at_or_above"


class Action(StrEnum):
    BUY_TO_OPEN = "buy to open"
    SELL_TO_OPEN = "sell to open"
    BUY_TO_CLOSE = "buy to close"
    SELL_TO_CLOSE = "sell to close"

    @property
    def sign(self) -> int:
        """+1 when the trader buys, -1 when the trader sells."""
        return 1 if self in (Action.BUY_TO_OPEN, Action.BUY_TO_CLOSE) else -1

    @property
    def opens(self) -> bool:
        return self in (Action.BUY_TO_OPEN, Action.SELL_TO_OPEN)


class OrderStatus(StrEnum):
    PENDING = "pending"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Leg:
    contract: Contract
    quantity: int
    action: Action


@dataclass(frozen=True, slots=True)
class Fill:
    """When and at what prices an order filled.

    ``net_price_cents`` is signed, a debit positive, per unit of the structure and slippage
    included; ``leg_price_cents`` are unsigned, one a leg, and add up to the net exactly.
    ``leg_fee_cents`` is what a live fill was charged, which no later schedule changes (rulings 3.6);
    None where the schedule in force tells.
    """

    second: int
    net_price_cents: PriceCents
    leg_price_cents: tuple[PriceCents, ...]
    leg_fee_cents: tuple[Cents, ...] | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """What the trader asks for. Prices are per unit of the structure, in price cents, unsigned.

    ``price_cents`` belongs to limits, ``trigger_cents`` and ``trigger_direction`` to stops,
    ``effect`` to both; a market order has none of them.
    """

    type: OrderType
    legs: tuple[Leg, ...]
    effect: Effect | None = None
    price_cents: PriceCents | None = None
    trigger_cents: PriceCents | None = None
    trigger_direction: TriggerDirection | None = None

    @property
    def units(self) -> int:
        """How many times the structure is traded: the gcd of the legs' quantities."""
        return math.gcd(*(leg.quantity for leg in self.legs))

    @property
    def ratios(self) -> tuple[int, ...]:
        """Each leg's quantity in one unit of the structure."""
        units = self.units
        return tuple(leg.quantity // units for leg in self.legs)

    @property
    def opens(self) -> bool:
        """True when any leg opens a position."""
        return any(leg.action.opens for leg in self.legs)

    def effect_of(self, fill: Fill) -> Effect:
        """Which way the net of a fill flows; one of 0.00 flows the way that was asked for."""
        if not fill.net_price_cents and self.effect is not None:
            return self.effect
        return Effect.DEBIT if (fill.net_price_cents or self.legs[0].action.sign) > 0 else Effect.CREDIT


@dataclass(frozen=True, slots=True)
class End:
    """When an order stopped working without a fill, as what, and why where it was rejected."""

    second: int
    status: OrderStatus
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A placed order. ``fill`` is what the scan of the whole rest of the day found, or None; ``end`` is
    there once a live order was canceled or rejected, or has expired."""

    id: UUID
    sequence: int
    placed_second: int
    ticket: Ticket
    slippage_cents: PriceCents
    fill: Fill | None
    end: End | None = None

    @property
    def priority(self) -> tuple[int, int]:
        """Orders act in the order of their second, then of their arrival."""
        return self.placed_second, self.sequence
