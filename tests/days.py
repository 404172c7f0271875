"""Tiny days for tests that need a market: short, few strikes, and every value easy to foresee."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

from engine.contracts import Contract, Right
from engine.market import MISSING_DELTA, MISSING_TICKS, Day, SettlementSource
from marketdata.library import DayInfo
from marketdata.manifests import Provenance
from marketdata.publishing import publish

DATE = date(2025, 1, 15)
STRIKES = (5930, 5940, 5950, 5960, 5970)
PROVENANCE = Provenance(source="tiny", importer_version="1", resolution_seconds=1)


def tiny_day(
    on: date = DATE, close_second: int = 600, strikes: tuple[int, ...] = STRIKES, spx_points: int = 5950
) -> Day:
    """A day that opens at 14:30 UTC with a flat index.

    Each contract is worth its intrinsic value plus 5 points at the open, which melt away evenly to
    the close; it is quoted 0.20 wide around that, from 0 up. Calls at the money have delta 0.5, and
    0.01 less for each further point of strike. Settlement is at ``spx_points``.
    """
    contracts = tuple(Contract(strike, right) for strike in sorted(strikes) for right in Right)
    seconds = np.arange(close_second + 1)
    melting_ticks = 100 * (close_second - seconds) // close_second
    intrinsic_ticks = np.array([[20 * contract.intrinsic_points(spx_points)] for contract in contracts])
    mid_ticks = intrinsic_ticks + melting_ticks
    return Day(
        date=on,
        open_at=datetime(on.year, on.month, on.day, 14, 30, tzinfo=UTC),
        close_second=close_second,
        contracts=contracts,
        bid_ticks=np.maximum(mid_ticks - 2, 0).astype(np.uint16),
        ask_ticks=(mid_ticks + 2).astype(np.uint16),
        delta_e4=np.tile(_deltas_e4(contracts, spx_points), (close_second + 1, 1)),
        spx_e4=np.full(close_second + 1, spx_points * 10_000, np.int32),
        vix_e4=np.full(close_second + 1, 150_000, np.int32),
        known_from=0,
        known_until=close_second,
        settlement_cents=100 * spx_points,
        settlement_source=SettlementSource.OFFICIAL,
        content_hash="tiny",
    )


def recorded_in_part(day: Day, known_from: int, known_until: int) -> Day:
    """The day as a recording has it that holds only these seconds."""
    seconds = np.arange(day.close_second + 1)
    known = (known_from <= seconds) & (seconds <= known_until)
    return replace(
        day,
        bid_ticks=np.where(known, day.bid_ticks, np.uint16(MISSING_TICKS)),
        ask_ticks=np.where(known, day.ask_ticks, np.uint16(MISSING_TICKS)),
        delta_e4=np.where(known[:, None], day.delta_e4, np.int16(MISSING_DELTA)),
        known_from=known_from,
        known_until=known_until,
    )


def _deltas_e4(contracts: tuple[Contract, ...], spx_points: int) -> np.ndarray:
    calls = [min(max(5000 + 100 * (spx_points - c.strike_points), 0), 10_000) for c in contracts]
    return np.array(
        [call if c.is_call else 10_000 - call for c, call in zip(contracts, calls, strict=True)], np.int16
    )


def publish_tiny_day(root: Path, on: date = DATE, **shape: int) -> DayInfo:
    """Publishes ``tiny_day(on, **shape)`` under ``root`` and tells about it."""
    return publish(root, tiny_day(on, **shape), PROVENANCE)


def publish_day(root: Path, day: Day) -> Day:
    """Publishes any in-memory day and returns it with its content hash."""
    return replace(day, content_hash=publish(root, day, PROVENANCE).content_hash)
