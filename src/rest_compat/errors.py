"""What the face answers when it refuses: one status for each code, one shape for all."""

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

import orjson
from starlette.responses import Response

from engine.denials import Code, Denial

RETRY_OUTAGE_SECONDS = 2


class HttpCode(StrEnum):
    """Refusals of the transport itself; everything else comes from the engine's catalogue."""

    METHOD_NOT_ALLOWED = "method_not_allowed"
    BODY_TOO_LARGE = "body_too_large"
    HEADERS_TOO_LARGE = "headers_too_large"
    ADDRESS_TOO_LONG = "address_too_long"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    UPGRADE_REQUIRED = "upgrade_required"
    INTERNAL_ERROR = "internal_error"
    UNAVAILABLE = "unavailable"


class Refused(Exception):
    """The transport refuses the request before any operation is asked."""

    def __init__(self, code: HttpCode, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.headers = headers or {}


STATUS_OF: Mapping[Code | HttpCode, int] = {
    Code.INVALID_INPUT: 400,
    Code.UNAUTHENTICATED: 401,
    Code.FORBIDDEN: 403,
    Code.NOT_FOUND: 404,
    Code.RATE_LIMITED: 429,
    Code.RATE_LIMIT_EXCEEDED: 429,
    Code.IDEMPOTENCY_KEY_REUSED: 422,
    Code.CLIENT_ORDER_ID_REUSED: 422,
    Code.VERSION_CONFLICT: 409,
    Code.EMAIL_NOT_FOUND: 404,
    Code.EMAIL_TAKEN: 409,
    Code.INVALID_CREDENTIALS: 401,
    Code.INVALID_CODE: 400,
    Code.CODE_LOCKED: 400,
    Code.SESSION_NOT_RECORDED: 404,
    Code.OUTSIDE_SESSION: 404,
    Code.DAY_UNAVAILABLE: 503,
    Code.UNKNOWN_SERIES: 400,
    Code.SIMULATION_EXISTS: 409,
    Code.SESSION_FROZEN: 409,
    Code.TIME_BEFORE_START: 400,
    Code.TIME_AFTER_END: 400,
    Code.LIVE_SESSION_EXISTS: 409,
    Code.LIVE_UNAVAILABLE: 503,
    Code.ENGINE_NOT_AVAILABLE: 409,
    Code.NAME_TAKEN: 409,
    Code.CAPITAL_IMMUTABLE: 409,
    Code.ACCOUNT_ARCHIVED: 409,
    Code.SESSION_OPEN: 409,
    Code.INSERT_EARLIER: 409,
    Code.SESSION_TRADED: 409,
    Code.INVALID_ORDER: 400,
    Code.INVALID_LEG: 400,
    Code.INVALID_PRICE: 400,
    Code.OFF_TICK: 400,
    Code.EXCEEDS_MAX_PROFIT: 400,
    Code.MARKET_CLOSED: 400,
    Code.NO_MARKET_DATA: 400,
    Code.STOP_IMMEDIATE: 400,
    Code.NO_POSITION: 400,
    Code.INSUFFICIENT_BUYING_POWER: 400,
    Code.ORDER_DEPENDENCY: 409,
    Code.ORDER_NOT_PENDING: 409,
    Code.INVALID_CONFIG: 400,
    Code.TOO_MANY_ACTIVE_BACKTESTS: 429,
    HttpCode.METHOD_NOT_ALLOWED: 405,
    HttpCode.BODY_TOO_LARGE: 413,
    HttpCode.HEADERS_TOO_LARGE: 431,
    HttpCode.ADDRESS_TOO_LONG: 414,
    HttpCode.UNSUPPORTED_MEDIA_TYPE: 415,
    HttpCode.UPGRADE_REQUIRED: 426,
    HttpCode.INTERNAL_ERROR: 500,
    HttpCode.UNAVAILABLE: 503,
}


def denied(denial: Denial, accept: str) -> Response:
    """The response to a denial, in the shape that the Accept header asks for."""
    headers = {}
    if denial.retry_after_seconds is not None:
        headers["Retry-After"] = str(denial.retry_after_seconds)
    if denial.code is Code.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = "Bearer"
    return refused(denial.code, denial.message, accept, headers=headers, fields=denial.fields)


def refused(
    code: Code | HttpCode,
    message: str,
    accept: str,
    *,
    headers: Mapping[str, str] | None = None,
    fields: Mapping[str, str] | None = None,
) -> Response:
    """Short text with ``X-Error-Code``, or the JSON object where only JSON is accepted; what is wrong
    with a config is always told in JSON, for its fields (rulings 6.2)."""
    named = {"X-Error-Code": code.value, **(headers or {})}
    if not wants_json(accept) and code is not Code.INVALID_CONFIG:
        return Response(message, STATUS_OF[code], named, media_type="text/plain; charset=utf-8")
    body: dict[str, object] = {"error": code.value, "message": message}
    if fields:
        body["fields"] = dict(fields)
    return Response(orjson.dumps(body), STATUS_OF[code], named, media_type="application/json")


def internal_error(error_id: UUID, accept: str) -> Response:
    """Says nothing of what went wrong; the id is in the log beside the traceback."""
    message = f"internal error, quote {error_id} when you report it"
    headers = {"X-Error-Id": str(error_id)}
    return refused(HttpCode.INTERNAL_ERROR, message, accept, headers=headers)


def unavailable(accept: str) -> Response:
    message = "a part of the service cannot be reached; try again"
    headers = {"Retry-After": str(RETRY_OUTAGE_SECONDS)}
    return refused(HttpCode.UNAVAILABLE, message, accept, headers=headers)


def wants_json(accept: str) -> bool:
    """True when Accept names JSON and neither ``text/plain`` nor ``*/*``."""
    kinds = {part.split(";")[0].strip().lower() for part in accept.split(",")}
    return "application/json" in kinds and not kinds & {"text/plain", "*/*"}
