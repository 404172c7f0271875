"""What happens to every request before and after its face: a name, a bound, a count."""

import re
import time
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rest_compat.errors import HttpCode, refused
from zerodte.metrics import Metrics

REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
CLIENT_HUNG_UP = 499  # never sent; what proxies write into their logs for it

log = structlog.get_logger()


class Requests:
    """Pure ASGI: gives each request an id that its logs and its answer carry, and counts it.

    A client's own ``X-Request-Id`` is kept where it is short and plain.
    """

    def __init__(
        self, app: ASGIApp, metrics: Metrics, *, header_bytes: int, requests: int, is_logging: bool = False
    ) -> None:
        self._app = app
        self._header_bytes = header_bytes
        self._requests_max = requests
        self._requests = 0
        self._metrics = metrics
        self._is_logging = is_logging

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            if scope["type"] == "websocket":
                with self._metrics.sockets.track_inprogress():
                    await self._app(scope, receive, send)
            else:
                await self._answer(scope, receive, send, request_id)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        status = 500
        started = time.perf_counter()
        self._requests += 1

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                headers["X-Content-Type-Options"] = "nosniff"
            await send(message)

        try:
            await self._bounded(scope)(scope, receive, send_named)
        except ClientDisconnect:
            status = CLIENT_HUNG_UP
        finally:
            self._requests -= 1
            self._note(scope, status, time.perf_counter() - started)

    def _bounded(self, scope: Scope) -> ASGIApp:
        """The application, or a refusal where too many requests are answered already, or the address or the
        headers are larger than any client of ours needs."""
        accept = Headers(scope=scope).get("accept", "*/*")
        if self._requests > self._requests_max:
            message = f"{self._requests_max} requests are being answered already; try again"
            return refused(HttpCode.UNAVAILABLE, message, accept, headers={"Retry-After": "1"})
        if len(scope["raw_path"]) + len(scope["query_string"]) > self._header_bytes:
            message = f"the address is longer than {self._header_bytes} bytes"
            return refused(HttpCode.ADDRESS_TOO_LONG, message, accept)
        if sum(len(name) + len(value) for name, value in scope["headers"]) > self._header_bytes:
            message = f"the headers are larger than {self._header_bytes} bytes"
            return refused(HttpCode.HEADERS_TOO_LARGE, message, accept)
        return self._app

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        self._metrics.count(scope["path"], scope["method"], status, seconds)
        if self._is_logging:
            log.info(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=status,
                milliseconds=round(1000 * seconds, 1),
            )


def _request_id(scope: Scope) -> str:
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    return given.decode() if REQUEST_ID.fullmatch(given) else str(uuid4())
