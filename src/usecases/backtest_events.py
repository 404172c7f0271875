"""Following a program's backtest. Each event carries the whole snapshot, so a missed one does no harm."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from enum import StrEnum

from engine.denials import Denial
from usecases.ports import Ports, Viewer
from usecases.snapshots import Snapshot


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
    raise NotImplementedError


def backtest_events(ports: Ports, viewer: Viewer, source_hash: str) -> AsyncGenerator[BacktestEvent, None]:
    """The changes of a program's run from now on, after the viewer's costs.

    Ends at once where ``following_denial`` denies.
    """
    raise NotImplementedError
