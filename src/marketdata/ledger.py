"""Which files were imported already, so that the same import again need not read them.

``.imported/FINGERPRINT`` under the library names the days that files of this content gave. It is
written when all of these are published, and counts as long as they are in force.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from engine.money import Cents
from marketdata.library import DayInfo, Library
from marketdata.refusals import DayUnavailable
from marketdata.sources import Source

FOLDER = ".imported"
_DAYS = TypeAdapter(dict[date, str])


def fingerprint(importer: str, settlement_cents: Cents | None, sources: Iterable[Source]) -> str:
    """SHA-256 of all that the days of some files depend on: names and contents, and who reads them.

    ``importer`` is a format with its version, so that a mended importer reads its files again.
    """
    digest = hashlib.sha256(f"{importer}\n{settlement_cents}\n".encode())
    for source in sources:
        digest.update(f"{source.name}\n{source.digest()}\n".encode())
    return digest.hexdigest()


def recall(root: Path, mark: str) -> tuple[DayInfo, ...] | None:
    """The days that files of a fingerprint gave, or None unless all of them are in force and whole."""
    try:
        hashes = _DAYS.validate_json((root / FOLDER / mark).read_bytes())
        infos = [_in_force(Library(root), on, digest) for on, digest in hashes.items()]
    except (OSError, ValidationError, DayUnavailable):
        return None
    known = tuple(info for info in infos if info is not None)
    return known if len(known) == len(infos) else None


def note(root: Path, mark: str, days: Sequence[DayInfo]) -> None:
    """Remembers the days that files of a fingerprint gave."""
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f"{mark}.new"
    fresh.write_bytes(_DAYS.dump_json({info.date: info.content_hash for info in days}))
    fresh.rename(folder / mark)


def _in_force(library: Library, on: date, digest: str) -> DayInfo | None:
    info = library.current(on)
    if info is None or info.content_hash != digest:
        return None
    library.open(on, digest)
    return info
