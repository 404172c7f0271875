"""Telling the formats of mixed files: by name where it says so, else by the columns of the first table."""

from collections.abc import Iterable
from pathlib import Path

from marketdata import databento, lean
from marketdata.refusals import SourceRefused
from marketdata.sources import PARQUET, files_at, find_sources, header

UNKNOWN = "unknown"
TELLING_COLUMNS = (
    ("cboe", {"underlying_symbol", "quote_datetime"}),
    ("optionsdx", {"QUOTE_UNIXTIME"}),
    ("thetadata", {"ms_of_day"}),
    ("thetadata", {"symbol", "expiration", "timestamp"}),
    ("zerodte", {"time", "symbol"}),
)
NOTES = ".txt"
LEAN_BRANCHES = frozenset({"alternative", "equity", "index", "indexoption", "option"})


def by_format(paths: Iterable[Path]) -> dict[str, list[Path]]:
    """The files at or under the paths by their format; tables of no known one are ``UNKNOWN``.

    Files that are no tables of quotes are left out, and so is the rest of a LEAN tree, whose own
    importer finds the indices in it. Raises SourceRefused for a path that does not exist or holds none.
    """
    found: dict[str, list[Path]] = {}
    for path in paths:
        files = [file.resolve() for file in files_at(path)]
        trees = [file.parents[4] for file in files if lean.is_quotes(file)]
        formats = {file: _format(file) for file in files if not _is_passed_over(file, trees)}
        for file, name in formats.items():
            if name is not None:
                found.setdefault(name, []).append(file)
        if not any(formats.values()):
            raise SourceRefused(f"{path}: no file of a known format")
    return found


def _is_passed_over(file: Path, trees: Iterable[Path]) -> bool:
    """Whether a file belongs to a LEAN tree without being an archive of option quotes."""
    if lean.is_quotes(file):
        return False
    return any(tree / branch in file.parents for tree in trees for branch in LEAN_BRANCHES)


def _format(file: Path) -> str | None:
    if lean.is_quotes(file):
        return "lean"
    if file.name.endswith(databento.SUFFIXES):
        return "databento" if databento.holds_quotes(file) else None
    if file.suffix == PARQUET:
        return "zerodte"
    return _format_of_table(file) if file.suffix in (".csv", NOTES, ".zip") else None


def _format_of_table(file: Path) -> str | None:
    """By the columns of a text, or of an archive's first one. Other ``.txt`` files are notes, not tables."""
    try:
        columns = set(header(find_sources([file], (".csv", ".txt"))[0]))
    except SourceRefused:
        return UNKNOWN
    telling = (name for name, names in TELLING_COLUMNS if names <= columns)
    return next(telling, None if file.suffix == NOTES else UNKNOWN)
