"""Option contracts and their OSI symbols."""

import re
from datetime import date
from enum import StrEnum
from typing import NamedTuple

ROOT = "SPXW"
STRIKE_POINTS_MAX = 99_999

_OSI = re.compile(r"SPXW {1,2}(\d{2})(\d{2})(\d{2})([CP])(\d{5})000", re.ASCII)


class Right(StrEnum):
    CALL = "C"
    PUT = "P"


class Contract(NamedTuple):
    """An SPXW option of the session's own date: a whole-point strike and a right.

    A tuple, because one request hashes and compares contracts thousands of times.
    """

    strike_points: int
    right: Right

    @property
    def is_call(self) -> bool:
        return self.right is Right.CALL

    def intrinsic_points(self, level_points: int) -> int:
        """The payoff at expiry of one long unit at a whole-point index level."""
        inside_points = level_points - self.strike_points
        return max(inside_points if self.is_call else -inside_points, 0)

    def intrinsic_cents(self, level_cents: int) -> int:
        """The payoff at expiry in price cents, for an index level in cents."""
        inside_cents = level_cents - 100 * self.strike_points
        return max(inside_cents if self.is_call else -inside_cents, 0)


def parse_osi(symbol: str) -> tuple[date, Contract] | None:
    """The expiry and contract of an SPXW OSI symbol, or None.

    Both the canonical 21 characters and the 20 of a symbol that lost a padding space are read.
    """
    match = _OSI.fullmatch(symbol)
    if match is None:
        return None
    year, month, day, right, strike = match.groups()
    try:
        expiry = date(2000 + int(year), int(month), int(day))
    except ValueError:
        return None
    return (expiry, Contract(int(strike), Right(right))) if int(strike) else None


def format_osi(expiry: date, contract: Contract) -> str:
    """The canonical 21-character OSI symbol."""
    return f"{ROOT:<6}{expiry:%y%m%d}{contract.right}{contract.strike_points * 1000:08d}"
