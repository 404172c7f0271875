"""The named points at which a process may be stopped to prove that nothing acknowledged is lost."""

from enum import StrEnum


class Failpoint(StrEnum):
    """Where in a write: ``noun.what has just been done``. Before the commit nothing of it may be
    seen afterwards, after it all of it."""

    CLOCK_SET = "clock.set"
    SETTLEMENT_STORED = "settlement.stored"
    SETTLEMENT_POSTED = "settlement.posted"
    DAY_REOPENED = "day.reopened"
    DAY_DELETED = "day.deleted"
    CAPITAL_POSTED = "capital.posted"
    REPRICING_ASKED = "repricing.asked"
    DAYS_STAGED = "repricing.days_staged"
    STAGED_COMMITTED = "repricing.staged_committed"
    REPRICING_POSTED = "repricing.posted"
    COMMITTED = "carry.committed"
