"""Days told second by second, for tests that need a feed."""

import resource
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from engine.market import Day
from marketdata import replaying
from marketdata.manifests import Provenance
from marketdata.recordings import ChainRow, Closing, FeedEvent, Opening, Reached

PROVENANCE = Provenance(source="tiny", importer_version="1", resolution_seconds=1)


def opening_of(day: Day, label: str = "tiny") -> Opening:
    return replaying.opening_of(day, label, PROVENANCE)


def row_of(day: Day, second: int) -> ChainRow:
    return ChainRow(
        second=second,
        bid_ticks=day.bid_ticks[:, second],
        ask_ticks=day.ask_ticks[:, second],
        delta_e4=day.delta_e4[second],
        spx_e4=int(day.spx_e4[second]),
        vix_e4=int(day.vix_e4[second]),
    )


def rows_of(day: Day, seconds: Iterable[int]) -> Iterator[ChainRow]:
    return (row_of(day, second) for second in seconds)


def closing_of(day: Day) -> Closing:
    return Closing(day.settlement_cents, day.settlement_source)


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file of this process may grow beyond a size, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@dataclass(slots=True)
class Told:
    """A feed that tells what a test wrote down, and ends. It keeps what it was asked to go on with."""

    script: list[FeedEvent]
    unfinished: Reached | None = None

    async def events(self, unfinished: Reached | None) -> AsyncIterator[FeedEvent]:
        self.unfinished = unfinished
        for event in self.script:
            yield event


@dataclass(frozen=True, slots=True)
class Replayed:
    """A feed that tells a day to its end, or goes on with it."""

    day: Day

    async def events(self, unfinished: Reached | None) -> AsyncIterator[FeedEvent]:
        first = self.day.known_from
        if unfinished is None:
            yield opening_of(self.day)
        else:
            first = max(first, unfinished.second + 1)
        for row in rows_of(self.day, range(first, self.day.known_until + 1)):
            yield row
        yield closing_of(self.day)
