"""One request handed to the application as a server does, and what it costs the event loop's thread."""

import time
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.types import Message

from tests.api.asking import Asker
from tests.api.hostile_cases import Case


@dataclass(frozen=True, slots=True)
class Answer:
    milliseconds: float
    status: int
    headers: dict[str, str]
    body: bytes

    def errors(self) -> list[dict[str, Any]]:
        """The errors of the operation, and what a mutation was denied for."""
        answer = orjson.loads(self.body)
        data = answer.get("data") or {}
        denials = [payload.get("userErrors", ()) for payload in data.values() if isinstance(payload, dict)]
        return [*answer.get("errors", ()), *(error for errors in denials for error in errors)]


async def answered(asker: Asker, case: Case) -> Answer:
    sent: list[Message] = []
    signed = {"authorization": asker.token} if asker.token else {}
    headers = {**signed, **case.headers}
    scope = {
        "type": "http",
        "method": case.method,
        "path": "/graphql",
        "query_string": case.query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": case.body}

    async def send(message: Message) -> None:
        sent.append(message)

    began = time.thread_time()
    await asker.app(scope, receive, send)
    milliseconds = (time.thread_time() - began) * 1000
    start, *parts = sent
    told = {name.decode(): value.decode() for name, value in start["headers"]}
    return Answer(milliseconds, start["status"], told, b"".join(part.get("body", b"") for part in parts))
