"""Small files in the vendors' formats, and importing them."""

import zipfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from engine.contracts import Contract, Right
from engine.market import MISSING_TICKS, Day
from marketdata.importing import ImportRequest, run_import
from marketdata.library import Library
from marketdata.reports import Finding, ImportReport

NOW = datetime(2026, 1, 2, tzinfo=UTC)
CBOE_NAME = "UnderlyingOptionsIntervals_60sec_calcs_2018-01-05"
CBOE_DEFAULTS = {
    "underlying_symbol": "^SPX", "quote_datetime": "2018-01-05 09:31:00", "root": "SPXW",
    "expiration": "2018-01-05", "strike": "2735.000", "option_type": "C", "open": "0.0000",
    "high": "0.0000", "low": "0.0000", "close": "0.0000", "trade_volume": "0", "bid_size": "1",
    "bid": "1.0000", "ask_size": "1", "ask": "1.2000", "underlying_bid": "2730.0000",
    "underlying_ask": "2734.0000", "implied_underlying_price": "2731.0000",
    "active_underlying_price": "2731.0900", "implied_volatility": "0.1000", "delta": "0.2500",
    "gamma": "0.0000", "theta": "0.0000", "vega": "0.0000", "rho": "0.0000",
}  # fmt: skip
CALCS = (
    "implied_underlying_price", "active_underlying_price", "implied_volatility",
    "delta", "gamma", "theta", "vega", "rho",
)  # fmt: skip


def cboe_row(minute: str = "09:31", day: str = "2018-01-05", **values: str) -> dict[str, str]:
    """One row at a minute of a day on which it expires, the rest as in ``CBOE_DEFAULTS``."""
    times = {"quote_datetime": f"{day} {minute}:00", "expiration": day}
    return CBOE_DEFAULTS | times | values


def closing_row(day: str = "2018-01-05", close: str = "16:00", **values: str) -> dict[str, str]:
    """The row that most small days end with, so that they have an index to settle at."""
    return cboe_row(close, day, **values)


def cboe_text(rows: Iterable[Mapping[str, str]], columns: Iterable[str] = tuple(CBOE_DEFAULTS)) -> str:
    columns = list(columns)
    lines = [",".join(columns), *(",".join(row[column] for column in columns) for row in rows)]
    return "\n".join(lines) + "\n"


def cboe_file(folder: Path, *rows: Mapping[str, str]) -> Path:
    path = folder / f"{CBOE_NAME}.csv"
    path.write_text(cboe_text(rows))
    return path


def write_zip(path: Path, members: Mapping[str, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def run(
    format_name: str, path: Path, settlement_cents: int | None = None
) -> tuple[ImportReport, tuple[Day, ...]]:
    """Imports a path into a library beside it, and opens the days."""
    root = path.parent / "days"
    report = run_import(ImportRequest(format_name, (path,), settlement_cents), root, NOW)
    library = Library(root)
    return report, tuple(library.open(info.date) for info in report.days)


def found(report: ImportReport) -> dict[Finding, int]:
    return {offence.finding: offence.count for offence in report.offences}


def quotes(day: Day, name: str, *seconds: int) -> list[tuple[float, float] | None]:
    """A contract's (bid, ask) in points at seconds after the open; None where it has no quote."""
    row = day.row_of[Contract(int(name[:-1]), Right(name[-1]))]
    pairs = [(int(day.bid_ticks[row, second]), int(day.ask_ticks[row, second])) for second in seconds]
    return [None if ask == MISSING_TICKS else (bid / 20, ask / 20) for bid, ask in pairs]
