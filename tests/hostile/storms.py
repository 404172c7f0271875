"""A request that is given up while it waits, told to the application as a server would tell it."""

import asyncio
from collections.abc import Awaitable, Generator
from functools import partial
from typing import Any, NamedTuple

import orjson
from starlette.types import ASGIApp, Message


class Answer(NamedTuple):
    status: int
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


class Request(NamedTuple):
    """What a client sends. It hangs up in the middle of the body where ``is_cut``."""

    method: str
    path: str
    token: str
    body: Any = None
    is_cut: bool = False


class Interrupted:
    """Awaits ``work`` and cancels its own task each time it suspends for a counted time of ``at``.

    Counted so, an interruption is a place in the program and not a moment of the machine's.
    """

    def __init__(self, work: Awaitable[Any], at: frozenset[int]) -> None:
        self._steps = work.__await__()
        self._at = at
        self.suspensions = 0

    def __await__(self) -> Generator[Any, None, Any]:
        task = asyncio.current_task()
        assert task is not None
        step = partial(self._steps.send, None)
        while True:
            try:
                awaited = step()
            except StopIteration as end:
                return end.value
            self.suspensions += 1
            if self.suspensions in self._at:
                asyncio.get_running_loop().call_soon(task.cancel)
            try:
                yield awaited
            except BaseException as error:  # noqa: BLE001 - whatever it is, it is the work's to handle
                step = partial(self._steps.throw, error)
            else:
                step = partial(self._steps.send, None)


async def answered(app: ASGIApp, request: Request, at: frozenset[int]) -> Answer | None:
    """The whole answer, or None where none came."""

    async def interrupted() -> Answer | None:
        outcome: Answer | None = await Interrupted(asked(app, request), at)
        return outcome

    try:
        return await asyncio.create_task(interrupted())
    except asyncio.CancelledError:
        return None


async def asked(app: ASGIApp, request: Request) -> Answer | None:
    """The answer to one request; None where the client hung up before it was sent."""
    content = b"" if request.body is None else orjson.dumps(request.body)
    parts = [content[: len(content) // 2], None] if request.is_cut else [content]
    sent: list[Message] = []

    async def receive() -> Message:
        await asyncio.sleep(0)
        part = parts.pop(0) if parts else None
        if part is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": part, "more_body": request.is_cut}

    async def send(message: Message) -> None:
        await asyncio.sleep(0)
        sent.append(message)

    await app(_scope(request, len(content)), receive, send)
    if not sent:
        return None
    return Answer(sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]))


def _scope(request: Request, length: int) -> dict[str, Any]:
    headers = {"authorization": request.token, "content-type": "application/json", "content-length": length}
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.path,
        "raw_path": request.path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), str(value).encode()) for name, value in headers.items()],
        "client": ("203.0.113.7", 1),
        "server": ("zerodte.test", 80),
    }
