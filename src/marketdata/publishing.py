"""Publishing a day: whole or not at all, and never changed afterwards."""

import fcntl
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import numpy as np

from engine.market import MISSING_TICKS, Day
from marketdata.arrow_files import write_arrays
from marketdata.checking import check_day
from marketdata.durable import replace_file, sync
from marketdata.hashing import content_hash
from marketdata.library import CURRENT, DayInfo, day_info
from marketdata.manifests import (
    FORMAT_VERSION,
    Coverage,
    Manifest,
    Provenance,
    StoredFile,
    read_manifest,
    write_manifest,
)
from marketdata.mappings import check_file
from marketdata.refusals import DayUnavailable

_UNFINISHED, _LOCK, _BROKEN = ".unfinished", ".lock", ".broken"
_FRESH = f"{CURRENT}.new"


def publish(root: Path, day: Day, provenance: Provenance) -> DayInfo:
    """Publishes a day as the one in force for its date.

    The day's own ``content_hash`` is ignored and computed. Publishing values that are there already
    writes nothing and keeps their first provenance. Raises DayRefused for a day that breaks the
    promises of ``engine.market.Day``.
    """
    return _published(root, day, provenance, takes_over=True)


def _published(root: Path, day: Day, provenance: Provenance, *, takes_over: bool) -> DayInfo:
    check_day(day)
    digest = content_hash(day)
    home = root / day.date.isoformat()
    home.mkdir(parents=True, exist_ok=True)
    with _sole_publisher(home):
        _sweep(home)
        folder = home / digest
        if not _is_intact(folder):
            _write_revision(folder, day, digest, provenance)
        if takes_over or not (home / CURRENT).exists():
            _point_at(home, digest)
    return day_info(read_manifest(folder))


def publish_beside(root: Path, day: Day, provenance: Provenance) -> DayInfo:
    """The same, but a day that is in force for its date already stays so."""
    return _published(root, day, provenance, takes_over=False)


def put_in_force(root: Path, on: date, digest: str) -> None:
    """Makes a published revision the one in force for its date."""
    home = root / on.isoformat()
    with _sole_publisher(home):
        _point_at(home, digest)


@contextmanager
def _sole_publisher(home: Path) -> Iterator[None]:
    """Holds the date against other publishers. The system frees it when the process dies."""
    with (home / _LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _sweep(home: Path) -> None:
    """Removes what a publisher left that was killed."""
    for leftover in (_UNFINISHED, _BROKEN):
        shutil.rmtree(home / leftover, ignore_errors=True)
    (home / _FRESH).unlink(missing_ok=True)


def _is_intact(folder: Path) -> bool:
    if not folder.is_dir():
        return False
    try:
        for name, stored in read_manifest(folder).files.items():
            check_file(str(folder / name), stored, whole=True)
    except DayUnavailable:
        return False
    return True


def _write_revision(folder: Path, day: Day, digest: str, provenance: Provenance) -> None:
    """Writes beside the final name and renames: a reader sees all files or none."""
    unfinished, broken = folder.parent / _UNFINISHED, folder.parent / _BROKEN
    unfinished.mkdir()
    files = write_arrays(unfinished, day)
    manifest = write_manifest(unfinished, _manifest(day, digest, provenance, files))
    for path in (manifest, *(unfinished / name for name in files)):
        path.chmod(0o444)
        sync(path)
    sync(unfinished)
    if folder.exists():
        folder.rename(broken)
    unfinished.rename(folder)
    sync(folder.parent)
    shutil.rmtree(broken, ignore_errors=True)


def _manifest(day: Day, digest: str, provenance: Provenance, files: Mapping[str, StoredFile]) -> Manifest:
    assert day.settlement_cents is not None, "check_day saw to it"
    assert day.settlement_source is not None, "check_day saw to it"
    return Manifest(
        format_version=FORMAT_VERSION,
        content_hash=digest,
        date=day.date,
        open_at=day.open_at,
        close_second=day.close_second,
        known_from=day.known_from,
        known_until=day.known_until,
        settlement_cents=day.settlement_cents,
        settlement_source=day.settlement_source,
        synthetic=day.synthetic,
        index_derived=day.index_derived,
        contracts=len(day.contracts),
        strikes=tuple(sorted({contract.strike_points for contract in day.contracts})),
        provenance=provenance,
        files=files,
        coverage=_coverage(day),
    )


def _coverage(day: Day) -> Coverage:
    quoted = day.ask_ticks[:, day.known_from : day.known_until + 1] != MISSING_TICKS
    return Coverage(
        silent_seconds=int(np.count_nonzero(~quoted.any(axis=0))),
        quoted_e4=int(np.count_nonzero(quoted)) * 10_000 // quoted.size,
    )


def _point_at(home: Path, digest: str) -> None:
    pointer = home / CURRENT
    if pointer.exists() and pointer.read_text().strip() == digest:
        return
    replace_file(pointer, f"{digest}\n".encode())
    sync(home.parent)
