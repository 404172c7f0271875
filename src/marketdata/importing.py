"""Importing days of vendors' formats: read, clean, assemble, publish, report."""

import time
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa

from engine.money import Cents
from marketdata import cboe, databento, lean, optionsdx, own, thetadata
from marketdata.assembling import assemble
from marketdata.detecting import UNKNOWN, by_format
from marketdata.ledger import fingerprint, note, recall
from marketdata.library import DayInfo
from marketdata.manifests import Provenance
from marketdata.publishing import publish, put_in_force
from marketdata.refusals import DayRefused, SourceRefused
from marketdata.reports import Finding, ImportReport, Offence, joined
from marketdata.rows import DayRows
from marketdata.sharing import processes_for, shared_out
from marketdata.sources import Progress, Reading, Source

AUTO = "auto"
FILES_NAMED_MAX = 3
UNREADABLE = (OSError, EOFError, zipfile.BadZipFile, zlib.error, pa.ArrowException)
NOTHING = ImportReport((), (), 0, (), 0, 0.0)


@dataclass(frozen=True, slots=True)
class Format:
    """How to find the files of a format, in groups to be read together, and how to read a group.

    ``version`` goes into the provenance of the days; it rises when the same file gives other values.
    """

    version: str
    find: Callable[[Iterable[Path]], list[tuple[Source, ...]]]
    read: Callable[[Sequence[Source], Reading], Iterator[DayRows]]


