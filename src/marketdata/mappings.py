"""Opening a published day: read-only views on its mapped files, found by the manifest's offsets.

Nothing here imports Arrow: opening is a few system calls.
"""

import hashlib
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contracts import Contract, Right
from engine.market import Day
from marketdata.manifests import GREEKS, INDEX, QUOTES, Manifest, StoredFile, read_manifest
from marketdata.pages import Pages
from marketdata.refusals import DayUnavailable

MAGIC = b"ARROW1"
NO_WAITING = getattr(os, "RWF_NOWAIT", 0)
RIGHTS = {right.value.encode(): right for right in Right}


@dataclass(frozen=True, slots=True)
class MappedFile:
    """One file's pages, and the arrays that lie in them. The pages live as long as any array does."""

    pages: Pages
    stored: StoredFile

    def array(self, name: str) -> NDArray[Any]:
        buffer = self.stored.buffers[name]
        return np.ndarray(buffer.shape, buffer.dtype, memoryview(self.pages), buffer.offset)

    def read_ahead(self, name: str, rows: Iterable[int]) -> None:
        """Asks the kernel to fetch rows of an array, without waiting for it."""
        buffer = self.stored.buffers[name]
        row_bytes = prod(buffer.shape[1:]) * np.dtype(buffer.dtype).itemsize
        for row in rows:
            self.pages.read_ahead(buffer.offset + row * row_bytes, row_bytes)


@dataclass(frozen=True, slots=True)
class MappedDay:
    """A day whose arrays are views on mapped files; ``warm_rows`` are contracts read in already.

    ``was_cold`` says that nothing of the quotes was in memory when they were opened.
    """

    day: Day
    quotes: MappedFile
    greeks: MappedFile
    warm_rows: set[int]
    was_cold: bool

    def read_ahead(self, contracts: Iterable[Contract]) -> None:
        """Asks the kernel to fetch the contracts' quotes, without waiting for them."""
        rows = sorted({self.day.row_of[contract] for contract in contracts})
        self.quotes.read_ahead("bid", rows)
        self.quotes.read_ahead("ask", rows)

    def warm(self, rows: Iterable[int]) -> None:
        """Reads the rows' quotes and, the first time, the deltas, so that later reads find them.

        A checksum reads every page and lets other threads run meanwhile.
        """
        rows = list(rows)
        self.quotes.read_ahead("bid", rows)
        self.quotes.read_ahead("ask", rows)
        if not self.warm_rows:
            self.greeks.pages.read_ahead(0, self.greeks.pages.size)
            zlib.crc32(self.day.delta_e4.data)
        for row in rows:
            zlib.crc32(self.day.bid_ticks[row].data)
            zlib.crc32(self.day.ask_ticks[row].data)
        self.warm_rows.update(rows)


def open_folder(folder: str) -> MappedDay:
    """The day of a published folder. Raises DayUnavailable naming the file that is at fault."""
    return open_published(folder, read_manifest(folder))


def open_published(folder: str, manifest: Manifest) -> MappedDay:
    """The same by a manifest that was read before."""
    (quotes, was_cold), (greeks, _), (index, _) = (
        _map(folder, name, manifest) for name in (QUOTES, GREEKS, INDEX)
    )
    return MappedDay(_day(manifest, quotes, greeks, index), quotes, greeks, set(), was_cold)


def check_file(path: str, stored: StoredFile, *, whole: bool) -> None:
    """Raises DayUnavailable unless the file is the published one.

    Its size and magic are always checked, its checksum when ``whole`` or when the file was touched
    since it was published.
    """
    with _opened(path) as handle:
        _check(path, handle, stored, whole=whole)


@contextmanager
def _opened(path: str) -> Iterator[int]:
    """The file's descriptor; what the system refuses is a DayUnavailable that names the file."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            yield handle
        finally:
            os.close(handle)
    except OSError as error:
        raise DayUnavailable(f"{path}: {error.strerror}") from error


def _check(path: str, handle: int, stored: StoredFile, *, whole: bool) -> None:
    status = os.fstat(handle)
    if status.st_size != stored.size_bytes:
        raise DayUnavailable(f"{path}: {status.st_size} bytes, {stored.size_bytes} were published")
    _check_magic(path, os.pread(handle, len(MAGIC), 0))
    if whole or status.st_mtime_ns != stored.modified_ns:
        with Path(path).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != stored.sha256:
                raise DayUnavailable(f"{path}: the checksum is not the published one")
    _check_magic(path, os.pread(handle, len(MAGIC), status.st_size - len(MAGIC)))


def _check_magic(path: str, mark: bytes) -> None:
    if mark != MAGIC:
        raise DayUnavailable(f"{path}: not an Arrow file, or one that was not written to its end")


def _map(folder: str, name: str, manifest: Manifest) -> tuple[MappedFile, bool]:
    """The file, and whether its first page had to be read for this."""
    path, stored = f"{folder}/{name}", manifest.files.get(name)
    if stored is None:
        raise DayUnavailable(f"{path}: not named in the manifest")
    with _opened(path) as handle:
        is_cold = not _is_in_memory(handle)
        if is_cold:  # so that one wait for the disk brings both ends
            end = stored.size_bytes - len(MAGIC)
            os.posix_fadvise(handle, end, len(MAGIC), os.POSIX_FADV_WILLNEED)
        _check(path, handle, stored, whole=False)
        return MappedFile(Pages(handle, stored.size_bytes), stored), is_cold


def _is_in_memory(handle: int) -> bool:
    """Whether a file's first page is there to be read at once; True where the system does not tell."""
    try:
        os.preadv(handle, [bytearray(1)], 0, NO_WAITING)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _day(manifest: Manifest, quotes: MappedFile, greeks: MappedFile, index: MappedFile) -> Day:
    return Day(
        date=manifest.date,
        open_at=manifest.open_at.astimezone(UTC),
        close_second=manifest.close_second,
        contracts=_contracts(quotes),
        bid_ticks=quotes.array("bid"),
        ask_ticks=quotes.array("ask"),
        delta_e4=greeks.array("delta"),
        spx_e4=index.array("spx"),
        vix_e4=index.array("vix"),
        known_from=manifest.known_from,
        known_until=manifest.known_until,
        settlement_cents=manifest.settlement_cents,
        settlement_source=manifest.settlement_source,
        content_hash=manifest.content_hash,
        synthetic=manifest.synthetic,
        index_derived=manifest.index_derived,
    )


def _contracts(quotes: MappedFile) -> tuple[Contract, ...]:
    strikes, rights = quotes.array("strike").tolist(), quotes.array("right").tolist()
    listed = zip(strikes, map(RIGHTS.__getitem__, rights), strict=True)
    # Contract's own __new__ runs in Python: it would take three times as long as the rest.
    return tuple(map(partial(tuple.__new__, Contract), listed))
