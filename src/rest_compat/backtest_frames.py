"""Backtests as frames of the WebSocket: each change with the whole of what there is by then."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Literal

from pydantic import Field

from rest_compat.strategy_results import ResultsSnapshot, render_snapshot
from rest_compat.wire import Answered, HashText, one_of
from usecases.backtest_events import BacktestEvent, BacktestEventKind, backtest_events
from usecases.ports import Ports, Viewer


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


async def backtest_frames(ports: Ports, viewer: Viewer, source_hash: str) -> AsyncGenerator[str, None]:
    """The changes of a backtest from now on, until he may not follow it any more."""
    async with aclosing(backtest_events(ports, viewer, source_hash)) as events:
        async for event in events:
            yield await asyncio.to_thread(_text, event)


def render_event(event: BacktestEvent) -> BacktestFrame:
    return BacktestFrame(
        channel="backtest_events",
        id=event.seq,
        source_hash=event.snapshot.coverage.source_hash,
        data=BacktestChange(type=event.kind.value, snapshot=render_snapshot(event.snapshot)),
    )


def _text(event: BacktestEvent) -> str:
    return render_event(event).model_dump_json(by_alias=True, exclude_unset=True)
