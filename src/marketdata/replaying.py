"""A published day told again as if it were live, from any of its seconds, row by row as it is stored."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np

from engine.market import Day
from marketdata.manifests import Provenance
from marketdata.recordings import ChainRow, Closing, FeedEvent, Opening, Reached

SOURCE = "replay"
BLOCK_SECONDS = 256
HASH_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Replay:
    """The market of one published day from ``first_second`` on; it ends with the day."""

    day: Day
    first_second: int = 0

    @property
    def opening(self) -> Opening:
        provenance = Provenance(SOURCE, f"of revision {self.day.content_hash[:HASH_DIGITS]}", 1)
        return opening_of(self.day, f"{SOURCE} {self.day.date}", provenance)

    def events(self, unfinished: Reached | None) -> AsyncIterator[FeedEvent]:
        """The day, or the rest of it where ``unfinished`` is a replay of the same revision."""
        return told(self.day, self.opening, unfinished, self.first_second)


def opening_of(day: Day, label: str, provenance: Provenance) -> Opening:
    """How the session of a day begins."""
    return Opening(
        date=day.date,
        open_at=day.open_at,
        close_second=day.close_second,
        contracts=day.contracts,
        label=label,
        provenance=provenance,
        synthetic=day.synthetic,
        index_derived=day.index_derived,
    )


async def told(
    day: Day, opening: Opening, unfinished: Reached | None, first_second: int = 0
) -> AsyncIterator[FeedEvent]:
    """A day from a second on; where ``unfinished`` began with ``opening``, from the row after its last."""
    if unfinished is None or unfinished.recording.opening != opening:
        yield opening
    elif unfinished.second >= 0:
        first_second = unfinished.second + 1
    async for row in _rows_from(day, first_second):
        yield row
    yield Closing(day.settlement_cents, day.settlement_source)


async def _rows_from(day: Day, first_second: int) -> AsyncIterator[ChainRow]:
    """The known rows from a second on. A disk is waited for in a thread."""
    first, end = max(day.known_from, first_second), day.known_until + 1
    for start in range(first, end, BLOCK_SECONDS):
        for row in await asyncio.to_thread(_rows, day, range(start, min(start + BLOCK_SECONDS, end))):
            yield row


def _rows(day: Day, seconds: range) -> list[ChainRow]:
    """Rows that own their values, so that none keeps a block or a file's pages."""
    block = slice(seconds.start, seconds.stop)
    bids, asks = (np.ascontiguousarray(ticks[:, block].T) for ticks in (day.bid_ticks, day.ask_ticks))
    return [
        ChainRow(
            second=second,
            bid_ticks=bids[place].copy(),
            ask_ticks=asks[place].copy(),
            delta_e4=day.delta_e4[second].copy(),
            spx_e4=int(day.spx_e4[second]),
            vix_e4=int(day.vix_e4[second]),
        )
        for place, second in enumerate(seconds)
    ]
