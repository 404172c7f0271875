"""The GraphQL endpoint: HTTP, server-sent events and graphql-transport-ws, all through one schema."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import orjson
import structlog
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.http.base import BaseRequestProtocol
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult
from strawberry.types.unset import UnsetType

from api.context import Context, bare_token
from api.errors import MALFORMED, RETRY_OUTAGE_SECONDS, Refusal, unavailable
from api.graphiql import asset, page
from api.limits import Limits
from api.masking import masked, overdue
from api.schema import build_schema
from api.sockets import NoPlaceLeft, SocketHandler, token_given
from usecases.crowds import let_others_first
from usecases.outages import OUTAGES
from usecases.sockets import visitors_place

EVENT_STREAM = "text/event-stream"
RESPONSE_TYPE = "application/graphql-response+json"

# The codes are REST's, for the same statuses.
REFUSAL_CODES = {
    400: "invalid_input",
    401: "unauthenticated",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
    503: "unavailable",
}
_HEADERS = {
    401: {"WWW-Authenticate": "Bearer"},
    405: {"Allow": "GET, HEAD, POST"},
    503: {"Retry-After": str(RETRY_OUTAGE_SECONDS)},
}

log = structlog.get_logger(__name__)


def routes(limits: Limits | None = None) -> list[BaseRoute]:
    """The routes of this face. The application that holds them keeps ``Ports`` in ``state.ports``."""
    face = GraphQLFace(limits or Limits())
    return [
        Route("/graphql/assets/{name}", asset),
        Route("/graphql", face),
        WebSocketRoute("/graphql", face),
    ]


class GraphQLFace(GraphQL[Context, None]):
    """Strawberry's ASGI view, made to follow GraphQL over HTTP to the letter and to answer in JSON always."""

    graphql_transport_ws_handler_class = SocketHandler

    def __init__(self, limits: Limits) -> None:
        super().__init__(
            build_schema(limits),
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL),
            connection_init_wait_timeout=timedelta(seconds=limits.socket_init_seconds),
            max_subscriptions_per_connection=limits.socket_operations,
            allow_queries_via_get=limits.get_queries,
        )
        self.execution_seconds = limits.execution_seconds
        self.body_bytes = limits.body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve HEAD as GET; the server keeps the body back."""
        is_head = scope.get("method") == "HEAD"
        bounded = _bounded(receive, self.body_bytes) if scope["type"] == "http" else receive
        await super().__call__({**scope, "method": "GET"} if is_head else scope, bounded, send)

    async def run(self, request: Any, context: Any = None, root_value: Any = None) -> Any:
        """Answer one request or serve one socket; whatever is refused early is answered in JSON."""
        try:
            return await super().run(request)
        except HTTPException as error:
            return self._refused(error.status_code, Refusal(MALFORMED, error.reason))
        except Refusal as refusal:
            return self._refused(401, refusal)
        except OUTAGES as outage:
            log.warning("graphql_unavailable", reason=str(outage))
            return self._refused(503, unavailable())

    def _refused(self, status: int, refusal: Refusal) -> Response:
        code = REFUSAL_CODES[status]
        extensions = {**(refusal.extensions or {}), "reason": code}
        error = {"message": refusal.message, "extensions": extensions}
        headers = {"X-Error-Code": code, **_HEADERS.get(status, {})}
        content = self.encode_json({"errors": [error]})
        return Response(content, status, headers, media_type="application/json")

    async def parse_http_body(
        self, request: AsyncHTTPRequestAdapter
    ) -> GraphQLRequestData | list[GraphQLRequestData]:
        kind = (request.content_type or "").partition(";")[0].strip()
        if request.method == "POST" and kind != "application/json":
            raise HTTPException(415, "The content type must be application/json.")
        return await super().parse_http_body(request)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        context = Context(
            ports=request.app.state.ports,
            address=request.client.host if request.client else "",
            token=bare_token(request.headers.get("authorization")),
            is_socket=isinstance(request, WebSocket),
            idempotency_key=request.headers.get("idempotency-key"),
        )
        if EVENT_STREAM in request.headers.get("accept", ""):
            let_others_first()
        if not context.is_socket:
            await context.sign_in()
        return context

    async def on_ws_connect(self, context: Context) -> UnsetType | dict[str, object] | None:
        """Take the token that ``connectionParams`` give; without one the handshake's own is kept."""
        given = token_given(context.connection_params)
        context.token = context.token if given is None else given
        try:
            await context.sign_in()
        except Refusal as refusal:
            raise ConnectionRejectionError from refusal
        if context.signed_in is None:
            place = visitors_place(context.ports, context.address)
            if not await context.leaving.enter_async_context(place):
                raise NoPlaceLeft
        return await super().on_ws_connect(context)

    async def execute_single(self, *args: Any, **kwargs: Any) -> ExecutionResult:
        try:
            async with asyncio.timeout(self.execution_seconds):
                return await super().execute_single(*args, **kwargs)
        except TimeoutError:
            stopped = overdue(self.execution_seconds, kwargs["request_data"].operation_name)
            return ExecutionResult(data=None, errors=[stopped])

    async def process_result(self, request: Request, result: ExecutionResult) -> GraphQLHTTPResponse:
        """The response map; ``data`` is left out where the operation never ran."""
        result.errors = masked(result.errors) if result.errors else None
        response = await super().process_result(request, result)
        if result.errors and result.data is None and all(error.path is None for error in result.errors):
            response.pop("data", None)
        return response

    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        response = await super().get_sub_response(request)
        if RESPONSE_TYPE in request.headers.get("accept", ""):
            response.media_type = RESPONSE_TYPE
        return response

    def create_response(
        self, response_data: GraphQLHTTPResponse | list[GraphQLHTTPResponse], sub_response: Response
    ) -> Response:
        response = super().create_response(response_data, sub_response)
        if sub_response.media_type == RESPONSE_TYPE:
            response.headers["content-type"] = f"{RESPONSE_TYPE}; charset=utf-8"
            response.status_code = 200 if "data" in response_data else 400
        return response

    def should_render_graphql_ide(self, request: BaseRequestProtocol) -> bool:
        wants_page = "text/html" in request.headers.get("accept", "")
        return request.method == "GET" and wants_page and "query" not in request.query_params

    async def render_graphql_ide(self, request: Request) -> Response:
        return page()

    def parse_json(self, data: str | bytes) -> Any:
        parsed = super().parse_json(data)
        if not isinstance(parsed, Mapping | list):
            raise HTTPException(400, "The request must be a JSON object")
        return parsed

    def decode_json(self, data: str | bytes) -> object:
        return orjson.loads(data)

    def encode_json(self, data: object) -> str:
        """Text, not bytes: bytes would turn WebSocket messages into binary frames."""
        return orjson.dumps(data, option=orjson.OPT_SERIALIZE_NUMPY).decode()


def _bounded(receive: Receive, bytes_max: int) -> Receive:
    """Receive no more of a body than it may be long."""
    read = 0

    async def receive_some() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > bytes_max:
            raise HTTPException(413, f"The body is larger than {bytes_max} bytes.")
        return message

    return receive_some
