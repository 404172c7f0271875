"""The commands about recorded days. They need no server and are safe beside a running one."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from engine.money import Cents
from engine.synthetic import SEED_DEFAULT
from marketdata.exporting import FileFormat, export
from marketdata.generating import GenerationRefused, generate
from marketdata.importing import ImportRequest, run_import
from marketdata.library import DayInfo, Library, dates_under
from marketdata.refusals import DayNotFound, DayUnavailable, ImportStopped, SourceRefused
from marketdata.verifying import verify_date, verify_library
from runtime.clocks import wall
from zerodte.failures import CannotRun

SETTLEMENT_PLACES = 2
SETTLEMENT_MAX = 200_000  # a day's index values reach little further
LIST_WIDTH = 120  # a line a day, in a pipe too

console = Console()


def import_days(
    root: Path, format_: str, paths: tuple[Path, ...], settlement: str | None, *, force: bool = False
) -> None:
    """Import files and print the report. Raises CannotRun where anything was refused, or there was no day."""
    request = ImportRequest(format_, paths, _cents(settlement) if settlement is not None else None, force)
    try:
        with _progress() as progress:
            report = run_import(request, root, wall(), FileBars(progress))
    except (SourceRefused, ImportStopped) as refusal:
        raise CannotRun(str(refusal)) from refusal
    for line in report.lines():
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if report.refused_days:
        raise CannotRun(f"{len(report.refused_days)} refused; the report above says why")
    if not report.days and not report.unread_files:
        raise CannotRun("no day was published; the report above says why")


def generate_days(root: Path, first_date: date, days: int, seed: int | None) -> None:
    """Make synthetic days and list them. Raises CannotRun."""
    chosen = SEED_DEFAULT if seed is None else seed
    try:
        with _progress() as progress:
            task = progress.add_task("synthetic days", total=days)
            report = generate(
                root, first_date, days, chosen, lambda done, _: progress.update(task, completed=done)
            )
    except (GenerationRefused, ImportStopped) as refusal:
        raise CannotRun(str(refusal)) from refusal
    if report.published:
        _print_days(report.published)
    if report.unchanged:
        console.print(f"{len(report.unchanged)} of {days} were there already", highlight=False)
    for kept in report.kept:
        console.print(f"{kept} was left alone: it is recorded")


def list_days(root: Path) -> None:
    """Print every published day, and which dates cannot be read."""
    days = Library(root).days()
    if days:
        _print_days(days)
    missing = sorted(dates_under(root) - {day.date for day in days})
    unreadable = [on for on in missing if verify_date(root / on.isoformat())]
    for on in unreadable:
        console.print(f"{on} cannot be read: `zerodte days --verify` tells why")
    if not days and not unreadable:
        hint = "try `zerodte generate --from 2025-01-13 --days 5`"
        console.print(f"no day is recorded in {root}; {hint}", markup=False, highlight=False, soft_wrap=True)


def export_day(root: Path, on: date, format_: str | None, out: Path | None, *, force: bool = False) -> None:
    """Write a day to a file and tell what was written. Raises CannotRun.

    Without a format the file's suffix says it. A file that exists is replaced only by ``force``.
    """
    file_format = _file_format(format_, out)
    path = out or Path(f"{on}.{file_format}")
    if not path.parent.is_dir():
        raise CannotRun(f"--out: there is no directory {path.parent}")
    if path.exists() and not force:
        raise CannotRun(f"--out: {path} exists; --force replaces it")
    try:
        rows = export(Library(root).open(on), path, file_format)
    except (DayNotFound, DayUnavailable) as error:
        raise CannotRun(str(error)) from error
    console.print(f"{path}: {rows:,} rows", markup=False, highlight=False, soft_wrap=True)


def _file_format(asked: str | None, out: Path | None) -> FileFormat:
    """The format that was asked for, else that of the file's name; the two must not differ."""
    suffix = out.suffix.removeprefix(".").lower() if out else ""
    named = suffix if suffix in list(FileFormat) else None
    if asked is not None and asked not in list(FileFormat):
        raise CannotRun(f"format: must be {' or '.join(FileFormat)}, not {asked}")
    if asked and named and asked != named:
        raise CannotRun(f"--out: {out} is named for {named}, but --format is {asked}")
    if out and not asked and not named:
        raise CannotRun(f"--out: {out} ends neither in .parquet nor in .csv; say which with --format")
    return FileFormat(asked or named or FileFormat.PARQUET)


def verify_days(root: Path) -> None:
    """Check every published byte and print what is wrong. Raises CannotRun where anything is."""
    problems = verify_library(root)
    for problem in problems:
        console.print(problem, markup=False, highlight=False, soft_wrap=True)
    if problems:
        raise CannotRun(f"{len(problems)} files or folders are not as they were published")
    console.print("every file is as it was published")


class FileBars:
    """A progress bar for each file of an import."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, file: str, done: int, total: int) -> None:
        if file not in self._tasks:
            self._tasks[file] = self._progress.add_task(file, total=total)
        self._progress.update(self._tasks[file], completed=done, total=total)


@contextmanager
def _progress() -> Iterator[Progress]:
    """Bars on standard error, which go away at the end; none where it is no terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    terminal = Console(stderr=True)
    with Progress(*columns, console=terminal, transient=True, disable=not terminal.is_terminal) as progress:
        yield progress


def _cents(text: str) -> Cents:
    """An index value such as ``2743.15`` in cents. Raises CannotRun."""
    try:
        value = Decimal(text)
        exponent = value.as_tuple().exponent
    except InvalidOperation:
        exponent = "n"
    if not isinstance(exponent, int) or exponent < -SETTLEMENT_PLACES or not 0 < value <= SETTLEMENT_MAX:
        raise CannotRun(f"settlement: must be a price with up to two places, like 2743.15, not {text}")
    return int(value * 100)


def _print_days(days: tuple[DayInfo, ...]) -> None:
    table = Table(
        "date",
        "open (UTC)",
        "close (UTC)",
        "contracts",
        "every",
        "gaps",
        "quoted",
        "settled",
        "source",
        "MB",
        box=None,
    )
    for day in days:
        table.add_row(
            str(day.date),
            f"{day.open_at:%H:%M}",
            f"{day.close_at:%H:%M}",
            str(day.contracts),
            f"{day.resolution_seconds} s",
            *_coverage(day),
            f"{day.settlement_cents / 100:.2f} {day.settlement_source}",
            f"{day.source}{' (synthetic)' if day.synthetic and day.source != 'synthetic' else ''}",
            f"{day.size_bytes / 1e6:.1f}",
        )
    Console(width=max(console.width, LIST_WIDTH)).print(table)


def _coverage(day: DayInfo) -> tuple[str, str]:
    """The seconds of the session without any quote, also before the first that is known and after the last;
    and of the known ones the share of contracts and seconds with one."""
    if day.coverage is None:
        return "?", "?"
    unknown = (day.data_start_at - day.open_at) + (day.close_at - day.data_end_at)
    silent_seconds = day.coverage.silent_seconds + int(unknown.total_seconds())
    return f"{silent_seconds} s", f"{day.coverage.quoted_e4 / 100:.1f}%"
