"""How the product is doing, for its operators."""

import datetime as dt
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import fields
from typing import TypeVar
from uuid import UUID

import strawberry

from api.context import Info
from api.errors import granted
from bus.health import Pulse
from usecases import operations
from usecases.operations import MarketFacts, follow_operations
from usecases.telling import Role

T = TypeVar("T")

_TOLD_AS = {"recording_uuid": "recording"}


@strawberry.type(description="The recording on air, as the process that answers sees it.")
class MarketHealth:
    recording_uuid: UUID
    label: str
    date: dt.date
    time: dt.datetime = strawberry.field(description="The market's clock.")
    second: int = strawberry.field(description="Of the last row, counted from the open; -1 before the first.")
    tick_age_seconds: float | None = strawberry.field(description="How long ago that row came.")
    fresh: bool = strawberry.field(
        description="Whether it came within five seconds: nobody trades on others."
    )
    closed: bool


@strawberry.type(description="A feed's recorder; it counts from its start.")
class RecorderHealth:
    process: str
    market: str | None
    recording_uuid: UUID | None
    second: int | None
    rows: int | None
    carried: int | None = strawberry.field(description="Skipped seconds that stand with the quotes before.")
    missing: int | None = strawberry.field(description="Skipped seconds without quotes.")
    disordered: int | None
    unsound: int | None
    refused: int | None = strawberry.field(description="Tries to write a row that failed.")
    resumed: int | None
    published: int | None = strawberry.field(description="Recorded days.")


@strawberry.type(description="One who matches live orders, or stands by; it counts from its start.")
class MatcherHealth:
    process: str
    recording_uuid: UUID | None = strawberry.field(
        description="The one that it has the lease of; null for one who stands by."
    )
    epoch: int | None = strawberry.field(description="Of that lease: each takeover raises it.")
    second: int | None = strawberry.field(description="The last second that it matched.")
    lag_seconds: int | None = strawberry.field(
        description="How far the market was ahead when it looked last."
    )
    lag_ms: int | None = strawberry.field(description="How old the newest row was once it was matched.")
    pending: int | None
    ticks: int | None
    fills: int | None = strawberry.field(
        description="Orders that waited; what fills as it is placed is not counted."
    )
    rejections: int | None
    expiries: int | None
    takeovers: int | None


@strawberry.type(description="Live sessions whose market is over, as a live worker counts them.")
class SettlementHealth:
    process: str
    due: int | None = strawberry.field(description="Those that are not settled.")
    failed: int | None = strawberry.field(description="Those of them that were tried five times.")


@strawberry.type(description="One who takes jobs from a queue; it counts from its start.")
class WorkerHealth:
    process: str
    queue: str | None
    running: int | None
    done: int | None = strawberry.field(
        description="Jobs of the queue, and looks that it takes by itself each second or so."
    )
    retried: int | None
    failed: int | None = strawberry.field(description="Of both; what rises here needs somebody.")


@strawberry.type(
    description="How the product is doing. A process that says nothing for ten seconds is not listed."
)
class Operations:
    time: dt.datetime
    redis_reachable: bool = strawberry.field(
        description="False while Redis cannot be asked: then nothing is known of any process."
    )
    market: MarketHealth | None = strawberry.field(description="Null while none is on air.")
    recorders: list[RecorderHealth]
    matchers: list[MatcherHealth]
    settlements: list[SettlementHealth]
    workers: list[WorkerHealth]


@strawberry.type
class OperationsQuery:
    @strawberry.field(description="How the product is doing. For operators.")
    async def operations(self, info: Info) -> Operations:
        viewer = await info.context.viewer()
        return render_operations(granted(await operations.operations(info.context.ports, viewer)))


@strawberry.type
class OperationsSubscription:
    @strawberry.subscription(description="How the product is doing, now and each second. For operators.")
    async def operations(self, info: Info) -> AsyncGenerator[Operations, None]:
        viewer, ports = await info.context.viewer(), info.context.ports
        granted(await operations.operations(ports, viewer))
        async with aclosing(follow_operations(ports)) as looks:
            async for seen in looks:
                await info.context.sign_in()
                yield render_operations(seen)


def render_operations(seen: operations.Operations) -> Operations:
    return Operations(
        time=seen.at,
        redis_reachable=seen.pulses is not None,
        market=None if seen.market is None else _render_market(seen.market),
        recorders=[_told(RecorderHealth, pulse) for pulse in seen.of(Role.RECORDER)],
        matchers=[_told(MatcherHealth, pulse) for pulse in seen.of(Role.MATCHER)],
        settlements=[_told(SettlementHealth, pulse) for pulse in seen.of(Role.SETTLEMENT)],
        workers=[_told(WorkerHealth, pulse) for pulse in seen.of(Role.WORKER)],
    )


def _render_market(market: MarketFacts) -> MarketHealth:
    age, opening = market.tick_age_seconds, market.recording.opening
    return MarketHealth(
        recording_uuid=market.recording.id,
        label=opening.label,
        date=opening.date,
        time=market.at,
        second=market.second,
        tick_age_seconds=None if age is None else round(age, 3),
        fresh=market.is_fresh,
        closed=market.is_closed,
    )


def _told(kind: Callable[..., T], pulse: Pulse) -> T:
    """What a process told, by the names of our fields; null where its release does not tell it."""
    names = [field.name for field in fields(kind) if field.name != "process"]  # type: ignore[arg-type]
    return kind(process=pulse.id, **{name: pulse.facts.get(_TOLD_AS.get(name, name)) for name in names})