FORMATS = MappingProxyType({
    "cboe": Format("1", cboe.find, cboe.read),
    "databento": Format("1", databento.find, databento.read),
    "lean": Format("1", lean.find, lean.read),
    "optionsdx": Format("1", optionsdx.find, optionsdx.read),
    "thetadata": Format("1", thetadata.find, thetadata.read),
    "zerodte": Format("1", own.find, own.read),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What to import: files of a format, or of every known one for ``AUTO``.

    ``settlement_cents``, the official close, is for a single day. ``force`` reads files that were
    imported before, too.
    """

    format: str
    paths: tuple[Path, ...]
    settlement_cents: Cents | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Files to be read together, and their format."""

    format: str
    sources: tuple[Source, ...]

    @property
    def name(self) -> str:
        names = [source.name for source in self.sources]
        more = len(names) - FILES_NAMED_MAX
        return ", ".join(names) if more <= 0 else f"{', '.join(names[:FILES_NAMED_MAX])} and {more} more"


def run_import(
    request: ImportRequest,
    root: Path,
    imported_at: datetime,
    progress: Progress | None = None,
    processes: int | None = None,
) -> ImportReport:
    """Publishes every good day that the paths hold under ``root``, and tells what was done.

    Groups of files are shared out among processes, unless told otherwise one less than there are
    cores. A day that cannot be had whole is refused with its reason and the others go on. Files that
    an earlier import read are not read again, so that an interrupted one is resumed by repeating it.
    Raises SourceRefused for an unknown format, or for paths without a file of it, and ImportStopped
    when a process dies.
    """
    started = time.perf_counter()
    groups, unknown = _groups(request)
    if request.settlement_cents is not None and len(groups) > 1:
        raise SourceRefused(f"settlement: one value for one day, but the files are of {len(groups)}")
    importing = _Importing(request, root, imported_at)
    workers = min(len(groups), processes) if processes else processes_for(len(groups))
    if workers > 1:
        told = partial(progress, "files of the same date") if progress else None
        reports = shared_out(importing.report, groups, workers, told)
    else:
        reports = [importing.report(group, progress) for group in groups]
    refused = (*unknown, *_one_a_date(root, groups, reports))
    report = joined(reports)
    return replace(
        report,
        refused_days=(*report.refused_days, *refused),
        elapsed_seconds=time.perf_counter() - started,
    )


def _groups(request: ImportRequest) -> tuple[list[Group], list[str]]:
    """What there is to read, and what is wrong with files of no known format."""
    if request.format != AUTO:
        found = _format(request.format).find(request.paths)
        return [Group(request.format, sources) for sources in found], []
    files = by_format(request.paths)
    unknown = [f"{file.name}: of no known format, or a broken archive" for file in files.pop(UNKNOWN, [])]
    return [
        Group(name, sources)
        for name in FORMATS
        if name in files
        for sources in FORMATS[name].find(files[name])
    ], unknown


def _one_a_date(root: Path, groups: Sequence[Group], reports: Sequence[ImportReport]) -> Iterator[str]:
    """Leaves in force, of several groups' days of one date, that of the first; tells of the others."""
    first: dict[date, tuple[Group, DayInfo]] = {}
    for group, report in zip(groups, reports, strict=True):
        for day in (*report.days, *report.unchanged_days):
            earlier, kept = first.setdefault(day.date, (group, day))
            if kept.content_hash != day.content_hash:
                put_in_force(root, day.date, kept.content_hash)
                yield f"{day.date}: {group.name} has other values than {earlier.name}, which stay in force"


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise SourceRefused(f"format: unknown {name!r}, choose from {', '.join((AUTO, *FORMATS))}")
    return FORMATS[name]


@dataclass(frozen=True, slots=True)
class _Importing:
    request: ImportRequest
    root: Path
    imported_at: datetime

    def report(self, group: Group, progress: Progress | None = None) -> ImportReport:
        """Publishes the good days of a group of files, unless they were imported before."""
        started = time.perf_counter()
        try:
            mark = self._fingerprint(group)
        except SourceRefused as error:
            return replace(NOTHING, refused_days=(str(error),))
        except UNREADABLE as error:
            return replace(NOTHING, refused_days=(f"{group.name}: {error}",))
        known = None if self.request.force else recall(self.root, mark)
        if known is not None:
            return replace(NOTHING, unchanged_days=known, unread_files=len(group.sources))
        report = self._read(group, Reading(progress))
        if not report.refused_days:
            note(self.root, mark, report.days)
        return replace(report, elapsed_seconds=time.perf_counter() - started)

    def _fingerprint(self, group: Group) -> str:
        importer = f"{group.format} {_format(group.format).version}"
        return fingerprint(importer, self.request.settlement_cents, group.sources)

    def _read(self, group: Group, reading: Reading) -> ImportReport:
        outcomes = list(self._outcomes(group, reading))
        tally = reading.tally
        return replace(
            NOTHING,
            days=tuple(outcome for outcome in outcomes if isinstance(outcome, DayInfo)),
            refused_days=tuple(outcome for outcome in outcomes if isinstance(outcome, str)),
            rows_read=tally.rows_read,
            offences=tuple(_offence(finding, reading) for finding in tally.findings()),
            silent_seconds=tally.silent_seconds,
        )

    def _outcomes(self, group: Group, reading: Reading) -> Iterator[DayInfo | str]:
        """Each day of a group of files as published, or why it or the group was refused."""
        try:
            for rows in _readable(group, reading):
                yield self._outcome(group, rows, reading)
        except SourceRefused as error:
            yield str(error)

    def _outcome(self, group: Group, rows: DayRows, reading: Reading) -> DayInfo | str:
        version = _format(group.format).version
        try:
            assembled = assemble(rows, reading.tally, self.request.settlement_cents)
            resolution = assembled.resolution_seconds
            provenance = Provenance(group.format, version, resolution, self.imported_at)
            return publish(self.root, assembled.day, provenance)
        except DayRefused as error:
            return str(error)


def _readable(group: Group, reading: Reading) -> Iterator[DayRows]:
    """The days of a group. Whatever is wrong with its files is a refusal, so that the others go on."""
    try:
        yield from _format(group.format).read(group.sources, reading)
    except UNREADABLE as error:
        raise SourceRefused(f"{group.name}: {error}") from error


def _offence(finding: Finding, reading: Reading) -> Offence:
    place, line = reading.tally.place(finding)
    source = reading.sources[place]
    return Offence(finding, reading.tally.counts[finding], source.name, line, source.line(line))
