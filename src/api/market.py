"""Recorded days: which there are, their strikes, the chain at a second, and the day's series."""

from collections.abc import Iterable
from datetime import date, datetime

import numpy as np
import strawberry
from strawberry.types.nodes import SelectedField, Selection

from api.chains import OptionChain, render_chain
from api.connections import (
    PAGE_SIZE_DEFAULT,
    After,
    Connection,
    First,
    Key,
    connect,
    read_page,
)
from api.context import Info
from api.errors import MALFORMED, Refusal, granted
from api.nodes import Node, NodeKind, global_id
from api.scalars import IntColumn, known_column
from engine.aggregates import Series as SeriesName
from usecases import market, metered
from usecases.market import MarketSession, SeriesFrame, SnapshotRange

_SERIES_FIELDS = {
    "spxE4": SeriesName.SPX,
    "vixE4": SeriesName.VIX,
    "spxExpectedMoveE6": SeriesName.SPX_EXPECTED_MOVE,
    "spxOtmBidsCents": SeriesName.SPX_OTM_BIDS,
    "spxExtrinsicE4": SeriesName.SPX_EXTRINSIC,
}


@strawberry.type(
    description="Series of a day, in columns: one row a second. A column is null when nothing of it is known."
)
class DaySeries:
    time_unix: IntColumn
    spx_e4: IntColumn | None
    vix_e4: IntColumn | None
    spx_expected_move_e6: IntColumn | None
    spx_otm_bids_cents: IntColumn | None
    spx_extrinsic_e4: IntColumn | None


@strawberry.type(description="A session of the market, and what is recorded of it.")
class MarketDay(Node):
    date: date
    start_time: datetime
    end_time: datetime
    data_start_time: datetime | None
    data_end_time: datetime | None
    synthetic: bool = strawberry.field(description="True where the day was generated, not recorded.")
    restricted: bool = strawberry.field(description="True where this viewer may not read the day.")
    current: bool
    upcoming: bool

    @strawberry.field(description="Listed strikes, ascending. Needs a token and 5 credits.")
    async def strikes(self, info: Info) -> list[int]:
        payer = await info.context.signed_in_payer()
        return list(granted(await metered.strikes(info.context.ports, payer, self.date)))

    @strawberry.field(
        description="The chain as it was known at a time of the session. Needs a token and 10 credits."
    )
    async def chain(self, info: Info, at: datetime) -> OptionChain:
        payer = await info.context.signed_in_payer()
        self._check_is_of_day("at", at)
        return render_chain(granted(await metered.chain_at(info.context.ports, payer, at)))

    @strawberry.field(
        description="The chains from start to end, both included, every interval seconds: at most 30. "
        "Needs a token, and 5 credits for each."
    )
    async def chains(
        self, info: Info, start: datetime, end: datetime, interval: int = 1
    ) -> list[OptionChain]:
        payer = await info.context.signed_in_payer()
        self._check_is_of_day("start", start)
        wanted = SnapshotRange(start, end, interval)
        chains = granted(await metered.chains_over(info.context.ports, payer, wanted))
        return [render_chain(chain) for chain in chains]

    @strawberry.field(description="The selected series of the recorded seconds. Costs 10 credits.")
    async def series(self, info: Info) -> DaySeries:
        payer = await info.context.payer()
        asked = _names(info.selected_fields)
        names = [series for name, series in _SERIES_FIELDS.items() if name in asked]
        return render_series(granted(await metered.series(info.context.ports, payer, self.date, names)))

    def _check_is_of_day(self, argument: str, at: datetime) -> None:
        if at.date() != self.date:
            raise Refusal(MALFORMED, f"{argument} must be a time of the session of {self.date}.")


@strawberry.type
class MarketQuery:
    @strawberry.field(description="The sessions of the market, newest first.")
    async def market_sessions(
        self, info: Info, first: First = PAGE_SIZE_DEFAULT, after: After = None
    ) -> Connection[MarketDay]:
        page = read_page(first, after, int)
        viewer = await info.context.visitor_or_viewer()
        sessions = await market.list_sessions(info.context.ports, viewer)
        return connect(sessions[::-1], page, _key, render_day)

    @strawberry.field(description="One session of the market; null when there is none on that date.")
    async def market_day(self, info: Info, date: date) -> MarketDay | None:
        return await find_day(info, date)


async def find_day(info: Info, on: date) -> MarketDay | None:
    viewer = await info.context.visitor_or_viewer()
    sessions = await market.list_sessions(info.context.ports, viewer)
    return next((render_day(session) for session in sessions if session.date == on), None)


def render_day(session: MarketSession) -> MarketDay:
    return MarketDay(
        id=global_id(NodeKind.MARKET_DAY, session.date),
        date=session.date,
        start_time=session.start_at,
        end_time=session.end_at,
        data_start_time=session.data_start_at,
        data_end_time=session.data_end_at,
        synthetic=session.synthetic,
        restricted=session.restricted,
        current=session.current,
        upcoming=session.upcoming,
    )


def _key(session: MarketSession) -> Key:
    return (-session.date.toordinal(),)


def render_series(frame: SeriesFrame) -> DaySeries:
    first = int(frame.open_at.timestamp())
    seconds = np.arange(frame.seconds.start, frame.seconds.stop, frame.seconds.step)
    columns = {name: known_column(column) for name, column in frame.columns.items()}
    return DaySeries(
        time_unix=IntColumn(first + seconds),
        spx_e4=columns.get(SeriesName.SPX),
        vix_e4=columns.get(SeriesName.VIX),
        spx_expected_move_e6=columns.get(SeriesName.SPX_EXPECTED_MOVE),
        spx_otm_bids_cents=columns.get(SeriesName.SPX_OTM_BIDS),
        spx_extrinsic_e4=columns.get(SeriesName.SPX_EXTRINSIC),
    )


def _names(selections: Iterable[Selection]) -> set[str]:
    """Names of the fields selected below these, through fragments too."""
    names: set[str] = set()
    for selection in selections:
        for inner in selection.selections:
            names |= {inner.name} if isinstance(inner, SelectedField) else _names([inner])
    return names
