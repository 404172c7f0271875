"""What a feed tells of a live market, second by second, and the recording that is made of it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol, TypeAlias
from uuid import UUID

from engine.contracts import Contract
from engine.market import DeltaMatrix, SettlementSource, TickMatrix
from engine.money import Cents, IndexE4
from marketdata.manifests import Provenance


@dataclass(frozen=True, slots=True)
class Opening:
    """A session that a feed is going to tell of. ``contracts`` are all that will be quoted, sorted by
    strike, call before put; ``label`` names the feed, such as ``demo`` or ``replay 2018-01-05``."""

    date: date
    open_at: datetime
    close_second: int
    contracts: tuple[Contract, ...]
    label: str
    provenance: Provenance
    synthetic: bool = False
    index_derived: bool = False

    def time_of(self, second: int) -> datetime:
        return self.open_at + timedelta(seconds=second)


@dataclass(frozen=True, slots=True, eq=False)
class ChainRow:
    """The whole chain as it was known at one second: ticks of 0.05 and unsigned deltas in 0.0001, a
    value a contract in the order of the opening, with the missing values of ``engine.market``."""

    second: int
    bid_ticks: TickMatrix
    ask_ticks: TickMatrix
    delta_e4: DeltaMatrix
    spx_e4: IndexE4
    vix_e4: IndexE4


@dataclass(frozen=True, slots=True)
class Closing:
    """The session is over. Without an official value the last known index settles it."""

    settlement_cents: Cents | None = None
    settlement_source: SettlementSource | None = None


FeedEvent: TypeAlias = Opening | ChainRow | Closing


@dataclass(frozen=True, slots=True)
class Recording:
    """One session as one feed told it. It stays apart from any other of the same date."""

    id: UUID
    opening: Opening


@dataclass(frozen=True, slots=True)
class Closed:
    """How a recording ended. ``day_hash`` names the revision it was published as, None until then;
    ``refusal`` says why it never will be, such as a session without a single row."""

    settlement_cents: Cents | None
    settlement_source: SettlementSource | None
    day_hash: str | None = None
    refusal: str | None = None

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to be done: the day is published, or never will be."""
        return self.day_hash is not None or self.refusal is not None


@dataclass(frozen=True, slots=True)
class Reached:
    """How far an unfinished recording has come; ``second`` is its last row, -1 before the first."""

    recording: Recording
    second: int


class Feed(Protocol):
    """A market. It tells an opening, rows with rising seconds, and a closing; then the next session, if
    there is one."""

    def events(self, unfinished: Reached | None) -> AsyncIterator[FeedEvent]:
        """What the market tells. Where ``unfinished`` is a recording of this feed's own it goes on with the
        row after its last and tells no second opening. A feed that cannot know tells an equal opening
        again: the recording goes on, and rows that it has are ignored.

        Nothing is told of seconds that the market itself knows nothing of, at the start or the end: the
        first and the last row bound what is recorded."""
        ...
