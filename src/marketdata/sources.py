"""The files an import reads: plain, or members of zip archives, a batch of rows at a time."""

import hashlib
import re
import struct
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from marketdata.refusals import SourceRefused
from marketdata.reports import LINES_A_FILE, Finding, Tally
from marketdata.rows import Integers

BLOCK_BYTES = 1 << 23
PARQUET = ".parquet"
_MEMBER_HEAD_BYTES = 30  # ends with the lengths of a name and of further fields, which follow
_DATE_IN_NAME = re.compile(r"(?<!\d)(\d{4})-?(\d\d)-?(\d\d)(?!\d)", re.ASCII)


class Progress(Protocol):
    """Told now and then how far into a file an import is, in bytes, rows or members of ``total``."""

    def __call__(self, file: str, done: int, total: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Source:
    """A file, or one member of a zip archive."""

    path: Path
    member: str | None = None

    @property
    def name(self) -> str:
        return self.path.name if self.member is None else f"{self.path.name}/{self.member}"

    @property
    def date_text(self) -> str | None:
        """The first date in the file's own name, as digits."""
        match = _DATE_IN_NAME.search(self.member or self.path.name) or _DATE_IN_NAME.search(self.path.name)
        return None if match is None else "".join(match.groups())

    @property
    def size_bytes(self) -> int:
        if self.member is None:
            return self.path.stat().st_size
        with zipfile.ZipFile(self.path) as archive:
            return archive.getinfo(self.member).file_size

    def open(self) -> IO[bytes]:
        if self.member is None:
            return self.path.open("rb")
        try:
            with zipfile.ZipFile(self.path) as archive:
                return archive.open(self.member)
        except RuntimeError as error:  # encrypted, or compressed in a way that is not known here
            raise SourceRefused(f"{self.name}: {error}") from error

    def digest(self) -> str:
        """SHA-256 of the content as it is stored, compressed for a member of an archive."""
        if self.member is None:
            with self.open() as file:
                return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
        with zipfile.ZipFile(self.path) as archive:
            info = archive.getinfo(self.member)
        digest = hashlib.sha256(f"{info.CRC} {info.file_size}\n".encode())
        with self.path.open("rb") as file:
            file.seek(info.header_offset)
            head = file.read(_MEMBER_HEAD_BYTES)
            left = sum(struct.unpack("<HH", head[-4:])) + info.compress_size
            while left > 0 and (block := file.read(min(left, BLOCK_BYTES))):
                digest.update(block)
                left -= len(block)
        return digest.hexdigest()

    def line(self, number: int) -> str:
        """One line of the text, counted from 1; one row of a Parquet file."""
        if self.path.suffix == PARQUET:
            return _parquet_row(self.path, number)
        with self.open() as file:
            return next(islice(file, number - 1, None), b"").decode(errors="replace").rstrip("\r\n")


def _parquet_row(path: Path, number: int) -> str:
    with pa.parquet.ParquetFile(path) as file:
        for rows in file.iter_batches():
            if number <= len(rows):
                (row,) = rows.slice(number - 1, 1).to_pylist()
                return ",".join(str(value) for value in row.values())
            number -= len(rows)
    return ""


@dataclass(frozen=True, slots=True)
class Member(Source):
    """A member of an archive that stays open a while, so that its directory is read once."""

    archive: zipfile.ZipFile | None = None

    def open(self) -> IO[bytes]:
        if self.archive is None or self.archive.fp is None or self.member is None:
            return Source.open(self)
        return self.archive.open(self.member)


@dataclass(frozen=True, slots=True)
class Broken(Source):
    """An archive whose members cannot be listed. Opening it raises SourceRefused with the reason."""

    def open(self) -> IO[bytes]:
        members(self.path)
        return Source(self.path).open()


@dataclass(slots=True)
class Reading:
    """One import under way: what it found so far, in which files, and who wants to know."""

    progress: Progress | None = None
    tally: Tally = field(default_factory=Tally)
    sources: list[Source] = field(default_factory=list)

    def enter(self, source: Source) -> int:
        """The origin of line 0 of a source that is about to be read."""
        self.sources.append(source)
        return (len(self.sources) - 1) * LINES_A_FILE

    def report(self, source: Source, done: int, total: int) -> None:
        if self.progress is not None:
            self.progress(source.name, done, total)


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of a source: where each is, and the wanted columns, those that the file lacks all null."""

    origins: Integers
    columns: Mapping[str, pa.Array]

    def where(self, chosen: np.ndarray) -> "Batch":
        mask = pa.array(chosen)
        kept = {name: column.filter(mask) for name, column in self.columns.items()}
        return Batch(self.origins[chosen], kept)


def find_sources(paths: Iterable[Path], suffixes: Sequence[str]) -> list[Source]:
    """The files with one of the suffixes at or under the paths, and such members of zip archives.

    A broken archive is among them, and refused when it is read: it shall not stop the others. Raises
    SourceRefused for a path that does not exist or holds none.
    """
    found: list[Source] = []
    for path in paths:
        here = [source for file in files_at(path) for source in _sources_of(file, suffixes)]
        if not here:
            raise SourceRefused(f"{path}: no {' or '.join(suffixes)} file, zipped or not")
        found += here
    return found


def files_at(path: Path) -> list[Path]:
    """A file itself, or every file under a directory in order of their paths."""
    if not path.exists():
        raise SourceRefused(f"{path}: no such file or directory")
    return [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())


def _sources_of(file: Path, suffixes: Sequence[str]) -> list[Source]:
    if file.suffix != ".zip":
        return [Source(file)] if file.suffix in suffixes else []
    try:
        return [Source(file, member) for member in members(file) if Path(member).suffix in suffixes]
    except SourceRefused:
        return [Broken(file)]


def members(archive: Path) -> list[str]:
    try:
        with zipfile.ZipFile(archive) as opened:
            return sorted(opened.namelist())
    except zipfile.BadZipFile as error:
        raise SourceRefused(f"{archive.name}: not a zip archive, or an incomplete one") from error


def by_date(sources: Iterable[Source]) -> list[tuple[Source, ...]]:
    """Sources that name the same date together; one without a date by itself."""
    groups: dict[str, list[Source]] = {}
    for source in sources:
        groups.setdefault(source.date_text or f"{source.path}/{source.member}", []).append(source)
    return [tuple(group) for group in groups.values()]


def csv_batches(
    source: Source, required: Sequence[str], optional: Sequence[str], reading: Reading
) -> Iterator[Batch]:
    """The rows of a CSV file with a header, all columns as text, whatever their order in the file.

    Raises SourceRefused when a required column is missing. Rows with too many or too few fields are
    counted as malformed.
    """
    names = header(source)
    require(source, required, names)
    total = source.size_bytes
    batches = _csv_batches(source, [*required, *optional], (names, 2), reading)
    for block, batch in enumerate(batches, 1):
        yield batch
        reading.report(source, min(block * BLOCK_BYTES, total), total)


def headerless_batches(source: Source, names: Sequence[str], reading: Reading) -> Iterator[Batch]:
    """As ``csv_batches`` for a file without a header whose columns are known."""
    yield from _csv_batches(source, names, (names, 1), reading)


def parquet_batches(
    source: Source, required: Sequence[str], optional: Sequence[str], reading: Reading
) -> Iterator[Batch]:
    """The rows of a Parquet file, its columns of whatever type."""
    base, done = reading.enter(source), 0
    try:
        with pa.parquet.ParquetFile(source.path) as file:
            require(source, required, file.schema_arrow.names)
            wanted = [*required, *(name for name in optional if name in file.schema_arrow.names)]
            for rows in file.iter_batches(columns=wanted):
                origins = base + 1 + done + np.arange(len(rows))
                done += len(rows)
                reading.tally.rows_read += len(rows)
                yield Batch(origins, _columns(rows, [*required, *optional]))
                reading.report(source, done, file.metadata.num_rows)
    except pa.ArrowInvalid as error:
        raise SourceRefused(f"{source.name}: {error}") from error


def header(source: Source) -> list[str]:
    """The names of a CSV file's columns, without the blanks, quotes or brackets around them."""
    first = source.line(1).removeprefix("\ufeff")
    return [name.strip().strip('"[]') for name in first.split(",")]


def require(source: Source, required: Sequence[str], present: Sequence[str]) -> None:
    """Raises SourceRefused, naming the first column that is missing."""
    missing = [name for name in required if name not in present]
    if missing:
        raise SourceRefused(f"{source.name}: missing column {missing[0]!r}, there are: {', '.join(present)}")


def _csv_batches(
    source: Source, wanted: Sequence[str], layout: tuple[Sequence[str], int], reading: Reading
) -> Iterator[Batch]:
    """``layout``: the names of all columns, and the line of the first row."""
    base, malformed = reading.enter(source), _Malformed()
    first_line, done = layout[1], 0
    with source.open() as file:
        for rows in _open_csv(file, source, wanted, layout, malformed):
            origins = base + malformed.lines_of(done, len(rows), first_line)
            done += len(rows)
            reading.tally.rows_read += len(rows)
            yield Batch(origins, _columns(rows, wanted))
    reading.tally.rows_read += len(malformed.lines)
    reading.tally.note(Finding.MALFORMED, base + np.array(malformed.lines, np.int64))


def _open_csv(
    file: IO[bytes],
    source: Source,
    wanted: Sequence[str],
    layout: tuple[Sequence[str], int],
    malformed: "_Malformed",
) -> Iterator[pa.RecordBatch]:
    """Line numbers of malformed rows are only known to a reader without threads."""
    try:
        yield from pa.csv.open_csv(
            file,
            read_options=pa.csv.ReadOptions(
                block_size=BLOCK_BYTES,
                use_threads=False,
                column_names=list(layout[0]),
                skip_rows=layout[1] - 1,
            ),
            parse_options=pa.csv.ParseOptions(invalid_row_handler=malformed.skip, ignore_empty_lines=False),
            convert_options=pa.csv.ConvertOptions(
                column_types={name: pa.string() for name in wanted},
                include_columns=list(wanted),
                include_missing_columns=True,
            ),
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV file" not in str(error):
            raise SourceRefused(f"{source.name}: {error}") from error


@dataclass(frozen=True, slots=True)
class _Malformed:
    """The lines that a CSV reader passed over, ascending."""

    lines: list[int] = field(default_factory=list)

    def skip(self, row: pa.csv.InvalidRow) -> str:
        self.lines.append(row.number)
        return "skip"

    def lines_of(self, start: int, count: int, first_line: int) -> Integers:
        """The lines of the good rows ``start`` onwards, counted from 0."""
        rows_before = np.array(self.lines, np.int64) - first_line - np.arange(len(self.lines))
        rows = start + np.arange(count)
        return rows + first_line + np.searchsorted(rows_before, rows, side="right")


def _columns(rows: pa.RecordBatch, wanted: Sequence[str]) -> dict[str, pa.Array]:
    nothing = pa.nulls(len(rows), pa.string())
    return {name: rows.column(name) if name in rows.schema.names else nothing for name in wanted}
