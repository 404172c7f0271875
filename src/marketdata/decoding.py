"""Columns of text turned into integers, exactly: each distinct text is parsed once, in Python."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

ABSENT = -(2**62)
UNREADABLE = ABSENT - 1
DISPUTED = ABSENT - 2
PRICE_E4_MAX = 10**13

SECONDS_A_DAY = 86_400
UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CLOCK = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d+)?)", re.ASCII)
_TIME_OF_DAY = re.compile(r"(\d\d):(\d\d):(\d\d)(?:\.(\d+))?", re.ASCII)
_RIGHTS = {"C": 0, "CALL": 0, "P": 1, "PUT": 1}


def decode(column: pa.Array, parse: Callable[[Any], int]) -> NDArray[np.int64]:
    """``parse`` of every value of a column as int64; a null is parsed as None."""
    column = encoded(column)
    distinct = [parse(value) for value in column.dictionary.to_pylist()]
    if not distinct:
        return np.empty(0, np.int64)
    values: NDArray[np.int64] = np.array(distinct, np.int64)[column.indices.to_numpy(zero_copy_only=False)]
    return values


def encoded(column: pa.Array) -> pa.DictionaryArray:
    """A column as distinct values, null one of them, and where each stands; once, before many decodings."""
    if pa.types.is_dictionary(column.type) and column.null_count:
        column = column.dictionary_decode()
    return pc.dictionary_encode(column, null_encoding="encode")


def price_e4(value: object) -> int:
    """A decimal in 0.0001, ``ABSENT`` when empty and ``UNREADABLE`` when it is not a number.

    Binary floating point is read by its shortest decimal; what is finer than 0.0001 is rounded.
    """
    text = "" if value is None else str(value).strip()
    if not text:
        return ABSENT
    try:
        scaled = Decimal(text) * 10_000
        return int(scaled.to_integral_value()) if abs(scaled) <= PRICE_E4_MAX else UNREADABLE
    except ArithmeticError:  # no number, or one beyond what decimals can hold
        return UNREADABLE


def integer(value: object) -> int:
    """A whole number; ``ABSENT`` when empty."""
    text = "" if value is None else str(value).strip()
    if not text:
        return ABSENT
    return int(text) if re.fullmatch(r"-?\d{1,15}", text, re.ASCII) else UNREADABLE


def calendar_day(value: object) -> int:
    """The ordinal of a date written ``YYYY-MM-DD`` or ``YYYYMMDD``."""
    try:
        return date.fromisoformat(str(value).strip()).toordinal()
    except ValueError:
        return UNREADABLE


def wall_clock(value: object) -> int:
    """Seconds of a ``YYYY-MM-DD HH:MM:SS`` without zone: its day's ordinal × 86,400 + time of day."""
    match = _CLOCK.fullmatch(str(value).strip())
    if match is None:
        return UNREADABLE
    ordinal, second = calendar_day(match[1]), time_of_day(match[2])
    return UNREADABLE if UNREADABLE in (ordinal, second) else ordinal * SECONDS_A_DAY + second


def time_of_day(value: object) -> int:
    """Seconds since midnight of a ``HH:MM:SS``, a fraction rounded up as in ``utc_second``."""
    match = _TIME_OF_DAY.fullmatch(str(value).strip())
    if match is None:
        return UNREADABLE
    hours, minutes, seconds, fraction = (int(part or 0) for part in match.groups())
    if hours > 23 or minutes > 59 or seconds > 59:
        return UNREADABLE
    return hours * 3600 + minutes * 60 + seconds + (fraction > 0)


def put(value: object) -> int:
    """1 for a put and 0 for a call, by their first letters or in full."""
    return _RIGHTS.get(str(value).strip().upper(), UNREADABLE)


def utc_second(value: object) -> int:
    """Unix seconds of an ISO 8601 time, without zone taken as UTC, a fraction rounded up.

    Up, because what happened within a second is known only when it is over.
    """
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
    except ValueError:
        return UNREADABLE
    zoned = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    elapsed = zoned - UNIX_EPOCH
    return elapsed.days * SECONDS_A_DAY + elapsed.seconds + (elapsed.microseconds > 0)
