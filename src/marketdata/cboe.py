"""Cboe DataShop "Option Quotes" intervals, with or without calcs: one row a series and interval.

A stamp is the END of its interval on New York's clock, so its quote was known then. Rules and traps
are in docs/market-data.md.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from engine.contracts import ROOT
from marketdata.collecting import Gathering
from marketdata.decoding import ABSENT, SECONDS_A_DAY, UNREADABLE, calendar_day, decode, price_e4, wall_clock
from marketdata.reports import Finding
from marketdata.rows import DayRows, Integers, QuoteRows
from marketdata.sources import Batch, Reading, Source, by_date, csv_batches, find_sources

REQUIRED = (
    "underlying_symbol", "quote_datetime", "root", "expiration", "strike", "option_type", "bid", "ask",
)  # fmt: skip
OPTIONAL = ("underlying_bid", "underlying_ask", "active_underlying_price", "implied_volatility", "delta")

OPEN_SECOND = 9 * 3600 + 30 * 60
PINNED_VOLATILITY_E4 = 200
_CALL, _PUT = 0, 1


def find(paths: Iterable[Path]) -> list[tuple[Source, ...]]:
    """The files to read together: those that name the same date."""
    return by_date(find_sources(paths, (".csv",)))


def read(sources: Sequence[Source], reading: Reading) -> Iterator[DayRows]:
    """The sessions of files. Raises SourceRefused for one that is not of this format."""
    gathering = Gathering()
    for source in sources:
        for batch in csv_batches(source, REQUIRED, OPTIONAL, reading):
            _gather(batch, gathering, reading)
    yield from gathering.day_rows(reading.tally)


def _gather(batch: Batch, gathering: Gathering, reading: Reading) -> None:
    columns, origins, tally = batch.columns, batch.origins, reading.tally
    stamps = decode(columns["quote_datetime"], wall_clock)
    expiries = decode(columns["expiration"], calendar_day)
    malformed = (stamps == UNREADABLE) | (expiries == UNREADABLE)
    ours = ~malformed & (decode(columns["root"], _is_ours) == 1)
    expiring = ours & (stamps // SECONDS_A_DAY == expiries)
    tally.note(Finding.MALFORMED, origins[malformed])
    tally.note(Finding.OTHER_ROOT, origins[~malformed & ~ours])
    tally.note(Finding.OTHER_EXPIRY, origins[ours & ~expiring])
    _gather_quotes(batch.where(expiring), stamps[expiring], gathering)
    volatility = ~malformed & (decode(columns["underlying_symbol"], _is_vix) == 1)
    _gather_vix(batch.where(volatility), stamps[volatility], gathering)


def _is_ours(root: object) -> int:
    return int(str(root).strip() == ROOT)


def _is_vix(symbol: object) -> int:
    return int(str(symbol).strip().lstrip("^") == "VIX")


def _gather_quotes(batch: Batch, stamps: Integers, gathering: Gathering) -> None:
    columns = batch.columns
    quotes = QuoteRows(
        origins=batch.origins,
        strikes_e4=decode(columns["strike"], price_e4),
        puts=decode(columns["option_type"], _right),
        seconds=stamps % SECONDS_A_DAY - OPEN_SECOND,
        bids_e4=decode(columns["bid"], price_e4),
        asks_e4=decode(columns["ask"], price_e4),
        deltas_e4=_deltas(batch),
    )
    levels = _levels(batch)
    for ordinal, chosen in _days(stamps):
        day = gathering.at(ordinal)
        day.quotes.append(quotes.where(chosen))
        day.spx.append((quotes.seconds[chosen], levels[chosen]))


def _gather_vix(batch: Batch, stamps: Integers, gathering: Gathering) -> None:
    levels = _levels(batch)
    for ordinal, chosen in _days(stamps):
        seconds = stamps[chosen] % SECONDS_A_DAY - OPEN_SECOND
        gathering.at(ordinal).vix.append((seconds, levels[chosen]))


def _days(stamps: Integers) -> Iterator[tuple[int, np.ndarray]]:
    ordinals = stamps // SECONDS_A_DAY
    for ordinal in np.unique(ordinals):
        yield int(ordinal), ordinals == ordinal


def _right(value: object) -> int:
    return {"C": _CALL, "P": _PUT}.get(str(value).strip().upper(), UNREADABLE)


def _deltas(batch: Batch) -> Integers:
    """The vendor's deltas, except where it had no volatility to compute them from.

    Below the intrinsic value it sets the volatility to its floor, and its delta becomes a step.
    """
    deltas = decode(batch.columns["delta"], price_e4)
    pinned = decode(batch.columns["implied_volatility"], price_e4) == PINNED_VOLATILITY_E4
    return np.where(pinned, ABSENT, deltas)


def _levels(batch: Batch) -> Integers:
    """The underlying's print, or the middle of its bid and ask in files without calcs."""
    prints = decode(batch.columns["active_underlying_price"], price_e4)
    bids = decode(batch.columns["underlying_bid"], price_e4)
    asks = decode(batch.columns["underlying_ask"], price_e4)
    middles = np.where((bids > 0) & (asks > 0), (bids + asks) // 2, ABSENT)
    return np.where(prints > 0, prints, middles)
