"""Orders as they are asked for. Every value stays text: the engine reads it, for every face alike."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from engine.orders import LEGS_MAX
from engine.tickets import LegRequest, OrderRequest
from rest_compat.wire import (
    ActionName,
    Asked,
    CountText,
    EffectName,
    NumberText,
    OrderTypeName,
    TriggerDirectionName,
)


class NewLeg(Asked):
    instrument: Annotated[
        str,
        Field(
            description="OSI symbol of an SPXW option of the session's own date.",
            examples=["SPXW  250115C05950000"],
        ),
    ]
    quantity: Annotated[CountText, Field(description="1 to 1000 contracts.", examples=["1"])]
    action: Annotated[ActionName, Field(examples=["buy to open"])]


class NewOrder(Asked):
    """A market order is one leg and nothing else; a limit adds its price and effect; a stop is one
    leg with its trigger and effect."""

    type: OrderTypeName
    price: Annotated[NumberText | None, Field(description="Limit: per unit, on the tick.")] = None
    price_effect: EffectName | None = None
    stop_trigger: Annotated[NumberText | None, Field(description="Stop: the mid that triggers.")] = None
    trigger_direction: Annotated[
        TriggerDirectionName | None,
        Field(description="Stop: by default at_or_below for a debit, at_or_above for a credit."),
    ] = None
    legs: Annotated[tuple[NewLeg, ...], Field(json_schema_extra={"minItems": 1, "maxItems": LEGS_MAX})]
    client_order_id: Annotated[
        UUID | None, Field(description="Becomes the order's id; a repeat returns that order.")
    ] = None


class OrderReplacement(NewOrder):
    """The order whose place is taken, and what takes it."""

    order_id: UUID


def read_request(body: NewOrder) -> OrderRequest:
    return OrderRequest(
        type=body.type,
        legs=tuple(LegRequest(leg.instrument, leg.quantity, leg.action) for leg in body.legs),
        price=body.price,
        price_effect=body.price_effect,
        stop_trigger=body.stop_trigger,
        trigger_direction=body.trigger_direction,
        client_order_id=body.client_order_id,
    )
