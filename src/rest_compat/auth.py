"""Signing up, in and out."""

from typing import Annotated

from pydantic import ConfigDict, Field

from engine.denials import Code, Denial
from engine.people import PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN
from rest_compat.operations import Auth, Call, Gives, Routes, Takes
from rest_compat.wire import Answered, Asked, given
from usecases import auth, entrance

routes = Routes("People")

EmailText = Annotated[str, Field(examples=["trader@example.com"], json_schema_extra={"format": "email"})]
CodeText = Annotated[
    str,
    Field(
        description="The six digits that were mailed.",
        examples=["482913"],
        json_schema_extra={"pattern": r"^\d{6}$"},
    ),
]
PasswordText = Annotated[
    str,
    Field(
        examples=["correct-horse-battery"],
        json_schema_extra={"minLength": PASSWORD_LENGTH_MIN, "maxLength": PASSWORD_LENGTH_MAX},
    ),
]


class EmailBody(Asked):
    email: EmailText


class Registration(Asked):
    """Without a password the account always signs in by mailed code."""

    email: EmailText
    password: PasswordText | None = None
    verification_code: CodeText


class Login(Asked):
    """A password, or a fresh verification code in its place."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                given("password", without="verification_code"),
                given("verification_code", without="password"),
            ]
        }
    )

    email: EmailText
    password: PasswordText | None = None
    verification_code: CodeText | None = None


class PasswordReset(Asked):
    email: EmailText
    verification_code: CodeText
    password: PasswordText


class KnownEmail(Answered):
    has_password: Annotated[bool, Field(alias="hasPassword")]


class NewToken(Answered):
    token: Annotated[
        str,
        Field(pattern="^[0-9a-f]{32}$", examples=["8a4f3e21d6c94b0e9f2a1c5b7d8e4f60"]),
    ]


@routes.operation(
    "POST",
    "/auth/check-email",
    Takes(EmailBody, auth=Auth.NONE),
    Gives(200, KnownEmail, (Code.EMAIL_NOT_FOUND, Code.RATE_LIMITED)),
)
async def check_email(call: Call[EmailBody]) -> KnownEmail | Denial:
    """Whether an account with this email exists, and has a password."""
    known = await entrance.check_email(call.ports, call.body.email, call.address)
    return known if isinstance(known, Denial) else KnownEmail(has_password=known.has_password)


@routes.operation(
    "POST",
    "/auth/verify-email",
    Takes(EmailBody, auth=Auth.NONE),
    Gives(204, None, (Code.RATE_LIMITED,)),
)
async def request_code(call: Call[EmailBody]) -> Denial | None:
    """Mail a verification code; one a minute."""
    return await entrance.request_code(call.ports, call.body.email, call.address)


@routes.operation(
    "POST",
    "/auth/register",
    Takes(Registration, auth=Auth.NONE),
    Gives(201, NewToken, (Code.EMAIL_TAKEN, Code.INVALID_CODE, Code.CODE_LOCKED, Code.RATE_LIMITED)),
)
async def register(call: Call[Registration]) -> NewToken | Denial:
    """Make an account with a mailed code, and sign in."""
    body = call.body
    return _token(
        await entrance.register(call.ports, body.email, body.password, body.verification_code, call.address)
    )


@routes.operation(
    "POST",
    "/auth/sessions",
    Takes(Login, auth=Auth.NONE),
    Gives(
        201,
        NewToken,
        (Code.INVALID_CREDENTIALS, Code.INVALID_CODE, Code.CODE_LOCKED, Code.RATE_LIMITED),
    ),
)
async def login(call: Call[Login]) -> NewToken | Denial:
    """Sign in with a password or a mailed code."""
    body = call.body
    return _token(
        await entrance.login(call.ports, body.email, body.password, body.verification_code, call.address)
    )


@routes.operation("DELETE", "/auth/sessions", Takes(), Gives(204))
async def logout(call: Call[None]) -> None:
    """Sign out: the token is worth nothing afterwards."""
    await auth.logout(call.ports, call.viewer)


@routes.operation(
    "POST",
    "/auth/forgot-password",
    Takes(EmailBody, auth=Auth.NONE),
    Gives(204, None, (Code.RATE_LIMITED,)),
)
async def forgot_password(call: Call[EmailBody]) -> Denial | None:
    """Mail a code to set a new password with, if the account exists."""
    return await entrance.forgot_password(call.ports, call.body.email, call.address)


@routes.operation(
    "POST",
    "/auth/reset-password",
    Takes(PasswordReset, auth=Auth.NONE),
    Gives(204, None, (Code.INVALID_CODE, Code.CODE_LOCKED, Code.RATE_LIMITED)),
)
async def reset_password(call: Call[PasswordReset]) -> Denial | None:
    """Set a new password with a mailed code; every session of the account ends."""
    body = call.body
    return await entrance.reset_password(
        call.ports, body.email, body.verification_code, body.password, call.address
    )


def _token(outcome: auth.NewToken | Denial) -> NewToken | Denial:
    return outcome if isinstance(outcome, Denial) else NewToken(token=outcome.token)
