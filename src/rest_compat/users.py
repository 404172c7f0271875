"""The caller's own profile."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from engine.denials import Code, Denial
from engine.money import price_text
from engine.settings import fee_texts
from rest_compat.auth import EmailText, PasswordText
from rest_compat.operations import Call, Gives, Routes, Takes
from rest_compat.wire import Answered, Asked, NumberText, PriceText, RateText, given
from usecases import charging, users
from usecases.absence import ABSENT, Absent
from usecases.ports import Viewer
from usecases.users import ProfileChanges

routes = Routes("People")


class FeeRates(Answered):
    """Dollars a contract or a share; exercise is per strike."""

    buy_equity: RateText
    sell_equity: RateText
    buy_to_open_option: RateText
    sell_to_open_option: RateText
    buy_to_close_option: RateText
    sell_to_close_option: RateText
    exercise_option: RateText


class FeeRatesChange(Asked):
    """All seven rates, each at most ten times the default one."""

    buy_equity: NumberText
    sell_equity: NumberText
    buy_to_open_option: NumberText
    sell_to_open_option: NumberText
    buy_to_close_option: NumberText
    sell_to_close_option: NumberText
    exercise_option: NumberText


class Profile(Answered):
    id: UUID
    email: EmailText
    usage_percent: Annotated[int, Field(ge=0, le=100, description="Fill of the rate limit.")]
    fee_schedule: FeeRates
    slippage: PriceText


class ProfileChange(Asked):
    """What to change; the rest stays. A new email needs the code that was mailed to it, a new
    password the one that was mailed to the present address."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"properties": {"email": {"type": "null"}, "password": {"type": "null"}}},
                given("email", "verification_code", without="password"),
                given("password", "verification_code", without="email"),
            ]
        }
    )

    fee_schedule: Annotated[
        FeeRatesChange | None,
        Field(description="All seven rates, or null for the default schedule."),
    ] = None
    slippage: Annotated[
        NumberText | None, Field(description="A multiple of 0.05, at most 5.00.", examples=["0.05"])
    ] = None
    email: EmailText | None = None
    password: PasswordText | None = None
    verification_code: Annotated[
        str | None, Field(description="The six digits that were mailed; only read for the two above.")
    ] = None


def render_profile(viewer: Viewer, usage_percent: int) -> Profile:
    return Profile(
        id=viewer.uuid,
        email=viewer.email,
        usage_percent=usage_percent,
        fee_schedule=FeeRates(**fee_texts(viewer.fees)),
        slippage=price_text(viewer.slippage_cents),
    )


@routes.operation("GET", "/user", Takes(), Gives(200, Profile))
async def get_profile(call: Call[None]) -> Profile:
    """Your profile, with the fees and the slippage that your orders are stamped with."""
    fill = await charging.usage(call.ports, call.viewer)
    return render_profile(call.viewer, fill.percent)


@routes.operation(
    "PATCH",
    "/user",
    Takes(ProfileChange),
    Gives(204, None, (Code.INVALID_CODE, Code.CODE_LOCKED, Code.EMAIL_TAKEN)),
)
async def change_profile(call: Call[ProfileChange]) -> Denial | None:
    """Change fees, slippage, email or password, all or none of them.

    Fees reach back: every historical simulation is computed with the schedule now in force.
    Slippage touches later orders only. A new password ends every other session.
    """
    body = call.body
    changes = ProfileChanges(
        fee_schedule=_fee_schedule(body),
        slippage=body.slippage,
        email=body.email,
        password=body.password,
        verification_code=body.verification_code,
    )
    outcome = await users.update_profile(call.ports, call.viewer, changes)
    return outcome if isinstance(outcome, Denial) else None


def _fee_schedule(body: ProfileChange) -> Mapping[str, object] | Absent | None:
    if "fee_schedule" not in body.model_fields_set:
        return ABSENT
    return None if body.fee_schedule is None else body.fee_schedule.model_dump()
