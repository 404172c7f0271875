"""What a person may set for the orders to come: a fee schedule and slippage, read from text."""

import re
from collections.abc import Mapping
from dataclasses import fields

from engine.denials import Code, Denial
from engine.fees import DEFAULT_FEES, OVERRIDE_FACTOR_MAX, FeeSchedule
from engine.money import TICK_CENTS, Micros, PriceCents, fixed_text, price_text

SLIPPAGE_CENTS_MAX = 500
DESCRIPTION_LENGTH_MAX = 500
FEE_NAMES = tuple(field.name for field in fields(FeeSchedule))

LINE_CHARS_REFUSED = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069"
LINE_PATTERN = rf"^[^{LINE_CHARS_REFUSED}]*[^{LINE_CHARS_REFUSED}\s][^{LINE_CHARS_REFUSED}]*$"

_UNREADABLE = re.compile(f"[{LINE_CHARS_REFUSED}]")
_DECIMAL = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,12}))?", re.ASCII)


def read_fees(texts: Mapping[str, object]) -> FeeSchedule | Denial:
    """A fee override from its seven decimal texts, in dollars to six places.

    Each rate is at most ten times the default one. The denial names every field that is wrong.
    """
    rates = {name: read_decimal(texts.get(name), places=6) for name in FEE_NAMES}
    wrong = {
        f"fee_schedule.{name}": problem
        for name, rate in rates.items()
        if (problem := _rate_problem(name, rate, is_given=name in texts))
    }
    wrong |= {f"fee_schedule.{name}": "is not a fee" for name in texts if name not in rates}
    if wrong:
        path, problem = next(iter(wrong.items()))
        return Denial(Code.INVALID_INPUT, f"{path} {problem}", tuple(path.split(".")), wrong)
    return FeeSchedule(**{name: rate for name, rate in rates.items() if rate is not None})


def read_slippage(text: str) -> PriceCents | Denial:
    """Slippage in cents of price from a decimal text: a multiple of 0.05 from 0 to 5.00."""
    cents = read_decimal(text, places=2)
    if cents is None or cents % TICK_CENTS or cents > SLIPPAGE_CENTS_MAX:
        limits = f"a multiple of 0.05 from 0 to {price_text(SLIPPAGE_CENTS_MAX)}"
        return Denial(Code.INVALID_INPUT, f"slippage must be {limits}", ("slippage",))
    return cents


def read_description(text: str | None) -> str | Denial | None:
    """A note on a session or an account."""
    if text is None or len(text) <= DESCRIPTION_LENGTH_MAX:
        return text
    return _description_denial(f"must have at most {DESCRIPTION_LENGTH_MAX} characters")


def read_title(text: str | None) -> str | Denial | None:
    """The description of a strategy, by which it is listed, without the space around it."""
    if text is None:
        return None
    problem = line_problem(text) or (None if text.strip() else "must not be blank")
    return _description_denial(problem) if problem else read_description(text.strip())


def line_problem(text: str) -> str | None:
    """Why the text is not one line that reads as it is written; None for one that does."""
    if _UNREADABLE.search(text):
        return "must not hold control characters, line breaks or changes of direction"
    return None


def _description_denial(problem: str) -> Denial:
    message = f"description {problem}"
    return Denial(Code.INVALID_INPUT, message, ("description",), {"description": message})


def read_decimal(text: object, places: int) -> int | None:
    """A non-negative decimal text in units of 10 to the minus ``places``, exactly; None where it
    is no such text or needs more places."""
    match = _DECIMAL.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    whole, fraction = match[1], (match[2] or "").rstrip("0")
    if len(fraction) > places:
        return None
    return int(whole + fraction.ljust(places, "0"))


def fee_texts(fees: FeeSchedule) -> dict[str, str]:
    """The schedule's rates in dollars, by name: ``{"buy_equity": "0.0008", …}``."""
    return {name: fixed_text(getattr(fees, name), 6) for name in FEE_NAMES}


def _rate_problem(name: str, rate: Micros | None, *, is_given: bool) -> str | None:
    rate_max = OVERRIDE_FACTOR_MAX * int(getattr(DEFAULT_FEES, name))
    if not is_given:
        return "is required"
    if rate is None:
        return 'must be a non-negative decimal string such as "1.72", with at most six places'
    return f"must be at most {fixed_text(rate_max, 6)}" if rate > rate_max else None
