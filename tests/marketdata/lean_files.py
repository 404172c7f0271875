"""Trees as LEAN has them."""

from collections.abc import Mapping
from pathlib import Path

from tests.marketdata.vendor_files import write_zip

DAY = "20210104"
OPEN_MS = 34_200_000
MINUTE_MS = 60_000
BAR = "649000,671000,635000,{bid},48,692000,707000,674000,{ask},15"


def bar(minute: int, bid: str = "10000", ask: str = "12000") -> str:
    """The bar that starts ``minute`` minutes after the open; ``bid`` may be empty."""
    prices = BAR.format(bid=bid, ask=ask)
    return f"{OPEN_MS + minute * MINUTE_MS},{prices if bid else ',,,,0,' + prices.split(',', 5)[5]}"


def bars(count: int = 390, **prices: str) -> list[str]:
    return [bar(minute, **prices) for minute in range(count)]


def member(
    right: str = "put", strike: str = "37000000", expiry: str = DAY, root: str = "spxw", day: str = DAY
) -> str:
    return f"{day}_{root}_minute_quote_european_{right}_{strike}_{expiry}.csv"


def tree(
    folder: Path, contracts: Mapping[str, list[str]], index: list[str] | None = None, ending: str = "zip"
) -> Path:
    """A Data directory with one date's quotes, and its index where there is one."""
    minute = "usa/minute"
    day = next(iter(contracts))[:8]
    members = {name: "\n".join(lines) + "\n" for name, lines in contracts.items()}
    write_zip(folder / f"Data/indexoption/{minute}/spxw/{day}_quote_european.{ending}", members)
    if index is not None:
        rows = {f"{day}_spx_minute_trade.csv": "\n".join(index) + "\n"}
        write_zip(folder / f"Data/index/{minute}/spx/{day}_trade.{ending}", rows)
    return folder / "Data"


def index_bar(minute: int, close: str) -> str:
    """A bar of the index, whose clock is Chicago's."""
    return f"{OPEN_MS - 3_600_000 + minute * MINUTE_MS},3764.61,3769.99,3764.61,{close},59"


INDEX = [index_bar(minute, f"{3700 + minute / 100:.2f}") for minute in range(411)]
