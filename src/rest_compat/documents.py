"""What the service says about itself, to client generators and to agents."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from starlette.responses import PlainTextResponse, Response

from rest_compat.openapi import openapi_yaml
from rest_compat.operations import Auth, Call, Gives, Operation, Routes, Takes

YAML = "application/yaml"
TEXT = "text/plain"

LLMS_HEAD = """\
# zerodte

> Trade 0DTE SPX options on recorded market days, second by second, without risking money. A REST
> API for simulations of one day each and for accounts over many days, and a GraphQL API over the
same data.

How a simulation works: choose a recorded date, open a simulation on it, set its clock, place
orders, move the clock on (or back), and set it to the close to settle. Orders fill at the net mid
of the recorded quotes; the future of the day is never shown before the clock reaches it.

How an account works: open one with a starting capital, open a recorded day of it as a session and
trade that like a simulation; at its close it settles, and its cash is carried to the next day. Any
settled day can be opened again and edited, one at a time, and every later day follows.

How a strategy works: preview its config, and it is backtested over every recorded session; read the
results until `exec_status` is `idle`, or follow `backtest_events` on the WebSocket `/__ws`; save it to
keep it. A config that is wrong is refused with the path of every wrong field.

Conventions: send the token of a login as the bare Authorization header. Money and prices are
decimal strings. Times are UTC, like 2025-01-15T14:35:00Z. An option is its OSI symbol, like
`SPXW  250115C05950000`. A refusal is plain text with its code in the X-Error-Code header; ask
with `Accept: application/json` for an object instead.

## Documents

- [OpenAPI](/openapi.yaml): every REST operation with its fields, statuses and error codes
- [GraphQL](/graphql): the same capabilities as a schema to introspect and try in the browser
- [Health](/health): 200 when the service is ready

## REST operations

"""


def document_operations(described: Sequence[Operation]) -> tuple[Operation, ...]:
    """The operations that serve the documents about ``described`` and about themselves."""
    routes = Routes("Documents")

    @routes.operation("GET", "/openapi.yaml", Takes(auth=Auth.NONE), Gives(200, dict[str, Any], (), YAML))
    async def get_openapi(_: Call[None]) -> Response:
        """The OpenAPI document that describes every operation."""
        return Response(openapi(), media_type=YAML)

    @routes.operation("GET", "/llms.txt", Takes(auth=Auth.NONE), Gives(200, str, (), TEXT))
    async def get_llms_index(_: Call[None]) -> Response:
        """An index of what is here, for agents (llmstxt.org)."""
        return PlainTextResponse(llms_index(described))

    @cache
    def openapi() -> str:
        return openapi_yaml((*routes.operations, *described))

    return tuple(routes.operations)


def llms_index(operations: Sequence[Operation]) -> str:
    """The index in the form of llmstxt.org, one line an operation."""
    lines = (f"- `{one.method} {one.path}`: {one.summary}\n" for one in operations)
    return LLMS_HEAD + "".join(lines)
