"""Both HTTP faces as one application, with what operators ask it: its health and its metrics."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import structlog
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api import asgi as graphql
from api.limits import Limits
from engine.denials import Code
from rest_compat.application import rest_face
from rest_compat.errors import HttpCode, refused
from usecases.operations import look
from usecases.outages import OUTAGES
from usecases.ports import Ports
from zerodte.live_metrics import live_metrics
from zerodte.metrics import Metrics
from zerodte.middleware import Requests

HEADER_BYTES_MAX = 16 * 1024
REQUESTS_MAX = 500

_CODES: Mapping[int, Code | HttpCode] = {404: Code.NOT_FOUND, 405: HttpCode.METHOD_NOT_ALLOWED}

log = structlog.get_logger()


def application(
    opening: AbstractAsyncContextManager[Ports],
    limits: Limits | None = None,
    *,
    header_bytes: int = HEADER_BYTES_MAX,
    requests: int = REQUESTS_MAX,
    is_logging: bool = False,
) -> Starlette:
    """The application. It enters ``opening`` when it starts up and leaves it when it shuts down."""
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with opening as ports:
            app.state.ports = ports
            yield

    async def expose(request: Request) -> Response:
        seen = await look(request.app.state.ports)
        content = metrics.exposed() + live_metrics(seen)
        return Response(content, headers={"Content-Type": metrics.media_type})

    app = Starlette(
        routes=[Route("/health", health), Route("/metrics", expose), *graphql.routes(limits)],
        middleware=[
            Middleware(
                Requests,
                metrics=metrics,
                header_bytes=header_bytes,
                requests=requests,
                is_logging=is_logging,
            )
        ],
        exception_handlers={HTTPException: refuse},
        lifespan=lifespan,
    )
    app.router.default = rest_face()
    app.router.redirect_slashes = False
    return app


async def refuse(request: Request, error: Exception) -> Response:
    """What a route itself refuses, in the shape of every other refusal."""
    assert isinstance(error, HTTPException)
    headers, message = dict(error.headers or {}), error.detail
    if "Allow" in headers:
        headers["Allow"] = ", ".join(sorted(headers["Allow"].split(", ")))
        message = f"this address takes {headers['Allow']}"
    accept = request.headers.get("accept", "*/*")
    return refused(_CODES[error.status_code], message, accept, headers=headers)


async def health(request: Request) -> Response:
    """200 while requests can be served, 503 while the database or the recorded days are away.

    Redis is not asked for: without it mail waits and pushes come late, and requests are served.
    """
    ports: Ports = request.app.state.ports
    try:
        async with ports.database.reading() as tx:
            await tx.execute(text("SELECT 1"))
        days = len(ports.library.days())
    except OUTAGES as outage:
        log.warning("unhealthy", reason=str(outage))
        return JSONResponse({"status": "unavailable"}, 503)
    return JSONResponse({"status": "ok", "days": days})
