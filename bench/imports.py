"""How fast days are read from each format and written to our own, on files of a real day's size."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.days import published_day
from bench.figures import Figure
from engine.contracts import Right
from engine.market import MISSING_TICKS, Day
from marketdata.exporting import FileFormat, export
from marketdata.importing import ImportRequest, run_import
from marketdata.reports import ImportReport
from tests.marketdata import databento_files, lean_files, optionsdx_files, thetadata_files

STEP_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Quote:
    """A contract's quote at a second after the open, in points."""

    strike: int
    right: Right
    second: int
    bid: float
    ask: float


def format_figures() -> Iterator[Figure]:
    """A chain of 600 contracts a minute in the layout of each vendor, and every change in our own."""
    with published_day() as (day, _), TemporaryDirectory(prefix="zerodte-bench-") as folder:
        for name, write in WRITERS.items():
            home = Path(folder) / name
            home.mkdir()
            write(home, list(quotes_each_minute(day)))
            report = imported(name.split()[0], home)
            yield Figure(f"import {name}", report.rows_per_second, "rows/s", note=told(report))
        for file_format in FileFormat:
            yield from returned(day, Path(folder) / f"{day.date}.{file_format}", file_format)


def returned(day: Day, path: Path, file_format: FileFormat) -> Iterator[Figure]:
    """A day out to our own table and in again."""
    started = time.perf_counter()
    rows = export(day, path, file_format)
    yield Figure(f"export {file_format}", time.perf_counter() - started, "s", note=f"{rows:,} rows")
    report = imported("zerodte", path)
    assert report.days[0].content_hash == day.content_hash
    yield Figure(f"import zerodte {file_format}", report.rows_per_second, "rows/s", note=told(report))


def imported(format_name: str, path: Path) -> ImportReport:
    with TemporaryDirectory(prefix="zerodte-bench-") as root:
        report = run_import(ImportRequest(format_name, (path,)), Path(root), datetime.now(UTC))
    assert len(report.days) == 1, report.refused_days
    return report


def told(report: ImportReport) -> str:
    return f"{report.rows_read:,} rows in {report.elapsed_seconds:.1f} s"


def quotes_each_minute(day: Day) -> Iterator[Quote]:
    for second in range(0, day.close_second + 1, STEP_SECONDS):
        bids, asks = day.bid_ticks[:, second].tolist(), day.ask_ticks[:, second].tolist()
        for contract, bid, ask in zip(day.contracts, bids, asks, strict=True):
            if ask != MISSING_TICKS:
                yield Quote(contract.strike_points, contract.right, second, bid / 20, ask / 20)


def write_databento(folder: Path, quotes: list[Quote]) -> None:
    contracts = sorted({(quote.strike, quote.right) for quote in quotes})
    numbers = {contract: number for number, contract in enumerate(contracts, 1)}
    symbols = {
        f"SPXW  {databento_files.DAY:%y%m%d}{right}{strike * 1000:08d}": number
        for (strike, right), number in numbers.items()
    }
    records = (
        databento_files.cbbo(q.second, q.bid or None, q.ask, numbers[q.strike, q.right], 193) for q in quotes
    )
    head = databento_files.metadata("cbbo-1m", symbols=symbols)
    databento_files.write(folder, records, "cbbo-1m", head=head)


def write_thetadata(folder: Path, quotes: list[Quote]) -> None:
    rows = [
        thetadata_files.row(
            thetadata_files.CLOCK[quote.second // STEP_SECONDS],
            strike=f"{quote.strike}.000",
            right="CALL" if quote.right is Right.CALL else "PUT",
            bid=f"{quote.bid:.2f}",
            ask=f"{quote.ask:.2f}",
        )
        for quote in quotes
    ]
    thetadata_files.write(folder / "quotes_2025-01-17.csv", rows)


def write_optionsdx(folder: Path, quotes: list[Quote]) -> None:
    sides: dict[tuple[int, int], dict[str, str]] = {}
    for quote in quotes:
        prices = {f"{quote.right}_BID": f"{quote.bid:.2f}", f"{quote.right}_ASK": f"{quote.ask:.2f}"}
        sides.setdefault((quote.second, quote.strike), {}).update(prices)
    rows = [
        optionsdx_files.row(second, STRIKE=f"{strike}.0", **prices)
        for (second, strike), prices in sides.items()
    ]
    (folder / "spx_20230120.txt").write_text(optionsdx_files.text(rows))


def write_lean(folder: Path, quotes: list[Quote]) -> None:
    contracts: dict[str, list[str]] = {}
    for quote in quotes:
        right = "call" if quote.right is Right.CALL else "put"
        name = lean_files.member(right, str(quote.strike * 10_000))
        bid, ask = round(quote.bid * 10_000), round(quote.ask * 10_000)
        bar = lean_files.bar(quote.second // STEP_SECONDS, bid=str(bid or ""), ask=str(ask))
        contracts.setdefault(name, []).append(bar)
    lean_files.tree(folder, contracts, lean_files.INDEX)


WRITERS: dict[str, Callable[[Path, list[Quote]], None]] = {
    "databento": write_databento,
    "lean": write_lean,
    "optionsdx": write_optionsdx,
    "thetadata": write_thetadata,
}
