"""Market data: the recorded days, their strikes, the chain at a second, and aggregate series."""

from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema
from starlette.responses import Response, StreamingResponse

from engine.aggregates import Series
from engine.denials import Code, Denial
from rest_compat.chains import chain_json, chains_json
from rest_compat.history import parse_interval
from rest_compat.operations import JSON, Auth, Call, Gives, Routes, Takes
from rest_compat.series import series_rows
from rest_compat.wire import (
    Answered,
    Asked,
    InstantText,
    absent,
    instant_or_null,
    instant_text,
)
from usecases import market, metered
from usecases.market import INTERVAL_SECONDS_MAX, SNAPSHOTS_MAX, MarketSession, SnapshotRange

routes = Routes("Market data")


class SessionBounds(Answered):
    """A trading day by its UTC bounds. A flag that does not apply is left out."""

    start_time: Annotated[InstantText, Field(alias="start-time")]
    end_time: Annotated[InstantText, Field(alias="end-time")]
    data_start_time: Annotated[InstantText | None, Field(alias="data-start-time")]
    data_end_time: Annotated[InstantText | None, Field(alias="data-end-time")]
    restricted: Annotated[bool, Field(description="Closed to callers without a token.")] = absent()
    current: Annotated[bool, Field(description="In progress by the market's clock.")] = absent()
    upcoming: Annotated[bool, Field(description="Opens later today.")] = absent()
    synthetic: Annotated[bool, Field(description="Generated, not recorded.")] = absent()


class OptionQuote(Answered):
    """Prices in index points; delta is unsigned, 0 to 1, null where it is unknown."""

    bid: float
    ask: float
    delta: float | None


class SeriesRow(Answered):
    """One second. Of the series only the selected ones are there; null where unknown."""

    datetime: InstantText
    datetime_unix: Annotated[int, Field(alias="datetimeUnix")]
    spx: str | None = absent()
    vix: str | None = absent()
    spx_expected_move: str | None = absent()
    spx_otm_bids: str | None = absent()
    spx_extrinsic: str | None = absent()


_NAMES = "|".join(Series)


class SeriesQuery(Asked):
    series: Annotated[
        str,
        WithJsonSchema(
            {
                "type": "string",
                "pattern": f"^({_NAMES})(,({_NAMES}))*$",
                "default": "spx,spxExpectedMove",
                "description": f"Comma-separated, out of {', '.join(Series)}.",
                "examples": ["spx,vix,spxExpectedMove"],
            }
        ),
    ] = "spx,spxExpectedMove"


@routes.operation(
    "GET",
    "/market-data/sessions",
    Takes(auth=Auth.OPTIONAL),
    Gives(200, dict[str, SessionBounds]),
)
async def list_market_sessions(call: Call[None]) -> dict[str, SessionBounds]:
    """The trading days that can be simulated, by date.

    Without a token every day but the last completed one and the one in progress is restricted.
    """
    sessions = await market.list_sessions(call.ports, call.caller)
    return {session.date.isoformat(): render_market_session(session) for session in sessions}


def render_market_session(session: MarketSession) -> SessionBounds:
    flags = {
        "restricted": session.restricted,
        "current": session.current,
        "upcoming": session.upcoming,
        "synthetic": session.synthetic,
    }
    return SessionBounds(
        start_time=instant_text(session.start_at),
        end_time=instant_text(session.end_at),
        data_start_time=instant_or_null(session.data_start_at),
        data_end_time=instant_or_null(session.data_end_at),
        **{name: True for name, applies in flags.items() if applies},
    )


@routes.operation(
    "GET",
    "/market-data/strikes/{date}",
    Takes(),
    Gives(200, list[int], (Code.SESSION_NOT_RECORDED, Code.RATE_LIMIT_EXCEEDED)),
)
async def list_strikes(call: Call[None]) -> list[int] | Denial:
    """The strikes listed on a day, ascending. Costs 5 credits."""
    strikes = await metered.strikes(call.ports, call.payer, call.path["date"])
    return strikes if isinstance(strikes, Denial) else list(strikes)


@routes.operation(
    "GET",
    "/market-data/option-chain-snapshots/{timestamp}",
    Takes(),
    Gives(
        200,
        dict[str, OptionQuote | None],
        (Code.SESSION_NOT_RECORDED, Code.OUTSIDE_SESSION, Code.RATE_LIMIT_EXCEEDED),
    ),
)
async def get_chain(call: Call[None]) -> Response | Denial:
    """Every listed option at a UTC second, as ``call_5950`` and ``put_5950``.

    A contract without a usable quote at that second is null. Costs 10 credits.
    """
    chain = await metered.chain_at(call.ports, call.payer, call.path["timestamp"])
    if isinstance(chain, Denial):
        return chain
    return Response(chain_json(chain), media_type=JSON)


class SnapshotsQuery(Asked):
    interval: Annotated[
        int,
        BeforeValidator(parse_interval),
        Field(
            json_schema_extra={"minimum": 1, "maximum": INTERVAL_SECONDS_MAX},
            description=f"Seconds from one snapshot to the next. At most {SNAPSHOTS_MAX} are answered.",
            examples=[60],
        ),
    ] = 1


@routes.operation(
    "GET",
    "/market-data/option-chain-snapshots/{start}/{end}",
    Takes(query=SnapshotsQuery),
    Gives(
        200,
        dict[str, dict[str, OptionQuote | None]],
        (Code.SESSION_NOT_RECORDED, Code.OUTSIDE_SESSION, Code.RATE_LIMIT_EXCEEDED),
    ),
)
async def list_chains(call: Call[None]) -> Response | Denial:
    """The option chain at every interval from one UTC second to another, both included, by time.

    At most 30 snapshots a call, each as the single one answers it, for 5 credits each. The range lies
    within one session.
    """
    wanted = SnapshotRange(call.path["start"], call.path["end"], call.query.interval)
    chains = await metered.chains_over(call.ports, call.payer, wanted)
    if isinstance(chains, Denial):
        return chains
    return StreamingResponse(chains_json(chains), media_type=JSON)


@routes.operation(
    "GET",
    "/market-data/historical/{date}",
    Takes(query=SeriesQuery, auth=Auth.OPTIONAL),
    Gives(
        200,
        list[SeriesRow],
        (Code.UNKNOWN_SERIES, Code.UNAUTHENTICATED, Code.SESSION_NOT_RECORDED, Code.RATE_LIMIT_EXCEEDED),
    ),
)
async def list_series(call: Call[None]) -> Response | Denial:
    """Aggregate series of a day, a row a second.

    Public for the day in progress, and in steps of 30 seconds for the last completed one. Costs 10
    credits.
    """
    names = call.query.series.split(",")
    frame = await metered.series(call.ports, call.payer, call.path["date"], names)
    if isinstance(frame, Denial):
        return frame
    return StreamingResponse(series_rows(frame), media_type=JSON)
