"""The published days of a directory. The file system is the catalog: nothing else lists them.

``DATE/HASH/`` holds one revision of a day and ``DATE/CURRENT`` names the one in force. Revisions are
never changed in place, so what was opened stays readable whatever is published later.
"""

import asyncio
import os
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Lock

from engine.contracts import Contract
from engine.market import Day, SettlementSource
from engine.money import Cents
from marketdata.manifests import Coverage, Manifest, read_bytes, read_manifest
from marketdata.mappings import MappedDay, open_folder, open_published
from marketdata.refusals import DayNotFound, DayUnavailable

CURRENT = "CURRENT"
MAPPINGS_MAX = 64


@dataclass(frozen=True, slots=True)
class DayInfo:
    """What a list of days tells about one, without opening its arrays. Times are UTC.

    ``data_start_at`` and ``data_end_at`` are what the recording holds; ``contracts`` counts them and
    ``strikes`` are ascending whole points; ``resolution_seconds`` is the source's own.
    """

    date: date
    content_hash: str
    open_at: datetime
    close_at: datetime
    data_start_at: datetime
    data_end_at: datetime
    contracts: int
    strikes: tuple[int, ...]
    synthetic: bool
    source: str
    importer_version: str
    resolution_seconds: int
    index_derived: bool
    settlement_cents: Cents
    settlement_source: SettlementSource
    size_bytes: int
    imported_at: datetime | None
    coverage: Coverage | None = None


def day_info(manifest: Manifest) -> DayInfo:
    provenance = manifest.provenance
    return DayInfo(
        date=manifest.date,
        content_hash=manifest.content_hash,
        open_at=manifest.time_of(0),
        close_at=manifest.time_of(manifest.close_second),
        data_start_at=manifest.time_of(manifest.known_from),
        data_end_at=manifest.time_of(manifest.known_until),
        contracts=manifest.contracts,
        strikes=manifest.strikes,
        synthetic=manifest.synthetic,
        source=provenance.source,
        importer_version=provenance.importer_version,
        resolution_seconds=provenance.resolution_seconds,
        index_derived=manifest.index_derived,
        settlement_cents=manifest.settlement_cents,
        settlement_source=manifest.settlement_source,
        size_bytes=sum(file.size_bytes for file in manifest.files.values()),
        imported_at=None if provenance.imported_at is None else provenance.imported_at.astimezone(UTC),
        coverage=manifest.coverage,
    )


def comparable(days: Sequence[DayInfo]) -> Sequence[DayInfo]:
    """The recorded days where there are any, else the synthetic ones: never both (rulings 7.9)."""
    return [day for day in days if not day.synthetic] or days


@dataclass(frozen=True, slots=True)
class Known:
    """The revision in force when ``CURRENT`` bore this stamp, its inode and time."""

    stamp: tuple[int, int]
    manifest: Manifest
    info: DayInfo


