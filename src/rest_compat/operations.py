"""How an operation is declared: once, for the router, the OpenAPI document and the tests alike."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from operator import attrgetter
from typing import Any, Generic, TypeAlias, TypeVar
from uuid import UUID

from pydantic import BaseModel

from engine.denials import Code, Denial
from rest_compat.errors import HttpCode
from usecases.charging import Payer
from usecases.policy import Policy
from usecases.ports import Ports, Viewer

Body = TypeVar("Body")
JSON = "application/json"


class Auth(StrEnum):
    """Whether an operation wants a token. One that is sent must be valid whatever this says."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Call(Generic[Body]):
    """One understood request: who asks, where, and what."""

    ports: Ports
    caller: Viewer | None
    path: Mapping[str, Any]
    query: Any
    body: Body
    idempotency_key: str | None
    payer: Payer
    session: UUID | None = None

    @property
    def address(self) -> str:
        return self.payer.address

    @property
    def viewer(self) -> Viewer:
        assert self.caller is not None, "only an operation that requires a token has a viewer"
        return self.caller

    @property
    def session_id(self) -> UUID:
        assert self.session is not None, "only an operation under a prefix has a session"
        return self.session


Handler: TypeAlias = Callable[[Call[Any]], Awaitable[Any]]
FindSession: TypeAlias = Callable[[Call[Any]], Awaitable[UUID | Denial]]
H = TypeVar("H", bound=Handler)


@dataclass(frozen=True, slots=True)
class Takes:
    """What an operation reads: nothing, unless named.

    ``body_bytes`` is the limit of its body. A body that ``may_fail`` is read as None where it is not
    there or does not fit, and refused for nothing.
    """

    body: type[BaseModel] | None = None
    body_bytes: Callable[[Policy], int] = attrgetter("body_bytes")
    may_fail: bool = False
    query: type[BaseModel] | None = None
    auth: Auth = Auth.REQUIRED
    idempotency_key: bool = False


@dataclass(frozen=True, slots=True)
class Gives:
    """What an operation answers: its status, the type of the body if any, and its own denials.

    ``other_status`` is another one that it may succeed with; its handler then answers ``Statused``.
    """

    status: int = 200
    model: Any = None
    denials: tuple[Code | HttpCode, ...] = ()
    media_type: str = JSON
    other_status: int | None = None


# what every operation may answer that reads a session with its market
OF_SESSION = (Code.NOT_FOUND, Code.DAY_UNAVAILABLE)


@dataclass(frozen=True, slots=True)
class Statused:
    """An answer that says itself which of the operation's statuses it goes with."""

    status: int
    body: Any


@dataclass(frozen=True, slots=True)
class Prefix:
    """Where the operations of a session hang, and how their session is found from the path."""

    path: str
    name: str
    find_session: FindSession


@dataclass(frozen=True, slots=True)
class Operation:
    method: str
    path: str
    tag: str
    takes: Takes
    gives: Gives
    handler: Handler
    prefix: Prefix | None = None

    @property
    def id(self) -> str:
        name: str = getattr(self.handler, "__name__", "")
        return f"{self.prefix.name}_{name}" if self.prefix else name

    @property
    def path_names(self) -> list[str]:
        return re.findall(r"\{(\w+)\}", self.path)

    @property
    def codes(self) -> tuple[Code | HttpCode, ...]:
        """Every code that the operation may be refused with, its own and the transport's."""
        takes = self.takes
        codes: list[Code | HttpCode] = [*self.gives.denials, Code.UNAUTHENTICATED]
        reads_body = takes.body is not None and not takes.may_fail
        if reads_body or takes.query or takes.idempotency_key or self.path_names:
            codes.append(Code.INVALID_INPUT)
        if reads_body:
            codes += [HttpCode.BODY_TOO_LARGE, HttpCode.UNSUPPORTED_MEDIA_TYPE]
        codes += [HttpCode.INTERNAL_ERROR, HttpCode.UNAVAILABLE]
        return tuple(dict.fromkeys(codes))

    @property
    def summary(self) -> str:
        return self._prose[0]

    @property
    def description(self) -> str:
        return " ".join(" ".join(self._prose[1:]).split())

    @property
    def _prose(self) -> list[str]:
        return (self.handler.__doc__ or "").strip().split("\n")


@dataclass(frozen=True, slots=True)
class Routes:
    """The operations of one noun, in the order of their declaration."""

    tag: str
    operations: list[Operation] = field(default_factory=list)

    def operation(self, method: str, path: str, takes: Takes, gives: Gives) -> Callable[[H], H]:
        """Declare the decorated handler. It returns the answer (``gives.model``), a ready
        response, or a Denial; its docstring is the operation's summary and description."""

        def declare(handler: H) -> H:
            self.operations.append(Operation(method, path, self.tag, takes, gives, handler))
            return handler

        return declare

    def under(self, prefix: Prefix) -> list[Operation]:
        """The same operations for the sessions of ``prefix``."""
        return [
            replace(operation, path=prefix.path + operation.path, prefix=prefix)
            for operation in self.operations
        ]
