"""Files as optionsDX writes them."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

DEFAULTS = {
    "QUOTE_UNIXTIME": "", "QUOTE_READTIME": "", "QUOTE_DATE": "2023-01-20", "QUOTE_TIME_HOURS": "",
    "UNDERLYING_LAST": "3900.25", "EXPIRE_DATE": "2023-01-20", "EXPIRE_UNIX": "1674248400",
    "DTE": "0.27", "C_DELTA": "0.52", "C_GAMMA": "0.01", "C_VEGA": "0.30", "C_THETA": "-5.0",
    "C_RHO": "0.02", "C_IV": "0.2100", "C_VOLUME": "12", "C_LAST": "9.90", "C_SIZE": "12 x 14",
    "C_BID": "9.80", "C_ASK": "10.00", "STRIKE": "3900.0", "P_BID": "9.60", "P_ASK": "9.80",
    "P_SIZE": "10x10", "P_LAST": "9.70", "P_DELTA": "-0.47", "P_GAMMA": "0.01", "P_VEGA": "0.30",
    "P_THETA": "-5.0", "P_RHO": "-0.02", "P_IV": "0.2000", "P_VOLUME": "", "STRIKE_DISTANCE": "0.2",
    "STRIKE_DISTANCE_PCT": "0.0",
}  # fmt: skip
OPEN = datetime(2023, 1, 20, 14, 30, tzinfo=UTC)
MINUTES = [60 * n for n in range(391)]


def row(second: int = 60, **values: str) -> dict[str, str]:
    """A strike at seconds after the open of 2023-01-20, the rest as in ``DEFAULTS``."""
    unix = int(OPEN.timestamp()) + second
    eastern = datetime.fromtimestamp(unix - 5 * 3600, UTC)
    times = {
        "QUOTE_UNIXTIME": str(unix),
        "QUOTE_READTIME": f"{eastern:%Y-%m-%d %H:%M}",
        "QUOTE_TIME_HOURS": str(eastern.hour + eastern.minute / 60),
    }
    return {**DEFAULTS, **times, **values}


def text(rows: Iterable[Mapping[str, str]]) -> str:
    """As the vendor writes: names in brackets, and a comma and a blank between fields."""
    lines = [", ".join(f"[{name}]" for name in DEFAULTS), *(", ".join(row.values()) for row in rows)]
    return "\n".join(lines) + "\n"


def write(folder: Path, *rows: Mapping[str, str], name: str = "spx_01_202301.txt") -> Path:
    path = folder / name
    path.write_text(text([row(second) for second in MINUTES] + list(rows)))
    return path
