"""A day's arrays as Arrow IPC files, uncompressed, so that any Arrow reader opens them.

``quotes.arrow`` has one row a contract and ``greeks.arrow`` one row a second: quotes are read down
one contract and deltas across the chain, and each lies the way it is read. ``index.arrow`` has one
row a second. Writing finds where each buffer came to lie, so that reading never needs Arrow.
"""

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.market import Day
from marketdata.manifests import GREEKS, INDEX, QUOTES, Buffer, StoredFile


def write_arrays(folder: Path, day: Day) -> dict[str, StoredFile]:
    """Writes the three files and says what is in them, by name."""
    batches = {QUOTES: _quotes(day), GREEKS: _greeks(day), INDEX: _index(day)}
    return {name: _write(folder / name, batch) for name, batch in batches.items()}


def _quotes(day: Day) -> pa.RecordBatch:
    strikes = np.array([contract.strike_points for contract in day.contracts], np.int32)
    columns = {
        "strike": (pa.array(strikes), "index points"),
        "right": (pa.array([str(contract.right) for contract in day.contracts], pa.string()), "C or P"),
        "bid": (_lists(day.bid_ticks), "0.05 index points, one value a second, 65535 = missing"),
        "ask": (_lists(day.ask_ticks), "0.05 index points, one value a second, 65535 = missing"),
    }
    return _batch(day, columns)


def _greeks(day: Day) -> pa.RecordBatch:
    return _batch(
        day, {"delta": (_lists(day.delta_e4), "0.0001, unsigned, one value a contract, -1 = missing")}
    )


def _index(day: Day) -> pa.RecordBatch:
    unit = "0.0001 index points, -1 = missing"
    return _batch(day, {"spx": (pa.array(day.spx_e4), unit), "vix": (pa.array(day.vix_e4), unit)})


def _lists(matrix: NDArray[np.integer]) -> pa.FixedSizeListArray:
    flat = np.ascontiguousarray(matrix).reshape(-1)
    return pa.FixedSizeListArray.from_arrays(pa.array(flat), matrix.shape[1])


def _batch(day: Day, columns: dict[str, tuple[pa.Array, str]]) -> pa.RecordBatch:
    fields = [
        pa.field(name, values.type, nullable=False, metadata={"unit": unit})
        for name, (values, unit) in columns.items()
    ]
    about = {"date": day.date.isoformat(), "first_second": day.open_at.isoformat()}
    return pa.record_batch(
        [values for values, _ in columns.values()], schema=pa.schema(fields, metadata=about)
    )


def _write(path: Path, batch: pa.RecordBatch) -> StoredFile:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, batch.schema) as writer:
        writer.write_batch(batch)
    with path.open("rb") as written:
        digest = hashlib.file_digest(written, "sha256").hexdigest()
    status = path.stat()
    return StoredFile(status.st_size, status.st_mtime_ns, digest, _buffers(path))


def _buffers(path: Path) -> dict[str, Buffer]:
    """Where each column's values lie in a file that was just written."""
    with pa.memory_map(str(path)) as source:
        whole = source.read_buffer()
        batch = pa.ipc.open_file(whole).get_batch(0)
        return {
            field.name: _buffer(batch.column(place), whole.address)
            for place, field in enumerate(batch.schema)
        }


def _buffer(column: pa.Array, start: int) -> Buffer:
    if isinstance(column, pa.StringArray):
        # One letter a row: the text buffer is an array of letters.
        return Buffer(column.buffers()[2].address - start, "|S1", (len(column),))
    lists = isinstance(column, pa.FixedSizeListArray)
    values = column.values if lists else column
    shape = (len(column), column.type.list_size) if lists else (len(column),)
    dtype = np.dtype(values.type.to_pandas_dtype()).newbyteorder("<").str
    return Buffer(values.buffers()[1].address - start, dtype, shape)
