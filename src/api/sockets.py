"""graphql-transport-ws to the letter: what ends an operation, and what ends the socket."""

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog
from graphql import GraphQLError
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    SubscribeMessage,
)

from api.context import Context, bare_token
from api.errors import MALFORMED, Refusal
from usecases.outages import OUTAGES

TRY_AGAIN_LATER = 1013
TOO_MANY_SOCKETS = 4429
NO_TOKEN = ""
SEND_SECONDS = 5.0

_REQUIRED: dict[str, dict[str, type]] = {
    "connection_init": {},
    "ping": {},
    "pong": {},
    "subscribe": {"id": str, "payload": dict},
    "complete": {"id": str},
}
_OPERATION: dict[str, tuple[type, ...]] = {
    "query": (str,),
    "variables": (dict, type(None)),
    "operationName": (str, type(None)),
    "extensions": (dict, type(None)),
}


log = structlog.get_logger()


class NoPlaceLeft(Exception):
    """The address has as many sockets of visitors as it may have."""


class SocketHandler(BaseGraphQLTransportWSHandler[Context, None]):
    """Strawberry's handler, told first what is no message of the protocol.

    Such a message closes the socket with 4400; an operation that cannot run is an ``error`` of its id.
    """

    async def handle(self) -> None:
        self.patience = asyncio.timeout(None)
        async with self.context.leaving:
            try:
                async with self.patience:
                    await super().handle()
            except TimeoutError:
                log.info("slow_client_dropped")

    async def send_message(self, message: Message) -> None:
        """Hand over a message. Whoever does not take it in time is dropped with all of his operations."""
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await super().send_message(message)
        except TimeoutError:
            self.patience.reschedule(asyncio.get_running_loop().time())
            await asyncio.Event().wait()  # until we are cancelled with all the rest

    async def handle_message(self, message: Message) -> None:
        fault = fault_of(message)
        if fault is not None:
            await self.handle_invalid_message(fault)
            return
        try:
            await super().handle_message(message)
        except OUTAGES:
            await self.websocket.close(TRY_AGAIN_LATER, "A part of the service cannot be reached; try again")

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        payload = message.get("payload")
        try:
            await super().handle_connection_init({**message, "payload": {} if payload is None else payload})
        except NoPlaceLeft:
            await self.websocket.close(TOO_MANY_SOCKETS, "Too many sockets from your address")

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        most = self.max_subscriptions_per_connection
        is_new = self.connection_acknowledged and message["id"] not in self.operations
        if is_new and most is not None and len(self.operations) >= most:
            refusal = Refusal(MALFORMED, f"A socket carries at most {most} operations at once.")
            await self.send_message({"id": message["id"], "type": "error", "payload": [refusal.formatted]})
            return
        await super().handle_subscribe(message)

    @staticmethod
    def _get_pre_execution_close_reason(_: GraphQLError) -> str | None:
        """Never: an operation that cannot run ends alone."""
        return None


def token_given(params: Mapping[str, object]) -> str | None:
    """The token of ``connectionParams``: ``token``, or ``Authorization`` as in HTTP, also within
    ``headers``. None where there is none; what is no text, or empty, is a token that is not valid."""
    named = _by_name(params)
    within = _by_name(named.get("headers"))
    places = (named.get("token"), named.get("authorization"), within.get("authorization"))
    given = next((value for value in places if value is not None), None)
    return None if given is None else bare_token(given) or NO_TOKEN


def _by_name(params: object) -> dict[str, object]:
    return {name.lower(): value for name, value in params.items()} if isinstance(params, dict) else {}


def fault_of(message: object) -> str | None:
    """Why this is no message that the protocol knows, None where it is one."""
    if not isinstance(message, dict):
        return "A message must be a JSON object"
    kind = message.get("type")
    if not isinstance(kind, str) or kind not in _REQUIRED:
        return f"The type of a message must be one of {', '.join(_REQUIRED)}"
    for name, expected in _REQUIRED[kind].items():
        if not isinstance(message.get(name), expected) or not message[name]:
            return f"A {kind} message needs {name}"
    return _fault_of_operation(message["payload"]) if kind == "subscribe" else None


def _fault_of_operation(payload: dict[str, Any]) -> str | None:
    for name, kinds in _OPERATION.items():
        if not isinstance(payload.get(name), kinds):
            return f"The payload of a subscribe message has an unusable {name}"
    return None
