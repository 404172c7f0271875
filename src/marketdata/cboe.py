"""Cboe DataShop "Option Quotes" intervals, with or without calcs: one row a series and interval.

A stamp is the END of its interval on New York's clock, so its quote was known then. Rules and traps
are in docs/market-data.md.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from engine.contracts import ROOT
from marketdata.collecting import OPEN_SECOND, Gathering, Identities
from marketdata.decoding import (
    ABSENT,
    SECONDS_A_DAY,
    UNREADABLE,
    calendar_day,
    decode,
    price_e4,
    put,
    wall_clock,
)
from marketdata.rows import DayRows, Integers, QuoteRows
from marketdata.sources import Batch, Reading, Source, by_date, csv_batches, find_sources

REQUIRED = (
    "underlying_symbol", "quote_datetime", "root", "expiration", "strike", "option_type", "bid", "ask",
)  # fmt: skip
OPTIONAL = ("underlying_bid", "underlying_ask", "active_underlying_price", "implied_volatility", "delta")

PINNED_VOLATILITY_E4 = 200


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
    columns = batch.columns
    stamps = decode(columns["quote_datetime"], wall_clock)
    identities = Identities(
        origins=batch.origins,
        stamps=stamps,
        expiries=decode(columns["expiration"], calendar_day),
        is_ours=decode(columns["root"], _is_ours) == 1,
    )
    expiring = identities.expiring(reading.tally)
    _gather_quotes(batch.where(expiring), stamps[expiring], gathering)
    volatility = (stamps != UNREADABLE) & (decode(columns["underlying_symbol"], _is_vix) == 1)
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
        puts=decode(columns["option_type"], put),
        seconds=stamps % SECONDS_A_DAY - OPEN_SECOND,
        bids_e4=decode(columns["bid"], price_e4),
        asks_e4=decode(columns["ask"], price_e4),
        deltas_e4=_deltas(batch),
    )
    gathering.add(stamps // SECONDS_A_DAY, quotes, _levels(batch))


def _gather_vix(batch: Batch, stamps: Integers, gathering: Gathering) -> None:
    levels = _levels(batch)
    for ordinal in np.unique(stamps // SECONDS_A_DAY):
        chosen = stamps // SECONDS_A_DAY == ordinal
        gathering.at(int(ordinal)).vix.append((stamps[chosen] % SECONDS_A_DAY - OPEN_SECOND, levels[chosen]))


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
