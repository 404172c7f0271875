"""From a request to a response: who asks, what is asked, one handler, one rendering."""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import Any

import structlog
from pydantic import BaseModel, TypeAdapter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose

from engine.denials import Code, Denial
from rest_compat.errors import (
    HttpCode,
    Refused,
    denied,
    internal_error,
    refused,
    unavailable,
)
from rest_compat.operations import JSON, Auth, Call, Operation, Statused, Takes
from rest_compat.parsing import parse_body, parse_path, parse_query, read_body
from rest_compat.rate_limits import metered
from runtime.aside import read_aside
from usecases.auth import authenticate
from usecases.charging import Payer
from usecases.outages import OUTAGES
from usecases.policy import Policy
from usecases.ports import Ports, Viewer

IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")

log = structlog.get_logger()


class Resource:
    """Every operation at one path, as an ASGI application."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._operations = {operation.method: operation for operation in operations}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = await answer(self._operations, request)
        await response(scope, receive, send)


async def answer(operations: Mapping[str, Operation], request: Request) -> Response:
    """The one place where a refusal, an outage or a bug becomes a response."""
    accept = request.headers.get("accept", "*/*")
    ports: Ports = request.app.state.ports
    try:
        outcome = await _perform(_operation(operations, request.method), request, ports)
    except Refused as refusal:
        return refused(refusal.code, refusal.message, accept, headers=refusal.headers)
    except OUTAGES as outage:
        log.warning("outage", path=request.url.path, reason=str(outage))
        return unavailable(accept)
    except ClientDisconnect:
        raise
    except Exception:
        error_id = ports.new_id()
        log.exception("internal_error", error_id=str(error_id), path=request.url.path)
        return internal_error(error_id, accept)
    return denied(outcome, accept) if isinstance(outcome, Denial) else outcome


async def not_found(scope: Scope, receive: Receive, send: Send) -> None:
    """The answer to an address that is none of ours."""
    if scope["type"] == "websocket":
        await WebSocketClose()(scope, receive, send)
        return
    denial = Denial(Code.NOT_FOUND, "there is nothing at this address; see /openapi.yaml")
    response = denied(denial, Request(scope).headers.get("accept", "*/*"))
    await response(scope, receive, send)


def _operation(operations: Mapping[str, Operation], method: str) -> Operation:
    operation = operations.get("GET" if method == "HEAD" else method)
    if operation is None:
        head = {"HEAD"} if "GET" in operations else set()
        names = ", ".join(sorted(head | operations.keys()))
        message = f"this address takes {names}"
        raise Refused(HttpCode.METHOD_NOT_ALLOWED, message, {"Allow": names})
    return operation


async def _perform(operation: Operation, request: Request, ports: Ports) -> Response | Denial:
    call = await _understand(operation, request, ports)
    if isinstance(call, Denial):
        return call
    if operation.prefix:
        session = await operation.prefix.find_session(call)
        if isinstance(session, Denial):
            return session
        call = replace(call, session=session)
    outcome = await operation.handler(call)
    if not isinstance(outcome, Denial | Response):
        outcome = _render(operation, outcome)
    return metered(outcome, call.payer.fill)


async def _understand(operation: Operation, request: Request, ports: Ports) -> Call[Any] | Denial:
    """Identity first, then the address, then the content: nothing is read for a stranger."""
    caller = await _identify(operation, request, ports)
    if isinstance(caller, Denial):
        return caller
    path = parse_path(request.path_params)
    if isinstance(path, Denial):
        return path
    key = _idempotency_key(operation, request)
    if isinstance(key, Denial):
        return key
    query = operation.takes.query and parse_query(request.query_params.multi_items(), operation.takes.query)
    if isinstance(query, Denial):
        return query
    body = await _body(operation.takes, request, ports)
    if isinstance(body, Denial):
        return body
    payer = Payer(caller, request.client.host if request.client else "")
    return Call(ports, caller, path, query, body, key, payer)


async def _identify(operation: Operation, request: Request, ports: Ports) -> Viewer | Denial | None:
    header = request.headers.get("authorization")
    if header is None:
        if operation.takes.auth is Auth.REQUIRED:
            return Denial(Code.UNAUTHENTICATED, "a session token is required in the Authorization header")
        return None
    scheme, _, rest = header.strip().partition(" ")
    token = rest.strip() if scheme.lower() == "bearer" else header.strip()
    viewer = await authenticate(ports, token)
    return viewer or Denial(Code.UNAUTHENTICATED, "the session token is invalid or has expired")


def _idempotency_key(operation: Operation, request: Request) -> str | Denial | None:
    key = request.headers.get("idempotency-key") if operation.takes.idempotency_key else None
    if key is not None and not IDEMPOTENCY_KEY.fullmatch(key):
        return Denial(Code.INVALID_INPUT, "Idempotency-Key must be 1 to 255 visible ASCII characters")
    return key


async def _body(takes: Takes, request: Request, ports: Ports) -> BaseModel | Denial | None:
    if takes.body is None:
        return None
    bytes_max = takes.body_bytes(ports.policy)
    if not takes.may_fail:
        return await _read(takes.body, request, ports.policy, bytes_max)
    with suppress(Refused):
        body = await _read(takes.body, request, ports.policy, bytes_max)
        return None if isinstance(body, Denial) else body
    return None


async def _read(
    model: type[BaseModel], request: Request, policy: Policy, bytes_max: int
) -> BaseModel | Denial:
    """The body of an operation that documents one. A missing content type counts as JSON."""
    media_type = request.headers.get("content-type", JSON).split(";")[0].strip().lower()
    if media_type != JSON:
        message = f"send the body as {JSON}, not {media_type or 'untyped'}"
        raise Refused(HttpCode.UNSUPPORTED_MEDIA_TYPE, message)
    raw = await read_body(request, bytes_max)
    return await read_aside(len(raw), lambda: parse_body(raw, model, policy))


def _render(operation: Operation, outcome: Any) -> Response:
    gives = operation.gives
    if gives.model is None:
        return Response(status_code=gives.status)
    answer = outcome if isinstance(outcome, Statused) else Statused(gives.status, outcome)
    body = _adapter(gives.model).dump_json(answer.body, by_alias=True, exclude_unset=True)
    return Response(body, answer.status, media_type=gives.media_type)


@cache
def _adapter(model: Any) -> TypeAdapter[Any]:
    return TypeAdapter(model)
