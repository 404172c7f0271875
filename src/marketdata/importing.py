"""Importing days of a vendor's format: read, clean, assemble, publish, report."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from types import MappingProxyType

from engine.money import Cents
from marketdata import cboe, databento, lean, optionsdx, own, thetadata
from marketdata.assembling import assemble
from marketdata.library import DayInfo
from marketdata.manifests import Provenance
from marketdata.publishing import publish
from marketdata.refusals import DayRefused, SourceRefused
from marketdata.reports import Finding, ImportReport, Offence, joined
from marketdata.rows import DayRows
from marketdata.sources import Progress, Reading, Source

NICENESS = 10


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
    """What to import. ``settlement_cents``, the official close, is for a single day."""

    format: str
    paths: tuple[Path, ...]
    settlement_cents: Cents | None = None


def run_import(
    request: ImportRequest,
    root: Path,
    imported_at: datetime,
    progress: Progress | None = None,
    processes: int | None = None,
) -> ImportReport:
    """Publishes every good day that the paths hold under ``root``, and tells what was done.

    Groups of files are shared out among processes, unless told otherwise one less than there are
    cores. A day that cannot be had whole is refused with its reason and the others go on; days that
    an interrupted import published stay, and importing them again changes nothing. Raises
    SourceRefused for an unknown format, or for paths without a file of it.
    """
    started = time.perf_counter()
    groups = _format(request.format).find(request.paths)
    if request.settlement_cents is not None and len(groups) > 1:
        raise SourceRefused(f"settlement: one value for one day, but the files are of {len(groups)}")
    importing = _Importing(request, root, imported_at)
    workers = min(len(groups), processes or max(1, (os.cpu_count() or 1) - 1))
    if workers > 1:
        reports = _shared_out(importing, groups, workers, progress)
    else:
        reports = [importing.report(group, progress) for group in groups]
    return replace(joined(reports), elapsed_seconds=time.perf_counter() - started)


def _shared_out(
    importing: "_Importing", groups: Sequence[Sequence[Source]], workers: int, progress: Progress | None
) -> list[ImportReport]:
    """The groups' reports in their order. The work is niced, to leave a running server its cores."""
    pool = ProcessPoolExecutor(workers, get_context("forkserver"), initializer=os.nice, initargs=(NICENESS,))
    reports = []
    with pool:
        for done, report in enumerate(pool.map(importing.report, groups), start=1):
            reports.append(report)
            if progress is not None:
                progress("files of the same date", done, len(groups))
    return reports


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise SourceRefused(f"format: unknown {name!r}, choose from {', '.join(FORMATS)}")
    return FORMATS[name]


@dataclass(frozen=True, slots=True)
class _Importing:
    request: ImportRequest
    root: Path
    imported_at: datetime

    def report(self, group: Sequence[Source], progress: Progress | None = None) -> ImportReport:
        """Publishes the good days of a group of files."""
        started, reading = time.perf_counter(), Reading(progress)
        outcomes = list(self._outcomes(group, reading))
        tally = reading.tally
        return ImportReport(
            days=tuple(outcome for outcome in outcomes if isinstance(outcome, DayInfo)),
            refused_days=tuple(outcome for outcome in outcomes if isinstance(outcome, str)),
            rows_read=tally.rows_read,
            offences=tuple(_offence(finding, reading) for finding in tally.findings()),
            silent_seconds=tally.silent_seconds,
            elapsed_seconds=time.perf_counter() - started,
        )

    def _outcomes(self, group: Sequence[Source], reading: Reading) -> Iterator[DayInfo | str]:
        """Each day of a group of files as published, or why it or the group was refused."""
        try:
            for rows in _format(self.request.format).read(group, reading):
                yield self._outcome(rows, reading)
        except SourceRefused as error:
            yield str(error)

    def _outcome(self, rows: DayRows, reading: Reading) -> DayInfo | str:
        try:
            assembled = assemble(rows, reading.tally, self.request.settlement_cents)
            return publish(self.root, assembled.day, self._provenance(assembled.resolution_seconds))
        except DayRefused as error:
            return str(error)

    def _provenance(self, resolution_seconds: int) -> Provenance:
        version = _format(self.request.format).version
        return Provenance(self.request.format, version, resolution_seconds, self.imported_at)


def _offence(finding: Finding, reading: Reading) -> Offence:
    place, line = reading.tally.place(finding)
    source = reading.sources[place]
    return Offence(finding, reading.tally.counts[finding], source.name, line, source.line(line))
