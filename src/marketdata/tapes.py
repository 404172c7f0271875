"""The rows of a recording: a file of rows of one size, one a second, only ever added to.

Each row ends with a checksum over the rest of it, so whoever reads stops before one that is torn.
"""

import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.market import MISSING_TICKS
from marketdata.recordings import ChainRow

CARRIED_SECONDS_MAX = 5
"""How long quotes stand without a row (rulings 2.8)."""
BLOCK_ROWS = 512

TapeRows: TypeAlias = NDArray[Any]


class Kind(IntEnum):
    """Whether a second was told of by the feed, stands with the quotes before it, or has none."""

    TOLD = 0
    CARRIED = 1
    MISSING = 2


class RowRefused(Exception):
    """A row that could not be written, for want of room or because the disk failed; nothing of it is left."""


@dataclass(frozen=True, slots=True)
class Appended:
    """What was written before a row for the seconds that it skipped."""

    carried: int
    missing: int


def row_type(contracts: int) -> np.dtype[Any]:
    """A row of format version 1, little-endian and packed: 28 bytes and 6 a contract.

    ``told_at_ns`` is the recorder's monotonic clock when the row came; ``checksum`` the CRC-32 of all
    bytes before it. The others are as in ``recordings.ChainRow``.
    """
    return np.dtype([
        ("second", "<i4"), ("kind", "<i4"), ("told_at_ns", "<i8"), ("spx_e4", "<i4"), ("vix_e4", "<i4"),
        ("bid_ticks", "<u2", contracts), ("ask_ticks", "<u2", contracts), ("delta_e4", "<i2", contracts),
        ("checksum", "<u4"),
    ])  # fmt: skip


def read_rows(path: Path, contracts: int, from_row: int) -> TapeRows:
    """The sound rows from one on, at most ``BLOCK_ROWS``; none where there is no tape yet."""
    kind = row_type(contracts)
    try:
        with path.open("rb", buffering=0) as tape:
            tape.seek(from_row * kind.itemsize)
            content = tape.read(BLOCK_ROWS * kind.itemsize)
    except FileNotFoundError:
        content = b""
    rows = np.frombuffer(content, kind, len(content) // kind.itemsize)
    return rows[: _sound(rows)]


def all_rows(path: Path, contracts: int, from_row: int = 0) -> Iterator[TapeRows]:
    """The sound rows from one on, in blocks."""
    while len(rows := read_rows(path, contracts, from_row)):
        yield rows
        from_row += len(rows)


def _sound(rows: TapeRows) -> int:
    """How many rows there are before the first whose checksum is wrong."""
    pairs = enumerate(zip(_checksums(rows), rows["checksum"].tolist(), strict=True))
    return next((place for place, (right, written) in pairs if right != written), len(rows))


def _checksums(rows: TapeRows) -> Iterator[int]:
    size, content = rows.dtype.itemsize, rows.view(np.uint8).data
    return (zlib.crc32(content[end - size : end - 4]) for end in range(size, len(content) + 1, size))


class TapeWriter:
    """Adds rows to a tape. One writer at a time; what an earlier one left torn is cut off."""

    def __init__(self, path: Path, contracts: int) -> None:
        self._kind = row_type(contracts)
        self._rows = 0
        self._last: TapeRows | None = None
        self._told_second = -1
        for rows in all_rows(path, contracts):
            self._take(rows)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        os.ftruncate(self._file, self._end)

    @property
    def second(self) -> int:
        """The last row's, -1 before the first."""
        return -1 if self._last is None else int(self._last["second"])

    @property
    def _end(self) -> int:
        return self._rows * self._kind.itemsize

    def append(self, row: ChainRow, told_at_ns: int) -> Appended:
        """Writes a row later than the last, after one for each second that it skips; all or none of them,
        and on the disk when it returns.

        Skipped seconds up to ``CARRIED_SECONDS_MAX`` after the last row that was told keep its quotes,
        later ones have none; index and deltas stand in both. Raises RowRefused.
        """
        assert row.second > self.second, "the recorder ignores disorder"
        rows = np.empty(1 if self._last is None else row.second - self.second, self._kind)
        if self._last is not None:
            rows[:-1] = self._last
        rows["second"] = np.arange(row.second - len(rows) + 1, row.second + 1)
        rows["told_at_ns"] = told_at_ns
        skipped = rows[:-1]
        is_missing = skipped["second"] > self._told_second + CARRIED_SECONDS_MAX
        skipped["kind"] = np.where(is_missing, Kind.MISSING, Kind.CARRIED)
        skipped["bid_ticks"][is_missing] = MISSING_TICKS
        skipped["ask_ticks"][is_missing] = MISSING_TICKS
        _tell(rows[-1:], row)
        rows["checksum"] = list(_checksums(rows))
        self._write(rows)
        self._take(rows)
        return Appended(int((~is_missing).sum()), int(is_missing.sum()))

    def close(self) -> None:
        os.close(self._file)

    def _write(self, rows: TapeRows) -> None:
        content = rows.tobytes()
        try:
            written = os.pwrite(self._file, content, self._end)
            os.fdatasync(self._file)
        except OSError as error:
            os.ftruncate(self._file, self._end)
            raise RowRefused(f"the tape takes no row: {error.strerror}") from error
        if written < len(content):
            os.ftruncate(self._file, self._end)
            raise RowRefused("the tape takes no whole row: no room left")

    def _take(self, rows: TapeRows) -> None:
        """Counts rows that are on the tape."""
        told = rows["second"][rows["kind"] == Kind.TOLD]
        self._rows += len(rows)
        self._last = rows[-1]
        self._told_second = int(told[-1]) if len(told) else self._told_second


def _tell(place: TapeRows, row: ChainRow) -> None:
    place["kind"] = Kind.TOLD
    place["spx_e4"], place["vix_e4"] = row.spx_e4, row.vix_e4
    place["bid_ticks"], place["ask_ticks"], place["delta_e4"] = row.bid_ticks, row.ask_ticks, row.delta_e4
