"""What is written beside a day's files: what it is, where it came from, and where each buffer lies."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from engine.market import SettlementSource
from engine.money import Cents
from marketdata.refusals import DayUnavailable

MANIFEST = "manifest.json"
QUOTES, GREEKS, INDEX = "quotes.arrow", "greeks.arrow", "index.arrow"
FORMAT_VERSION = 1
# A reader takes its own version and the one before; there was none before 1.
READABLE_VERSIONS = frozenset({FORMAT_VERSION})


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a day came from. Not part of its content hash.

    ``resolution_seconds`` is the source's own: 60 for one-minute bars carried to every second.
    ``imported_at`` is None where the moment of making says nothing, as for synthetic days.
    """

    source: str
    importer_version: str
    resolution_seconds: int
    imported_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Buffer:
    """One contiguous little-endian array inside a file; ``dtype`` as numpy spells it."""

    offset: int
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as it was published; a changed ``modified_ns`` makes a reader check the whole file."""

    size_bytes: int
    modified_ns: int
    sha256: str
    buffers: Mapping[str, Buffer]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what a recording spans it has. Manifests of earlier releases do not say it.

    ``silent_seconds`` are those in which no contract had a quote, ``quoted_e4`` is the share of
    contracts and seconds that had one, in 0.0001.
    """

    silent_seconds: int
    quoted_e4: int


@dataclass(frozen=True, slots=True)
class FormatHeader:
    format_version: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything about a day that is not an array; see ``engine.market.Day`` for the fields."""

    format_version: int
    content_hash: str
    date: date
    open_at: datetime
    close_second: int
    known_from: int
    known_until: int
    settlement_cents: Cents
    settlement_source: SettlementSource
    synthetic: bool
    index_derived: bool
    contracts: int
    strikes: tuple[int, ...]
    provenance: Provenance
    files: Mapping[str, StoredFile]
    coverage: Coverage | None = None

    def time_of(self, second: int) -> datetime:
        return self.open_at.astimezone(UTC) + timedelta(seconds=second)


_HEADER, _MANIFEST = TypeAdapter(FormatHeader), TypeAdapter(Manifest)


def write_manifest(folder: Path, manifest: Manifest) -> Path:
    path = folder / MANIFEST
    path.write_bytes(_MANIFEST.dump_json(manifest, indent=1) + b"\n")
    return path


def read_manifest(folder: Path | str) -> Manifest:
    """The manifest of a day's folder. Raises DayUnavailable naming the file."""
    path = f"{folder}/{MANIFEST}"
    try:
        manifest = _parsed(path, read_bytes(path))
    except OSError as error:
        raise DayUnavailable(f"{path}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "file"
        raise DayUnavailable(f"{path}: {where}: {first['msg']}") from error
    _check_version(path, manifest.format_version)
    return manifest


def read_bytes(path: str) -> bytes:
    """A small file's content, by as few calls as there can be: a year has hundreds of them."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(handle, os.fstat(handle).st_size)
    finally:
        os.close(handle)


def _parsed(path: str, text: bytes) -> Manifest:
    """The manifest of a text; what does not read as one may be of another version."""
    try:
        return _MANIFEST.validate_json(text)
    except ValidationError:
        _check_version(path, _HEADER.validate_json(text).format_version)
        raise


def _check_version(path: str, version: int) -> None:
    if version not in READABLE_VERSIONS:
        raise DayUnavailable(f"{path}: format version {version} is not one of {_readable()}")


def _readable() -> str:
    return ", ".join(str(version) for version in sorted(READABLE_VERSIONS))
