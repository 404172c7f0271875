"""The average expected move by time of day."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated

import numpy as np
import orjson
from pydantic import BeforeValidator, Field
from starlette.responses import Response, StreamingResponse

from engine.aggregates import UNKNOWN
from engine.denials import Code, Denial
from rest_compat.history import parse_interval
from rest_compat.operations import JSON, Call, Gives, Routes, Takes
from rest_compat.texts import beside, decimals, digits, joined, nulled
from rest_compat.wire import Answered, Asked, DateIn, DateText, absent
from usecases import averages
from usecases.averages import AverageMoves, AverageRequest
from usecases.market import INTERVAL_SECONDS_MAX

routes = Routes("Market data")

OPEN_SECOND = 9 * 3600 + 30 * 60
MOVE_PLACES = 6


class AverageQuery(Asked):
    first: Annotated[
        DateIn, Field(alias="from", description="The first day, without it the first that is recorded.")
    ] = absent()
    last: Annotated[
        DateIn, Field(alias="to", description="The last day, without it the last that is completed.")
    ] = absent()
    interval: Annotated[
        int,
        BeforeValidator(parse_interval),
        Field(
            json_schema_extra={"minimum": 1, "maximum": INTERVAL_SECONDS_MAX},
            description="Seconds from one time of day to the next.",
            examples=[300],
        ),
    ] = 60


class AverageRow(Answered):
    """One time of day in New York, and how many of the days tell the expected move then."""

    time: Annotated[str, Field(pattern=r"^\d{2}:\d{2}:\d{2}$")]
    spx_expected_move: str | None
    days: int


class AverageExpectedMove(Answered):
    """The days are all recorded or all ``synthetic``; ``from`` and ``to`` are the first and last of them."""

    first: Annotated[DateText, Field(alias="from")]
    last: Annotated[DateText, Field(alias="to")]
    days: int
    synthetic: bool
    averages: list[AverageRow]


@routes.operation(
    "GET",
    "/market-data/average-expected-move",
    Takes(query=AverageQuery),
    Gives(200, AverageExpectedMove, (Code.SESSION_NOT_RECORDED,)),
)
async def get_average_expected_move(call: Call[None]) -> Response | Denial:
    """The expected move by New York time of day, averaged over the completed days.

    Recorded days where there are any among those asked for, else synthetic ones; never both.
    """
    first: date | None = call.query.first
    asked = AverageRequest(first, call.query.last, call.query.interval)
    moves = await averages.average_expected_move(call.ports, call.viewer, asked)
    if isinstance(moves, Denial):
        return moves
    return StreamingResponse(average_rows(moves), media_type=JSON)


def average_rows(moves: AverageMoves) -> Iterator[bytes]:
    """The JSON object in two steps: what the rows are of, and the rows."""
    named = {"from": moves.first, "to": moves.last, "days": moves.days, "synthetic": moves.synthetic}
    yield orjson.dumps(named)[:-1] + b',"averages":['
    seconds = np.array(moves.seconds) + OPEN_SECOND
    move = decimals(moves.means_e6, places=MOVE_PLACES, places_min=0)
    rows = joined(
        [
            b',{"time":"',
            digits(seconds // 3600, 2),
            b":",
            digits(seconds // 60 % 60, 2),
            b":",
            digits(seconds % 60, 2),
            b'","spx_expected_move":',
            nulled(beside([b'"', move, b'"'], len(seconds)), moves.means_e6 == UNKNOWN),
            b',"days":',
            decimals(moves.counts, places=0, places_min=0),
            b"}",
        ],
        len(seconds),
    )
    yield rows[1:] + b"]}"
