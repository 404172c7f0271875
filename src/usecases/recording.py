"""Recording a feed: each second goes on the tape, at the close the tape becomes a recorded day."""

from collections.abc import Callable
from dataclasses import dataclass

from marketdata.recordings import Feed, Recording
from usecases.ports import Ports


class FeedIsRunning(Exception):
    """Another feed records into the same directory: there is one market at a time."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the market runs: ``speed`` market seconds, above 0, to one second of a monotonic clock.

    Above 1 it runs in lockstep: no row before every order was matched against the one before it.
    """

    speed: float

    @property
    def is_lockstep(self) -> bool:
        return self.speed > 1


@dataclass(frozen=True, slots=True)
class RecorderFacts:
    """What a recorder did since it was started. ``recording`` is the last one and ``second`` its last row.

    ``rows`` were told and written. Of skipped seconds ``carried`` stand with the quotes before them and
    ``missing`` without quotes. ``disordered`` rows did not rise or lay outside the session, ``unsound``
    ones broke a promise of a chain, ``refused`` ones were not written for want of room. ``resumed``
    recordings had been begun by a recorder before this one; ``published`` ones are recorded days.
    """

    recording: Recording | None = None
    second: int = -1
    rows: int = 0
    carried: int = 0
    missing: int = 0
    disordered: int = 0
    unsound: int = 0
    refused: int = 0
    resumed: int = 0
    published: int = 0


def tell_nobody(_: RecorderFacts) -> None:
    """What is done with facts that nobody asked for."""


async def record(
    ports: Ports, feed: Feed, pace: Pace | None, tell: Callable[[RecorderFacts], None] = tell_nobody
) -> None:
    """Record what a feed tells until it ends, or until cancelled.

    ``pace`` is the rest between the rows of a feed that has them all at once, as a replay has; None where
    rows come in their own time. ``tell`` is handed the facts whenever they change. Raises FeedIsRunning.
    """
    raise NotImplementedError
