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
    CHUNK_LEASED = "chunk.leased"
    CHUNK_RUN = "chunk.run"
    RESULTS_STORED = "chunk.results_stored"
    CHUNK_COMMITTED = "chunk.committed"
    MATCHER_LEASED = "matcher.leased"
    TICK_ADVANCED = "tick.advanced"
    TICK_FILLED = "tick.filled"
    TICK_EXPIRED = "tick.expired"
    TICK_COMMITTED = "tick.committed"
    LIVE_PINNED = "live.pinned"
    LIVE_SETTLED = "live.settled"
    SETTLEMENT_COMMITTED = "live.settlement_committed"
