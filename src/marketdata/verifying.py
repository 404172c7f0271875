"""Checking every published byte, as an operator asks for it."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from marketdata.hashing import content_hash
from marketdata.library import CURRENT, dates_under
from marketdata.manifests import read_manifest
from marketdata.mappings import check_file, open_folder
from marketdata.refusals import DayUnavailable


def verify_library(root: Path, progress: Callable[[date], None] | None = None) -> tuple[str, ...]:
    """What is wrong with the published days, each message naming its file; empty when nothing is."""
    problems: list[str] = []
    for on in sorted(dates_under(root)):
        problems += verify_date(root / on.isoformat())
        if progress is not None:
            progress(on)
    return tuple(problems)


def verify_date(home: Path) -> list[str]:
    """Every revision of a date: each file's checksum, the day's hash, and that CURRENT names one."""
    revisions = sorted(path for path in home.iterdir() if path.is_dir() and not path.name.startswith("."))
    problems = [problem for folder in revisions for problem in _verify_revision(folder)]
    pointer = home / CURRENT
    named = pointer.read_text(errors="replace").strip() if pointer.is_file() else None
    if named is None and revisions:
        problems.append(f"{pointer}: missing")
    elif named is not None and home / named not in revisions:
        problems.append(f"{pointer}: names {named}, which is not there")
    return problems


def _verify_revision(folder: Path) -> list[str]:
    try:
        manifest = read_manifest(folder)
        for name, stored in manifest.files.items():
            check_file(str(folder / name), stored, whole=True)
        found = content_hash(open_folder(str(folder)).day)
    except DayUnavailable as error:
        return [str(error)]
    if not found == manifest.content_hash == folder.name:
        return [f"{folder}: the content's hash is {found}"]
    return []
