"""Files as ThetaData's Terminal writes them, versions 3 and 2."""

from collections.abc import Iterable, Mapping
from pathlib import Path

QUOTE = {
    "symbol": "SPXW", "expiration": "2025-01-17", "strike": "6000.000", "right": "CALL",
    "timestamp": "2025-01-17T09:31:00.000", "bid_size": "12", "bid_exchange": "5", "bid": "5.00",
    "bid_condition": "50", "ask_size": "9", "ask_exchange": "5", "ask": "5.20", "ask_condition": "50",
}  # fmt: skip
GREEKS = {
    "symbol": "SPXW", "expiration": "2025-01-17", "strike": "6000.000", "right": "CALL",
    "timestamp": "2025-01-17T09:31:00.000", "bid": "5.00", "ask": "5.20", "delta": "0.4321",
    "theta": "-1.0", "vega": "0.5", "rho": "0.1", "epsilon": "-0.1", "lambda": "9.0",
    "implied_vol": "0.1200", "iv_error": "0.0000", "underlying_timestamp": "2025-01-17T09:31:00.000",
    "underlying_price": "5998.25",
}  # fmt: skip
QUOTE_2 = {
    "ms_of_day": "34260000", "bid_size": "12", "bid_exchange": "5", "bid": "5.00", "bid_condition": "50",
    "ask_size": "9", "ask_exchange": "5", "ask": "5.20", "ask_condition": "50", "date": "20250117",
}  # fmt: skip
GREEKS_2 = {
    "ms_of_day": "34260000", "bid": "5.00", "ask": "5.20", "delta": "0.4321", "theta": "-1.0",
    "vega": "0.5", "rho": "0.1", "epsilon": "-0.1", "lambda": "9.0", "implied_vol": "0.1200",
    "iv_error": "0.0000", "ms_of_day2": "34260000", "underlying_price": "5998.25", "date": "20250117",
}  # fmt: skip
CLOCK = [f"{9 + (30 + n) // 60:02d}:{(30 + n) % 60:02d}:00.000" for n in range(391)]
PUT = {"right": "PUT", "bid": "7.00", "ask": "7.20"}


def row(time: str = "09:31:00.000", **values: str) -> dict[str, str]:
    return QUOTE | {"timestamp": f"2025-01-17T{time}"} | values


def greeks_row(time: str = "09:31:00.000", **values: str) -> dict[str, str]:
    return GREEKS | {"timestamp": f"2025-01-17T{time}"} | values


def every_minute(**values: str) -> list[dict[str, str]]:
    """Call and put at 6000 from the open to the close, so that the index can be derived."""
    return [row(time, **right, **values) for time in CLOCK for right in ({}, PUT)]


def write(path: Path, rows: Iterable[Mapping[str, str]], columns: Iterable[str] | None = None) -> Path:
    """As the Terminal writes: a header, then rows, all lines ended by CR LF."""
    rows = list(rows)
    names = list(columns or rows[0])
    lines = [",".join(names), *(",".join(row[name] for name in names) for row in rows)]
    path.write_bytes("".join(f"{line}\r\n" for line in lines).encode())
    return path


def single(folder: Path, name: str, defaults: Mapping[str, str] = QUOTE_2, **values: str) -> Path:
    """A version 2 file of one contract, a row each minute."""
    stamps = [{"ms_of_day": str(34_200_000 + 60_000 * n)} for n in range(391)]
    return write(folder / name, [{**defaults, **values, **stamp} for stamp in stamps])