class Library:
    """Reads the days published under ``root``, by this process or another. Thread-safe.

    At most ``mappings_max`` days are kept mapped here; a day in use stays mapped beyond that.
    """

    def __init__(self, root: Path, mappings_max: int = MAPPINGS_MAX) -> None:
        self._root = root
        self._mappings_max = mappings_max
        self._known: dict[date, Known] = {}
        self._mapped: OrderedDict[tuple[date, str], MappedDay] = OrderedDict()
        self._lock = Lock()

    @property
    def root(self) -> Path:
        return self._root

    def days(self) -> tuple[DayInfo, ...]:
        """The days in force, by ascending date, those left out that ``verify`` finds unreadable."""
        infos = (self._readable(on) for on in sorted(dates_under(self._root)))
        return tuple(info for info in infos if info is not None)

    def unreadable(self) -> tuple[tuple[date, str], ...]:
        """The dates that ``days`` leaves out although a revision was published, each with the reason."""
        whys = ((on, self._why_unreadable(on)) for on in sorted(dates_under(self._root)))
        return tuple((on, why) for on, why in whys if why is not None)

    def current(self, on: date) -> DayInfo | None:
        """The revision in force, or None. Raises DayUnavailable when its manifest is unreadable."""
        home = f"{self._root}/{on}"
        try:
            status = Path(f"{home}/{CURRENT}").stat()
        except FileNotFoundError:
            return None
        stamp = (status.st_ino, status.st_mtime_ns)
        known = self._known.get(on)
        if known is None or known.stamp != stamp:
            manifest = read_manifest(f"{home}/{_named(f'{home}/{CURRENT}')}")
            known = self._known[on] = Known(stamp, manifest, day_info(manifest))
        return known.info

    def open(self, on: date, content_hash: str | None = None) -> Day:
        """A revision of a day, the one in force unless ``content_hash`` names another.

        Raises DayNotFound where none is in force, or DayUnavailable with a message that names the
        file or folder at fault: somebody was told of a revision, so it ought to be there.
        """
        return self.open_mapped(on, content_hash).day

    def open_mapped(self, on: date, content_hash: str | None = None) -> MappedDay:
        """The same with its mapped files, for who can tell what of them he will read."""
        key = (on, content_hash or self._current_hash(on))
        with self._lock:
            mapped = self._mapped.get(key)
            if mapped is not None:
                self._mapped.move_to_end(key)
                return mapped
        return self._keep(key, self._map(key))

    async def warm(self, day: Day, contracts: Iterable[Contract]) -> None:
        """Reads the contracts' columns into memory in a thread, so that deciding never waits for a disk.

        Columns that were read before cost nothing; a day that was not opened here is in memory.
        """
        mapped = self._mapped.get((day.date, day.content_hash))
        if mapped is None or mapped.day is not day:
            return
        rows = {day.row_of[contract] for contract in contracts if contract in day.row_of}
        if cold := rows - mapped.warm_rows:
            await asyncio.to_thread(mapped.warm, sorted(cold))

    def _readable(self, on: date) -> DayInfo | None:
        try:
            return self.current(on)
        except DayUnavailable:
            return None

    def _why_unreadable(self, on: date) -> str | None:
        home = self._root / on.isoformat()
        try:
            is_missing = self.current(on) is None and any(home.glob("[!.]*/"))
        except DayUnavailable as unavailable:
            return str(unavailable)
        return f"{home / CURRENT}: missing" if is_missing else None

    def _current_hash(self, on: date) -> str:
        info = self.current(on)
        if info is None:
            raise DayNotFound(f"no session is recorded for {on}")
        return info.content_hash

    def _map(self, key: tuple[date, str]) -> MappedDay:
        on, content_hash = key
        folder = f"{self._root}/{on}/{content_hash}"
        known = self._known.get(on)
        try:
            if known is not None and known.manifest.content_hash == content_hash:
                return open_published(folder, known.manifest)
            return open_folder(folder)
        except DayUnavailable:
            if Path(folder).is_dir():
                raise
            raise DayUnavailable(f"{folder}: not there") from None

    def _keep(self, key: tuple[date, str], mapped: MappedDay) -> MappedDay:
        with self._lock:
            kept = self._mapped.setdefault(key, mapped)
            while len(self._mapped) > self._mappings_max:
                self._mapped.popitem(last=False)
            return kept


def _named(pointer: str) -> str:
    """The revision that a ``CURRENT`` names. Raises DayUnavailable naming the file."""
    try:
        name = read_bytes(pointer).decode("ascii").strip()
    except OSError as error:
        raise DayUnavailable(f"{pointer}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DayUnavailable(f"{pointer}: names no revision") from error
    if not name.isalnum():
        raise DayUnavailable(f"{pointer}: names no revision")
    return name


def dates_under(root: Path) -> set[date]:
    """The dates that have a folder under ``root``."""
    if not root.is_dir():
        return set()
    with os.scandir(root) as found:
        return {on for entry in found if (on := _date(entry.name)) is not None and entry.is_dir()}


def _date(name: str) -> date | None:
    try:
        return date.fromisoformat(name)
    except ValueError:
        return None
