"""Order entry: placing, previewing, replacing and deleting orders of a session."""

from dataclasses import replace
from uuid import UUID

import strawberry

from api.context import Info
from api.errors import UserError, user_errors
from api.nodes import NodeKind, global_id, read_id
from api.orders import (
    BuyingPowerEffect,
    Order,
    OrderInput,
    find_order,
    order_request,
    render_effect,
    render_order,
)
from api.sessions import Session, find_session
from engine.denials import Denial
from usecases import orders
from usecases.belonging import belonging_of
from usecases.submissions import Submission
from usecases.views import OrderReceipt

EXPECTED_VERSION = "Denied with version_conflict when the session has changed since."
IDEMPOTENCY_KEY = (
    "A repeat under the same key returns the first answer; the Idempotency-Key header does the same."
)


@strawberry.input
class PlaceOrderInput:
    session_id: strawberry.ID
    order: OrderInput
    client_order_id: UUID | None = strawberry.field(
        default=None, description="Becomes the order's uuid; a repeat returns that order."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED_VERSION)


@strawberry.input
class ReplaceOrderInput(PlaceOrderInput):
    order_id: strawberry.ID = strawberry.field(description="The order whose place is taken.")


@strawberry.input
class DryRunOrderInput:
    session_id: strawberry.ID
    order: OrderInput


@strawberry.input
class DeleteOrderInput:
    session_id: strawberry.ID
    order_id: strawberry.ID
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED_VERSION)


@strawberry.type
class OrderPayload:
    session_uuid: strawberry.Private[UUID]
    order: Order | None = None
    buying_power_effect: BuyingPowerEffect | None = None
    version: int | None = strawberry.field(default=None, description="The session's, after this change.")
    user_errors: list[UserError] = strawberry.field(default_factory=list)

    @strawberry.field(description="The session as it is now; null where it is not the viewer's.")
    async def session(self, info: Info) -> Session | None:
        return await find_session(info, self.session_uuid)


@strawberry.type
class DeleteOrderPayload:
    session_uuid: strawberry.Private[UUID]
    canceled_uuid: strawberry.Private[UUID | None] = None
    deleted_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of a historical order, which is gone."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list)

    @strawberry.field(description="A live order, which stays and is canceled.")
    async def order(self, info: Info) -> Order | None:
        return await find_order(info, self.session_uuid, self.canceled_uuid) if self.canceled_uuid else None

    @strawberry.field(description="The session as it is now; null where it is not the viewer's.")
    async def session(self, info: Info) -> Session | None:
        return await find_session(info, self.session_uuid)


@strawberry.type
class OrderEntryMutation:
    @strawberry.mutation(
        description="Place an order at the session's clock. In a live session it is filled at the market's "
        "last second, or waits for a later one."
    )
    async def place_order(self, info: Info, input: PlaceOrderInput) -> OrderPayload:
        return await _submit(info, _submission(info, input))

    @strawberry.mutation(
        description="Put a new order in the place of another, in one step. The new one has its own uuid. In "
        "a live session the old one must be a pending limit order, and only its price may change."
    )
    async def replace_order(self, info: Info, input: ReplaceOrderInput) -> OrderPayload:
        return await _submit(
            info, replace(_submission(info, input), replaces=read_id(input.order_id, NodeKind.ORDER))
        )

    @strawberry.mutation(description="What placing the order would answer, with nothing kept.")
    async def dry_run_order(self, info: Info, input: DryRunOrderInput) -> OrderPayload:
        viewer = await info.context.viewer()
        session_id = read_id(input.session_id, NodeKind.SESSION)
        receipt = await orders.dry_run(info.context.ports, viewer, session_id, order_request(input.order))
        payload = _payload(session_id, receipt)
        if payload.order is not None:
            payload.order.transactions = []
        return payload

    @strawberry.mutation(
        description="Delete an order, filled or not, with everything that followed from it. In a live "
        "session a pending order is canceled, and no other can be."
    )
    async def delete_order(self, info: Info, input: DeleteOrderInput) -> DeleteOrderPayload:
        viewer = await info.context.viewer()
        session_id = read_id(input.session_id, NodeKind.SESSION)
        order_id = read_id(input.order_id, NodeKind.ORDER)
        denial = await orders.delete_order(
            info.context.ports, viewer, session_id, order_id, input.expected_version
        )
        if denial is not None:
            return DeleteOrderPayload(session_uuid=session_id, user_errors=user_errors(denial, "input"))
        belonging = await belonging_of(info.context.ports, viewer, session_id)
        if belonging is not None and belonging.is_live:
            return DeleteOrderPayload(session_uuid=session_id, canceled_uuid=order_id)
        return DeleteOrderPayload(
            session_uuid=session_id, deleted_id=global_id(NodeKind.ORDER, session_id, order_id)
        )


def _submission(info: Info, input: PlaceOrderInput) -> Submission:
    return Submission(
        session_id=read_id(input.session_id, NodeKind.SESSION),
        request=order_request(input.order, input.client_order_id),
        idempotency_key=input.idempotency_key or info.context.idempotency_key,
        expected_version=input.expected_version,
    )


async def _submit(info: Info, submission: Submission) -> OrderPayload:
    viewer = await info.context.viewer()
    receipt = await orders.place_order(info.context.ports, viewer, submission)
    return _payload(submission.session_id, receipt)


def _payload(session_id: UUID, receipt: OrderReceipt | Denial) -> OrderPayload:
    if isinstance(receipt, Denial):
        return OrderPayload(session_uuid=session_id, user_errors=_order_errors(receipt))
    return OrderPayload(
        session_uuid=session_id,
        order=render_order(receipt.order),
        buying_power_effect=render_effect(receipt.effect),
        version=receipt.version,
    )


_BESIDE_THE_ORDER = {"client_order_id", "expectedVersion", "expected_version"}


def _order_errors(denial: Denial) -> list[UserError]:
    """The engine's paths start at the order; a few inputs stand beside it."""
    beside = not denial.path or denial.path[0] in _BESIDE_THE_ORDER
    return user_errors(denial, "input") if beside else user_errors(denial, "input", "order")
