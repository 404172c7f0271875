"""Following a program's backtest. Each event carries the whole snapshot, so a missed one does no harm."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from bus.topics import backtest_topic
from engine.denials import Code, Denial
from store import interests, runs
from store.runs import StoredRun
from usecases.events import SAFETY_POLL_SECONDS, after_denial
from usecases.folding import TooManyAtOnce
from usecases.ports import Ports, Viewer
from usecases.snapshots import Snapshot, interest_since, snapshot

PAUSE_SECONDS = 0.1
NO_BACKTEST = Denial(Code.NOT_FOUND, "no such backtest: preview its config first")


class BacktestEventKind(StrEnum):
    STARTED = "started"
    DAY_COMPLETED = "day_completed"
    COMPLETED = "completed"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class BacktestEvent:
    """The latest change of a run. ``seq`` rises with every change; changes close together are told as
    one, by the last of them."""

    seq: int
    kind: BacktestEventKind
    snapshot: Snapshot


async def following_denial(ports: Ports, viewer: Viewer, source_hash: str) -> Denial | None:
    """Why the viewer may not follow: only who previewed a program lately or has saved it may."""
    async with ports.database.asking() as tx:
        may = await interests.wants(tx, viewer.user_id, source_hash, interest_since(ports))
    return None if may else NO_BACKTEST


async def unseen_denial(ports: Ports, source_hash: str, after: int | None) -> Denial | None:
    """Why nobody can have seen ``after`` last, of a backtest that may be followed."""
    return None if after is None else after_denial(after, (await _latest(ports, source_hash)).version)


async def backtest_events(
    ports: Ports, viewer: Viewer, source_hash: str, after: int | None = None
) -> AsyncGenerator[BacktestEvent, None]:
    """The changes of a program's run that are later than ``after``, after the viewer's costs: what
    happened until now as one, then each as it is made; without a number those from now on.

    Ends at once where ``following_denial`` denies. A lost wake-up is made good within
    ``SAFETY_POLL_SECONDS``.
    """
    with ports.topics.listen(backtest_topic(source_hash)) as wakes:
        if await following_denial(ports, viewer, source_hash) is not None:
            return
        seen = (await _latest(ports, source_hash)).version if after is None else after
        while True:
            latest = await _latest(ports, source_hash)
            if latest.version > seen:
                with suppress(TooManyAtOnce):
                    shown = await snapshot(ports, viewer, source_hash)
                    yield BacktestEvent(latest.version, BacktestEventKind(latest.event), shown)
                    seen = latest.version
                await asyncio.sleep(PAUSE_SECONDS)
            await wakes.within(SAFETY_POLL_SECONDS)


async def _latest(ports: Ports, source_hash: str) -> StoredRun:
    async with ports.database.asking() as tx:
        run = await runs.find(tx, source_hash)
    assert run is not None, "what may be followed has a run"
    return run
