"""A day exported and imported again is the same day."""

from dataclasses import replace
from datetime import UTC, date
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from engine.calendar import session_of
from engine.market import MISSING_DELTA, MISSING_INDEX, MISSING_TICKS, Day, SettlementSource
from engine.synthetic import SEED_DEFAULT, synthesize
from marketdata.exporting import FileFormat, export
from marketdata.hashing import content_hash
from marketdata.importing import ImportRequest, run_import
from marketdata.library import Library
from tests.days import DATE, tiny_day
from tests.marketdata.comparing import difference
from tests.marketdata.vendor_files import NOW, cboe_file, cboe_row, run

FORMATS = pytest.mark.parametrize("file_format", FileFormat)


def returned(day: Day, folder: Path, file_format: FileFormat) -> Day:
    """The day that an import of its export publishes."""
    path = folder / f"{day.date}.{file_format}"
    rows = export(day, path, file_format)
    root = folder / "again"
    report = run_import(ImportRequest("zerodte", (path,)), root, NOW)
    assert (report.refused_days, report.rows_read) == ((), rows)
    return Library(root).open(day.date)


def session_day(**values: object) -> Day:
    """A tiny chain over a whole session, without quote, delta or index in its first minute and its last."""
    bounds = session_of(DATE)
    assert bounds is not None
    day = tiny_day(close_second=bounds.close_second)
    bids, asks, deltas = day.bid_ticks.copy(), day.ask_ticks.copy(), day.delta_e4.copy()
    for unknown in (slice(0, 60), slice(23_341, None)):
        bids[:, unknown] = asks[:, unknown] = MISSING_TICKS
        deltas[unknown] = MISSING_DELTA
    spx, vix = day.spx_e4.copy(), day.vix_e4.copy()
    spx[:30] = vix[:7000] = MISSING_INDEX
    spx[23_341:] = vix[23_341:] = MISSING_INDEX
    spx[500:600] += 12_345
    return replace(
        day, bid_ticks=bids, ask_ticks=asks, delta_e4=deltas, spx_e4=spx, vix_e4=vix,
        known_from=60, known_until=23_340, **values,
    )  # fmt: skip


@FORMATS
@pytest.mark.parametrize("source", SettlementSource)
def test_bounds_and_settlement_come_back(
    tmp_path: Path, file_format: FileFormat, source: SettlementSource
) -> None:
    day = session_day(settlement_source=source, settlement_cents=595_012)
    again = returned(day, tmp_path, file_format)
    assert difference(again, day) == ["content_hash"]
    assert again.content_hash == content_hash(day)


@FORMATS
def test_a_contract_without_a_quote_and_quotes_without_a_delta_come_back(
    tmp_path: Path, file_format: FileFormat
) -> None:
    day = session_day()
    bids, asks, deltas = day.bid_ticks.copy(), day.ask_ticks.copy(), day.delta_e4.copy()
    bids[0] = asks[0] = MISSING_TICKS
    bids[1, 900:2000] = asks[1, 900:2000] = MISSING_TICKS
    deltas[:, 0] = deltas[1000:1100, 2] = MISSING_DELTA
    deltas[5000, 3] = 10_000
    day = replace(day, bid_ticks=bids, ask_ticks=asks, delta_e4=deltas)
    assert returned(day, tmp_path, file_format).content_hash == content_hash(day)


@FORMATS
def test_a_synthetic_day_comes_back_with_its_label(tmp_path: Path, file_format: FileFormat) -> None:
    bounds = session_of(date(2024, 7, 3))
    assert bounds is not None
    day = synthesize(bounds, SEED_DEFAULT)
    again = returned(day, tmp_path, file_format)
    assert again.synthetic
    assert again.content_hash == content_hash(day)


@FORMATS
@pytest.mark.parametrize("prints", ["2731.0900", ""])
def test_a_vendors_day_comes_back_derived_index_and_gaps_too(
    tmp_path: Path, file_format: FileFormat, prints: str
) -> None:
    minutes = [n for n in range(1, 391) if not 200 <= n < 240]
    blank = {"underlying_bid": "0", "underlying_ask": "0", "active_underlying_price": prints}
    rows = [
        cboe_row(
            f"{9 + (30 + n) // 60:02d}:{(30 + n) % 60:02d}",
            option_type=right,
            bid=f"{2 + n % 7}.00",
            ask="9.35",
            **blank,
        )
        for n in minutes
        for right in "CP"
    ]
    report, (day,) = run("cboe", cboe_file(tmp_path, *rows))
    assert (report.silent_seconds, day.index_derived) == (2394, not prints)
    again = returned(day, tmp_path, file_format)
    assert difference(again, day) == []


def test_rows_are_changes_and_statements(tmp_path: Path) -> None:
    day = tiny_day(close_second=100, strikes=(5950,))
    assert export(day, tmp_path / "day.csv", FileFormat.CSV) == 3 + 2 + 2 * 101
    lines = (tmp_path / "day.csv").read_text().splitlines()
    assert lines[:8] == [
        '"time","symbol","bid","ask","delta","last"',
        "2025-01-15T14:30:00Z,KNOWN FROM,,,,",
        "2025-01-15T14:31:40Z,KNOWN UNTIL,,,,",
        "2025-01-15T14:31:40Z,SETTLEMENT OFFICIAL,,,,5950.0000",
        "2025-01-15T14:30:00Z,SPX,,,,5950.0000",
        "2025-01-15T14:30:00Z,VIX,,,,15.0000",
        "2025-01-15T14:30:00Z,SPXW  250115C05950000,4.90,5.10,0.5000,",
        "2025-01-15T14:30:01Z,SPXW  250115C05950000,4.85,5.05,0.5000,",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["day.csv"]


def test_parquet_is_typed(tmp_path: Path) -> None:
    export(tiny_day(close_second=100), tmp_path / "day.parquet", FileFormat.PARQUET)
    table = pq.read_table(tmp_path / "day.parquet")
    assert table.column("time")[0].as_py().tzinfo is not None
    assert np.isclose(float(table.column("bid").drop_null()[0].as_py()), 24.9)
    assert table.column("time")[0].as_py().astimezone(UTC).isoformat() == "2025-01-15T14:30:00+00:00"
