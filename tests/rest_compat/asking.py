"""Asking the whole application without a socket: requests no client library would send."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Scope

from tests.rest_compat.hostility import Case
from usecases.ports import Ports
from zerodte.asgi import application


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str


@asynccontextmanager
async def whole_application(ports: Ports) -> AsyncIterator[Starlette]:
    @asynccontextmanager
    async def opening() -> AsyncIterator[Ports]:
        yield ports

    app = application(opening(), is_logging=True)
    async with app.router.lifespan_context(app):
        yield app


async def asked(app: ASGIApp, case: Case, token: bytes) -> Answer:
    """The answer to a case, with the bytes on their way as a server would hand them over."""
    pending = list(case.chunks or [b""])
    sent: list[Message] = []

    async def receive() -> Message:
        if not pending:
            await asyncio.Event().wait()  # he stays, and says no more
        return {"type": "http.request", "body": pending.pop(0), "more_body": bool(pending)}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(_scope(case, token), receive, send)
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in sent[0]["headers"]}
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(sent[0]["status"], headers, body.decode())


def _scope(case: Case, token: bytes) -> Scope:
    path, _, query = case.path.partition("?")
    raw_path = quote(path, safe="/%'{}:=+ ").encode()
    signature = [(b"authorization", token)] if case.is_signed else []
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": case.method,
        "scheme": "http",
        "path": unquote_to_bytes(raw_path).decode("utf-8", "surrogateescape"),
        "raw_path": raw_path,
        "root_path": "",
        "query_string": quote(query, safe="=&%;,").encode(),
        "headers": [(b"host", b"zerodte.test"), *signature, *case.headers],
        "client": ("203.0.113.66", 6666),
        "server": ("zerodte.test", 80),
    }
