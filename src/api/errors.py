"""How a denial reaches a GraphQL client: as a user error of a payload, or as a top-level error."""

import re
from typing import TypeVar

import strawberry
from graphql import GraphQLError
from strawberry.utils.str_converters import to_camel_case

from engine.denials import Code, Denial

T = TypeVar("T")

MALFORMED = "MALFORMED"
INTERNAL = "INTERNAL"
RETRY_OUTAGE_SECONDS = 2

_TOP_LEVEL = {
    Code.UNAUTHENTICATED: "UNAUTHENTICATED",
    Code.RATE_LIMITED: "RATE_LIMITED",
    Code.RATE_LIMIT_EXCEEDED: "RATE_LIMITED",
}
_READ = {**_TOP_LEVEL, Code.DAY_UNAVAILABLE: INTERNAL}
_ABSENT = {Code.NOT_FOUND, Code.SESSION_NOT_RECORDED}

strawberry.enum(
    Code,
    name="ErrorCode",
    description="The catalogue of denials, the same as REST's X-Error-Code.",
    graphql_name_from="value",
)


@strawberry.type(description="Why an input was denied. Nothing was changed.")
class UserError:
    code: Code
    message: str
    path: list[str] = strawberry.field(description="The input that the message is about, outermost first.")


class Refusal(GraphQLError):
    """A top-level error that is shown to the client as it is."""

    def __init__(self, code: str, message: str, **extensions: object) -> None:
        super().__init__(message, extensions={"code": code, **extensions})


def unavailable(
    message: str = "A part of the service cannot be reached; try again.", **extensions: object
) -> Refusal:
    """An outage, which is worth another try."""
    told = {"reason": "unavailable", "retryAfterSeconds": RETRY_OUTAGE_SECONDS}
    return Refusal(INTERNAL, message, **told, **extensions)


def unauthenticated() -> Refusal:
    return Refusal(_TOP_LEVEL[Code.UNAUTHENTICATED], "A valid token is required.")


def refusal_of(denial: Denial) -> Refusal:
    """The top-level error of a denied read; ``reason`` is the catalogue's code."""
    extensions: dict[str, object] = {"reason": denial.code.value}
    if denial.retry_after_seconds is not None:
        extensions["retryAfterSeconds"] = denial.retry_after_seconds
    return Refusal(_READ.get(denial.code, MALFORMED), denial.message, **extensions)


def user_errors(denial: Denial, *prefix: str) -> list[UserError]:
    """The user errors of a denied mutation, one for each input that is wrong.

    ``prefix`` leads to the input that the denial's own paths start from. A missing token and a
    spent rate limit are raised, as top-level errors.
    """
    if denial.code in _TOP_LEVEL:
        raise refusal_of(denial)
    messages = denial.fields or {".".join(denial.path): denial.message}
    return [
        _user_error(denial.code, message, (*prefix, *path.split("."))) for path, message in messages.items()
    ]


def _user_error(code: Code, message: str, path: tuple[str, ...]) -> UserError:
    named = [part for part in path if part]
    for part in named:
        message = re.sub(rf"\b{re.escape(part)}\b", to_camel_case(part), message) if "_" in part else message
    return UserError(code=code, message=message, path=[to_camel_case(part) for part in named])


def found(answer: T | Denial) -> T | None:
    """The answer of a read, or None when there is no such thing; any other denial is raised."""
    if not isinstance(answer, Denial):
        return answer
    if answer.code in _ABSENT:
        return None
    raise refusal_of(answer)


def granted(answer: T | Denial) -> T:
    """The answer of a read that cannot be absent; a denial is raised."""
    if isinstance(answer, Denial):
        raise refusal_of(answer)
    return answer
