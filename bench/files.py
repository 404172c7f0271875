"""Recorded days on disk: reading a second of the chain, size, and the import of the real Cboe day."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.days import made_day, published_day
from bench.figures import MICROS_A_SECOND, Figure, median_micros
from bench.imports import format_figures
from engine.market import Day
from marketdata.importing import ImportRequest, run_import
from marketdata.reports import ImportReport

MEBIBYTE = 2**20
REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("ZERODTE_SHARED", REPOSITORY.parent / "shared"))
CBOE_DAY = SHARED / "data/cboe-intervals-gpl2/UnderlyingOptionsIntervals_60sec_calcs_2018-01-05.zip"


def file_figures() -> Iterator[Figure]:
    with published_day() as (day, info):
        taken = median_micros(lambda lap: chain_row(day, lap * 7_919 % day.close_second), 300)
        size = info.size_bytes
    yield Figure("chain at a second: bid, ask, delta of 600", taken, "µs", most=53, note="random seconds")
    yield Figure("a day of 600 contracts on disk", size / MEBIBYTE, "MiB", most=81)
    seconds = median_micros(lambda _: made_day(), 3) / MICROS_A_SECOND
    yield Figure("making a day of 600 contracts", seconds, "s", most=3, note="one core")
    yield from import_figures()
    yield from format_figures()


def chain_row(day: Day, second: int) -> tuple[bytes, bytes, bytes]:
    columns = day.bid_ticks[:, second], day.ask_ticks[:, second], day.delta_e4[second]
    bids, asks, deltas = (column.tobytes() for column in columns)
    return bids, asks, deltas


def import_figures() -> Iterator[Figure]:
    report = import_cboe_day()
    (info,) = report.days
    contracts = f"{info.contracts} contracts"
    yield Figure("import of the real Cboe day", report.elapsed_seconds, "s", most=5, note=contracts)
    yield Figure("rows read by it", report.rows_per_second, "rows/s", note=f"{report.rows_read:,} rows")
    yield Figure("the day it makes, on disk", info.size_bytes / MEBIBYTE, "MiB", note=contracts)


def import_cboe_day() -> ImportReport:
    with TemporaryDirectory(prefix="zerodte-bench-") as folder:
        report = run_import(ImportRequest("cboe", (CBOE_DAY,)), Path(folder), datetime.now(UTC))
    assert len(report.days) == 1, report.refused_days
    return report
