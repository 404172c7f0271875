"""A market that is pushed in, line by line, over a loopback socket or an open file."""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from threading import Thread
from typing import Any, TypeAlias

from marketdata.pushed_lines import LINE_BYTES, SOURCE, Conversation, LineRefused, SecondLine, parse_line
from marketdata.recordings import FeedEvent, Reached

ANSWER_SECONDS = 5.0
COPY_BYTES = 64 * 1024
BUSY = {"error": "busy: another pusher is connected", "line": 0}

Answer: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pusher:
    """Somebody who tells a market, and how he is answered."""

    reader: asyncio.StreamReader
    answer: Callable[[Answer], Awaitable[None]]


Intake: TypeAlias = Callable[[], AbstractAsyncContextManager[AsyncIterator[Pusher]]]


@dataclass(frozen=True, slots=True)
class Pushed:
    """The market that pushers tell, one after the other. It ends when no more of them can come."""

    intake: Intake

    async def events(self, unfinished: Reached | None) -> AsyncIterator[FeedEvent]:
        """What is pushed. ``unfinished`` is gone on with when a pusher tells the same session; one that
        another market told ends when he begins his own."""
        talk = Conversation()
        if unfinished is not None and unfinished.recording.opening.provenance.source == SOURCE:
            talk = Conversation(unfinished.recording.opening, unfinished.second)
        async with self.intake() as pushers:
            async for pusher in pushers:
                talk.another_pusher()
                with suppress(ConnectionError, TimeoutError):
                    async for event in _events_of(pusher, talk):
                        yield event


def over_socket(listener: socket.socket, answer_seconds: float = ANSWER_SECONDS) -> Intake:
    """Pushers at a socket that listens. While one is connected others are told so and let go.

    So is he who does not take an answer in ``answer_seconds``.
    """

    @asynccontextmanager
    async def intake() -> AsyncIterator[AsyncIterator[Pusher]]:
        door = _Door(answer_seconds)
        async with await asyncio.start_server(door.knock, sock=listener, limit=LINE_BYTES):
            yield door.pushers()

    return intake


def from_file(descriptor: int, complain: Callable[[Answer], None]) -> Intake:
    """One pusher: an open file such as standard input. Only what is wrong with a line is told."""

    @asynccontextmanager
    async def intake() -> AsyncIterator[AsyncIterator[Pusher]]:
        reader = await _reading(descriptor)

        async def answer(told: Answer) -> None:
            if "error" in told:
                complain(told)

        async def only_one() -> AsyncIterator[Pusher]:
            yield Pusher(reader, answer)

        yield only_one()

    return intake


async def lines_of(reader: asyncio.StreamReader) -> AsyncIterator[bytes | None]:
    """The lines of a stream; None for one above ``LINE_BYTES``, which is passed over to its end."""
    is_passing_over = False
    while True:
        try:
            line = await reader.readuntil(b"\n")
        except asyncio.LimitOverrunError as overrun:
            await reader.readexactly(overrun.consumed)
            is_passing_over = True
            continue
        except asyncio.IncompleteReadError as end:
            if end.partial or is_passing_over:
                yield None if is_passing_over else end.partial
            return
        yield None if is_passing_over else line
        is_passing_over = False


async def _events_of(pusher: Pusher, talk: Conversation) -> AsyncIterator[FeedEvent]:
    """A line that is a second is answered once its row has been taken, so that the answer is a promise."""
    number = 0
    async for text in lines_of(pusher.reader):
        number += 1
        try:
            line = parse_line(_whole(text))
            event = talk.take(line)
        except LineRefused as refusal:
            await pusher.answer({"error": str(refusal), "line": number})
            continue
        if event is not None:
            yield event
        if isinstance(line, SecondLine):
            answer = {"second": talk.second, "counts": talk.counts()}
            await pusher.answer(answer | ({} if talk.ignored is None else {"ignored": talk.ignored}))


def _whole(text: bytes | None) -> bytes:
    if text is None:
        raise LineRefused(f"a line must have at most {LINE_BYTES} bytes")
    return text


class _Door:
    """Lets one pusher in at a time."""

    def __init__(self, answer_seconds: float) -> None:
        self._answer_seconds = answer_seconds
        self._next: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        self._is_taken = False

    async def knock(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_taken:
            with suppress(ConnectionError, TimeoutError):
                await self._answer(writer, BUSY)
            writer.close()
            return
        self._is_taken = True
        self._next.put_nowait((reader, writer))

    async def pushers(self) -> AsyncIterator[Pusher]:
        while True:
            reader, writer = await self._next.get()
            try:
                yield Pusher(reader, partial(self._answer, writer))
            finally:
                writer.close()
                self._is_taken = False

    async def _answer(self, writer: asyncio.StreamWriter, told: Answer) -> None:
        """Raises TimeoutError or ConnectionError."""
        writer.write(json.dumps(told).encode() + b"\n")
        async with asyncio.timeout(self._answer_seconds):
            await writer.drain()


async def _reading(descriptor: int) -> asyncio.StreamReader:
    """A stream of any kind of file. It is copied through a pipe by a thread that nobody waits for, as a
    plain file cannot be watched and a thread that reads cannot be cancelled."""
    source, sink = os.pipe()
    Thread(target=_copy, args=(descriptor, sink), daemon=True).start()
    reader = asyncio.StreamReader(limit=LINE_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(source, "rb")
    )
    return reader


def _copy(descriptor: int, sink: int) -> None:
    with os.fdopen(sink, "wb", buffering=0) as pipe, suppress(BrokenPipeError):
        while chunk := os.read(descriptor, COPY_BYTES):
            pipe.write(chunk)
