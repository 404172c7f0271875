"""How the product is doing, for its operators: the market on air, and what the processes tell."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from math import isfinite

import structlog

from bus.connections import BusUnavailable
from bus.health import Pulse
from engine.denials import Code, Denial
from marketdata.recordings import Recording
from usecases.airing import on_air
from usecases.outages import OUTAGES
from usecases.ports import Ports, Viewer
from usecases.telling import Role

LOOK_SECONDS = 1.0
OPERATORS_ONLY = Denial(Code.FORBIDDEN, "operations are shown to operators only")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """The recording on air as this process sees it. ``tick_age_seconds`` is how long ago its last row came,
    None before the first."""

    recording: Recording
    at: datetime
    second: int
    tick_age_seconds: float | None
    is_fresh: bool
    is_closed: bool


@dataclass(frozen=True, slots=True)
class Operations:
    """``pulses`` are what the processes told lately, None where Redis cannot be asked."""

    at: datetime
    market: MarketFacts | None
    pulses: tuple[Pulse, ...] | None

    def of(self, role: Role) -> tuple[Pulse, ...]:
        return tuple(pulse for pulse in self.pulses or () if pulse.role == role)


async def operations(ports: Ports, viewer: Viewer) -> Operations | Denial:
    """How it is now."""
    return await look(ports) if viewer.operator else OPERATORS_ONLY


async def follow_operations(ports: Ports) -> AsyncGenerator[Operations, None]:
    """How it is now, and again each second. Whether the viewer may be shown it is for the caller to ask."""
    while True:
        yield await look(ports)
        await asyncio.sleep(LOOK_SECONDS)


async def look(ports: Ports) -> Operations:
    """How it is, for nobody in particular. Never waits for Redis longer than half a second."""
    market = await asyncio.to_thread(_market, ports)
    try:
        pulses = tuple(await ports.health.all())
    except BusUnavailable:
        log.warning("health_unknown")
        pulses = None
    return Operations(ports.wall(), market, pulses)


def _market(ports: Ports) -> MarketFacts | None:
    try:
        air = on_air(ports)
    except OUTAGES:
        log.warning("market_unknown", exc_info=True)
        return None
    if air is None:
        return None
    age = air.tick_age_seconds if isfinite(air.tick_age_seconds) else None
    return MarketFacts(air.recording, air.at, air.second, age, air.is_fresh, air.is_closed)
