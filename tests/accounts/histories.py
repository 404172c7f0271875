"""What several clients were answered at once, held against the model in the order of the commits.

Time is a counter. Every write of the product asks for it while the account is held, so the ticks that
a client's request was given say where among the others it took effect; a read or a refusal was given
none, and must be right at some state between those that surely were there before and after it.
"""

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from engine.fees import DEFAULT_FEES
from tests.accounts.acts import (
    READS,
    Act,
    Answer,
    Create,
    Edit,
    Open,
    Place,
    Reprice,
    State,
    seen_account,
    told,
)
from tests.accounts.model import NOT_FOUND, Account, Fees

EPOCH = datetime(2025, 1, 15, 14, 30, tzinfo=UTC)
NAME_TAKEN = "name_taken"
DEFAULT = asdict(DEFAULT_FEES)


@dataclass
class Ticker:
    """The wall clock of the campaign: a microsecond each time somebody looks."""

    now: int = 0

    def tick(self) -> int:
        self.now += 1
        return self.now


@dataclass
class Watch:
    """One request's look at the ticker; it keeps what it saw."""

    ticker: Ticker
    seen: list[int] = field(default_factory=list)

    def __call__(self) -> datetime:
        self.seen.append(self.ticker.tick())
        return time_of(self.seen[-1])


def time_of(tick: int) -> datetime:
    return EPOCH + timedelta(microseconds=tick)


def tick_of(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)


class Done(NamedTuple):
    """One request: when it was sent and answered, and the last tick it was given in between."""

    client: str
    account: UUID
    act: Act
    sent: int
    answered: int
    tick: int | None
    answer: Answer

    @property
    def is_write(self) -> bool:
        return self.tick is not None and not isinstance(self.answer, str) and not isinstance(self.act, READS)


class Charged(NamedTuple):
    """A person's change of fees: decided at ``tick``, carried through his accounts when answered."""

    owner: str
    fees: Fees
    tick: int
    answered: int


class Wrong(AssertionError):
    """The product did what the model cannot explain."""


@dataclass
class Story:
    """One account's writes in the order of their commits, and its state before each and after all."""

    writes: list[Done]
    states: list[State]

    @property
    def names(self) -> set[str]:
        return {state.name for state in self.states if state}

    @property
    def active_names(self) -> set[str]:
        return {state.name for state in self.states if state and state.status == "active"}

    def around(self, one: Done) -> list[State]:
        """Every state in which a request may have found the account."""
        first = max((n for n, write in enumerate(self.writes, 1) if write.answered < one.sent), default=0)
        last = sum((write.tick or 0) < one.answered for write in self.writes)
        return self.states[first : last + 1]


@dataclass
class Books:
    """Each account as the model has it, and what the clients were answered since."""

    states: dict[UUID, State] = field(default_factory=dict)
    owners: dict[UUID, str] = field(default_factory=dict)
    charged: list[Charged] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)
    explained: int = 0

    def fees_of(self, owner: str) -> Fees:
        """What everything of a person's is charged once all that he asked for is carried through."""
        asked = [one for one in self.charged if one.owner == owner]
        return max(asked, key=lambda one: one.tick).fees if asked else DEFAULT

    def active_names(self) -> list[tuple[str, str]]:
        """Owner and name of every active account."""
        active = [state for state in self.states.values() if state and state.status == "active"]
        return [(self.owners[state.id], state.name) for state in active]

    def settle(self, repriced: dict[UUID, list[int]]) -> None:
        """Explain every answer, given the ticks at which each account took new fees over; go on from
        the states that this leads to."""
        for one in self.done:
            if one.client != self.owners[one.account] and one.answer != NOT_FOUND:
                raise Wrong(f"a stranger was answered: {one}")
        stories = {account: self._story(account, repriced[account]) for account in self.owners}
        for one in self.done:
            if one.client == self.owners[one.account] and not one.is_write:
                self._explain(one, stories)
        self.states = {account: story.states[-1] for account, story in stories.items()}
        self.explained += len(self.done)
        self.done.clear()

    def _story(self, account: UUID, repriced: list[int]) -> Story:
        writes = [one for one in self.done if one.account == account and one.is_write]
        writes += [self._reprice(account, tick) for tick in repriced]
        writes.sort(key=lambda one: one.tick or 0)
        states = [self.states.get(account)]
        for one in writes:
            after, answer = self._after(states[-1], one)
            if answer != one.answer:
                raise Wrong(f"{one}\nshould have been answered {answer}\nat {states[-1]}")
            states.append(after)
        return Story(writes, states)

    def _after(self, state: State, one: Done) -> tuple[State, Answer]:
        match one.act:
            case Create(name, capital):
                fees = dict(one.answer[-1])
                assert fees in [dict(DEFAULT), *(dict(each.fees) for each in self.charged)]
                created = Account(one.account, name, capital, fees)
                return created, seen_account(created)
            case Open():
                return told(state, one.act, one.answer[1][0])
            case Place():
                return told(state, one.act, one.answer[0])
        return told(state, one.act)

    def _reprice(self, account: UUID, tick: int) -> Done:
        """The account takes over the last fees that were asked for by then."""
        owner = self.owners[account]
        asked = [one for one in self.charged if one.owner == owner and one.tick < tick]
        last = max(asked, key=lambda one: one.tick)
        return Done(owner, account, Reprice(last.fees), tick, last.answered, tick, None)

    def _explain(self, one: Done, stories: dict[UUID, Story]) -> None:
        story = stories[one.account]
        if one.answer == NAME_TAKEN:
            assert isinstance(one.act, Create | Edit)
            wanted = {one.act.name} if one.act.name else story.names
            others = [stories[account] for account in self._others(one.account)]
            if any(wanted & other.active_names for other in others):
                return
        elif any(told(state, one.act) == (state, one.answer) for state in story.around(one)):
            return
        possible = [told(state, one.act)[1] for state in story.around(one)]
        raise Wrong(f"{one}\ncould only have been answered one of {possible}")

    def _others(self, account: UUID) -> list[UUID]:
        owner = self.owners[account]
        return [other for other, theirs in self.owners.items() if theirs == owner and other != account]
