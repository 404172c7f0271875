"""Proving the books: what must always hold of them, looked for in one read-only view of a moment."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from engine.closings import Outcome, with_fees
from marketdata.refusals import DayUnavailable
from store import auditing, repricings
from store.auditing import BookedDay, Extent
from store.database import Tx
from usecases.ports import Ports

FAULTS_MAX = 1_000
DAYS_A_STEP = 500


class Rule(StrEnum):
    """A rule of the books, by what holds."""

    ENTRIES_BALANCE = "entries_balance"
    ENTRIES_NUMBERED = "entries_numbered"
    CASH_POSTED = "cash_posted"
    CASH_CARRIED = "cash_carried"
    CAPITAL_POSTED = "capital_posted"
    SETTLED_ONCE = "settled_once"
    DAYS_POSTED = "days_posted"
    LAST_REVISION = "last_revision"
    DAYS_PLACED = "days_placed"
    SETTLED_OR_OPEN = "settled_or_open"
    OPEN_DAY_KNOWN = "open_day_known"
    DELETED_UNSETTLED = "deleted_unsettled"
    CHAIN_UNBROKEN = "chain_unbroken"
    ACCOUNT_EVENTS_NUMBERED = "account_events_numbered"
    SESSION_EVENTS_NUMBERED = "session_events_numbered"
    FEES_RECOMPUTED = "fees_recomputed"
    CLOCK_AT_CLOSE = "clock_at_close"


_QUERIES = {
    Rule.ENTRIES_BALANCE: auditing.UNBALANCED_ENTRIES,
    Rule.ENTRIES_NUMBERED: auditing.MISNUMBERED_ENTRIES,
    Rule.CASH_POSTED: auditing.UNPOSTED_CASH,
    Rule.CASH_CARRIED: auditing.UNCARRIED_CASH,
    Rule.CAPITAL_POSTED: auditing.UNPOSTED_CAPITAL,
    Rule.SETTLED_ONCE: auditing.MISCOUNTED_SETTLEMENTS,
    Rule.DAYS_POSTED: auditing.MISPOSTED_DAYS,
    Rule.LAST_REVISION: auditing.SUPERSEDED_SETTLEMENTS,
    Rule.DAYS_PLACED: auditing.MISPLACED_DAYS,
    Rule.SETTLED_OR_OPEN: auditing.UNACCOUNTED_DAYS,
    Rule.OPEN_DAY_KNOWN: auditing.WRONG_OPEN_DAYS,
    Rule.DELETED_UNSETTLED: auditing.SETTLED_DELETED_DAYS,
    Rule.CHAIN_UNBROKEN: auditing.BROKEN_CHAINS,
    Rule.ACCOUNT_EVENTS_NUMBERED: auditing.MISNUMBERED_ACCOUNT_EVENTS,
    Rule.SESSION_EVENTS_NUMBERED: auditing.MISNUMBERED_SESSION_EVENTS,
}


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that is broken: in which account (None: in a simulation), and what differs."""

    rule: Rule
    account_id: UUID | None
    differs: str

    def __str__(self) -> str:
        where = "a simulation" if self.account_id is None else f"account {self.account_id}"
        return f"{self.rule}: {where}: {self.differs}"


@dataclass(frozen=True, slots=True)
class Recomputing:
    """Which days of accounts are recomputed from their orders: at most so many, from the one after
    ``after_id`` on; all of them without a number."""

    after_id: int = 0
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found. ``recomputed`` days were recomputed, up to that of ``last_id``; it is 0
    where there are none behind it."""

    violations: tuple[Violation, ...]
    extent: Extent
    recomputed: int
    last_id: int


ALL_DAYS = Recomputing()


async def audit(ports: Ports, recomputing: Recomputing = ALL_DAYS) -> Audit:
    """Hold the books to every rule. Of each rule at most ``FAULTS_MAX`` violations are found at once."""
    async with ports.database.reading() as tx:
        await auditing.take_room(tx)
        suspects = await auditing.suspects(tx)
        violations = [
            Violation(rule, fault.account_id, fault.differs)
            for rule, query in _QUERIES.items()
            for fault in await auditing.faults(tx, query, suspects, FAULTS_MAX)
        ]
        extent = await auditing.extent(tx)
        found, recomputed, last_id = await _recomputed(ports, tx, recomputing)
    return Audit((*violations, *found), extent, recomputed, last_id)


async def _recomputed(ports: Ports, tx: Tx, recomputing: Recomputing) -> tuple[list[Violation], int, int]:
    """What is wrong with the days that were asked for, how many those are, and the last of them."""
    violations: list[Violation] = []
    done, after_id = 0, recomputing.after_id
    while recomputing.most is None or done < recomputing.most:
        days = await auditing.booked_days(tx, after_id, DAYS_A_STEP)
        if not days:
            return violations, done, 0
        violations += [*await _wrong_fees(tx, days), *_wrong_clocks(ports, days)]
        done, after_id = done + len(days), days[-1].session_id
    return violations, done, after_id


async def _wrong_fees(tx: Tx, days: Iterable[BookedDay]) -> list[Violation]:
    """The settled days whose fees are not those of their fills under the account's schedule."""
    settled = {day.session_id: day for day in days if day.fees_cents is not None}
    legs = await repricings.filled_legs(tx, [*settled])
    due = {
        session_id: with_fees(Outcome(0, 0, 0, day.exercises or 0), legs[session_id], day.schedule).fees_cents
        for session_id, day in settled.items()
    }
    return [
        _of_day(
            Rule.FEES_RECOMPUTED, day, f"settled with fees of {day.fees_cents} cents instead of {due[key]}"
        )
        for key, day in settled.items()
        if day.fees_cents != due[key]
    ]


def _wrong_clocks(ports: Ports, days: Iterable[BookedDay]) -> Iterator[Violation]:
    """The settled days whose clock is not at their close, and the open ones whose clock is."""
    for day in days:
        close_at = _close_of(ports, day)
        is_settled = day.fees_cents is not None
        if close_at is not None and is_settled != (day.clock_at == close_at):
            state = "settled" if is_settled else "open"
            yield _of_day(Rule.CLOCK_AT_CLOSE, day, f"{state} at {day.clock_at}, and its close is {close_at}")


def _close_of(ports: Ports, day: BookedDay) -> datetime | None:
    """When the recorded day ends; None where it cannot be read, which is for others to tell."""
    try:
        info = ports.library.current(day.date)
        if info is not None and info.content_hash == day.day_hash:
            return info.close_at
        return ports.library.open(day.date, day.day_hash).close_at
    except DayUnavailable:
        return None


def _of_day(rule: Rule, day: BookedDay, differs: str) -> Violation:
    return Violation(rule, day.account_id, f"session {day.session_uuid} of {day.date}: {differs}")
