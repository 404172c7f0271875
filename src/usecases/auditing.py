"""Proving the books: what must always hold of them, looked for in one read-only view of a moment."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from engine.closings import ChargedLeg, Outcome, with_fees
from engine.money import Cents
from engine.recomputing import FilledLeg, is_outcome, may_be_outcome, traded
from marketdata.refusals import DayUnavailable
from store import auditing
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
    FLOWS_RECOMPUTED = "flows_recomputed"
    CLOCK_AT_CLOSE = "clock_at_close"
    LIVE_ORDERS_ENDED = "live_orders_ended"
    LIVE_FILLS_MATCHED = "live_fills_matched"
    LIVE_SESSIONS_RECORDED = "live_sessions_recorded"
    LIVE_DAYS_SETTLED = "live_days_settled"


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
    Rule.LIVE_ORDERS_ENDED: auditing.UNENDED_LIVE_ORDERS,
    Rule.LIVE_FILLS_MATCHED: auditing.UNMATCHED_LIVE_FILLS,
    Rule.LIVE_SESSIONS_RECORDED: auditing.UNRECORDED_LIVE_SESSIONS,
    Rule.LIVE_DAYS_SETTLED: auditing.UNSETTLED_LIVE_DAYS,
}


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that is broken: in which account (None: in a simulation), and what differs."""

    rule: Rule
    account_id: UUID | None
    differs: str

    def __str__(self) -> str:
        where = "a session of no account" if self.account_id is None else f"account {self.account_id}"
        return f"{self.rule}: {where}: {self.differs}"


@dataclass(frozen=True, slots=True)
class Recomputing:
    """Which days of accounts are recomputed from their orders: at most so many, from the one after
    ``after_id`` on; all of them without a number."""

    after_id: int = 0
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Recomputed:
    """How many days were recomputed, up to that of ``last_id``; it is 0 where there are none behind it.
    Of ``unread`` ones the recording cannot be read, so of their settlement only its fees and bounds are."""

    days: int
    unread: int
    last_id: int


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found."""

    violations: tuple[Violation, ...]
    extent: Extent
    recomputed: Recomputed


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
        found, recomputed = await _recomputed(ports, tx, recomputing)
    return Audit((*violations, *found), extent, recomputed)


class Recorded(NamedTuple):
    """What of a recording is needed: when it closes, and at what the index settled."""

    close_at: datetime
    settlement_cents: Cents | None


async def _recomputed(ports: Ports, tx: Tx, recomputing: Recomputing) -> tuple[list[Violation], Recomputed]:
    """What is wrong with the days that were asked for, and how many those are."""
    violations: list[Violation] = []
    done, unread, after_id = 0, 0, recomputing.after_id
    while recomputing.most is None or done < recomputing.most:
        days = await auditing.booked_days(tx, after_id, DAYS_A_STEP)
        if not days:
            after_id = 0
            break
        filled = await auditing.filled_legs(tx, [day.session_id for day in days])
        for day in days:
            recorded = _recorded(ports, day)
            violations += _wrong(day, filled[day.session_id], recorded)
            unread += recorded is None and day.outcome is not None
        done, after_id = done + len(days), days[-1].session_id
    return violations, Recomputed(done, unread, after_id)


def _wrong(day: BookedDay, filled: Sequence[FilledLeg], recorded: Recorded | None) -> Iterator[Violation]:
    if day.outcome is not None:
        yield from _wrong_fees(day, day.outcome, filled)
        yield from _wrong_flows(day, day.outcome, filled, recorded)
    if recorded is not None:
        yield from _wrong_clock(day, recorded)


def _wrong_fees(day: BookedDay, outcome: Outcome, filled: Sequence[FilledLeg]) -> Iterator[Violation]:
    """A settled day whose fees are not those of its fills: what live ones were charged, and what others
    are under the account's schedule."""
    due = with_fees(outcome, (ChargedLeg(one.leg, one.fee_cents) for one in filled), day.schedule).fees_cents
    if outcome.fees_cents != due:
        differs = f"settled with fees of {outcome.fees_cents} cents instead of {due}"
        yield _of_day(Rule.FEES_RECOMPUTED, day, differs)


def _wrong_flows(
    day: BookedDay, outcome: Outcome, filled: Sequence[FilledLeg], recorded: Recorded | None
) -> Iterator[Violation]:
    """A settled day whose credits, debits or exercises its fills and its settlement value do not come to."""
    fills, level = traded(filled), recorded.settlement_cents if recorded else None
    if may_be_outcome(outcome, fills) if level is None else is_outcome(outcome, fills, level):
        return
    yield _of_day(
        Rule.FLOWS_RECOMPUTED,
        day,
        f"settled with {outcome.credits_cents} cents of credits, {outcome.debits_cents} of debits and"
        f" {outcome.exercises} exercises, to which its fills ({fills.credits_cents} and {fills.debits_cents})"
        " do not come",
    )


def _wrong_clock(day: BookedDay, recorded: Recorded) -> Iterator[Violation]:
    """A settled day whose clock is not at its close, or an open one whose clock is."""
    is_settled = day.outcome is not None
    if is_settled != (day.clock_at == recorded.close_at):
        state = "settled" if is_settled else "open"
        differs = f"{state} at {day.clock_at}, and its close is {recorded.close_at}"
        yield _of_day(Rule.CLOCK_AT_CLOSE, day, differs)


def _recorded(ports: Ports, day: BookedDay) -> Recorded | None:
    """The day's recording; None where it is not published yet, or cannot be read, which is for others
    to tell."""
    if day.day_hash is None:
        return None
    try:
        info = ports.library.current(day.date)
        if info is not None and info.content_hash == day.day_hash:
            return Recorded(info.close_at, info.settlement_cents)
        opened = ports.library.open(day.date, day.day_hash)
    except DayUnavailable:
        return None
    return Recorded(opened.close_at, opened.settlement_cents)


def _of_day(rule: Rule, day: BookedDay, differs: str) -> Violation:
    return Violation(rule, day.account_id, f"session {day.session_uuid} of {day.date}: {differs}")
