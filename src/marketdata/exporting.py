"""A day written as the product's own table, so that importing it gives the same day again."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from engine.contracts import format_osi
from engine.market import MISSING_DELTA, MISSING_INDEX, MISSING_TICKS, TICKS_MAX, Day, IndexSeries
from marketdata.own import INDEX_DERIVED, KNOWN_FROM, KNOWN_UNTIL, SETTLEMENTS, SYNTHETIC
from marketdata.rows import Integers

DELTA_E4_MAX = 10_000
COLUMNS = ("time", "symbol", "bid", "ask", "delta", "last")


_PARQUET = {
    "time": pa.timestamp("s", "UTC"),
    "symbol": pa.string(),
    "bid": pa.decimal128(7, 2),
    "ask": pa.decimal128(7, 2),
    "delta": pa.decimal128(5, 4),
    "last": pa.decimal128(11, 4),
}
_CSV = dict.fromkeys(COLUMNS, pa.string())


class FileFormat(StrEnum):
    PARQUET = "parquet"
    CSV = "csv"


def export(day: Day, path: Path, file_format: FileFormat) -> int:
    """Writes a day to a file, replacing it whole, and returns the number of rows.

    The table is the one of docs/market-data.md: a row a change, and statements of what the day is.
    """
    kinds = _CSV if file_format is FileFormat.CSV else _PARQUET
    tables = _Tables.of(day, kinds)
    unfinished = path.with_name(f".{path.name}.unfinished")
    rows = 0
    with _writer(unfinished, file_format, pa.schema(kinds)) as writer:
        for batch in tables.batches():
            writer.write_batch(batch)
            rows += len(batch)
    unfinished.replace(path)
    return rows


def _writer(path: Path, file_format: FileFormat, schema: pa.Schema) -> AbstractContextManager[Any]:
    if file_format is FileFormat.PARQUET:
        return pa.parquet.ParquetWriter(path, schema, compression="zstd")  # type: ignore[no-any-return]
    options = pa.csv.WriteOptions(quoting_style="none")
    return pa.csv.CSVWriter(path, schema, write_options=options)  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class _Tables:
    """A day, and the texts or numbers that its seconds, ticks and deltas are written as."""

    day: Day
    kinds: Mapping[str, pa.DataType]
    times: pa.Array
    prices: pa.Array
    deltas: pa.Array

    @classmethod
    def of(cls, day: Day, kinds: Mapping[str, pa.DataType]) -> Self:
        times = [f"{day.time_of(second):%Y-%m-%dT%H:%M:%SZ}" for second in range(day.close_second + 1)]
        prices = [f"{ticks // 20}.{ticks % 20 * 5:02d}" for ticks in range(TICKS_MAX + 1)]
        deltas = [_decimal(delta_e4) for delta_e4 in range(DELTA_E4_MAX + 1)]
        return cls(
            day=day,
            kinds=kinds,
            times=pa.array(times).cast(kinds["time"]),
            prices=pa.array(prices).cast(kinds["bid"]),
            deltas=pa.array(deltas).cast(kinds["delta"]),
        )

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Statements, indices, then each contract."""
        yield self._statements()
        yield self._index("SPX", self.day.spx_e4)
        yield self._index("VIX", self.day.vix_e4)
        for row in range(len(self.day.contracts)):
            yield self._contract(row)

    def _statements(self) -> pa.RecordBatch:
        day = self.day
        assert day.settlement_cents is not None, "a published day has one"
        settlement = next(says for says, source in SETTLEMENTS.items() if source is day.settlement_source)
        said = {
            KNOWN_FROM: (day.known_from, None),
            KNOWN_UNTIL: (day.known_until, None),
            settlement: (day.close_second, _decimal(day.settlement_cents * 100)),
            **({SYNTHETIC: (0, None)} if day.synthetic else {}),
            **({INDEX_DERIVED: (0, None)} if day.index_derived else {}),
        }
        seconds, values = zip(*said.values(), strict=True)
        return self._batch(np.array(seconds), symbol=list(said), last=list(values))

    def _index(self, name: str, values_e4: IndexSeries) -> pa.RecordBatch:
        changed = np.diff(values_e4, prepend=MISSING_INDEX) != 0
        seconds = np.flatnonzero(changed & (values_e4 != MISSING_INDEX))
        values = [_decimal(value) for value in values_e4[seconds].tolist()]
        return self._batch(seconds, symbol=[name] * len(seconds), last=values)

    def _contract(self, row: int) -> pa.RecordBatch:
        """What is known of a contract first, which may be nothing, and each change of it."""
        day, known = self.day, slice(self.day.known_from, self.day.known_until + 1)
        bids, asks, deltas = day.bid_ticks[row, known], day.ask_ticks[row, known], day.delta_e4[known, row]
        changed = np.ones(len(bids), bool)
        changed[1:] = (np.diff(bids) != 0) | (np.diff(asks) != 0) | (np.diff(deltas) != 0)
        bids, asks, deltas = bids[changed], asks[changed], deltas[changed]
        return self._batch(
            np.flatnonzero(changed) + day.known_from,
            symbol=[format_osi(day.date, day.contracts[row])] * len(bids),
            bid=self.prices.take(pa.array(bids, mask=bids == MISSING_TICKS)),
            ask=self.prices.take(pa.array(asks, mask=asks == MISSING_TICKS)),
            delta=self.deltas.take(pa.array(deltas, mask=deltas == MISSING_DELTA)),
        )

    def _batch(self, seconds: Integers, **columns: pa.Array | list[str | None]) -> pa.RecordBatch:
        nothing = pa.nulls(len(seconds))
        given = {"time": self.times.take(pa.array(seconds)), **columns}
        arrays = [_cast(given.get(name, nothing), kind) for name, kind in self.kinds.items()]
        return pa.record_batch(arrays, schema=pa.schema(self.kinds))


def _cast(values: pa.Array | list[str | None], kind: pa.DataType) -> pa.Array:
    texts = pa.array(values, pa.string()) if isinstance(values, list) else values
    return texts.cast(kind)


def _decimal(value_e4: int) -> str:
    return f"{value_e4 // 10_000}.{value_e4 % 10_000:04d}"
