"""From a vendor's rows to quotes in ticks, by the stated rules, everything irregular counted."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.contracts import STRIKE_POINTS_MAX, Contract, Right
from engine.market import MISSING_DELTA, MISSING_TICKS, TICKS_MAX
from marketdata.decoding import ABSENT, DISPUTED, UNREADABLE
from marketdata.reports import Finding, Tally
from marketdata.rows import Integers, QuoteRows

TICK_E4 = 500
POINT_E4 = 10_000
DELTA_E4_MAX = 10_000
OVERFLOW_E4 = TICKS_MAX * TICK_E4


@dataclass(frozen=True, slots=True)
class Changes:
    """Clean changes of quotes: ``rows`` index ``contracts``; missing quotes and deltas as in a Day."""

    contracts: tuple[Contract, ...]
    rows: Integers
    seconds: Integers
    bid_ticks: NDArray[np.uint16]
    ask_ticks: NDArray[np.uint16]
    delta_e4: NDArray[np.int16]


def clean(quotes: QuoteRows, close_second: int, tally: Tally) -> Changes:
    """The usable changes of a session. A row whose quote cannot be used leaves the contract without one."""
    quotes = _readable(quotes, tally)
    quotes = _refuse(quotes, quotes.strikes_e4 % POINT_E4 != 0, Finding.FRACTIONAL_STRIKE, tally)
    outside = (quotes.seconds < 0) | (quotes.seconds > close_second)
    quotes = _refuse(quotes, outside, Finding.OUTSIDE_SESSION, tally)
    keys = 2 * (quotes.strikes_e4 // POINT_E4) + quotes.puts
    overflown = np.isin(keys, keys[np.maximum(quotes.bids_e4, quotes.asks_e4) > OVERFLOW_E4])
    quotes = _refuse(quotes, overflown, Finding.OVERFLOW, tally)
    listed, rows = np.unique(keys[~overflown], return_inverse=True)
    bids, asks = _ticks(quotes, tally)
    return Changes(
        contracts=tuple(Contract(int(key) // 2, Right.PUT if key % 2 else Right.CALL) for key in listed),
        rows=rows,
        seconds=quotes.seconds,
        bid_ticks=bids,
        ask_ticks=asks,
        delta_e4=_deltas(quotes.deltas_e4),
    )


def _readable(quotes: QuoteRows, tally: Tally) -> QuoteRows:
    strikes = quotes.strikes_e4
    malformed = (quotes.seconds == UNREADABLE) | (strikes <= 0) | (strikes > STRIKE_POINTS_MAX * POINT_E4)
    return _refuse(quotes, malformed | (quotes.puts < 0), Finding.MALFORMED, tally)


def _refuse(quotes: QuoteRows, bad: NDArray[np.bool_], finding: Finding, tally: Tally) -> QuoteRows:
    if not bad.any():
        return quotes
    tally.note(finding, quotes.origins[bad])
    return quotes.where(~bad)


def _ticks(quotes: QuoteRows, tally: Tally) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Bids and asks in ticks. A bid is rounded down and an ask up: the market maker never gives away.

    The first rule that applies decides; an absent bid is one of zero, an absent or zero ask is none.
    """
    bids, asks = np.where(quotes.bids_e4 == ABSENT, 0, quotes.bids_e4), quotes.asks_e4
    rules = {
        Finding.DISPUTED: asks == DISPUTED,
        Finding.UNREADABLE_PRICE: (bids == UNREADABLE) | (asks == UNREADABLE),
        Finding.NEGATIVE: (bids < 0) | ((asks < 0) & (asks != ABSENT)),
        Finding.NO_ASK: (asks == ABSENT) | (asks == 0),
        Finding.CROSSED: bids > asks,
        Finding.OFF_GRID: (bids % TICK_E4 != 0) | (asks % TICK_E4 != 0),
        Finding.NO_BID: bids == 0,
    }
    undecided = np.ones(len(quotes), bool)
    missing = np.zeros(len(quotes), bool)
    for finding, applies in rules.items():
        found = applies & undecided
        tally.note(finding, quotes.origins[found])
        undecided &= ~found
        if finding not in (Finding.OFF_GRID, Finding.NO_BID):
            missing |= found
    bid_ticks = np.where(missing, MISSING_TICKS, bids // TICK_E4)
    ask_ticks = np.where(missing, MISSING_TICKS, -(-asks // TICK_E4))
    return bid_ticks.astype(np.uint16), ask_ticks.astype(np.uint16)


def _deltas(deltas_e4: Integers) -> NDArray[np.int16]:
    """A source's deltas without their sign; what is no delta is missing, to be computed."""
    unsigned = np.abs(deltas_e4)
    return np.where((deltas_e4 > ABSENT) & (unsigned <= DELTA_E4_MAX), unsigned, MISSING_DELTA).astype(
        np.int16
    )
