"""Pushers at a real socket and at a pipe: one at a time, answered, and never trusted."""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from marketdata.pushed_lines import LINE_BYTES, opening_of, parse_line
from marketdata.pushing import Answer, Pushed, from_file, lines_of, over_socket
from marketdata.recordings import ChainRow, Closing, FeedEvent, Opening, Reached, Recording

SESSION = {"type": "session", "date": "2025-01-15", "strikes": [5950]}
CLOSE = {"type": "close"}
PATIENCE_SECONDS = 10


def second(number: int) -> dict[str, Any]:
    return {"type": "second", "at": f"2025-01-15T14:30:{number:02}Z"}


def quotes(number: int, bid: float = 5.1) -> dict[str, Any]:
    at = f"2025-01-15T14:30:{number:02}Z"
    return {"type": "quotes", "at": at, "seq": number, "quotes": [["C", 5950, bid, bid + 0.2]]}


class Client:
    """A pusher of a test's own."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def say(self, *messages: dict[str, Any] | bytes) -> None:
        for one in messages:
            self.writer.write((one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n")

    async def answer(self) -> Any:
        return json.loads(await asyncio.wait_for(self.reader.readline(), PATIENCE_SECONDS) or "null")

    async def hang_up(self) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


class Market:
    """A feed at a socket, what it has told so far, and all who push it."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self.told: asyncio.Queue[FeedEvent] = asyncio.Queue()
        self.clients: list[Client] = []

    async def follow(self, feed: Pushed, unfinished: Reached | None) -> None:
        async for event in feed.events(unfinished):
            self.told.put_nowait(event)

    async def client(self) -> Client:
        self.clients.append(Client(*await asyncio.open_connection(*self.listener.getsockname())))
        return self.clients[-1]

    async def next(self) -> FeedEvent:
        return await asyncio.wait_for(self.told.get(), PATIENCE_SECONDS)

    async def admitted(self, *messages: dict[str, Any]) -> list[Any]:
        """The answers to the seconds of a pusher who tries until nobody else is connected."""
        while True:
            client = await self.client()
            client.say(*messages)
            answer = await client.answer()
            if answer is not None and "busy" not in answer.get("error", ""):
                rest = sum(one["type"] == "second" for one in messages) - 1
                return [answer, *[await client.answer() for _ in range(rest)]]
            await asyncio.sleep(0.05)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as one:
        yield one


@asynccontextmanager
async def opened(
    listener: socket.socket, unfinished: Reached | None = None, answer_seconds: float = PATIENCE_SECONDS
) -> AsyncIterator[Market]:
    market = Market(listener)
    feed = Pushed(over_socket(listener, answer_seconds))
    following = asyncio.create_task(market.follow(feed, unfinished))
    yield market
    following.cancel()
    await asyncio.wait([following])
    for client in market.clients:
        await client.hang_up()


async def test_a_session_pushed_over_a_socket(listener: socket.socket) -> None:
    async with opened(listener) as market:
        client = await market.client()
        client.say(SESSION, quotes(1), second(1), quotes(2), second(3), CLOSE)
        assert await client.answer() == {"second": 1, "counts": {}}
        assert await client.answer() == {"second": 3, "counts": {"skipped_seconds": 1}}
        events = [await market.next() for _ in range(4)]
        assert [type(event) for event in events] == [Opening, ChainRow, ChainRow, Closing]


async def test_a_wrong_line_is_answered_by_its_number_and_the_rest_counts(listener: socket.socket) -> None:
    async with opened(listener) as market:
        client = await market.client()
        client.say(b"nonsense", SESSION, quotes(1) | {"seq": -1}, quotes(1), second(1))
        assert (await client.answer())["line"] == 1
        assert await client.answer() == {
            "error": "seq: must be a whole number from 0 to 9223372036854775807",
            "line": 3,
        }
        assert await client.answer() == {"second": 1, "counts": {}}


@pytest.mark.parametrize("extra_bytes", [1, LINE_BYTES, 3 * LINE_BYTES])
async def test_a_line_that_is_too_long_is_one_wrong_line(listener: socket.socket, extra_bytes: int) -> None:
    async with opened(listener) as market:
        client = await market.client()
        client.say(SESSION, b"x" * (LINE_BYTES + extra_bytes), second(1))
        assert await client.answer() == {"error": "a line must have at most 262144 bytes", "line": 2}
        assert await client.answer() == {"second": 1, "counts": {}}


