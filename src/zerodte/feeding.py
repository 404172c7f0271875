"""The feed process: it tells a market, and records it for all others."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, fields

import structlog
import uvloop

from bus.health import Facts
from marketdata.recording_files import AnotherRecorder
from marketdata.recordings import Feed
from runtime.clocks import wall
from runtime.logs import configure_logs
from runtime.markets import MarketKind, read_market
from runtime.resources import UNHURRIED, open_ports
from runtime.settings import Settings
from store.readiness import until_migrated
from usecases.ports import Ports
from usecases.recording import Pace, RecorderFacts, record
from usecases.telling import Role, keep_telling
from zerodte.failures import CannotRun
from zerodte.listening import pushing_socket
from zerodte.markets import feed_of
from zerodte.stopping import cancel_when_asked

PACED = (MarketKind.DEMO, MarketKind.REPLAY)

log = structlog.get_logger()


def feed(settings: Settings, descriptor: int | None = None) -> None:
    """Tell and record the settings' market until it ends, or until SIGTERM or Ctrl-C.

    ``descriptor`` is the socket that our parent bound for those who push. Raises CannotRun where the
    market cannot be told, or another process records one.
    """
    configure_logs(settings.log_level)
    market = read_market(settings.market)
    pace = Pace(settings.speed) if market.kind in PACED else None
    with pushing_socket(market.port, descriptor=descriptor) as listener:
        told = feed_of(settings, listener, wall().date())
        if listener is not None:
            log.info("listening_for_pushers", port=listener.getsockname()[1])
        try:
            uvloop.run(_feed(settings, told, pace))
        except AnotherRecorder as error:
            raise CannotRun(str(error)) from error


async def _feed(settings: Settings, told: Feed, pace: Pace | None) -> None:
    cancel_when_asked()
    latest = _Latest()
    async with open_ports(settings, UNHURRIED) as ports:
        telling = asyncio.create_task(_tell(ports, latest), name="health")
        with suppress(asyncio.CancelledError):
            await until_migrated(ports.database)
            await record(ports, told, pace, latest.keep)
            log.info("market_ended", market=settings.market)
        telling.cancel()


@dataclass(slots=True)
class _Latest:
    """What the recorder said last."""

    facts: RecorderFacts = field(default_factory=RecorderFacts)

    def keep(self, facts: RecorderFacts) -> None:
        self.facts = facts


async def _tell(ports: Ports, latest: _Latest) -> None:
    async def facts() -> Facts:
        recording = latest.facts.recording
        known = {"recording": str(recording.id), "market": recording.opening.label} if recording else {}
        counts = {one.name: getattr(latest.facts, one.name) for one in fields(RecorderFacts)}
        return counts | {"recording": None} | known

    await keep_telling(ports, Role.RECORDER, facts)
