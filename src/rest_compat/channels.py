"""The channels of the WebSocket: what can be subscribed to, by whom, and the frames that follow."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from rest_compat.strategy_results import ResultsSnapshot, render_snapshot
from rest_compat.wire import Answered, HashText, one_of
from usecases.backtest_events import BacktestEvent, BacktestEventKind, backtest_events
from usecases.ports import Ports, Viewer

SOURCE_HASH = re.compile("[0-9a-f]{64}")
END_OF_DATA = '{"channel":"end_of_data"}'

Frames = AsyncGenerator[BaseModel, None]


@dataclass(frozen=True, slots=True)
class Channel:
    """``subject_of`` reads from a message what of the channel is meant, None where it does not say;
    ``frames`` follows a subject for a viewer until he leaves, and ends at once where he may not."""

    subject_of: Callable[[Mapping[str, Any]], str | None]
    frames: Callable[[Ports, Viewer, str], Frames]


class BacktestChange(Answered):
    type: Annotated[str, one_of(*BacktestEventKind)]
    snapshot: ResultsSnapshot


class BacktestFrame(Answered):
    """A change of a backtest with the whole snapshot, net of your costs. ``id`` rises from change to
    change; a frame that was missed is made good by the next."""

    channel: Literal["backtest_events"]
    id: int
    source_hash: HashText
    data: Annotated[BacktestChange, Field(description="What changed, and everything as it is now.")]


def _backtest_of(message: Mapping[str, Any]) -> str | None:
    source_hash = message.get("source_hash")
    is_one = isinstance(source_hash, str) and SOURCE_HASH.fullmatch(source_hash)
    return source_hash if is_one else None


async def _backtest_frames(ports: Ports, viewer: Viewer, source_hash: str) -> Frames:
    async with aclosing(backtest_events(ports, viewer, source_hash)) as events:
        async for event in events:
            yield await asyncio.to_thread(render_event, event)


def render_event(event: BacktestEvent) -> BacktestFrame:
    return BacktestFrame(
        channel="backtest_events",
        id=event.seq,
        source_hash=event.snapshot.coverage.source_hash,
        data=BacktestChange(type=event.kind.value, snapshot=render_snapshot(event.snapshot)),
    )


CHANNELS: Mapping[str, Channel] = {"backtest_events": Channel(_backtest_of, _backtest_frames)}
