"""The viewer, and the settings that his orders are stamped with."""

from typing import TypeVar
from uuid import UUID

import strawberry

from api.context import Info
from api.errors import UserError, user_errors
from api.nodes import Node, NodeKind, global_id
from api.scalars import DecimalText, points
from engine.denials import Denial
from engine.fees import FeeSchedule as Fees
from engine.settings import FEE_NAMES, fee_texts
from usecases import charging, users
from usecases.absence import ABSENT
from usecases.ports import Viewer
from usecases.users import ProfileChanges

T = TypeVar("T")


@strawberry.type(description="Fees in dollars, a contract or a share; exercise is a strike.")
class FeeSchedule:
    buy_equity: DecimalText
    sell_equity: DecimalText
    buy_to_open_option: DecimalText
    sell_to_open_option: DecimalText
    buy_to_close_option: DecimalText
    sell_to_close_option: DecimalText
    exercise_option: DecimalText


@strawberry.input(description="All seven fees, each from 0 to ten times the default.")
class FeeScheduleInput:
    buy_equity: DecimalText
    sell_equity: DecimalText
    buy_to_open_option: DecimalText
    sell_to_open_option: DecimalText
    buy_to_close_option: DecimalText
    sell_to_close_option: DecimalText
    exercise_option: DecimalText


@strawberry.type
class User(Node):
    uuid: UUID
    email: str
    fee_schedule: FeeSchedule = strawberry.field(description="The schedule in force.")
    fees_overridden: bool
    slippage: DecimalText = strawberry.field(
        description="What limit and stop orders give away, in index points."
    )

    @strawberry.field(description="How full the viewer's bucket of credits is, 0 to 100.")
    async def usage_percent(self, info: Info) -> int:
        fill = await charging.usage(info.context.ports, await info.context.viewer())
        return fill.percent


@strawberry.input(description="What is left out stays as it is.")
class UpdateProfileInput:
    fee_schedule: strawberry.Maybe[FeeScheduleInput | None] = strawberry.field(
        description="Null goes back to the default schedule."
    )
    slippage: strawberry.Maybe[DecimalText] = strawberry.field(description="0 to 5.00, a multiple of 0.05.")
    email: strawberry.Maybe[str] = strawberry.field(description="Needs a code mailed to the new address.")
    password: strawberry.Maybe[str] = strawberry.field(description="Needs a code. Every other session ends.")
    verification_code: strawberry.Maybe[str] = strawberry.field(description="A fresh mailed code.")


@strawberry.type
class UserPayload:
    user: User | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class UserQuery:
    @strawberry.field(description="Who is asking; null for a visitor.")
    async def viewer(self, info: Info) -> User | None:
        viewer = await info.context.visitor_or_viewer()
        return render_user(viewer) if viewer else None


@strawberry.type
class UserMutation:
    @strawberry.mutation(description="Change the profile.")
    async def update_profile(self, info: Info, input: UpdateProfileInput) -> UserPayload:
        viewer = await info.context.viewer()
        answer = await users.update_profile(info.context.ports, viewer, _changes(input))
        if isinstance(answer, Denial):
            return UserPayload(user_errors=user_errors(answer, "input"))
        return UserPayload(user=render_user(answer))


def _changes(input: UpdateProfileInput) -> ProfileChanges:
    return ProfileChanges(
        fee_schedule=_fees(input.fee_schedule.value) if input.fee_schedule else ABSENT,
        slippage=_given(input.slippage),
        email=_given(input.email),
        password=_given(input.password),
        verification_code=_given(input.verification_code),
    )


def _given(maybe: strawberry.Some[T] | None) -> T | None:
    return maybe.value if maybe else None


def _fees(fees: FeeScheduleInput | None) -> dict[str, object] | None:
    return None if fees is None else {name: getattr(fees, name) for name in FEE_NAMES}


async def find_user(info: Info, uuid: UUID) -> User | None:
    viewer = await info.context.viewer()
    return render_user(viewer) if viewer.uuid == uuid else None


def render_fees(fees: Fees) -> FeeSchedule:
    texts = fee_texts(fees)
    return FeeSchedule(**{name: DecimalText(texts[name]) for name in FEE_NAMES})


def render_user(viewer: Viewer) -> User:
    return User(
        id=global_id(NodeKind.USER, viewer.uuid),
        uuid=viewer.uuid,
        email=viewer.email,
        fee_schedule=render_fees(viewer.fees),
        fees_overridden=viewer.fees_overridden,
        slippage=points(viewer.slippage_cents),
    )
