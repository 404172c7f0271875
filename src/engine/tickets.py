"""Reading a trader's raw order into a ticket, in the documented order of checks."""

from dataclasses import dataclass
from uuid import UUID


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
