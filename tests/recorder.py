"""A recorder as a process of its own, to be killed: ``python -m tests.recorder DIRECTORY REDIS_URL``."""

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

from bus.topics import Topics
from marketdata.library import Library
from marketdata.live import LiveMarket
from marketdata.recordings import FeedEvent, Reached
from tests.days import tiny_day
from tests.people import cut_off
from tests.tapes import Replayed
from usecases.recording import record

REST_SECONDS = 0.0005


@dataclass(frozen=True, slots=True)
class _Unhurried:
    """A feed that leaves its killer time between two rows."""

    feed: Replayed

    async def events(self, unfinished: Reached | None) -> AsyncIterator[FeedEvent]:
        async for event in self.feed.events(unfinished):
            await asyncio.sleep(REST_SECONDS)
            yield event


async def main(directory: Path, redis_url: str) -> None:
    library, live = Library(directory / "days"), LiveMarket(directory / "live")
    ports = replace(cut_off(), library=library, live=live, topics=Topics(redis_url))
    await record(ports, _Unhurried(Replayed(tiny_day())), pace=None)
    await ports.topics.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
