"""The product's own tables, CSV or Parquet: one row a change, of an option's quote or of an index.

Columns ``time``, ``symbol``, ``bid``, ``ask``, and optionally ``delta`` and ``last``; they are
described in docs/market-data.md. A time is when the row became known.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.contracts import ROOT
from engine.market import SettlementSource
from engine.money import round_half_up
from marketdata.collecting import OPEN_SECOND, Gathered, Gathering, new_york_stamps
from marketdata.decoding import SECONDS_A_DAY, UNREADABLE, decode, encoded, price_e4, utc_second
from marketdata.reports import Finding
from marketdata.rows import DayRows, Integers, QuoteRows, Stated
from marketdata.sources import (
    PARQUET,
    Batch,
    Reading,
    Source,
    by_date,
    csv_batches,
    find_sources,
    parquet_batches,
)

REQUIRED, OPTIONAL = ("time", "symbol", "bid", "ask"), ("delta", "last")

KNOWN_FROM, KNOWN_UNTIL = "KNOWN FROM", "KNOWN UNTIL"
SYNTHETIC, INDEX_DERIVED = "SYNTHETIC", "SPX DERIVED"
SETTLEMENTS = MappingProxyType({f"SETTLEMENT {source.name}": source for source in SettlementSource})
STATEMENTS = frozenset({KNOWN_FROM, KNOWN_UNTIL, SYNTHETIC, INDEX_DERIVED, *SETTLEMENTS})

_OSI = re.compile(r"([A-Z0-9]{1,6}) *(\d{6})([CP])(\d{8})", re.ASCII)


class Kind(IntEnum):
    """What a row's symbol names."""

    SPX = 0
    VIX = 1
    SPXW_OPTION = 2
    STATEMENT = 3
    OTHER_OPTION = 4
    NEITHER = 5


@dataclass(frozen=True, slots=True)
class Symbol:
    """``expiry`` is an ordinal day, ``put`` 1 for a put; all 0 for what is no option."""

    kind: Kind
    expiry: int = 0
    put: int = 0
    strike_e4: int = 0


def find(paths: Iterable[Path]) -> list[tuple[Source, ...]]:
    """The files to read together: those that name the same date."""
    return by_date(find_sources(paths, (".csv", PARQUET)))


def read(sources: Sequence[Source], reading: Reading) -> Iterator[DayRows]:
    """The sessions of tables. Raises SourceRefused for one that is not of this format."""
    gathering = Gathering()
    for source in sources:
        batches = parquet_batches if source.path.suffix == PARQUET else csv_batches
        for batch in batches(source, REQUIRED, OPTIONAL, reading):
            _gather(batch, gathering, reading)
    yield from gathering.day_rows(reading.tally)


def read_symbol(text: object) -> Symbol:
    """``SPX``, ``VIX``, a statement, or the OSI symbol of an option with or without its padding."""
    name = str(text).strip()
    if name in (Kind.SPX.name, Kind.VIX.name):
        return Symbol(Kind[name])
    if name in STATEMENTS:
        return Symbol(Kind.STATEMENT)
    match = _OSI.fullmatch(name)
    if match is None:
        return Symbol(Kind.NEITHER)
    root, expiry, right, strike_e3 = match.groups()
    try:
        day = datetime.strptime(expiry, "%y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return Symbol(Kind.NEITHER)
    kind = Kind.SPXW_OPTION if root == ROOT else Kind.OTHER_OPTION
    return Symbol(kind, day.toordinal(), int(right == "P"), int(strike_e3) * 10)


def _gather(batch: Batch, gathering: Gathering, reading: Reading) -> None:
    batch = Batch(batch.origins, {**batch.columns, "symbol": encoded(batch.columns["symbol"])})
    symbols, origins, tally = batch.columns["symbol"], batch.origins, reading.tally
    stamps = new_york_stamps(_unix_seconds(batch.columns["time"]))
    days = stamps // SECONDS_A_DAY
    kinds = decode(symbols, lambda text: read_symbol(text).kind)
    unsettled = (decode(symbols, _is_settlement) == 1) & (decode(batch.columns["last"], price_e4) <= 0)
    kinds[(stamps == UNREADABLE) | unsettled] = Kind.NEITHER
    elsewhere = decode(symbols, lambda text: read_symbol(text).expiry) != days
    other_expiry = (kinds == Kind.SPXW_OPTION) & elsewhere
    tally.note(Finding.MALFORMED, origins[kinds == Kind.NEITHER])
    tally.note(Finding.OTHER_ROOT, origins[kinds == Kind.OTHER_OPTION])
    tally.note(Finding.OTHER_EXPIRY, origins[other_expiry])
    for ordinal in np.unique(days[(kinds <= Kind.STATEMENT) & ~other_expiry]):
        today = (days == ordinal) & ~other_expiry
        seconds = stamps % SECONDS_A_DAY - OPEN_SECOND
        _gather_day(batch.where(today), kinds[today], seconds[today], gathering.at(int(ordinal)))


def _is_settlement(symbol: object) -> int:
    return int(str(symbol).strip() in SETTLEMENTS)


def _unix_seconds(times: pa.Array) -> Integers:
    """Unix seconds of timestamps, without zone taken as UTC, or of texts; a fraction rounded up."""
    if not pa.types.is_timestamp(times.type):
        return decode(times, utc_second)
    whole = pc.ceil_temporal(times, unit="second").cast(pa.timestamp("s", times.type.tz)).cast(pa.int64())
    seconds: Integers = pc.fill_null(whole, UNREADABLE).to_numpy(zero_copy_only=False)
    return seconds


def _gather_day(batch: Batch, kinds: Integers, seconds: Integers, day: Gathered) -> None:
    quoted = kinds == Kind.SPXW_OPTION
    if quoted.any():
        day.quotes.append(_quotes(batch.where(quoted), seconds[quoted]))
    values = decode(batch.columns["last"], price_e4)
    for kind, prints in ((Kind.SPX, day.spx), (Kind.VIX, day.vix)):
        prints.append((seconds[kinds == kind], values[kinds == kind]))
    for place in np.flatnonzero(kinds == Kind.STATEMENT):
        says = str(batch.columns["symbol"][place]).strip()
        day.stated = _stated(day.stated, says, int(seconds[place]), int(values[place]))


def _stated(stated: Stated, says: str, second: int, value_e4: int) -> Stated:
    """What is stated of a day with one more statement."""
    if says == SYNTHETIC:
        return replace(stated, synthetic=True)
    if says == INDEX_DERIVED:
        return replace(stated, index_derived=True)
    if says in SETTLEMENTS:
        return replace(stated, settlement=(round_half_up(value_e4, 100), SETTLEMENTS[says]))
    first, last = stated.covered or (second, second)
    return replace(stated, covered=(second, last) if says == KNOWN_FROM else (first, second))


def _quotes(batch: Batch, seconds: Integers) -> QuoteRows:
    columns = batch.columns
    return QuoteRows(
        origins=batch.origins,
        strikes_e4=decode(columns["symbol"], lambda text: read_symbol(text).strike_e4),
        puts=decode(columns["symbol"], lambda text: read_symbol(text).put),
        seconds=seconds,
        bids_e4=decode(columns["bid"], price_e4),
        asks_e4=decode(columns["ask"], price_e4),
        deltas_e4=decode(columns["delta"], price_e4),
    )