async def test_a_second_pusher_is_told_that_the_first_is_there(listener: socket.socket) -> None:
    async with opened(listener) as market:
        first, second_one = await market.client(), await market.client()
        assert await second_one.answer() == {"error": "busy: another pusher is connected", "line": 0}
        assert await second_one.answer() is None
        first.say(SESSION, second(1))
        assert await first.answer() == {"second": 1, "counts": {}}


async def test_who_comes_back_goes_on_with_his_session(listener: socket.socket) -> None:
    async with opened(listener) as market:
        first = await market.client()
        first.say(SESSION, quotes(1), second(1))
        await first.answer()
        await first.hang_up()
        again = await market.admitted(SESSION, quotes(1), second(1), quotes(2), second(2))
        assert again == [
            {"second": 1, "counts": {"late": 2}, "ignored": "late"},
            {"second": 2, "counts": {"late": 2}},
        ]
        events = [await market.next() for _ in range(3)]
        assert [type(event) for event in events] == [Opening, ChainRow, ChainRow]


async def test_an_unfinished_recording_is_gone_on_with(listener: socket.socket) -> None:
    async with opened(listener) as market:
        await market.admitted(SESSION, second(1))
        opening = await market.next()
    assert isinstance(opening, Opening)
    with socket.create_server(("127.0.0.1", 0)) as another:
        async with opened(another, Reached(Recording(UUID(int=1), opening), 7)) as market:
            assert await market.admitted(SESSION, second(7), second(8)) == [
                {"second": 7, "counts": {"late": 1}, "ignored": "late"},
                {"second": 8, "counts": {"late": 1}},
            ]
            row = await market.next()
            assert isinstance(row, ChainRow)
            assert row.second == 8


async def test_a_recording_of_another_market_is_not_the_pushers_to_close(listener: socket.socket) -> None:
    other = opening_of(parse_line(json.dumps(SESSION | {"label": "demo"}).encode()))  # type: ignore[arg-type]
    demo = replace(other, provenance=replace(other.provenance, source="demo"))
    async with opened(listener, Reached(Recording(UUID(int=1), demo), 7)) as market:
        client = await market.client()
        client.say(CLOSE)
        assert (await client.answer())["error"].startswith("type: no session is open")
        client.say(SESSION, second(1))
        assert await client.answer() == {"second": 1, "counts": {}}
        assert isinstance(await market.next(), Opening)


async def test_a_pusher_who_takes_no_answers_is_let_go(listener: socket.socket) -> None:
    async with opened(listener, answer_seconds=0.2) as market:
        deaf = await market.client()
        deaf.writer.transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(200):
            deaf.say(*[b"x"] * 1_000)
            await asyncio.sleep(0)
        assert await market.admitted(SESSION, second(1)) == [{"second": 1, "counts": {}}]


async def test_a_session_read_from_a_pipe_or_a_file(tmp_path: Path) -> None:
    lines = [SESSION, quotes(1), second(1), {"type": "hello"}, CLOSE]
    path = tmp_path / "lines"
    path.write_text("\n".join(json.dumps(one) for one in lines))
    complaints: list[Answer] = []
    with path.open("rb") as file:
        feed = Pushed(from_file(file.fileno(), complaints.append))
        told = [event async for event in feed.events(None)]
    assert [type(event) for event in told] == [Opening, ChainRow, Closing]
    assert [one["line"] for one in complaints] == [4]


async def test_waiting_for_a_pipe_can_be_given_up() -> None:
    source, sink = os.pipe()
    events = Pushed(from_file(source, print)).events(None)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(events), 0.05)
    os.close(sink)


@pytest.mark.parametrize("torn", [b"", b'{"type":"clo'])
async def test_the_lines_of_a_stream(torn: bytes) -> None:
    reader = asyncio.StreamReader(limit=16)
    reader.feed_data(b"one\n" + b"x" * 40 + b"\n\ntwo\n" + torn)
    reader.feed_eof()
    expected = [b"one\n", None, b"\n", b"two\n", *([torn] if torn else [])]
    assert [line async for line in lines_of(reader)] == expected
