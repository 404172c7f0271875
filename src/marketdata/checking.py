"""What must be true of a day before it may be published."""

from collections.abc import Iterator

import numpy as np

from engine.market import MISSING_DELTA, MISSING_INDEX, MISSING_TICKS, Day
from marketdata.recordings import ChainRow
from marketdata.refusals import DayRefused

DELTA_E4_MAX = 10_000


def check_day(day: Day) -> None:
    """Raises DayRefused with the first promise of ``engine.market.Day`` that the day breaks."""
    for kept, promise in _promises(day):
        if not kept:
            raise DayRefused(f"{day.date}: {promise}")


def is_sound(row: ChainRow, contracts: int) -> bool:
    """Whether one second keeps these promises: a value a contract, each quote whole and uncrossed."""
    bids, asks, deltas = row.bid_ticks, row.ask_ticks, row.delta_e4
    if not len(bids) == len(asks) == len(deltas) == contracts:
        return False
    is_halved = (bids == MISSING_TICKS) != (asks == MISSING_TICKS)
    is_delta = (deltas >= MISSING_DELTA) & (deltas <= DELTA_E4_MAX)
    is_index = all(index == MISSING_INDEX or index > 0 for index in (row.spx_e4, row.vix_e4))
    return is_index and bool(is_delta.all()) and not bool((is_halved | (bids > asks)).any())


def _promises(day: Day) -> Iterator[tuple[bool, str]]:
    rows, width = day.close_second + 1, len(day.contracts)
    yield width > 0, "no contract is left"
    yield list(day.contracts) == sorted(set(day.contracts)), "contracts are not in ascending order"
    yield (
        0 <= day.known_from <= day.known_until <= day.close_second,
        "the known seconds lie outside the session",
    )
    yield day.settlement_cents is not None and day.settlement_source is not None, "no settlement value"
    for name, values, dtype, shape in (
        ("bid_ticks", day.bid_ticks, np.uint16, (width, rows)),
        ("ask_ticks", day.ask_ticks, np.uint16, (width, rows)),
        ("delta_e4", day.delta_e4, np.int16, (rows, width)),
        ("spx_e4", day.spx_e4, np.int32, (rows,)),
        ("vix_e4", day.vix_e4, np.int32, (rows,)),
    ):
        yield values.dtype == dtype and values.shape == shape, f"{name} is not {dtype.__name__} {list(shape)}"
    yield from _value_promises(day)


def _value_promises(day: Day) -> Iterator[tuple[bool, str]]:
    bids, asks, deltas = day.bid_ticks, day.ask_ticks, day.delta_e4
    known = slice(day.known_from, day.known_until + 1)
    yield (
        not ((bids == MISSING_TICKS) != (asks == MISSING_TICKS)).any(),
        "a quote is missing on one side only",
    )
    yield not (bids > asks).any(), "a quote is crossed"
    yield bool((asks[:, known] != MISSING_TICKS).any()), "no quote in the whole session"
    yield bool(MISSING_DELTA <= deltas.min() <= deltas.max() <= DELTA_E4_MAX), "a delta is outside 0 to 1"
    for name, index in (("spx", day.spx_e4), ("vix", day.vix_e4)):
        yield (
            bool((index >= MISSING_INDEX).all() and (index != 0).all()),
            f"{name} has a value that is not positive",
        )
    for unknown in (slice(0, day.known_from), slice(day.known_until + 1, None)):
        yield bool((asks[:, unknown] == MISSING_TICKS).all()), "a quote outside the known seconds"
        yield bool((deltas[unknown] == MISSING_DELTA).all()), "a delta outside the known seconds"
