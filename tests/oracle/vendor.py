"""The vendor's recorded day, read and traded by hand: none of the product's code is used here.

End-to-end tests compare the product with these figures. Prices are exact decimals in index points,
minutes are ``HH:MM`` in New York, and an interval's stamp is the minute at which its quote was known.
"""

import csv
import io
import zipfile
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path

ARCHIVE = Path("cboe-intervals-gpl2") / "UnderlyingOptionsIntervals_60sec_calcs_2018-01-05.zip"
DAY = "2018-01-05"
CLOSE = "16:00"
SETTLEMENT_UNTIL = "16:20"
TICK = Decimal("0.05")


@dataclass(frozen=True)
class VendorRow:
    bid: Decimal
    ask: Decimal
    index: Decimal
    delta: Decimal
    implied_volatility: Decimal

    @property
    def mid(self) -> Decimal:
        return (self.bid + self.ask) / 2

    @property
    def is_quote(self) -> bool:
        return self.ask > 0 and self.ask >= self.bid


@dataclass(frozen=True)
class VendorDay:
    """Rows of the options that expire on the day, by (minute, strike, right), to 16:15."""

    rows: dict[tuple[str, int, str], VendorRow]

    @property
    def minutes(self) -> list[str]:
        """The minutes of the session that have rows."""
        return sorted({minute for minute, _, _ in self.rows if minute <= CLOSE})

    @property
    def contracts(self) -> set[tuple[int, str]]:
        return {(strike, right) for _, strike, right in self.rows}

    def row(self, minute: str, name: str) -> VendorRow:
        """``row("10:00", "2735C")``"""
        return self.rows[minute, int(name[:-1]), name[-1]]

    def index(self, minute: str) -> Decimal:
        return next(row.index for (at, _, _), row in self.rows.items() if at == minute)

    @property
    def settlement(self) -> Decimal:
        """The last print of the index up to 16:20, to the cent."""
        last = max(minute for minute, _, _ in self.rows if minute <= SETTLEMENT_UNTIL)
        return self.index(last).quantize(Decimal("0.01"), ROUND_HALF_UP)

    def net_mid(self, minute: str, legs: str) -> Decimal:
        """The unsnapped mid of ``"+1 2735C, -1 2740C"``, a debit positive."""
        return sum((signed * self.row(minute, name).mid for signed, name in read_legs(legs)), Decimal(0))

    def snapped(self, minute: str, legs: str) -> Decimal:
        """The net mid of several legs on the grid of 0.05, rounded up: the trader pays the remainder."""
        ticks = (self.net_mid(minute, legs) / TICK).to_integral_value(ROUND_CEILING)
        return ticks * TICK

    def first_minute(self, start: str, legs: str, limit: Decimal) -> str | None:
        """The first minute from ``start`` and before the close at which the snapped net is at most
        ``limit`` (a credit is negative) and every leg is quoted."""
        for minute in self.minutes:
            quoted = all(self.row(minute, name).is_quote for _, name in read_legs(legs))
            if start <= minute < CLOSE and quoted and self.snapped(minute, legs) <= limit:
                return minute
        return None

    def settlement_cash(self, legs: str) -> Decimal:
        """Dollars that one unit of the legs receives when it is settled."""
        return sum((100 * signed * self.intrinsic(name) for signed, name in read_legs(legs)), Decimal(0))

    def intrinsic(self, name: str) -> Decimal:
        """Points that an option is worth at settlement."""
        inside = self.settlement - int(name[:-1])
        return max(inside if name[-1] == "C" else -inside, Decimal(0))


def single_leg_price(mid: Decimal, *, buying: bool) -> Decimal:
    """A mid on the grid of one option, 0.05 up to 3.00 and 0.10 above, rounded against the trader."""
    rounding = ROUND_CEILING if buying else ROUND_FLOOR
    price = (mid / TICK).to_integral_value(rounding) * TICK
    if price <= 3:
        return price
    return (mid / (2 * TICK)).to_integral_value(rounding) * 2 * TICK


def read_legs(legs: str) -> list[tuple[int, str]]:
    return [(int(signed), name) for signed, name in (leg.split() for leg in legs.split(","))]


@cache
def vendor_day(data: Path) -> VendorDay:
    """The day of the archive under a data directory."""
    rows = {}
    with zipfile.ZipFile(data / ARCHIVE) as archive:
        (name,) = archive.namelist()
        for fields in csv.DictReader(io.TextIOWrapper(archive.open(name), "ascii", newline="")):
            if fields["root"] == "SPXW" and fields["expiration"] == DAY:
                key = (fields["quote_datetime"][11:16], int(Decimal(fields["strike"])), fields["option_type"])
                rows[key] = VendorRow(*(Decimal(fields[column]) for column in (
                    "bid", "ask", "active_underlying_price", "delta", "implied_volatility",
                )))  # fmt: skip
    return VendorDay(rows)
