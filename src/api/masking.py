"""What a client may see of a failure: denials as they are, anything unexpected as an id to quote."""

import secrets
from collections.abc import Iterable, Iterator

import structlog
from graphql import ExecutionResult, GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import (
    CannotGetOperationTypeError,
    InvalidOperationTypeError,
)
from strawberry.types import ExecutionResult as Result
from strawberry.types import StreamExecutionResult

from api.errors import INTERNAL, MALFORMED, Refusal, unavailable
from usecases.outages import OUTAGES

_REQUEST_ERRORS = (CannotGetOperationTypeError, InvalidOperationTypeError, MissingQueryError)

MESSAGE_CHARS_MAX = 1_000  # the library repeats what it refuses, however long
NAME_CHARS_MAX = 100
NO_QUERY = "There is no GraphQL document in the request."

log = structlog.get_logger(__name__)


class MaskInternal(SchemaExtension):
    """Mask every result, of streams too, before it leaves the schema."""

    def on_operation(self) -> Iterator[None]:
        yield
        _mask(self.execution_context.result)

    def on_stream_result(self, result: StreamExecutionResult) -> Iterator[None]:
        _mask(result)
        yield


def _mask(result: object) -> None:
    if isinstance(result, Result | ExecutionResult) and result.errors:
        result.errors = masked(result.errors)


def masked(errors: Iterable[GraphQLError]) -> list[GraphQLError]:
    """The errors as a client may see them. Masking twice changes nothing."""
    return [_masked(error) for error in errors]


def overdue(seconds: float, operation_name: str | None) -> Refusal:
    """An operation that took too long. Nobody knows how far it came: its transaction may be committed."""
    quote = secrets.token_hex(8)
    log.error("graphql_stopped", quote=quote, operation=operation_name and operation_name[:NAME_CHARS_MAX])
    return unavailable(
        f"The operation was stopped after {seconds:g} seconds. A mutation may have taken effect: look before "
        f"you repeat it. Quote {quote} when you report it.",
        id=quote,
    )


def _masked(error: GraphQLError) -> GraphQLError:
    cause = _cause(error)
    if isinstance(cause, OUTAGES):
        return _outage(error, cause)
    if cause is not None:
        return _internal(error, cause)
    if isinstance(error.original_error, _REQUEST_ERRORS):
        return GraphQLError(error.message or NO_QUERY, extensions={"code": MALFORMED})
    error.extensions = error.extensions or {"code": MALFORMED}
    if len(error.message) > MESSAGE_CHARS_MAX:
        error.message = f"{error.message[:MESSAGE_CHARS_MAX]}…"
    return error


def _cause(error: GraphQLError) -> Exception | None:
    """The exception that nobody meant a client to see, or None."""
    cause: Exception | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return None if isinstance(cause, _REQUEST_ERRORS) else cause


def _outage(error: GraphQLError, cause: Exception) -> GraphQLError:
    log.warning("graphql_unavailable", reason=str(cause), path=error.path)
    told = unavailable()
    return GraphQLError(told.message, nodes=error.nodes, path=error.path, extensions=told.extensions)


def _internal(error: GraphQLError, cause: Exception) -> GraphQLError:
    quote = secrets.token_hex(8)
    log.error("graphql_internal_error", quote=quote, path=error.path, exc_info=cause)
    return GraphQLError(
        f"Internal error. Quote {quote} when you report it.",
        nodes=error.nodes,
        path=error.path,
        extensions={"code": INTERNAL, "id": quote},
    )
