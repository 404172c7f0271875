"""What the market use cases promise beside their wire format, which tests/rest_compat covers."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from engine.aggregates import Series
from engine.market import MISSING_DELTA, MISSING_INDEX, MISSING_TICKS, Day
from tests.days import DATE, publish_day, publish_tiny_day, tiny_day
from tests.people import Town
from usecases import market
from usecases.market import ChainSnapshot, SeriesFrame
from usecases.ports import Viewer

STARTS = 60


def recorded_from(day: Day, second: int) -> Day:
    """The day with nothing recorded before a second."""
    arrays = {
        name: np.array(getattr(day, name))
        for name in ("bid_ticks", "ask_ticks", "delta_e4", "spx_e4", "vix_e4")
    }
    arrays["bid_ticks"][:, :second] = arrays["ask_ticks"][:, :second] = MISSING_TICKS
    arrays["delta_e4"][:second] = MISSING_DELTA
    arrays["spx_e4"][:second] = arrays["vix_e4"][:second] = MISSING_INDEX
    return replace(day, known_from=second, **arrays)


async def viewer(town: Town) -> Viewer:
    return (await town.person(password=None)).viewer


async def test_chain_before_the_recording_quotes_nothing(town: Town, tmp_path: Path) -> None:
    publish_day(tmp_path, recorded_from(tiny_day(), STARTS))
    chain = await market.chain_at(
        town.ports, await viewer(town), datetime(2025, 1, 15, 14, 30, 59, tzinfo=UTC)
    )

    assert isinstance(chain, ChainSnapshot)
    assert chain.quoted == (False,) * len(chain.contracts)


async def test_series_start_with_the_recording(town: Town, tmp_path: Path) -> None:
    publish_day(tmp_path, recorded_from(tiny_day(), STARTS))
    frame = await market.series(town.ports, await viewer(town), DATE, ["spx"])

    assert isinstance(frame, SeriesFrame)
    assert (frame.seconds, len(frame.columns[Series.SPX])) == (range(STARTS, 601), 541)


async def test_columns_are_computed_once_for_the_same_values(town: Town, tmp_path: Path) -> None:
    publish_tiny_day(tmp_path)
    who = await viewer(town)
    frames = [await market.series(town.ports, who, DATE, ["spxOTMBids"]) for _ in range(2)]

    first, second = (frame.columns[Series.SPX_OTM_BIDS] for frame in frames if isinstance(frame, SeriesFrame))
    assert first.base is second.base


async def test_columns_cannot_be_written_to(town: Town, tmp_path: Path) -> None:
    publish_tiny_day(tmp_path)
    frame = await market.series(town.ports, await viewer(town), DATE, ["spx"])

    assert isinstance(frame, SeriesFrame)
    assert not frame.columns[Series.SPX].flags.writeable
