"""The same work with what a user would take instead: polars on Parquet sorted by contract.

W2 day by day, each profit compared with ours before anything is printed.
"""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from bench.backtests import CONTRACTS, measured, tapes_of, w2
from bench.chains import chain_day
from bench.figures import Figure
from engine.backtesting import run
from engine.market import Day

try:
    import polars as pl
except ImportError:
    pl = None

DAYS, LAPS = 40, 5
ENTRY, LAST = 1_800, 23_100
SOLD_E4, BOUGHT_E4 = 3_000, 2_000
TICK_CENTS = 5


def peer_figures() -> Iterator[Figure]:
    days = [chain_day(number, CONTRACTS) for number in range(DAYS)]
    tapes = tapes_of(days)
    ours = measured(tapes, w2).sessions_a_second
    yield Figure("W2 through our public call", ours, "sessions/s", note=f"{DAYS} days")
    if pl is None:
        yield Figure("polars", 0, "sessions/s", note="not installed: pip install polars, then again")
        return
    with TemporaryDirectory(prefix="zerodte-bench-") as folder:
        paths = [_written(day, Path(folder)) for day in days]
        assert [profit_cents(path) for path in paths] == run(tapes, [w2(0)]).sessions["gross_cents"][
            :, 0
        ].tolist()
        theirs = 1 / median(_seconds_a_session(paths) for _ in range(LAPS))
    yield Figure("W2 with polars on sorted Parquet", theirs, "sessions/s", note=f"polars {pl.__version__}")
    yield Figure("ours to theirs", ours / theirs, "times", least=1_000)


def _seconds_a_session(paths: Sequence[Path]) -> float:
    started = time.perf_counter()
    for path in paths:
        profit_cents(path)
    return (time.perf_counter() - started) / len(paths)


def _written(day: Day, folder: Path) -> Path:
    """The day as rows of contract and second, a row group for each contract."""
    rows, count = day.close_second + 1, len(day.contracts)
    strikes = np.array([contract.strike_points for contract in day.contracts], np.int32)
    calls = np.array([contract.is_call for contract in day.contracts])
    frame = pl.DataFrame({
        "contract": np.repeat(np.arange(count, dtype=np.int32), rows),
        "second": np.tile(np.arange(rows, dtype=np.int32), count),
        "strike": np.repeat(strikes, rows),
        "is_call": np.repeat(calls, rows),
        "bid": day.bid_ticks.ravel().astype(np.int32),
        "ask": day.ask_ticks.ravel().astype(np.int32),
        "delta": day.delta_e4.T.ravel().astype(np.int32),
    })  # fmt: skip
    path = folder / f"{day.date}.parquet"
    frame.write_parquet(path, row_group_size=rows, statistics=True)
    return path


def profit_cents(path: Path) -> int:
    """What W2 makes on a day, in cents: 0 where nothing is entered."""
    lazy = pl.scan_parquet(path)
    chain = lazy.filter(pl.col("second") == ENTRY).select("contract", "strike", "is_call", "delta").collect()
    weights = {
        _nearest(chain, target_e4, is_call=is_call): weight
        for is_call in (True, False)
        for target_e4, weight in ((SOLD_E4, -1), (BOUGHT_E4, 1))
    }
    if len(weights) < 4:
        return 0
    nets = (
        lazy.filter(pl.col("contract").is_in(list(weights)) & pl.col("second").is_between(ENTRY, LAST))
        .with_columns(weight=pl.col("contract").replace_strict(weights, return_dtype=pl.Int32))
        .group_by("second")
        .agg(half_ticks=((pl.col("bid") + pl.col("ask")) * pl.col("weight")).sum())
        .sort("second")
        .collect()
    )
    half_ticks = nets["half_ticks"].to_numpy()
    credit_cents = half_ticks[0] // -2 * TICK_CENTS
    if credit_cents <= 0:
        return 0
    closing_cents = -(half_ticks[1:] // 2) * TICK_CENTS
    profits_cents = credit_cents - closing_cents
    reached = np.flatnonzero(2 * profits_cents >= credit_cents)
    return 100 * int(profits_cents[reached[0] if len(reached) else -1])


def _nearest(chain: "pl.DataFrame", target_e4: int, *, is_call: bool) -> int:
    """The contract whose delta is nearest, the one further out of the money of two."""
    side = chain.filter(pl.col("is_call") == is_call)
    further = -pl.col("strike") if is_call else pl.col("strike")
    return int(side.sort((pl.col("delta") - target_e4).abs(), further)["contract"][0])
