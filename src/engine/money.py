"""Units of money and price, and the one rounding rule.

``Cents`` are cents of money; ``PriceCents`` are cents of a quoted option price in index points.
One contract is 100 times its price, so a price of 430 (4.30 points) costs 430 dollars a contract:
``money_cents = price_cents * MULTIPLIER * contracts``.
"""

from typing import TypeAlias

Cents: TypeAlias = int
PriceCents: TypeAlias = int
Ticks: TypeAlias = int
HalfTicks: TypeAlias = int
Micros: TypeAlias = int
IndexE4: TypeAlias = int

MULTIPLIER = 100
TICK_CENTS = 5
MICROS_PER_CENT = 10_000


def round_half_up(numerator: int, denominator: int) -> int:
    """The integer nearest to ``numerator / denominator``; a half goes up (towards plus infinity)."""
    return (2 * numerator + denominator) // (2 * denominator)


def ceil_div(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


def fixed_text(value: int, places: int, places_min: int = 0) -> str:
    """``value`` at ``places`` decimals as text, without needless zeros beyond ``places_min``.

    >>> fixed_text(9989156, 2), fixed_text(10000000, 2), fixed_text(1050, 2, 2)
    ('99891.56', '100000', '10.50')
    """
    sign = "-" if value < 0 else ""
    whole, fraction = divmod(abs(value), 10**places)
    digits = f"{fraction:0{places}d}" if places else ""
    while len(digits) > places_min and digits.endswith("0"):
        digits = digits[:-1]
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"


def money_text(cents: Cents) -> str:
    """A total in dollars: ``"100000"``, ``"99891.56"``."""
    return fixed_text(cents, 2)


def price_text(price_cents: PriceCents) -> str:
    """A price in points with two places: ``"10.50"``."""
    return fixed_text(price_cents, 2, 2)
