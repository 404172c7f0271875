"""A recorded day told live in strides: the product's own replay and recorder run up to a second and wait
there, while orders are placed and matched."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from engine.market import Day
from marketdata.recordings import ChainRow, Feed, FeedEvent, Opening, Reached
from marketdata.replaying import Replay
from usecases.live_settling import settle_due
from usecases.matching import Matcher, turn
from usecases.ports import Ports
from usecases.recording import record

BEFORE, FOREVER = -1, 10**6


@dataclass(slots=True)
class Gate:
    """A feed that tells no second beyond ``limit``; whoever asks for the next has recorded all before."""

    feed: Feed
    limit: int = BEFORE
    is_waiting: asyncio.Event = field(default_factory=asyncio.Event)
    may_go: asyncio.Event = field(default_factory=asyncio.Event)

    async def events(self, unfinished: Reached | None) -> AsyncIterator[FeedEvent]:
        async for event in self.feed.events(unfinished):
            second = _second(event)
            while second > self.limit:
                self.is_waiting.set()
                self.may_go.clear()
                await self.may_go.wait()
            yield event


def _second(event: FeedEvent) -> int:
    if isinstance(event, ChainRow):
        return event.second
    return BEFORE if isinstance(event, Opening) else FOREVER


@dataclass(slots=True)
class Strider:
    """A live market that stands still between two strides."""

    ports: Ports
    gate: Gate
    recording: asyncio.Task[None]
    matcher: Matcher = field(default_factory=lambda: Matcher(uuid4()))

    @property
    def second(self) -> int:
        """Up to where everything was told and matched."""
        return self.gate.limit

    async def stride(self, second: int) -> None:
        """Record and match everything up to a second."""
        self.gate.limit = second
        self.gate.is_waiting.clear()
        self.gate.may_go.set()
        waiting = asyncio.create_task(self.gate.is_waiting.wait())
        await asyncio.wait({waiting, self.recording}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        await turn(self.ports, self.matcher)

    async def end(self) -> int:
        """Tell the rest and the close; how many sessions were settled."""
        self.gate.limit = FOREVER
        self.gate.may_go.set()
        await self.recording
        await turn(self.ports, self.matcher)
        return await settle_due(self.ports)


@asynccontextmanager
async def striding(ports: Ports, day: Day) -> AsyncIterator[Strider]:
    """A published day on air, before its first second."""
    gate = Gate(Replay(day))
    recording = asyncio.create_task(record(ports, gate, pace=None))
    await gate.is_waiting.wait()
    try:
        yield Strider(ports, gate, recording)
    finally:
        recording.cancel()
        await asyncio.wait({recording})
