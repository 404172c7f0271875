"""Signing up, in and out."""

import strawberry

from api.context import Info
from api.errors import UserError, user_errors
from api.users import User, render_user
from engine.denials import Denial
from usecases import auth, entrance
from usecases.auth import NewToken

PASSWORDLESS = "Omit it for an account that logs in by mailed codes."


@strawberry.input
class EmailInput:
    email: str


@strawberry.input
class RegisterInput:
    email: str
    verification_code: str = strawberry.field(description="The six digits that were mailed.")
    password: str | None = strawberry.field(default=None, description=PASSWORDLESS)


@strawberry.input(description="Either the password or a fresh mailed code.")
class LoginInput:
    email: str
    password: str | None = None
    verification_code: str | None = None


@strawberry.input
class ResetPasswordInput:
    email: str
    verification_code: str
    password: str


@strawberry.type
class CheckEmailPayload:
    has_password: bool | None = strawberry.field(
        default=None, description="False for an account that logs in by mailed codes only."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class TokenPayload:
    token: str | None = strawberry.field(default=None, description="The value of the Authorization header.")
    viewer: User | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class DonePayload:
    done: bool
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class AuthMutation:
    @strawberry.mutation(description="Mail a verification code. One a minute for each address.")
    async def request_code(self, info: Info, input: EmailInput) -> DonePayload:
        return _done(await entrance.request_code(info.context.ports, input.email, info.context.address))

    @strawberry.mutation(description="Whether an account exists, and how it logs in.")
    async def check_email(self, info: Info, input: EmailInput) -> CheckEmailPayload:
        answer = await entrance.check_email(info.context.ports, input.email, info.context.address)
        if isinstance(answer, Denial):
            return CheckEmailPayload(user_errors=user_errors(answer, "input"))
        return CheckEmailPayload(has_password=answer.has_password)

    @strawberry.mutation(description="Open an account with a mailed code; its first token comes back.")
    async def register(self, info: Info, input: RegisterInput) -> TokenPayload:
        context = info.context
        return _token(
            await entrance.register(
                context.ports, input.email, input.password, input.verification_code, context.address
            )
        )

    @strawberry.mutation(description="Open a session of an account.")
    async def login(self, info: Info, input: LoginInput) -> TokenPayload:
        context = info.context
        return _token(
            await entrance.login(
                context.ports, input.email, input.password, input.verification_code, context.address
            )
        )

    @strawberry.mutation(description="End the session of the token that is used.")
    async def logout(self, info: Info) -> DonePayload:
        await auth.logout(info.context.ports, await info.context.viewer())
        return DonePayload(done=True)

    @strawberry.mutation(description="Mail a code for a new password, where there is such an account.")
    async def forgot_password(self, info: Info, input: EmailInput) -> DonePayload:
        return _done(await entrance.forgot_password(info.context.ports, input.email, info.context.address))

    @strawberry.mutation(description="Set a new password with a mailed code; every session ends.")
    async def reset_password(self, info: Info, input: ResetPasswordInput) -> DonePayload:
        context = info.context
        denial = await entrance.reset_password(
            context.ports, input.email, input.verification_code, input.password, context.address
        )
        return _done(denial)


def _done(denial: Denial | None) -> DonePayload:
    errors = user_errors(denial, "input") if denial else []
    return DonePayload(done=not errors, user_errors=errors)


def _token(answer: NewToken | Denial) -> TokenPayload:
    if isinstance(answer, Denial):
        return TokenPayload(user_errors=user_errors(answer, "input"))
    return TokenPayload(token=answer.token, viewer=render_user(answer.viewer))
