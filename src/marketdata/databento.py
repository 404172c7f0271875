"""Databento's OPRA files: consolidated quotes each second or minute, or every change of the best ones.

Stamps are ``ts_recv``, UTC: of ``cbbo`` the END of an interval, of ``mbp-1`` when a change arrived; its
quote was known then. Layouts and metadata are read by the vendor's own library, an optional extra.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from marketdata.collecting import OPEN_SECOND, Gathering, Identities, new_york_stamps
from marketdata.decoding import ABSENT, SECONDS_A_DAY, UNIX_EPOCH, UNREADABLE
from marketdata.own import Kind, Symbol, read_symbol
from marketdata.refusals import SourceRefused
from marketdata.reports import Finding, Tally
from marketdata.rows import DayRows, Integers, QuoteRows, absent
from marketdata.sources import Reading, Source, by_date, files_at

LIBRARY = "databento_dbn"
INSTALL = ".venv/bin/pip install databento-dbn"
RECORDS = {"cbbo-1s": "CBBOMsg", "cbbo-1m": "CBBOMsg", "mbp-1": "MBP1Msg"}
UNREADABLE_FILE = "unreadable"
SUFFIXES = (".dbn", ".dbn.zst")
NATIONAL_BEST = 30
NANOSECONDS = 1_000_000_000
PRICE_UNITS_A_E4 = 100_000
CHUNK_RECORDS = 1 << 20
INSTRUMENTS = 1 << 32
SECONDS_SPAN = 1 << 18
_LEAD_BYTES = 8


@dataclass(frozen=True, slots=True)
class Recording(Source):
    """A DBN file, whose lines are its records."""

    def line(self, number: int) -> str:
        with _opened(self.path) as (stream, metadata):
            dtype = _dtype(metadata)
            stream.read((number - 1) * dtype.itemsize)
            return str(np.frombuffer(stream.read(dtype.itemsize), dtype)[0])


def find(paths: Iterable[Path]) -> list[tuple[Source, ...]]:
    """The files to read together: those that name the same date. Those of other schemas are left."""
    found: list[Source] = []
    for path in paths:
        files = [file for file in files_at(path) if file.name.endswith(SUFFIXES)]
        here = [Recording(file) for file in files if holds_quotes(file)]
        if not here:
            others = ", ".join(sorted({_schema(file) for file in files})) or "none"
            raise SourceRefused(f"{path}: no .dbn or .dbn.zst of {', '.join(RECORDS)}; there are: {others}")
        found += here
    return by_date(found)


def read(sources: Sequence[Source], reading: Reading) -> Iterator[DayRows]:
    """The sessions of files. Raises SourceRefused for one that cannot be read to its end."""
    gathering = Gathering()
    for source in sources:
        base, done = reading.enter(source), 0
        with _opened(source.path) as (stream, metadata):
            symbols = _Symbols(metadata)
            for records in _chunks(source, stream, metadata):
                origins = base + 1 + done + np.arange(len(records))
                done += len(records)
                _gather(records, origins, symbols, gathering, reading.tally)
    yield from gathering.day_rows(reading.tally)


def holds_quotes(file: Path) -> bool:
    """Whether a file is of our schemas. One that cannot be read counts, for reading it tells the reason."""
    return _schema(file) in {*RECORDS, UNREADABLE_FILE}


def _schema(file: Path) -> str:
    try:
        with _opened(file) as (_, metadata):
            return str(metadata.schema)
    except SourceRefused:
        return UNREADABLE_FILE


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, Any]]:
    """A file's records as a stream of bytes, and its metadata."""
    compression = "zstd" if path.suffix == ".zst" else None
    try:
        vendor = _vendor()
    except ModuleNotFoundError as error:
        raise SourceRefused(f"{path.name}: needs the vendor's library, an extra: {INSTALL}") from error
    try:
        with pa.input_stream(str(path), compression=compression) as stream:
            lead = stream.read(_LEAD_BYTES)
            metadata = vendor.Metadata.decode(lead + stream.read(int.from_bytes(lead[4:], "little")))
            yield stream, metadata
    except (OSError, vendor.DBNError) as error:
        raise SourceRefused(f"{path.name}: {error}") from error


def _vendor() -> Any:
    return import_module(LIBRARY)


def _dtype(metadata: Any) -> np.dtype[Any]:
    layout = getattr(_vendor(), RECORDS[str(metadata.schema)])._dtypes  # noqa: SLF001  as the vendor's client does
    return np.dtype([*layout, ("ts_out", "u8")] if metadata.ts_out else layout)


