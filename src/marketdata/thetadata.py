"""ThetaData's history of option quotes and greeks as CSV, of the Terminal's versions 2 and 3.

A stamp is a point in time on New York's clock, and its quote was known then. Version 3 names the
contract in every row; version 2 only in its bulk files, and otherwise in the name of the file.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from engine.contracts import ROOT
from marketdata.collecting import OPEN_SECOND, Gathering, Identities
from marketdata.decoding import (
    ABSENT,
    SECONDS_A_DAY,
    UNREADABLE,
    calendar_day,
    decode,
    integer,
    price_e4,
    put,
    time_of_day,
    wall_clock,
)
from marketdata.refusals import SourceRefused
from marketdata.rows import DayRows, Integers, QuoteRows
from marketdata.sources import Batch, Reading, Source, by_date, csv_batches, find_sources, header

VERSION_3 = ("symbol", "expiration", "strike", "right", "timestamp", "bid", "ask")
VERSION_2_BULK = ("root", "expiration", "strike", "right", "ms_of_day", "date", "bid", "ask")
VERSION_2 = ("ms_of_day", "date", "bid", "ask")
GREEKS = ("delta", "implied_vol", "underlying_price")

EXAMPLE = f"{ROOT}_20250117_6000000_C.csv"
_CONTRACT = re.compile(
    r"(?<![A-Za-z])(?P<root>[A-Z]{1,6})[_-](?P<expiration>\d{8})[_-](?P<strike>\d{1,9})"
    r"[_-](?P<right>CALL|PUT|C|P)(?![A-Za-z0-9])",
    re.ASCII,
)


def find(paths: Iterable[Path]) -> list[tuple[Source, ...]]:
    """The files to read together: those that name the same date."""
    return by_date(find_sources(paths, (".csv",)))


def read(sources: Sequence[Source], reading: Reading) -> Iterator[DayRows]:
    """The sessions of files. Raises SourceRefused for one that is not of this format.

    Files with greeks come last, so that of two rows at one moment the one with a delta counts.
    """
    gathering = Gathering()
    for source in sorted(sources, key=lambda source: "delta" in header(source)):
        for batch in _batches(source, reading):
            _gather(batch, gathering, reading)
    yield from gathering.day_rows(reading.tally)


def _batches(source: Source, reading: Reading) -> Iterator[Batch]:
    """The rows of a file, each with the columns of its contract."""
    names = header(source)
    if "ms_of_day" not in names:
        yield from csv_batches(source, VERSION_3, GREEKS, reading)
    elif "strike" in names:
        yield from csv_batches(source, VERSION_2_BULK, GREEKS, reading)
    else:
        contract = _contract(source)
        for batch in csv_batches(source, VERSION_2, GREEKS, reading):
            repeated = {name: pa.repeat(text, len(batch.origins)) for name, text in contract.items()}
            yield Batch(batch.origins, {**batch.columns, **repeated})


def _contract(source: Source) -> dict[str, str]:
    """The contract that a file's name says it is of, by the names of the columns that it lacks."""
    match = _CONTRACT.search(Path(source.name).name)
    if match is None:
        raise SourceRefused(
            f"{source.name}: no columns name the contract, nor does the file's name, as in {EXAMPLE}"
        )
    return match.groupdict()


def _gather(batch: Batch, gathering: Gathering, reading: Reading) -> None:
    columns = batch.columns
    is_version_2 = "ms_of_day" in columns
    stamps = _stamps(columns) if is_version_2 else decode(columns["timestamp"], wall_clock)
    identities = Identities(
        origins=batch.origins,
        stamps=stamps,
        expiries=decode(columns["expiration"], calendar_day),
        is_ours=decode(columns["root" if is_version_2 else "symbol"], _is_ours) == 1,
    )
    expiring = identities.expiring(reading.tally)
    strike_e4 = _tenth_cents_e4 if is_version_2 else price_e4
    _gather_quotes(batch.where(expiring), strike_e4, stamps[expiring], gathering)


def _stamps(columns: Mapping[str, pa.Array]) -> Integers:
    """Version 2 has the date and the time of day apart."""
    days, seconds = decode(columns["date"], calendar_day), decode(columns["ms_of_day"], _time_of_day)
    unreadable = (days == UNREADABLE) | (seconds == UNREADABLE)
    return np.where(unreadable, UNREADABLE, days * SECONDS_A_DAY + seconds)


def _time_of_day(value: object) -> int:
    """Milliseconds since midnight, or with ``pretty_time`` a clock, as seconds rounded up."""
    elapsed_ms = integer(value)
    return -(-elapsed_ms // 1000) if 0 <= elapsed_ms < SECONDS_A_DAY * 1000 else time_of_day(value)


def _is_ours(root: object) -> int:
    return int(str(root).strip() == ROOT)


def _tenth_cents_e4(value: object) -> int:
    strike = integer(value)
    return strike * 10 if strike > 0 else UNREADABLE


def _gather_quotes(
    batch: Batch, strike_e4: Callable[[object], int], stamps: Integers, gathering: Gathering
) -> None:
    columns = batch.columns
    quotes = QuoteRows(
        origins=batch.origins,
        strikes_e4=decode(columns["strike"], strike_e4),
        puts=decode(columns["right"], put),
        seconds=stamps % SECONDS_A_DAY - OPEN_SECOND,
        bids_e4=decode(columns["bid"], price_e4),
        asks_e4=decode(columns["ask"], price_e4),
        deltas_e4=_deltas(columns),
    )
    levels = decode(columns["underlying_price"], price_e4)
    gathering.add(stamps // SECONDS_A_DAY, quotes, levels)


def _deltas(columns: Mapping[str, pa.Array]) -> Integers:
    """The vendor's deltas, except beside a volatility of zero, which says that none was found."""
    unsolved = decode(columns["implied_vol"], price_e4) == 0
    return np.where(unsolved, ABSENT, decode(columns["delta"], price_e4))
