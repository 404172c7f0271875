"""A market that is open around the clock: one made-up session after another, on successive dates."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date

from engine.calendar import sessions_between
from engine.market import Day
from engine.session_table import LAST_SESSION
from engine.synthetic import GENERATOR_VERSION, synthesize
from marketdata.manifests import Provenance
from marketdata.recordings import FeedEvent, Opening, Reached
from marketdata.replaying import opening_of, told

LABEL = "demo"
# Not that of the synthetic days: who knows those would know this market's future.
DEMO_SEED = 7919


@dataclass(frozen=True, slots=True)
class Demo:
    """The sessions of the table on or after ``first_date``, with a pause between two; then no more.

    All are of one seed, so that each opens where the one before it left off.
    """

    first_date: date
    pause_seconds: float = 0.0
    seed: int = DEMO_SEED

    async def events(self, unfinished: Reached | None) -> AsyncIterator[FeedEvent]:
        """The sessions from the first date on; or from ``unfinished`` on, where that is one of them."""
        for number, bounds in enumerate(sessions_between(self._first_date(unfinished), LAST_SESSION)):
            if number:
                await asyncio.sleep(self.pause_seconds)
            day = await asyncio.to_thread(synthesize, bounds, self.seed)
            async for event in told(day, self.opening(day), unfinished):
                yield event

    def opening(self, day: Day) -> Opening:
        return opening_of(day, LABEL, self._provenance())

    def _first_date(self, unfinished: Reached | None) -> date:
        if unfinished is None or unfinished.recording.opening.provenance != self._provenance():
            return self.first_date
        return unfinished.recording.opening.date

    def _provenance(self) -> Provenance:
        return Provenance(LABEL, f"generator {GENERATOR_VERSION}, seed {self.seed}", 1)