def _chunks(source: Source, stream: Any, metadata: Any) -> Iterator[NDArray[Any]]:
    dtype = _dtype(metadata)
    while chunk := stream.read(CHUNK_RECORDS * dtype.itemsize):
        if len(chunk) % dtype.itemsize:
            raise SourceRefused(f"{source.name}: ends within a record")
        records = np.frombuffer(chunk, dtype)
        if (records["length"].astype(int) * 4 != dtype.itemsize).any():
            raise SourceRefused(f"{source.name}: holds records of another kind than {metadata.schema}")
        yield records


class _Symbols:
    """What instruments are, by the mappings of a file: an id is one instrument only for a day."""

    def __init__(self, metadata: Any) -> None:
        self._mappings: Mapping[str, Sequence[Mapping[str, Any]]] = metadata.mappings
        self._by_day: dict[int, dict[int, Symbol]] = {}

    def of(self, ordinals: Integers, instruments: Integers) -> tuple[Integers, Integers, Integers, Integers]:
        """Of each row the kind, ordinal of expiry, 1 for a put, and strike in 0.0001."""
        keys, place = np.unique(ordinals * INSTRUMENTS + instruments, return_inverse=True)
        unknown = Symbol(Kind.NEITHER)
        named = [divmod(key, INSTRUMENTS) for key in keys.tolist()]
        listed = [self._on(day).get(instrument, unknown) for day, instrument in named]
        kinds, expiries, puts, strikes = (
            np.array([getattr(symbol, field.name) for symbol in listed], np.int64)[place]
            for field in fields(Symbol)
        )
        return kinds, expiries, puts, strikes

    def _on(self, ordinal: int) -> dict[int, Symbol]:
        if ordinal not in self._by_day:
            on = date.fromordinal(ordinal)
            self._by_day[ordinal] = {
                int(interval["symbol"]): read_symbol(raw_symbol)
                for raw_symbol, intervals in self._mappings.items()
                for interval in intervals
                if interval["symbol"] and interval["start_date"] <= on < interval["end_date"]
            }
        return self._by_day[ordinal]


def _gather(
    records: NDArray[Any], origins: Integers, symbols: _Symbols, gathering: Gathering, tally: Tally
) -> None:
    tally.rows_read += len(records)
    national = records["publisher_id"] == NATIONAL_BEST
    tally.note(Finding.REGIONAL, origins[~national])
    records, origins = records[national], origins[national]
    unix_seconds = _seconds(records["ts_recv"])
    days = np.where(unix_seconds == UNREADABLE, 0, unix_seconds // SECONDS_A_DAY) + UNIX_EPOCH.toordinal()
    kinds, expiries, puts, strikes = symbols.of(days, records["instrument_id"].astype(np.int64))
    stamps = new_york_stamps(unix_seconds)
    identities = Identities(
        origins=origins,
        stamps=np.where(kinds == Kind.NEITHER, UNREADABLE, stamps),
        expiries=expiries,
        is_ours=kinds == Kind.SPXW_OPTION,
    )
    expiring = identities.expiring(tally)
    quotes = QuoteRows(
        origins=origins,
        strikes_e4=strikes,
        puts=puts,
        seconds=stamps % SECONDS_A_DAY - OPEN_SECOND,
        bids_e4=_prices_e4(records["bid_px_00"]),
        asks_e4=_prices_e4(records["ask_px_00"]),
        deltas_e4=absent(len(records)),
    ).where(expiring)
    latest = _latest(quotes)
    days = (stamps // SECONDS_A_DAY)[expiring][latest]
    gathering.add(days, quotes.where(latest), absent(len(days)))


def _seconds(stamps_ns: NDArray[np.uint64]) -> Integers:
    """Unix seconds, a fraction rounded up; a stamp that the vendor calls undefined is unreadable."""
    seconds = (stamps_ns // NANOSECONDS).astype(np.int64) + (stamps_ns % NANOSECONDS > 0)
    return np.where(stamps_ns == _vendor().UNDEF_TIMESTAMP, UNREADABLE, seconds)


def _prices_e4(prices: NDArray[np.int64]) -> Integers:
    """Prices in 0.000000001 as in 0.0001, the nearest."""
    nearest = (prices + PRICE_UNITS_A_E4 // 2) // PRICE_UNITS_A_E4
    return np.where(prices == _vendor().UNDEF_PRICE, ABSENT, nearest)


def _latest(quotes: QuoteRows) -> NDArray[np.bool_]:
    """Leaves out what a later row of the same second replaces: files of every change are long."""
    keys = (2 * quotes.strikes_e4 + quotes.puts) * SECONDS_SPAN + quotes.seconds
    _, from_the_end = np.unique(keys[::-1], return_index=True)
    latest = np.zeros(len(quotes), bool)
    latest[len(quotes) - 1 - from_the_end] = True
    return latest
