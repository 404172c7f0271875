"""The live worker: it stands by to match orders, and settles what is due. No job carries anything but
its name, so none has to be remembered."""

import asyncio
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import structlog

from bus.health import Facts
from bus.topics import MARKET_TOPIC
from usecases.live_settling import settle_due, unsettled
from usecases.matching import RENEWAL_SECONDS, STANDBY_SECONDS, Matcher, catch_up, let_go, turn
from usecases.outages import OUTAGES
from usecases.ports import Ports
from usecases.telling import Role, keep_telling
from workers.outlasting import outlasting

log = structlog.get_logger()


async def begin_matching(ctx: dict[str, Any]) -> None:
    """Start-up of the worker: from now on it matches, or stands by."""
    ports: Ports = ctx["ports"]
    matcher: Matcher = ctx["matcher"]
    ctx["loops"] = [
        asyncio.create_task(_match(ports, matcher), name="matcher"),
        asyncio.create_task(_tell_of_matching(ports, matcher), name="health_of_matching"),
        asyncio.create_task(_tell_of_settling(ports), name="health_of_settling"),
    ]


async def end_matching(ctx: dict[str, Any]) -> None:
    """Shutdown of the worker: another may match at once."""
    for loop in ctx["loops"]:
        loop.cancel()
    await asyncio.wait(ctx["loops"])
    with suppress(*OUTAGES):
        await let_go(ctx["ports"], ctx["matcher"])


@outlasting
async def settle_live(ctx: dict[str, Any]) -> None:
    """Job and cron: settle what is due, after the rest of its market was matched."""
    ports: Ports = ctx["ports"]
    await catch_up(ports, ctx["matcher"].tally)
    await settle_due(ports)


@outlasting
async def settle_failed(ctx: dict[str, Any]) -> None:
    """Cron: try again what failed so often that it was told of."""
    await settle_due(ctx["ports"], with_failed=True)


async def _match(ports: Ports, matcher: Matcher) -> None:
    """Take a turn at every row, and often enough between them to hold a lease or to get one.

    No failure ends it: what is lost with a connection is read again.
    """
    with ports.topics.listen(MARKET_TOPIC) as wakes:
        while True:
            try:
                await turn(ports, matcher)
            except OUTAGES as reason:
                log.warning("matcher_interrupted", reason=str(reason))
            except Exception:
                log.exception("matcher_failed")
            rest = RENEWAL_SECONDS if matcher.hand else STANDBY_SECONDS
            await wakes.within(rest)


async def _tell_of_matching(ports: Ports, matcher: Matcher) -> None:
    async def facts() -> Facts:
        held = matcher.hand and str(matcher.hand.recording_id)
        return asdict(matcher.tally) | {"recording": held}

    await keep_telling(ports, Role.MATCHER, facts)


async def _tell_of_settling(ports: Ports) -> None:
    async def facts() -> Facts:
        return asdict(await unsettled(ports))

    await keep_telling(ports, Role.SETTLEMENT, facts)
