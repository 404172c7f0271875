"""The average expected move by time of day, in columns."""

from datetime import date
from typing import Annotated

import numpy as np
import strawberry

from api.context import Info
from api.errors import granted
from api.scalars import IntColumn, known_column
from usecases import averages
from usecases.averages import AverageMoves, AverageRequest

OPEN_SECOND = 9 * 3600 + 30 * 60

From = Annotated[
    date | None,
    strawberry.argument(name="from", description="The first day, without it the first that is recorded."),
]
To = Annotated[
    date | None,
    strawberry.argument(name="to", description="The last day, without it the last that is completed."),
]
Interval = Annotated[
    int, strawberry.argument(description="Seconds from one time of day to the next, 1 to 23400.")
]


@strawberry.type(
    description="The expected move by time of day, in columns. The days are all recorded or all synthetic."
)
class AverageExpectedMove:
    first: date = strawberry.field(name="from", description="The first of the days.")
    last: date = strawberry.field(name="to", description="The last of the days.")
    days: int
    synthetic: bool
    time_of_day_seconds: IntColumn = strawberry.field(description="Seconds since midnight in New York.")
    spx_expected_move_e6: IntColumn | None
    day_counts: IntColumn = strawberry.field(description="How many of the days tell the move at that time.")


@strawberry.type
class AverageQuery:
    @strawberry.field(
        description="The expected move averaged over the completed days: the recorded ones where there "
        "are any, else the synthetic ones. Needs a token."
    )
    async def average_expected_move(
        self, info: Info, first: From = None, last: To = None, interval: Interval = 60
    ) -> AverageExpectedMove:
        viewer = await info.context.viewer()
        asked = AverageRequest(first, last, interval)
        return _render(granted(await averages.average_expected_move(info.context.ports, viewer, asked)))


def _render(moves: AverageMoves) -> AverageExpectedMove:
    return AverageExpectedMove(
        first=moves.first,
        last=moves.last,
        days=moves.days,
        synthetic=moves.synthetic,
        time_of_day_seconds=IntColumn(np.array(moves.seconds) + OPEN_SECOND),
        spx_expected_move_e6=known_column(moves.means_e6),
        day_counts=IntColumn(np.ascontiguousarray(moves.counts)),
    )
