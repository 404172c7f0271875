"""What an import did: a count for everything that was not taken as it stood, and where it began."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum

import numpy as np
from numpy.typing import NDArray

from engine.money import price_text
from marketdata.library import DayInfo

LINES_A_FILE = 1 << 40


class Outcome(StrEnum):
    """What became of a row. Each row has exactly one outcome."""

    KEPT = "kept"
    REPAIRED = "repaired"
    REFUSED = "refused"
    SKIPPED = "skipped"


class Finding(Enum):
    """A kind of row worth counting, and what becomes of it. See docs/market-data.md for the rules."""

    NO_BID = "no bid, taken as a bid of zero", Outcome.KEPT
    NO_ASK = "no ask, taken as no quote", Outcome.KEPT
    DISPUTED = "rows that differ for one contract and moment, taken as no quote", Outcome.REPAIRED
    CROSSED = "bid above ask, taken as no quote", Outcome.REPAIRED
    NEGATIVE = "a price below zero, taken as no quote", Outcome.REPAIRED
    UNREADABLE_PRICE = "a price that is not a number, taken as no quote", Outcome.REPAIRED
    OFF_GRID = "a price between ticks, bid rounded down and ask up", Outcome.REPAIRED
    MALFORMED = "a row that cannot be read", Outcome.REFUSED
    FRACTIONAL_STRIKE = "a strike that is not in whole points", Outcome.REFUSED
    OVERFLOW = "a contract that is quoted above 3,276.70", Outcome.REFUSED
    OTHER_ROOT = "not SPXW", Outcome.SKIPPED
    OTHER_EXPIRY = "not expiring on the day", Outcome.SKIPPED
    SHADOW = "without an ask, beside a row of the same contract and moment that has one", Outcome.SKIPPED
    REGIONAL = "one exchange's quote, not the national best", Outcome.SKIPPED
    OUTSIDE_SESSION = "before the open or after the close", Outcome.SKIPPED
    NO_SESSION = "on a date without a session", Outcome.SKIPPED

    @property
    def reason(self) -> str:
        return self.value[0]

    @property
    def outcome(self) -> Outcome:
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Offence:
    """A kind of row that was found, how often, and the first of them."""

    finding: Finding
    count: int
    file: str
    line: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The end of an import. ``rows_read`` is the sum of kept, repaired, refused and skipped rows.

    ``refused_days`` says, one message a day or file, why days were not published; ``silent_seconds``
    is how long whole chains had no row, and no quote therefore. ``unread_files`` were imported before
    with this content and not read again; they gave ``unchanged_days``.
    """

    days: tuple[DayInfo, ...]
    refused_days: tuple[str, ...]
    rows_read: int
    offences: tuple[Offence, ...]
    silent_seconds: int
    elapsed_seconds: float
    unchanged_days: tuple[DayInfo, ...] = ()
    unread_files: int = 0

    @property
    def contracts(self) -> int:
        return sum(day.contracts for day in self.days)

    @property
    def rows_per_second(self) -> int:
        return round(self.rows_read / self.elapsed_seconds) if self.elapsed_seconds else 0

    def rows(self, outcome: Outcome) -> int:
        """How many rows had an outcome."""
        if outcome is Outcome.KEPT:
            return self.rows_read - sum(self.rows(other) for other in Outcome if other is not Outcome.KEPT)
        return sum(offence.count for offence in self.offences if offence.finding.outcome is outcome)

    def lines(self) -> Iterator[str]:
        """The report as it is printed."""
        for day in self.days:
            derived = ", index derived" if day.index_derived else ""
            yield (
                f"{day.date}  {day.contracts} contracts, settled at {price_text(day.settlement_cents)} "
                f"({day.settlement_source}){derived}, revision {day.content_hash[:12]}"
            )
        for day in self.unchanged_days:
            yield f"{day.date}  imported before, revision {day.content_hash[:12]}"
        yield from (f"refused  {message}" for message in self.refused_days)
        counts = ", ".join(f"{self.rows(outcome):,} {outcome}" for outcome in Outcome)
        days = "1 day" if len(self.days) == 1 else f"{len(self.days)} days"
        yield f"{days}, {self.contracts:,} contracts, {self.rows_read:,} rows read: {counts}"
        if self.unread_files:
            files = "1 file" if self.unread_files == 1 else f"{self.unread_files:,} files"
            yield f"{files} skipped, imported before with the same content; --force reads again"
        if self.silent_seconds:
            yield f"{self.silent_seconds:,} seconds in which the whole chain was silent, without quotes"
        for offence in self.offences:
            yield f"{offence.count:>12,}  {offence.finding.outcome}: {offence.finding.reason}"
            yield f"{'':>12}  first in {offence.file}, line {offence.line}: {offence.text}"
        yield f"{self.elapsed_seconds:.1f} s, {self.rows_per_second:,} rows a second"


def joined(reports: Sequence[ImportReport]) -> ImportReport:
    """Several reports as one; the time is their sum, and of each kind of row the first of the first."""
    first: dict[Finding, Offence] = {}
    for offence in (offence for report in reports for offence in report.offences):
        earlier = first.get(offence.finding)
        count = offence.count + (earlier.count if earlier else 0)
        first[offence.finding] = replace(earlier or offence, count=count)
    return ImportReport(
        days=tuple(day for report in reports for day in report.days),
        refused_days=tuple(message for report in reports for message in report.refused_days),
        rows_read=sum(report.rows_read for report in reports),
        offences=tuple(first[finding] for finding in Finding if finding in first),
        silent_seconds=sum(report.silent_seconds for report in reports),
        elapsed_seconds=sum(report.elapsed_seconds for report in reports),
        unchanged_days=tuple(day for report in reports for day in report.unchanged_days),
        unread_files=sum(report.unread_files for report in reports),
    )


@dataclass(slots=True)
class Tally:
    """Counts findings while rows stream by.

    A row is known by its origin, number of the file × ``LINES_A_FILE`` + line counted from 1.
    """

    rows_read: int = 0
    silent_seconds: int = 0
    counts: dict[Finding, int] = field(default_factory=dict)
    first: dict[Finding, int] = field(default_factory=dict)

    def note(self, finding: Finding, origins: NDArray[np.int64]) -> None:
        """Counts the rows with these origins."""
        if len(origins):
            self.note_many(finding, len(origins), int(origins.min()))

    def note_many(self, finding: Finding, count: int, origin: int) -> None:
        self.counts[finding] = self.counts.get(finding, 0) + count
        self.first[finding] = min(self.first.get(finding, origin), origin)

    def place(self, finding: Finding) -> tuple[int, int]:
        """The number of the file, and the line, of the first row of a kind."""
        return divmod(self.first[finding], LINES_A_FILE)

    def findings(self) -> Iterable[Finding]:
        return [finding for finding in Finding if finding in self.counts]
