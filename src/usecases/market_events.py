"""Following the market that is on air: each new second once, the latest where somebody is slow."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from uuid import UUID
from weakref import WeakKeyDictionary

import structlog

from bus.topics import MARKET_TOPIC
from marketdata.live import FRESH_SECONDS, LiveMarket, OnAir
from usecases.airing import on_air
from usecases.market import ChainSnapshot, SeriesFrame, chain_of, series_of
from usecases.outages import OUTAGES
from usecases.ports import Ports

SAFETY_POLL_SECONDS = 1.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, eq=False)
class MarketTick:
    """The market at one second of a recording: every series and the whole chain. A process makes one a
    second and shows it to everybody, so what is rendered of it can be kept by it.

    ``told_at`` is when its row came, by the monotonic clock in seconds.
    """

    recording_id: UUID
    second: int
    at: datetime
    series: SeriesFrame
    chain: ChainSnapshot
    told_at: float

    @property
    def is_fresh(self) -> bool:
        return monotonic() - self.told_at <= FRESH_SECONDS


async def market_ticks(ports: Ports) -> AsyncGenerator[MarketTick, None]:
    """The latest second of the market on air, at once where it is fresh, then each new one.

    Whoever takes longer than a second over one gets the newest next, and never those between. Runs on
    from one recording to the next, and stays silent between them. A lost wake-up is made good within
    ``SAFETY_POLL_SECONDS``.
    """
    watch = _watches.setdefault(ports.live, _Watch())
    with watch.kept(ports):
        tick = None
        while True:
            tick = await watch.newer_than(tick)
            yield tick


class _Watch:
    """Looks at the tape for everybody in this process who follows the market, while anybody does."""

    def __init__(self) -> None:
        self._latest: MarketTick | None = None
        self._came = asyncio.Event()
        self._followers = 0
        self._looking: asyncio.Task[None] | None = None

    @contextmanager
    def kept(self, ports: Ports) -> Iterator[None]:
        """Look at the market until the last one who asked for it leaves."""
        if self._looking is None:
            self._looking = asyncio.create_task(self._look(ports), name="market_watch")
        self._followers += 1
        try:
            yield
        finally:
            self._followers -= 1
            if not self._followers:
                self._looking.cancel()
                self._looking = self._latest = None

    async def newer_than(self, seen: MarketTick | None) -> MarketTick:
        while self._latest is None or self._latest is seen or (seen is None and not self._latest.is_fresh):
            await self._came.wait()
        return self._latest

    async def _look(self, ports: Ports) -> None:
        with ports.topics.listen(MARKET_TOPIC) as wakes:
            while True:
                try:
                    self._tell(await asyncio.to_thread(_tick, ports, self._latest))
                except OUTAGES:
                    log.warning("market_unseen", exc_info=True)
                await wakes.within(SAFETY_POLL_SECONDS)

    def _tell(self, tick: MarketTick | None) -> None:
        if tick is not None:
            self._latest = tick
            came, self._came = self._came, asyncio.Event()
            came.set()


_watches: WeakKeyDictionary[LiveMarket, _Watch] = WeakKeyDictionary()


def _tick(ports: Ports, seen: MarketTick | None) -> MarketTick | None:
    """The market's latest second, None where there is none or it was seen."""
    air = on_air(ports)
    if air is None or air.day is None or _is_seen(air, seen):
        return None
    return MarketTick(
        recording_id=air.recording.id,
        second=air.second,
        at=air.day.time_of(air.second),
        series=series_of(air.day, air.second),
        chain=chain_of(air.day, air.second),
        told_at=monotonic() - air.tick_age_seconds,
    )


def _is_seen(air: OnAir, seen: MarketTick | None) -> bool:
    return seen is not None and (seen.recording_id, seen.second) == (air.recording.id, air.second)
